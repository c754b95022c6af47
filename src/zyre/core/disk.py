"""What is on its way to the disk for the durable streams, and what the disk says of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from enum import Enum
from typing import NamedTuple

from zyre.config import Timing
from zyre.core.counters import Counters
from zyre.core.delivery import Delivery
from zyre.core.effects import Discard, Keep, Mark, NotPersisted, Persisted
from zyre.core.part import Follower, Moves, Part, Question
from zyre.core.timers import Deadlines
from zyre.identity import PeerId

__all__ = ["Disk", "Writing"]


class _Retry(Enum):
    """The timer for another try."""

    DUE = "due"


class Writing(NamedTuple):
    """A message kept, or a place marked, that the disk has not confirmed yet."""

    serial: int
    peer: PeerId
    stream: int
    number: int
    is_mark: bool


class Disk(Part):
    """Numbers what is to be written, in order. ``on_kept`` and ``on_marked`` are told what was, by whose and which
    number, ``on_refused`` which messages were not, ``on_done`` that this is all for now, and ``on_retry`` that the disk
    is tried again."""

    def __init__(self, timing: Timing, delivery: Delivery, timers: Deadlines[object], counters: Counters) -> None:
        self.trouble = ""
        """Why the disk took nothing when it was last tried."""
        self.on_kept: Callable[[Writing], None]
        self.on_marked: Callable[[Writing], None]
        self.on_refused: Callable[[Writing], None]
        self.on_done: Callable[[float], None]
        self.on_retry: Callable[[], None]
        self._timing = timing
        self._delivery = delivery
        self._timers = timers
        self._counters = counters
        self._serial = 0
        self._writing: deque[Writing] = deque()
        self._discards: deque[Discard] = deque()
        """What is to be forgotten, and is not yet."""
        self._retry_at = 0.0

    def reports(self) -> Mapping[type, Follower]:
        """What the store says."""
        return {Persisted: self._on_persisted, NotPersisted: self._on_not_persisted}

    def subjects(self) -> Mapping[type, Follower]:
        """The timer."""
        return {_Retry: self._on_retry}

    def questions(self) -> Mapping[str, Question]:
        """Why a durable message was not taken."""
        return {"store_trouble": self._why_not}

    def _why_not(self) -> str:
        return self.trouble

    def rests(self, now: float) -> bool:
        """Whether it took nothing a moment ago, and is not tried before long."""
        return now < self._retry_at

    def keep(self, peer: PeerId, stream: int, number: int, group: str, content: tuple[bytes, ...], left: float) -> None:
        """Write down a message."""
        serial = self._note(peer, stream, number, is_mark=False)
        self._delivery.effects.append(Keep(serial, peer, stream, number, group, content, left))

    def mark(self, peer: PeerId, stream: int, number: int) -> None:
        """Write down what the program has taken of a peer."""
        self._delivery.effects.append(Mark(self._note(peer, stream, number, is_mark=True), peer, stream, number))

    def discard(self, peer: PeerId, below: int, numbers: tuple[int, ...] = ()) -> None:
        """Forget messages."""
        self._serial += 1
        self._discards.append(Discard(self._serial, peer, below, numbers))
        self._delivery.effects.append(self._discards[-1])

    def _note(self, peer: PeerId, stream: int, number: int, *, is_mark: bool) -> int:
        self._serial += 1
        self._writing.append(Writing(self._serial, peer, stream, number, is_mark))
        return self._serial

    def _take(self, serial: int) -> list[Writing]:
        done = []
        while self._writing and self._writing[0].serial <= serial:
            done.append(self._writing.popleft())
        return done

    def _on_persisted(self, report: Persisted, now: float) -> Moves:
        self.trouble, self._retry_at = "", 0.0
        while self._discards and self._discards[0].serial <= report.serial:
            self._discards.popleft()
        for writing in self._take(report.serial):
            if writing.is_mark:
                self.on_marked(writing)
            else:
                self.on_kept(writing)
        self.on_done(now)
        return ()

    def _on_not_persisted(self, report: NotPersisted, now: float) -> Moves:
        """A message that the disk did not take was never sent; marks are made, and messages forgotten, again later."""
        self.trouble = report.reason
        self._counters.failures["store"] += 1
        for writing in self._take(report.serial):
            if not writing.is_mark:
                self.on_refused(writing)
        if not self.rests(now):
            self._retry_at = now + self._timing.disk_retry
            self._timers.add(self._retry_at, _Retry.DUE)
        return ()

    def _on_retry(self, subject: _Retry, now: float) -> Moves:
        self._retry_at = 0.0
        self.on_retry()
        undone, self._discards = self._discards, deque()
        for discard in undone:
            self.discard(*discard[1:])
        return ()
