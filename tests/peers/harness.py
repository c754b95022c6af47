"""Reference peers: other implementations of ZRE under a test's control, each in its own process.

    with ReferencePeer("libzyre", name="one", port=port, groups=["G"]) as one, \\
         ReferencePeer("pyre", name="two", port=port) as two:
        two.wait_for("ENTER", peer=one)
        two.wait_for("JOIN", peer=one, group="G")
        one.whisper(two, b"hello")
        two.wait_for("WHISPER", peer=one, content=[b"hello"])

A peer of its own process can abort, hang or be killed without harm to the test, and brings its own libzmq. It
inherits the private network (`tests.support.network`); outside of one no peer is started, because it would
broadcast for real.
"""

from __future__ import annotations

import importlib.util
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from ..support.network import in_private_network
from . import libzyre, zyrejs_setup

ROOT = Path(__file__).resolve().parents[2]

STARTUP = 20.0
"""Seconds a peer process may take until its node exists; a cold start takes well under one."""

Event = dict[str, Any]
"""What a peer reports: type, peer (32 upper-case hex digits), name, and what else belongs to the type."""


def _python(module: str) -> list[str]:
    return [sys.executable, "-m", f"{__package__}.{module}"]


COMMANDS: dict[str, Callable[[], list[str]]] = {
    "libzyre": lambda: _python("libzyre_peer"),
    "zgossip": lambda: _python("zgossip_peer"),
    "pyre": lambda: _python("pyre_peer"),
    "zyre": lambda: _python("zyre_peer"),
    "zyrejs": lambda: ["node", str(Path(__file__).parent / "zyrejs" / "peer.js")],
}


def missing(kind: str) -> str:
    """Say in one sentence why peers of this kind cannot run here, or return an empty string."""
    if not in_private_network():
        return "Reference peers run in a private network only, and this process is not in one."
    if kind in ("libzyre", "zgossip") and libzyre.find_library() is None:
        return "libzyre comes with the wheel ingescape, which is not installed."
    if kind == "pyre" and importlib.util.find_spec("pyre") is None:
        return "pyre comes with the package zeromq-pyre, which is not installed."
    if kind == "zyrejs":
        return zyrejs_setup.missing()
    return ""


def require(*kinds: str) -> None:
    """Skip the calling test unless peers of all these kinds can run here."""
    for kind in kinds:
        if reason := missing(kind):
            pytest.skip(reason)


#: Ports that no system gives out by itself, so that none is taken between being chosen and being bound. Each is
#: chosen once, so that what is late from one test is not heard in the next.
#: A node takes one of the 64 TCP ports from its UDP port's number on, so they are further apart than that.
_PORTS = (10_000 + number * 67 % 22_700 for number in itertools.count())


def unused_port() -> int:
    """Return a port that nobody uses, for UDP and TCP, so that a test's nodes meet each other and nobody else."""
    while True:
        port = next(_PORTS)
        if all(_is_free(port, kind) for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM)):
            return port


def _is_free(port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind(("", port))
        except OSError:
            return False
        return True


def meet(*peers: ReferencePeer, timeout: float = 10.0) -> None:
    """Wait until each of these peers has reported that each other one entered."""
    for one in peers:
        for other in peers:
            if one is not other:
                one.wait_for("ENTER", timeout, peer=other)


class ReferencePeer:
    """One node of another implementation, in its own process.

    Args:
        kind: "libzyre", "pyre", "zyrejs", or "zyre" for a node of ours; "zgossip" for CZMQ's gossip service, which
            is no node: it has commands of its own.
        name: the node's public name; None leaves it to the implementation.
        port: the UDP beacon port. Give every test its own, from `unused_port`.
        interface: the name or address of the interface it beacons on.
        headers, groups: what its HELLO carries.
        evasive, expired: quiet times in milliseconds; None is the implementation's default.
        start: False leaves `start()` to the test.
        prefix: a command that runs the peer's command, which follows it, elsewhere: in another namespace.

    For libzyre only (and ours as far as it has them): `endpoint` binds there and switches beacons off, as do
    `gossip_bind` and `gossip_connect`; `peer_port` fixes the TCP port in beacon mode; `advertise` is the
    endpoint told to others; `contest` lists groups in whose elections it stands; `certificate` is a pair of
    Z85 keys (public, secret) and switches CURVE on; `interval` is the time between beacons in milliseconds;
    `verbose` logs to standard error. Only ours takes several places to `gossip_connect`.
    """

    def __init__(
        self,
        kind: str,
        *,
        name: str | None = None,
        port: int | None = None,
        interface: str = "va",
        headers: Mapping[str, str] | None = None,
        groups: Iterable[str] = (),
        evasive: int | None = None,
        expired: int | None = None,
        interval: int | None = None,
        endpoint: str | None = None,
        gossip_bind: str | None = None,
        gossip_connect: str | list[str] | None = None,
        peer_port: int | None = None,
        advertise: str | None = None,
        contest: Iterable[str] = (),
        certificate: tuple[str, str] | None = None,
        verbose: bool = False,
        start: bool = True,
        prefix: Iterable[str] = (),
    ) -> None:
        if not in_private_network():
            raise RuntimeError("a reference peer would broadcast on a real network; call enter_private_network() first")
        if port is None and not (endpoint or gossip_bind or gossip_connect):
            raise ValueError("give the peer a beacon port of its own: port=unused_port()")
        self.kind = kind
        self.port = port
        self.events: list[Event] = []
        self._options = {
            "name": name,
            "port": port,
            "interface": interface,
            "headers": dict(headers or {}),
            "groups": list(groups),
            "evasive": evasive,
            "expired": expired,
            "interval": interval,
            "endpoint": endpoint,
            "gossip_bind": gossip_bind,
            "gossip_connect": gossip_connect,
            "peer_port": peer_port,
            "advertise": advertise,
            "contest": list(contest),
            "certificate": certificate,
            "verbose": verbose,
        }
        self._start = start
        self._prefix = tuple(prefix)
        self._changed = threading.Condition()
        self._pending: list[Event] = []
        self._replies: dict[int, dict[str, Any]] = {}
        self._ready: dict[str, Any] | None = None
        self._ended = False
        self._last_words = ""
        self._last_id = 0

    def __repr__(self) -> str:
        return f"<{self.kind} {self._options['name']}>" if self._options["name"] else f"<{self.kind}>"

    # Life

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def open(self) -> None:
        """Start the process and, unless told otherwise, the node in it."""
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - open for as long as the process may write
        command = [*self._prefix, *COMMANDS[self.kind](), json.dumps(self._options)]
        paths = [str(ROOT / "src"), *filter(None, [os.environ.get("PYTHONPATH")])]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            cwd=ROOT,
            env=os.environ | zyrejs_setup.environment() | {"PYTHONPATH": os.pathsep.join(paths)},
        )
        self._reader = threading.Thread(target=self._read, name=f"reader of {self!r}", daemon=True)
        self._reader.start()
        try:
            with self._changed:
                self._wait(lambda: self._ready is not None, STARTUP, "did not come up")
            if self._start:
                self.start()
        except BaseException:
            self.kill()
            raise

    def close(self, *, stop: bool = True) -> None:
        """Stop the node, so that others see it leave, and end the process; `stop=False` says no farewell.

        Closing never fails: a peer that does not end by itself within five seconds is killed.
        """
        if self._process.poll() is None:
            try:
                self.resume()
                self._send({"cmd": "close", "id": 0, "stop": stop})
                self._process.wait(5)
            except (OSError, subprocess.TimeoutExpired):
                pass
        self.kill()

    def kill(self) -> None:
        """End the process at once, as a crash or a pulled plug would: nobody is told."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
        self._reader.join()
        self._last_words = self.errors()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            try:
                if stream is not None:
                    stream.close()
            except BrokenPipeError:
                pass

    def pause(self) -> None:
        """Freeze the process: to the others it is silent, yet its sockets stay open."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a frozen process go on."""
        self._process.send_signal(signal.SIGCONT)

    # State

    @property
    def uuid(self) -> str:
        """The node's UUID: 32 upper-case hex digits."""
        return str(self._identity["uuid"])

    @property
    def name(self) -> str:
        """The node's public name, be it given or its own choice."""
        return str(self._identity["name"])

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """The exit status if the process has ended: negative for a signal, so -6 for an abort."""
        return self._process.poll()

    @property
    def _identity(self) -> dict[str, Any]:
        assert self._ready is not None, f"{self!r} has not been opened"
        return self._ready

    # Verbs

    def command(self, cmd: str, *, timeout: float = 10.0, **arguments: Any) -> Any:
        """Have the peer run one command and return its answer; raises AssertionError if that failed."""
        with self._changed:
            self._last_id += 1
            number = self._last_id
        self._send({"cmd": cmd, "id": number, **arguments})
        with self._changed:
            self._wait(lambda: number in self._replies, timeout, f"did not answer {cmd!r}")
            reply = self._replies.pop(number)
        if "error" in reply:
            raise AssertionError(f"{self!r} could not {cmd}: {reply['error']}")
        return reply["value"]

    def start(self) -> None:
        """Start the node."""
        self.command("start")

    def stop(self) -> None:
        """Stop the node; the process goes on, to report what it still sees."""
        self.command("stop")

    def join(self, group: str) -> None:
        """Join a group."""
        self.command("join", group=group)

    def leave(self, group: str) -> None:
        """Leave a group."""
        self.command("leave", group=group)

    def whisper(self, peer: ReferencePeer | str, *frames: bytes) -> None:
        """Send a message of one or more frames to one peer."""
        self.command("whisper", peer=_uuid(peer), content=[frame.hex() for frame in frames])

    def shout(self, group: str, *frames: bytes) -> None:
        """Send a message of one or more frames to a group."""
        self.command("shout", group=group, content=[frame.hex() for frame in frames])

    def contest(self, group: str) -> None:
        """Stand in the elections of a group (libzyre)."""
        self.command("contest", group=group)

    def require_peer(self, peer: ReferencePeer | str, endpoint: str, key: str = "") -> None:
        """Connect to a peer by hand (libzyre); `key` is its public CURVE key in Z85."""
        self.command("require_peer", peer=_uuid(peer), endpoint=endpoint, key=key)

    def peers(self) -> list[str]:
        """The UUIDs of the peers it knows, sorted."""
        return list(self.command("peers"))

    def peers_in(self, group: str) -> list[str]:
        """The UUIDs of the peers it knows in a group, sorted."""
        return list(self.command("peers_in", group=group))

    def own_groups(self) -> list[str]:
        """The groups that it is in, sorted."""
        return list(self.command("own_groups"))

    def peer_groups(self) -> list[str]:
        """The groups that it has heard of, sorted."""
        return list(self.command("peer_groups"))

    def address(self, peer: ReferencePeer | str) -> str:
        """The endpoint at which it talks to a peer."""
        return str(self.command("address", peer=_uuid(peer)))

    # Bulk

    def flood(
        self, peer: ReferencePeer | str, count: int, size: int = 32, *, first: int = 0, timeout: float = 60.0
    ) -> float:
        """Whisper `count` numbered messages in a loop inside the peer; return the seconds it took.

        A number stands in the first eight bytes of its message, big-endian; zeros fill the rest.
        """
        arguments = {"peer": _uuid(peer), "count": count, "size": size, "first": first}
        return float(self.command("flood", timeout=timeout, **arguments))

    def flood_group(self, group: str, count: int, size: int = 32, *, first: int = 0, timeout: float = 60.0) -> float:
        """Shout `count` numbered messages to a group; return the seconds it took."""
        return float(self.command("flood", timeout=timeout, group=group, count=count, size=size, first=first))

    def count(self, until: int | None = None) -> None:
        """From now on count messages instead of reporting each; a COUNTED event says that `until` came."""
        self.command("count", until=until)

    def counted(self) -> dict[str, Any]:
        """What was counted: received, first, last, in_order, and broken_at (expected and found) or None."""
        return dict(self.command("counted"))

    # Events

    def wait_for(self, type: str, timeout: float = 10.0, **fields: Any) -> Event:
        """Return the first pending event of this type whose fields equal these; it is then no longer pending.

        Other events stay pending, so the order of two calls need not be the order of two events. A peer may
        be given as a ReferencePeer, content as a list of bytes. Raises AssertionError, listing what did
        arrive, when none comes in time.
        """
        wanted = {"type": type.upper()} | {key: _plain(value) for key, value in fields.items()}
        found: list[Event] = []

        def arrived() -> bool:
            found[:] = [event for event in self._pending if _matches(event, wanted)][:1]
            return bool(found)

        with self._changed:
            self._wait(arrived, timeout, f"never reported {wanted}")
            self._pending.remove(found[0])
        return found[0]

    def never(self, type: str, within: float, **fields: Any) -> None:
        """Check that no such event is pending and that none comes within so many seconds."""
        wanted = {"type": type.upper()} | {key: _plain(value) for key, value in fields.items()}
        deadline = time.monotonic() + within
        with self._changed:
            while True:
                for event in self._pending:
                    assert not _matches(event, wanted), f"{self!r} reported {event}"
                if (left := deadline - time.monotonic()) <= 0:
                    return
                self._changed.wait(left)

    def forget(self) -> None:
        """Empty the list of pending events; `events` keeps them all."""
        with self._changed:
            self._pending.clear()

    def errors(self) -> str:
        """The last lines of the peer's standard error."""
        if self._errors.closed:
            return self._last_words
        # pread leaves alone the file position, which is shared with the peer that writes at it.
        size = os.fstat(self._errors.fileno()).st_size
        return os.pread(self._errors.fileno(), 2000, max(0, size - 2000)).decode(errors="replace")

    # Inside

    def _send(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()
        except (OSError, ValueError) as error:  # a pipe without a reader; a pipe that we closed ourselves
            raise AssertionError(f"{self!r} is gone (status {self.returncode}): {self.errors()}") from error

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            message = json.loads(line)
            with self._changed:
                self._take(message)
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _take(self, message: dict[str, Any]) -> None:
        if "ready" in message:
            self._ready = message["ready"]
        elif "reply" in message:
            self._replies[message["reply"]] = message
        else:
            event = message["event"]
            if "content" in event:
                event["content"] = [bytes.fromhex(frame) for frame in event["content"]]
            self.events.append(event)
            self._pending.append(event)

    def _wait(self, condition: Callable[[], bool], timeout: float, complaint: str) -> None:
        """Wait, holding the lock, for a condition; a peer that ends meanwhile ends the wait."""
        self._changed.wait_for(lambda: condition() or self._ended, timeout)
        if condition():
            return
        if self._ended:
            complaint += f"; its process ended with status {self._process.wait()}"
        else:
            complaint += f" within {timeout} s"
        arrived = "\n  ".join(map(str, self.events[-50:])) or "nothing"
        raise AssertionError(f"{self!r} {complaint}. It reported:\n  {arrived}\nIts standard error:\n{self.errors()}")


def _uuid(peer: ReferencePeer | str) -> str:
    return peer if isinstance(peer, str) else peer.uuid


def _plain(value: Any) -> Any:
    """Bring an expected field into the form that it has in an event."""
    if isinstance(value, ReferencePeer):
        return value.uuid
    return list(value) if isinstance(value, tuple) else value


def _matches(event: Event, wanted: dict[str, Any]) -> bool:
    return all(event.get(key) == value for key, value in wanted.items())
