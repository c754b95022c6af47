"""Watching over the peers: who is looked at when, and what follows from silence.

A sign of life is any message, a beacon from where the peer is reached, and that a full link to it takes more. Beacons
alone are not trusted for ever: they prove that a peer lives, not that our link reaches it. So who says nothing on the
link is asked on it now and then, and if that brings no answer, or the connection of the peer broke, its beacons count
for nothing until something does come.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Final, NamedTuple

from zyre.config import Timing
from zyre.core.delivery import Delivery
from zyre.core.directory import Directory
from zyre.core.effects import Hasten, Probe
from zyre.core.machine import Hearing
from zyre.core.part import Follower, Moves, Part
from zyre.core.peer import PeerRecord
from zyre.core.presence import Presence
from zyre.core.tables import ABSENT, ALIVE, READY, Input, Phase
from zyre.core.timers import NEVER, Deadlines
from zyre.events import Evasive, Event, Returned, Silent
from zyre.identity import PeerId
from zyre.wire import zre

__all__ = ["Tick", "Vigil"]


class Tick(NamedTuple):
    """The timer of all peers that are to be looked at in one stretch of time."""

    number: int


#: Peers are looked at in stretches of this share of the evasive time: so much later may a silence be noticed.
_TICKS_PER_EVASIVE: Final = 50
#: Where the host watches for silence, links are proven in longer stretches: with many peers the alarm rings less often.
_PROOF_TICKS: Final = 10
#: Who is heard is looked at in stretches of so many ticks: those of many peers are to come up together.
_LOOK_TICKS: Final = 5
#: A time that is a whole number of stretches but for the rounding of floats is in the earlier one.
_ROUNDING: Final = 1e-6
#: An alarm that rings later than this, in seconds, tells that this process did not run.
_LATE: Final = 0.1
#: A standstill shorter than this is not called a sleep, however short the evasive time is.
_SHORTEST_SLEEP: Final = 1.0

#: Of two that would ask each other, one waits so many times as long: the other's question is proof enough for both.
_SECOND: Final = 1.5

_link: Final = attrgetter("link")


class Vigil(Part):
    """Looks at every peer when its time comes. ``ask_others(peer, now)`` asks around about one that is quiet;
    ``depart(peer, input)`` lets go of one, as the table has it."""

    __slots__ = (
        "_ask_others",
        "_delivery",
        "_depart",
        "_directory",
        "_events",
        "_grain",
        "_last_tick",
        "_lead",
        "_look_ticks",
        "_own",
        "_ping",
        "_prove",
        "_prove_next",
        "_sleep",
        "_ticks",
        "_timers",
        "_until_doubt",
        "presence",
    )

    def __init__(
        self,
        own: PeerId,
        timing: Timing,
        *,
        directory: Directory,
        delivery: Delivery,
        timers: Deadlines[object],
        events: list[Event],
        ask_others: Callable[[PeerRecord, float], None],
        depart: Callable[[PeerRecord, Input], Moves],
    ) -> None:
        self.presence = Presence(timing)
        self._directory = directory
        self._delivery = delivery
        self._timers = timers
        self._events = events
        self._ask_others = ask_others
        self._depart = depart
        self._ticks: dict[int, list[PeerRecord]] = {}
        self._last_tick = -1
        self._grain = timing.evasive / _TICKS_PER_EVASIVE
        self._sleep = max(timing.evasive, _SHORTEST_SLEEP)
        self._lead = self.presence.lead
        self._look_ticks = _LOOK_TICKS if _LOOK_TICKS * self._grain < self._lead else 1
        self._own = own
        self._ping = timing.ping
        self._prove = timing.prove
        self._prove_next = timing.prove_next
        self._until_doubt = timing.expired - timing.evasive

    def subjects(self) -> Mapping[type, Follower]:
        """Looks at peers."""
        return {Tick: self._on_tick}

    # -- signs of life -------------------------------------------------------------------------------------------

    def begin(self, record: PeerRecord, now: float) -> None:
        """Watch over somebody from now on."""
        record.quiet_at = now + self.presence.evasive
        record.proven_at = now
        self._watch_in(record, self._asking_tick_of(record))

    def heard(self, record: PeerRecord, now: float) -> None:
        """A sign of life."""
        if self.presence.heard(record, now) and record.state is READY:
            self._events.append(Returned(record.peer, record.name))

    def reached(self, record: PeerRecord, now: float) -> None:
        """The link to a peer was full, and has taken more: it reaches somebody who reads. A question of ours would have
        to wait behind all that, and on a slow link for long."""
        record.proven_at = now
        record.doubted = False
        self.heard(record, now)

    def doubt(self, record: PeerRecord) -> None:
        """Our link may not reach that peer any more: its beacons prove nothing until it does."""
        record.doubted, record.proven = True, record.received
        self._directory.overlook(record)

    def attend(self, hearing: Hearing | None) -> None:
        """Let the host note the beacons from which nothing follows; None to be handed each."""
        self._directory.hearing = hearing

    def on_unheard(self, beacon: bytes, heard_at: float) -> None:
        """The host notes a peer's beacon no more, and heard it last at ``heard_at``: watch over it ourselves again."""
        record = self._directory.by_beacon.get(beacon)
        if record is None:
            return
        record.noted = False
        record.quiet_at = max(record.quiet_at, heard_at + self.presence.evasive)
        tick = self._asking_tick_of(record)
        if tick < record.watched:
            self._watch_in(record, tick)

    def trust(self, record: PeerRecord, now: float) -> None:
        """Somebody listens where our link leads. That ends a doubt, unless we have waited for a message too long."""
        if record.doubted and now < record.proven_at + self._prove_after(record) + self._until_doubt:
            record.doubted = False
            self._delivery.send(record, zre.PING)

    def on_late(self, late: float, now: float) -> bool:
        """The node's alarm rang so many seconds late: nobody could be heard meanwhile. Whether it was a sleep, in which
        others may have given us up; then everybody is asked whether they still know us."""
        if late < _LATE:
            return False
        asleep = not late < self._sleep
        self._directory.recall(self._directory)
        for record in self._directory:
            self.presence.forgive(record, late, now, anew=asleep)
        if not asleep:
            return False
        for record in self._directory.ready():
            self._delivery.send(record, zre.PING)
        return True

    # -- looking -------------------------------------------------------------------------------------------------

    def _watch(self, record: PeerRecord, at: float, ticks: int = 1) -> None:
        """Look at a peer at that time, or a little later."""
        self._watch_in(record, self._tick_of(at, ticks))

    def _watch_in(self, record: PeerRecord, tick: int) -> None:
        record.watched = tick
        watched = self._ticks.get(tick)
        if watched is None:
            watched = self._ticks[tick] = []
            self._timers.add(tick * self._grain, Tick(tick))
        watched.append(record)

    def _tick_of(self, at: float, ticks: int = 1) -> int:
        """The first tick that has not come yet, at that time or after it: one timer serves all whose time has come
        within so many ``ticks``."""
        tick = math.ceil(at / self._grain - _ROUNDING)
        if tick <= self._last_tick:
            tick = self._last_tick + 1
        return tick + -tick % ticks

    def _asking_tick_of(self, record: PeerRecord) -> int:
        """When a peer would have to be asked; or, with others, a little later, while it is not evasive by then."""
        return self._tick_of(record.quiet_at - self._lead, self._look_ticks)

    def _on_tick(self, tick: Tick, now: float) -> Moves:
        """Look at the peers whose time has come. Most have been heard meanwhile, and are only put back; while the host
        watches for somebody's silence, until a proof is due."""
        moves: Moves = ()
        self._last_tick = tick.number
        watched = [record for record in self._ticks.pop(tick.number) if record.watched == tick.number]
        watched.sort(key=_link)  # not in an order that depends on how often each was looked at
        for record in watched:
            if record.state is ABSENT:
                continue
            proof_at = self._proof_at(record, now)
            if record.noted and record.phase is ALIVE and now < proof_at:
                self._watch_in(record, self._tick_of(proof_at, _PROOF_TICKS))
                continue
            if record.noted:
                self._directory.recall((record,))
            if not now < proof_at and record.state is READY:
                self._ask_for_proof(record, proof_at, now)
            asks_at = self.presence.asks_at(record)
            if record.phase is not ALIVE or not now < asks_at:
                moves += self._look_at(record, now)
            elif record.noted:
                self._watch(record, now + self._ping, _PROOF_TICKS)
            else:
                self._watch_in(record, self._asking_tick_of(record))
        return moves

    def _proof_at(self, record: PeerRecord, now: float) -> float:
        """When a peer is to be asked on the link, because nothing has come on it for so long. That something came shows
        in the count of messages, so that the way of a message need not write down when it was."""
        if record.received != record.proven:
            record.proven, record.proven_at = record.received, now
            record.doubted, record.verified_at = False, NEVER
        return record.proven_at + self._prove_after(record)

    def _prove_after(self, record: PeerRecord) -> float:
        """How long nothing may come on the link to a peer. The more peers there are, the longer."""
        after = self._prove_next * len(self._directory.by_id)
        if after < self._prove:
            after = self._prove
        return after if record.peer > self._own or not record.is_own_kind else after * _SECOND

    def _ask_for_proof(self, record: PeerRecord, proof_at: float, now: float) -> None:
        if not record.doubted and not now < proof_at + self._until_doubt:
            self.doubt(record)
            record.quiet_at = record.presumed_at = min(record.quiet_at, now)
        elif record.phase is ALIVE and now < self.presence.asks_at(record):
            self._delivery.send(record, zre.PING)

    def _look_at(self, record: PeerRecord, now: float) -> Moves:
        """A peer has been quiet."""
        silence = self.presence.look(record, now)
        if silence.entered is Phase.EXPIRED:
            return self._depart(record, Input.BEYOND if silence.beyond else Input.OVERDUE)
        self._watch(record, silence.look_again_at)
        if record.state is not READY:
            return ()
        if silence.entered is not None:
            self._directory.overlook(record)
        if silence.entered is Phase.EVASIVE:
            self._events.append(Evasive(record.peer, record.name))
        elif silence.entered is Phase.SILENT:
            self._events.append(Silent(record.peer, record.name))
        if silence.ping:
            self._delivery.send(record, zre.PING)
            if record.phase is ALIVE:
                self._delivery.effects.append(Hasten(record.link))
            else:
                self._delivery.effects.append(Probe(record.link, record.endpoint.text))
                self._ask_others(record, now)
        return ()
