"""``zyre whisper``: a message to one node."""

from __future__ import annotations

import re
from functools import partial

import click

import zyre
from zyre.cli.exits import NotDone
from zyre.cli.options import NodeSettings, node_options, timeout_option
from zyre.cli.output import make_output
from zyre.cli.sending import send_all, sending_config
from zyre.cli.waiting import let_it_leave, wait_for

__all__ = ["find_peer", "whisper"]

#: The start of a uuid counts from this length on, so that a name such as "ada" or "cafe" is not taken for one.
_LEAST_DIGITS = 6
_PREFIX = re.compile(rf"[0-9A-F-]{{{_LEAST_DIGITS},}}\Z")


@click.command()
@click.argument("peer")
@click.argument("texts", nargs=-1, metavar="[TEXT]...")
@timeout_option
@node_options
def whisper(settings: NodeSettings, peer: str, texts: tuple[str, ...], timeout: float, as_json: bool) -> None:
    """Send a message to PEER: its name, its uuid, or the first six digits of it or more. Each TEXT is one frame.

    Without TEXT, or with `-`, every line of standard input is a message. Exit code 1 if PEER is not there.
    """
    output = make_output(as_json)
    with settings.node("whisper", config=sending_config(timeout)) as node:
        target = wait_for(node, lambda: find_peer(node.peers, peer), timeout)
        if target is None:
            raise NotDone(_missing(node, peer, timeout))
        sent, complete = send_all(node, texts, partial(node.whisper, target))
        let_it_leave(node)
    if not complete:
        raise NotDone(f"{peer!r} left, or does not read; {sent} messages were sent before")
    what = "1 message" if sent == 1 else f"{sent} messages"
    output.result(
        "sent",
        f"{what} to {target.name} at {target.address}",
        verb="whisper",
        peer=str(target.uuid),
        name=target.name,
        messages=sent,
        peers=1,
    )


def find_peer(here: zyre.Roster, wanted: str) -> zyre.Peer | None:
    """The peer of that name or uuid, or the start of one. Raises NotDone if it could be several."""
    found = here.named(wanted)
    if not found and _PREFIX.match(wanted.upper()):
        digits = wanted.upper().replace("-", "")
        found = tuple(peer for peer in here if peer.uuid.startswith(digits))
    if len(found) > 1:
        choices = ", ".join(sorted(peer.uuid for peer in found))
        raise NotDone(f"{len(found)} nodes go by {wanted!r}; say which by uuid: {choices}")
    return found[0] if found else None


def _missing(node: zyre.Node, peer: str, timeout: float) -> str:
    here = ", ".join(sorted(other.name for other in node.peers))
    return f"nobody called {peer!r} was here within {timeout:g} s; " + (
        f"here are: {here}" if here else "nobody else is here either"
    )
