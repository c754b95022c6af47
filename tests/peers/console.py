"""What the peer processes share: the JSON lines they exchange with a test, bulk sending and counting.

The test writes commands, one JSON object a line, to standard input: ``{"cmd": "join", "id": 7, "group":
"G"}``. The peer answers each with ``{"reply": 7, "value": ...}`` or ``{"reply": 7, "error": "..."}`` and
reports what its node says as ``{"event": {"type": "ENTER", "peer": ..., "name": ..., ...}}``. Content frames
travel as hex digits. A peer ends when its standard input does, so none survives the test that started it.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from typing import Any

INDEX_SIZE = 8
"""A flooded message starts with its index in this many bytes, so that a counter also sees the order."""

GRACE = 0.15
"""Seconds between a node's last word and its end: with a linger of 0 an earlier end would lose it."""


class Console:
    """The line to the test: commands on standard input, replies and events on standard output."""

    def __init__(self) -> None:
        # Libraries log to standard output. They get standard error instead, and we keep the original.
        self._output = os.dup(1)
        os.dup2(2, 1)
        self._rest = b""

    def fileno(self) -> int:
        return 0

    def hear(self) -> list[dict[str, Any]]:
        """Return the commands that have come, or wait for one; raises EOFError once the test is gone."""
        data = os.read(0, 1 << 16)
        if not data:
            raise EOFError
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [json.loads(line) for line in lines]

    def say(self, **message: Any) -> None:
        data = json.dumps(message).encode() + b"\n"
        while data:
            data = data[os.write(self._output, data) :]


class Tally:
    """Counts flooded messages instead of reporting each, and notes where their order first broke."""

    def __init__(self, until: int | None) -> None:
        self.until = until
        self.received = 0
        self.first: int | None = None
        self.last: int | None = None
        self.broken_at: tuple[int, int] | None = None

    def add(self, frame: bytes) -> bool:
        """Count one message; return True when it is the one that was waited for."""
        index = int.from_bytes(frame[:INDEX_SIZE], "big")
        if self.last is None:
            self.first = index
        elif index != self.last + 1 and self.broken_at is None:
            self.broken_at = (self.last + 1, index)
        self.last = index
        self.received += 1
        return self.received == self.until

    def summary(self) -> dict[str, Any]:
        return {
            "received": self.received,
            "first": self.first,
            "last": self.last,
            "in_order": self.broken_at is None,
            "broken_at": self.broken_at,
        }


class Peer:
    """A node of some implementation under a test's remote control.

    A subclass makes the node in its constructor, says how to wait for it (`wait`), how to pass on what it
    reports (`drain`, which calls `report`), how to send (`whisper`, `shout`), and adds a ``do_<command>`` for
    each further verb.
    """

    batch = 500
    """Flooded messages between two looks at our own events: a node whose events nobody reads may stall."""

    pause = 0.0
    """Seconds of rest after each batch, for nodes that rather drop a peer than wait for a full queue."""

    def __init__(self, **options: Any) -> None:
        self.options = options
        self.console = Console()
        self._tally: Tally | None = None

    # What a subclass provides

    def wait(self) -> bool:
        """Sleep until the node has an event or the test a command; return True if it is a command."""
        raise NotImplementedError

    def drain(self) -> None:
        """Report the events that are there, without waiting."""
        raise NotImplementedError

    def whisper(self, peer: str, frames: Sequence[bytes]) -> None:
        raise NotImplementedError

    def shout(self, group: str, frames: Sequence[bytes]) -> None:
        raise NotImplementedError

    def do_stop(self) -> None:
        raise NotImplementedError

    # What all share

    def serve(self, **identity: Any) -> None:
        """Introduce the node, then obey until told to close. Never returns."""
        self.console.say(ready=identity)
        while True:
            try:
                commands = self.console.hear() if self.wait() else []
            except EOFError:
                self.end(1)
            self.drain()
            for command in commands:
                self.obey(**command)

    def obey(self, cmd: str, id: int, **arguments: Any) -> None:
        try:
            value = getattr(self, f"do_{cmd}")(**arguments)
        except Exception as error:
            self.console.say(reply=id, error=f"{type(error).__name__}: {error}")
        else:
            self.console.say(reply=id, value=value)

    def report(self, type: str, peer: str, name: str, content: Sequence[bytes] | None = None, **fields: Any) -> None:
        """Pass one event on to the test, or only count it while counting is on."""
        if content is not None and self._tally is not None:
            if self._tally.add(content[0]):
                self.console.say(event={"type": "COUNTED", "peer": peer, "name": name, **self._tally.summary()})
            return
        if content is not None:
            fields["content"] = [bytes(frame).hex() for frame in content]
        self.console.say(event={"type": type, "peer": peer, "name": name, **fields})

    def end(self, status: int = 0) -> None:
        """Leave at once, past exit handlers that belong to libraries and may wait for threads or abort."""
        sys.stderr.flush()
        os._exit(status)

    def do_whisper(self, peer: str, content: list[str]) -> None:
        self.whisper(peer, _frames(content))

    def do_shout(self, group: str, content: list[str]) -> None:
        self.shout(group, _frames(content))

    def do_flood(self, count: int, size: int, first: int, peer: str | None = None, group: str | None = None) -> float:
        """Send `count` numbered messages of `size` bytes to a peer or a group; return the seconds it took."""
        if size < INDEX_SIZE:
            raise ValueError(f"a flooded message carries its index and is at least {INDEX_SIZE} bytes long")
        padding = bytes(size - INDEX_SIZE)
        started = time.monotonic()
        for index in range(first, first + count):
            frames = (index.to_bytes(INDEX_SIZE, "big") + padding,)
            if peer is not None:
                self.whisper(peer, frames)
            else:
                self.shout(group or "", frames)
            if index % self.batch == 0:
                self.drain()
                time.sleep(self.pause)
        return time.monotonic() - started

    def do_count(self, until: int | None = None) -> None:
        """Start counting whispers and shouts from zero; say COUNTED when `until` of them have come."""
        self._tally = Tally(until)

    def do_counted(self) -> dict[str, Any] | None:
        return self._tally.summary() if self._tally else None

    def do_uncount(self) -> None:
        self._tally = None

    def do_close(self, stop: bool) -> None:
        """Stop politely, or not, and end. The reply is the end of the process."""
        if stop:
            self.do_stop()
            time.sleep(GRACE)
            self.drain()
        self.end()


def _frames(content: list[str]) -> list[bytes]:
    """Decode content frames. An empty list is refused: it corrupts libzyre's events and kills pyre's node."""
    if not content:
        raise ValueError("a message without a content frame is never sent to a reference peer")
    return [bytes.fromhex(frame) for frame in content]


def options_from_command_line() -> dict[str, Any]:
    """Return the options that the harness passes as one JSON argument."""
    options: dict[str, Any] = json.loads(sys.argv[1])
    return options
