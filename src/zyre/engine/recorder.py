"""Writes a node's journal: what comes in goes, with its time, to a file before the machine sees it.

It stands around the driver's ports: the driver's tap gives it every input, and what it puts around transport, clock
and deliver gives it the rest that decides the course of a machine: which calls the transport refused, and when.

A recording must never hurt what it records. Records are gathered and handed to the operating system, which writes
them when it likes, in blocks of up to 64 KiB, or when 10 ms have passed since the last block: so a lone input is
handed over at once, a flood costs one call for some hundred messages, and a killed process loses next to nothing. If
the file cannot be written any more the node goes on: that is logged once, and counted in
``statistics().failures["journal"]``.

The journal is a ring of two files. When ``path`` has grown to half of the limit it becomes ``path.1``, instead of the
one before, and a new one begins with a checkpoint of the machine, so that what remains can always be replayed.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from zyre.core.checkpoint import freeze
from zyre.core.journal import (
    VERSION_LINE,
    EventDigest,
    Kind,
    encode_block,
    encode_profile,
    encode_record,
    input_encoders,
)
from zyre.core.machine import Clock, Transport
from zyre.core.node import NodeMachine
from zyre.core.profile import NodeProfile
from zyre.engine.clock import now
from zyre.errors import InvalidConfig
from zyre.events import Event

__all__ = ["JOURNAL_LIMIT", "Recorder"]

#: Octets that a journal takes at most, both files together. A node among ten idle ones takes in half a kilobyte a
#: second, so this holds more than a day of it; and nobody misses 64 MiB of a disk.
JOURNAL_LIMIT: Final = 64 << 20
#: Below this a ring would hold little more than its own checkpoints.
_LEAST_LIMIT: Final = 64 << 10
_BLOCK_SIZE: Final = 65536
_BLOCK_SECONDS: Final = 0.01

_log = logging.getLogger("zyre")


class Recorder:
    """The journal of one node. Called under the node's lock, like the driver.

    Raises InvalidConfig if ``path`` cannot be written, or is a file of another kind, which it would overwrite.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        profile: NodeProfile,
        machine: NodeMachine,
        *,
        contents: bool = True,
        limit: int | None = None,
        clock: Callable[[], float] = now,
    ) -> None:
        limit = JOURNAL_LIMIT if limit is None else limit
        if not isinstance(limit, int) or limit < _LEAST_LIMIT:
            raise InvalidConfig(f"journal_limit is {limit!r}; it is a number of octets, at least {_LEAST_LIMIT}")
        self.path = os.path.abspath(os.fspath(path))
        self._profile = profile
        self._machine = machine
        self._contents = contents
        self._half = limit // 2
        self._read_clock = clock
        self._encoders = input_encoders(contents)
        self._digest = EventDigest(contents)
        self._buffer = bytearray()
        self._flushed_at = 0.0
        self._written = 0
        self._segment = 0
        self._now = clock()
        self._pinned: float | None = None
        self._file = -1
        self.calls = 0
        """How often the transport was asked for something that it can refuse."""
        _refuse_to_overwrite(self.path)
        try:
            self._begin()
            self._flush()
        except OSError as error:
            self._drop_file()
            raise InvalidConfig(f"the journal {self.path} cannot be written: {error.strerror}") from error

    # -- around the driver -----------------------------------------------------------------------------------------

    def tap(self, now: float, what: str, arguments: tuple[object, ...]) -> None:
        """The driver's Tap: an input, before the machine sees it."""
        if self._file < 0:
            return
        self._now = now
        if self._written > self._half:
            self._attempt(self._rotate)
        try:
            kind, encode = self._encoders[what]
            payload = encode(arguments)
        except Exception as defect:
            self._give_up(f"a defect of zyre, please report it: {defect!r} in {what}")
            return
        self._append(kind, now, payload)
        if len(self._buffer) > _BLOCK_SIZE or now - self._flushed_at > _BLOCK_SECONDS:
            self._attempt(self._flush)

    def around_transport(self, transport: Transport) -> Transport:
        """The transport, with a note of every call that it refuses."""
        return _WatchedTransport(transport, self)

    def around_clock(self, clock: Clock) -> Clock:
        """The clock; what it shows right after a refusal is what the journal says."""
        return _PinnedClock(clock, self)

    def around_deliver(self, deliver: Callable[[list[Event]], None]) -> Callable[[list[Event]], None]:
        """What takes the events, with a note of what they were."""

        def noted(events: list[Event]) -> None:
            if self._file >= 0:
                self._digest.add(events)
                self._append(Kind.EVENTS, self._now, self._digest.encode())
            deliver(events)

        return noted

    # -- records ---------------------------------------------------------------------------------------------------

    def note_refusal(self) -> None:
        """The last call of the transport was refused; the machine is told so at the very time noted here."""
        self._pinned = now = self._read_clock()
        self._append(Kind.REFUSED, now, self.calls.to_bytes(8, "big"))

    def take_pinned(self) -> float | None:
        """The time of a refusal that the machine has not been told of."""
        pinned, self._pinned = self._pinned, None
        return pinned

    def _append(self, kind: Kind, now: float, payload: bytes) -> None:
        if self._file >= 0:
            self._buffer += encode_record(kind, now, payload)

    # -- the file --------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        """Begin a file: who this is, and unless its life begins as well, how it stands."""
        from importlib.metadata import version  # takes longer to load than the rest of this module

        if os.path.exists(self.path):
            os.replace(self.path, f"{self.path}.1")
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._written = os.write(self._file, VERSION_LINE)
        about = encode_profile(
            self._profile,
            zyre=version("zyre"),
            recorded_at=datetime.now(UTC).isoformat(),
            segment=self._segment,
            contents=self._contents,
            calls=self.calls,
            events=[self._digest.count, self._digest.value],
        )
        self._append(Kind.PROFILE, self._now, about)
        if self._segment:
            self._append(Kind.CHECKPOINT, self._now, json.dumps(freeze(self._machine)).encode())
        self._segment += 1

    def _rotate(self) -> None:
        self._flush()
        os.close(self._file)
        self._file = -1
        self._begin()

    def _flush(self) -> None:
        block = memoryview(encode_block(self._buffer))
        self._buffer.clear()
        self._flushed_at = self._now
        good, size = self._written, len(block)
        try:
            while block:
                block = block[os.write(self._file, block) :]
        except OSError:
            os.ftruncate(self._file, good)  # what was written before remains a journal
            raise
        self._written += size

    def _attempt(self, work: Callable[[], None]) -> None:
        """Do something with the disk; if that fails the journal ends, and the node goes on."""
        try:
            work()
        except OSError as error:
            self._give_up(str(error))

    def _give_up(self, why: str) -> None:
        self._drop_file()
        self._machine.counters.failures["journal"] += 1
        _log.warning(
            "the journal %s of the node %s ends here: %s; the node goes on", self.path, self._profile.name, why
        )

    def _drop_file(self) -> None:
        self._buffer.clear()
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def close(self) -> None:
        """The node has stopped. A second call does nothing."""
        if self._file < 0:
            return
        self._append(Kind.END, self._read_clock(), b"")
        self._attempt(self._flush)
        self._drop_file()

    def abandon(self) -> None:
        """In a child after a fork: what is gathered here is the parent's to write."""
        self._drop_file()

    def __del__(self) -> None:
        if getattr(self, "_file", -1) >= 0:
            os.close(self._file)


class _WatchedTransport:
    """A transport whose calls that can be refused are counted; those that are, noted."""

    def __init__(self, transport: Transport, recorder: Recorder) -> None:
        self.open = transport.open
        self.close_link = transport.close_link
        self.probe = transport.probe
        self.hasten = transport.hasten
        self.listen_anew = transport.listen_anew
        self.broadcast = transport.broadcast
        self.close = transport.close
        self._open_link = transport.open_link
        self._send = transport.send
        self._recorder = recorder

    def open_link(self, link: int, endpoint: str) -> bool:
        """See Transport."""
        self._recorder.calls += 1
        return self._open_link(link, endpoint) or self._refused()

    def send(self, link: int, frames: Sequence[bytes]) -> bool:
        """See Transport."""
        self._recorder.calls += 1
        return self._send(link, frames) or self._refused()

    def _refused(self) -> bool:
        self._recorder.note_refusal()
        return False


class _PinnedClock:
    """A clock that tells the time of a refusal once more to whoever asks next."""

    def __init__(self, clock: Clock, recorder: Recorder) -> None:
        self._now = clock.now
        self._recorder = recorder

    def now(self) -> float:
        """See Clock."""
        pinned = self._recorder.take_pinned()
        return self._now() if pinned is None else pinned


def _refuse_to_overwrite(path: str) -> None:
    """A journal of an earlier run may be moved aside, and nothing else."""
    if not os.path.lexists(path):
        return
    begin = b""
    if os.path.isfile(path):
        with contextlib.suppress(OSError), open(path, "rb") as file:
            begin = file.read(len(VERSION_LINE))
    if begin != VERSION_LINE:
        raise InvalidConfig(f"the journal {path} would take the place of something that is no journal")
