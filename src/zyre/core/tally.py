"""Asking our own kind how much arrived: once in a while, and only while there is something to ask.

The first message on a link goes behind a TALLY of 0 (see Delivery.offer), from which the receiver counts. After that
one question is asked in ``Timing.tally`` seconds; an answer settles everything that was sent before its question.
While there is nothing to ask, no timer wakes the node for it: it looks whether there is when it beacons.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Final

from zyre.core.announcer import Announcer
from zyre.core.counters import Counters
from zyre.core.delivery import Delivery
from zyre.core.directory import Directory
from zyre.core.locality import Locality
from zyre.core.part import Follower, Handler, Moves, Part
from zyre.core.peer import PeerRecord
from zyre.core.tables import Violation
from zyre.core.timers import Deadlines
from zyre.wire import tally

__all__ = ["Tally"]


#: Who looks by its beacons does so at least once in so many times ``Timing.tally``, or has a timer.
_LONGEST_REST: Final = 1.25


class _Question(Enum):
    """The timer for the next questions."""

    DUE = "due"


class Tally(Part):
    """The part that asks, and answers."""

    def __init__(
        self,
        interval: float,
        *,
        directory: Directory,
        delivery: Delivery,
        timers: Deadlines[object],
        counters: Counters,
        announcer: Announcer,
    ) -> None:
        self._interval = interval
        self._directory = directory
        self._delivery = delivery
        self._timers = timers
        self._counters = counters
        self.companions: list[Callable[[float], bool]] = []
        """Who else is to look, as often, at how their sending fares; and whether they have anything to look at."""
        self._announcer = announcer
        self._rests = False
        announcer.companions.append(self._on_beat)
        self._sent = 0
        """How many messages of its application this node had sent when it last looked for something to ask."""

    def handlers(self) -> Mapping[int, Handler]:
        """The question, and the answer."""
        return {tally.TALLY: self._on_tally, tally.TALLIED: self._on_tallied}

    def subjects(self) -> Mapping[type, Follower]:
        """When to ask."""
        return {_Question: self._on_due}

    def start(self, locality: Locality, now: float) -> Moves:
        """Begin to ask."""
        self._timers.add(now + self._interval, _Question.DUE)
        return ()

    def take_leave(self, record: PeerRecord) -> None:
        """Tell a peer what we got of it before we are deaf."""
        account = record.books
        if account is not None and account.heard_link >= 0 and "tally" in record.extensions:
            answer = account.answer(tally.FINAL)
            self._delivery.send(record, tally.TALLIED, tally.encode_tallied(answer))

    def _on_due(self, subject: _Question, now: float) -> Moves:
        busy = self._look(now)
        self._rests = not busy and self._announcer.beats_within(_LONGEST_REST * self._interval)
        if not self._rests:
            self._timers.add(now + self._interval, subject)
        return ()

    def _on_beat(self, now: float) -> None:
        if self._rests and self._look(now):
            self._rests = False
            self._timers.add(now + self._interval, _Question.DUE)

    def _look(self, now: float) -> bool:
        """Ask what there is to ask; whether there may be more."""
        busy = False
        for look in self.companions:
            busy |= look(now)
        sent = self._counters.sent - self._delivery.not_data
        if self._sent == sent:  # or every idle node would look at all its peers, for nothing
            return busy
        open_ones = 0
        for record in self._directory.ready():
            account = record.books
            if account is not None and account.tallied != account.offered and "tally" in record.extensions:
                open_ones += 1
                self._delivery.send(record, tally.TALLY, tally.encode_tally(record.link, account.offered))
        self._sent = -1 if open_ones else sent
        return True

    def _on_tally(self, record: PeerRecord, frames: Sequence[bytes], now: float) -> Moves:
        link, sent = tally.decode_tally(frames[1])
        record.account.asked(link, sent)
        if sent:
            self._delivery.send(record, tally.TALLIED, tally.encode_tallied(record.account.answer(sent)))
        return ()

    def _on_tallied(self, record: PeerRecord, frames: Sequence[bytes], now: float) -> Moves:
        answer = tally.decode_tallied(frames[1])
        if answer.link == record.link & 0xFFFFFFFF:
            if not record.account.settle(answer):
                self._counters.violations[Violation.TALLY_WRONG] += 1
            elif record.congested or record.queue:
                self._delivery.relieve(record)
        return ()
