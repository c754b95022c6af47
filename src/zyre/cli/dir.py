"""``zyre dir``: who is online, as files.

Programs that know nothing of ZRE find the network's nodes by reading a directory, or by HTTP. The directory itself is
zyre.cli.nodefiles, the server zyre.cli.nodeserver.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import click

import zyre
from zyre.cli.exits import Unfit
from zyre.cli.nodefiles import NodeFiles
from zyre.cli.nodeserver import NodeServer
from zyre.cli.options import SECONDS, NodeSettings, node_options
from zyre.cli.output import Output, make_output
from zyre.cli.records import peer_record, timestamp
from zyre.cli.waiting import deadline_after, events_until

__all__ = ["keep_directory"]

#: How long to wait before a file that could not be written is tried again.
_RETRY = 2.0


@click.command("dir")
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--http",
    "http_port",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    help="Publish the directory by HTTP, read only: a list at /, each file at /UUID.json. 0 picks a free port.",
)
@click.option(
    "--bind",
    default="127.0.0.1",
    show_default=True,
    metavar="IP",
    help="Address for --http; 0.0.0.0 is every network of this machine.",
)
@click.option("--for", "seconds", type=SECONDS, metavar="SECONDS", help="End after this time.")
@node_options
def keep_directory(
    settings: NodeSettings,
    path: Path,
    http_port: int | None,
    bind: str,
    seconds: float | None,
    as_json: bool,
) -> None:
    """Keep PATH as a directory of JSON files, one for each node online now.

    Each file is UUID.json, with name, uuid, address, headers, groups and since. Files appear whole, change whole, and
    go when their node goes or this command ends; files of an earlier run that crashed are removed at the start. Other
    files in PATH are left alone. This node itself has no file.
    """
    output = make_output(as_json)
    with ExitStack() as stack:
        try:
            files = stack.enter_context(NodeFiles(path))
        except FileExistsError:
            raise Unfit(f"{path} is a file, and has to be a directory or nothing yet") from None
        except OSError as error:
            raise Unfit(f"{path} cannot be kept: {error.strerror}") from None
        if http_port is not None:
            server = stack.enter_context(NodeServer(files, bind, http_port))
            output.result("serving", f"{server.url} serves {path}", url=server.url, path=str(path))
        node = stack.enter_context(settings.node("dir"))
        output.result("started", f"{node.name} keeps {path}", path=str(path), name=node.name, uuid=str(node.uuid))
        output.hint("Ctrl-C ends it and removes its files")
        Keeper(node, files, output).run(deadline_after(seconds))


class Keeper:
    """Carries what happens on the network into the files, and reports trouble once, not once per file."""

    def __init__(self, node: zyre.Node, files: NodeFiles, output: Output) -> None:
        self._node = node
        self._files = files
        self._output = output
        self._since: dict[zyre.PeerId, str] = {}
        self._in_trouble = False

    def run(self, deadline: float | None) -> None:
        """Until the deadline."""
        while deadline is None or time.monotonic() < deadline:
            event = next(events_until(self._node, self._turn_end(deadline)), None)
            if event is not None:
                self._note(event)
            self._settle()

    def _turn_end(self, deadline: float | None) -> float | None:
        """When to stop waiting for events: at the deadline, or when it is time to try a failed file again."""
        retry = deadline_after(_RETRY) if self._in_trouble else None
        moments = [moment for moment in (deadline, retry) if moment is not None]
        return min(moments, default=None)

    def _note(self, event: zyre.Event) -> None:
        peer = self._node.peers.get(event.peer)
        if peer is None:
            if self._since.pop(event.peer, None) is not None:
                self._files.discard(event.peer)
        else:
            since = self._since.setdefault(peer.uuid, timestamp(datetime.now(UTC)))
            record = peer_record(peer)
            record["since"] = since
            self._files.put(peer.uuid, record)
        if isinstance(event, (zyre.Enter, zyre.Exit)):
            self._output.event(event)

    def _settle(self) -> None:
        """Bring the directory up to date; say so when that begins to fail, and when it works again."""
        error = self._files.settle()
        if error is None and self._in_trouble:
            self._in_trouble = False
            self._output.result("recovered", f"{self._files.path} is up to date again", path=str(self._files.path))
        elif error is not None and not self._in_trouble:
            self._in_trouble = True
            self._complain(error)

    def _complain(self, error: OSError) -> None:
        self._output.result(
            "trouble",
            f"{self._files.path} cannot be written: {error.strerror}; trying again every {_RETRY:g} s",
            path=str(self._files.path),
            error=error.strerror,
        )
