"""Durable streams: each message is on this node's disk until the peer's program has taken it and the peer's disk knows.

The sender numbers a message, has it written (Keep), and sends it when that is done (Persisted), never before: so a
number that anybody has ever seen means one message, also after a crash. A peer that is not here is waited for, until
the time of its messages is over. What a receiver does is in intakes.py, what both have of the disk in disk.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Final

from zyre.config import Limits, Timing
from zyre.core.counters import Counters
from zyre.core.delivery import Delivery
from zyre.core.directory import Directory
from zyre.core.disk import Disk, Writing
from zyre.core.effects import Restored
from zyre.core.intakes import Intakes
from zyre.core.letters import Letter, Outbox
from zyre.core.outcome import Outcome
from zyre.core.outflow import longer_wait
from zyre.core.part import Follower, Handler, Moves, Part
from zyre.core.peer import PeerRecord
from zyre.core.profile import NodeProfile
from zyre.core.reliable import Reliable
from zyre.core.tables import PeerState, Violation
from zyre.core.timers import NEVER, Deadlines
from zyre.events import Event
from zyre.fates import Fate, Fates
from zyre.identity import PeerId
from zyre.wire import batch, durable
from zyre.wire.durable import ANSWER, ASK, GAP, Offer

__all__ = ["Durable"]

EXTENSION: Final = "durable"
#: Times that are over are looked for once in so many seconds, because that is a look at everything that is kept.
_SWEEP: Final = 0.5


class _Due(Enum):
    """The timers: a look at what is on its way, and at what is too old."""

    LOOK = "look"
    SWEEP = "sweep"


class Durable(Part):
    """What one node sends durably. ``parts`` are this one and those that belong to it. What became of messages stands
    among that of the ``reliable`` ones, by ticket; None says that one is on disk."""

    def __init__(
        self,
        profile: NodeProfile,
        reliable: Reliable,
        directory: Directory,
        delivery: Delivery,
        timers: Deadlines[object],
        counters: Counters,
        events: list[Event],
    ) -> None:
        self.delivered = 0
        """How many messages were confirmed, those of earlier lives included."""
        self._able = EXTENSION in profile.extensions
        self._life = profile.incarnation
        self._limits: Limits = profile.config.limits
        self._timing: Timing = profile.config.timing
        self._reliable = reliable
        self._settled = reliable.settled
        self._directory = directory
        self._delivery = delivery
        self._timers = timers
        self._ledger = counters.ledger
        self._counters = counters
        self._disk = Disk(self._timing, delivery, timers, counters)
        self._intakes = Intakes(
            self._limits, self._disk, directory=directory, delivery=delivery, counters=counters, events=events
        )
        self._disk.on_kept = self._on_kept
        self._disk.on_refused = self._on_not_kept
        self._disk.on_done = self._on_written
        self.parts: tuple[Part, ...] = (self._disk, self._intakes, self)
        self._outboxes: dict[PeerId, Outbox] = {}
        self._written: dict[PeerId, None] = {}
        """Of whose messages the disk has just taken some."""
        self._messages = self._octets = 0
        self._looking = False
        self._sweep_at = NEVER
        delivery.on_refused[durable.LETTERS] = self._on_refused

    def handlers(self) -> Mapping[int, Handler]:
        """What receivers say."""
        return {durable.HAVE: self._on_have}

    def reports(self) -> Mapping[type, Follower]:
        """What is in the store at the start."""
        return {Restored: self._on_restored}

    def subjects(self) -> Mapping[type, Follower]:
        """The timers."""
        return {_Due: self._on_due}

    def fates(self, peer: PeerId) -> Fates | None:
        """What became of what was sent to a peer, in all modes; None if it is not here and nothing was kept for it."""
        outbox, sent = self._outboxes.get(peer), self._reliable.fates(peer)
        if outbox is None or not outbox.offered:
            return sent
        return outbox.fates() + (sent or Fates())

    def _on_restored(self, report: Restored, now: float) -> Moves:
        for peer, stream, number in report.streams:
            self._outboxes[peer] = Outbox(peer, stream, number)
            self.await_entries(self)
        for kept in report.letters:
            octets = sum(map(len, kept.content))
            self._outboxes[kept.peer].restore(kept.number, Letter(kept.group, kept.content, octets, now + kept.left, 0))
            self._count(octets)
        self._intakes.restore(report.taken)
        self._sweep(now)  # before anything that is too old by now can leave
        return ()

    def _count(self, octets: int) -> None:
        self._ledger.keep()
        self._messages += 1
        self._octets += octets

    # -- sending -------------------------------------------------------------------------------------------------

    def keep(
        self, peer: PeerId, ticket: int, group: str, content: tuple[bytes, ...], ttl: float, now: float
    ) -> Outcome:
        """Keep one message. SENT means that it is on its way to the disk."""
        if not self._able:
            return Outcome.UNABLE
        record = self._directory.by_id.get(peer)
        if record is not None and record.state is PeerState.READY and EXTENSION not in record.extensions:
            self._counters.dropped["plain_peer"] += 1
            self._ledger.refuse()
            return Outcome.PLAIN
        if self._disk.rests(now):
            return Outcome.BROKEN
        octets = sum(map(len, content))
        if self._is_full(octets):
            return Outcome.BLOCKED
        outbox = self._outboxes.get(peer)
        if outbox is None:
            outbox = self._outboxes[peer] = Outbox(peer, self._life)
            self.await_entries(self)
        number = outbox.accept(Letter(group, content, octets, now + ttl, ticket))
        self._count(octets)
        self._disk.keep(peer, outbox.stream, number, group, content, ttl)
        self._sweep_by(now + ttl, now)
        if outbox.probed is None and not outbox.open and (here := self._here(peer)) is not None:
            self._ask(here, outbox, now)
        return Outcome.SENT

    def _is_full(self, octets: int) -> bool:
        limits = self._limits
        return self._messages > 0 and (
            self._messages >= limits.durable_messages or self._octets + octets > limits.durable_bytes
        )

    def _on_kept(self, writing: Writing) -> None:
        outbox = self._outboxes[writing.peer]
        outbox.saved = writing.number
        letter = outbox.letters.get(writing.number)
        if letter is not None and letter.ticket:
            self._settled.append((letter.ticket, None))
        self._written[writing.peer] = None

    def _on_not_kept(self, writing: Writing) -> None:
        letter = self._outboxes[writing.peer].refuse(writing.number)
        if letter is not None:
            self._settle([letter], Fate.REFUSED)

    def _on_written(self, now: float) -> None:
        for peer in self._written:
            self._flush(self._outboxes[peer], now)
        self._written.clear()
        self._intakes.answer_marked()

    def _here(self, peer: PeerId) -> PeerRecord | None:
        record = self._directory.by_id.get(peer)
        if record is None or record.state is not PeerState.READY or EXTENSION not in record.extensions:
            return None
        return record

    def _ask(self, record: PeerRecord, outbox: Outbox, now: float) -> None:
        """Ask a peer what it has, and tell it what is left."""
        outbox.probed = outbox.sent
        outbox.probe_wait = longer_wait(outbox.probe_wait, self._timing.resend)
        outbox.probe_at = now + outbox.probe_wait
        first = next(iter(outbox.letters), outbox.next)
        self._offer(record, Offer(ASK, outbox.stream, 0, first))
        self._look_later(now)

    def _offer(self, record: PeerRecord, offer: Offer) -> None:
        self._delivery.send(record, durable.OFFER, durable.encode_offer(offer))

    def _flush(self, outbox: Outbox, now: float) -> None:
        record = self._here(outbox.peer)
        if record is None:
            return
        while not record.blocked and not record.carrying and (run := outbox.take_run()) is not None:
            if run.first != run.after + 1:
                self._offer(record, Offer(0, outbox.stream, run.after, run.first))
            fields, *contents = batch.encode_batch(outbox.stream, run.first, run.parcels)
            self._delivery.transmit(record, durable.LETTERS, fields, contents)
            self._look_later(now)

    def writable(self, record: PeerRecord, now: float) -> None:
        """The link to a peer has room again."""
        outbox = self._outboxes.get(record.peer) if record.identity is not None else None
        if outbox is not None:
            self._flush(outbox, now)

    def _on_refused(self, record: PeerRecord, frames: Sequence[bytes]) -> None:
        """The link did not take letters: they are sent when there is room."""
        stream, first = batch.first_of(frames[0])
        outbox = self._outboxes.get(record.peer)
        if outbox is not None and outbox.stream == stream and outbox.sent >= first:
            outbox.place(first - 1)

    def _settle(self, letters: Sequence[Letter], fate: Fate) -> None:
        self._messages -= len(letters)
        self._octets -= sum(letter.octets for letter in letters)
        self._ledger.settle(len(letters), fate)
        self._settled += [(letter.ticket, fate) for letter in letters if letter.ticket]

    # -- what the receiver says ----------------------------------------------------------------------------------

    def _on_have(self, record: PeerRecord, frames: Sequence[bytes], now: float) -> Moves:
        have = durable.decode_have(frames[1])
        outbox = self._outboxes.get(record.peer)
        if outbox is None or have.stream != outbox.stream:
            return ()
        if have.arrived >= outbox.next:
            self._counters.violations[Violation.ACK_WRONG] += 1
            return ()
        outbox.window, outbox.window_octets = have.messages, have.octets
        freed = outbox.acknowledge(have.taken)
        if freed:
            self.delivered += len(freed)
            self._settle(freed, Fate.DELIVERED)
            self._disk.discard(record.peer, have.taken + 1)
            outbox.probe_wait = 0.0
            outbox.probe_at = now + self._timing.resend
        if have.flags & ANSWER and outbox.probed is not None:
            if (not outbox.open or have.arrived < outbox.probed) and not record.carrying:
                outbox.place(have.arrived)
            outbox.probed, outbox.open = None, True
        elif have.flags & GAP and have.arrived < outbox.sent and not record.carrying:
            outbox.place(have.arrived)
        self._flush(outbox, now)
        return ()

    # -- time, and who comes and goes ----------------------------------------------------------------------------

    def entered(self, record: PeerRecord, now: float) -> Moves:
        """Somebody is here (again): ask what they have."""
        outbox = self._outboxes.get(record.peer)
        if outbox is not None and outbox.letters and EXTENSION in record.extensions:
            outbox.probe_wait = 0.0
            self._ask(record, outbox, now)
        return ()

    def left(self, record: PeerRecord) -> None:
        """Somebody is gone; what is kept for them stays."""
        outbox = self._outboxes.get(record.peer)
        if outbox is not None:
            outbox.open, outbox.probed = False, None

    def stop(self) -> None:
        """This life is over; the store remembers."""
        for outbox in self._outboxes.values():
            outbox.open = False
            self._settled += [(letter.ticket, Fate.KEPT) for letter in outbox.letters.values() if letter.ticket]

    def _look_later(self, now: float) -> None:
        if not self._looking:
            self._looking = True
            self._timers.add(now + self._timing.resend, _Due.LOOK)

    def _sweep_next(self, now: float) -> None:
        if self._messages:
            self._sweep_by(min(min(outbox.deadlines(), default=NEVER) for outbox in self._outboxes.values()), now)

    def _sweep_by(self, deadline: float, now: float) -> None:
        due = max(deadline, now + _SWEEP)
        if due < self._sweep_at:
            self._sweep_at = due
            self._timers.add(due, _Due.SWEEP)

    def _on_due(self, subject: _Due, now: float) -> Moves:
        if subject is _Due.LOOK:
            self._look(now)
        elif not now < self._sweep_at:  # or it was put forward since
            self._sweep(now)
        return ()

    def _look(self, now: float) -> None:
        """Ask those who have been silent for too long."""
        self._looking = False
        for outbox in self._outboxes.values():
            record = self._here(outbox.peer) if outbox.way or outbox.probed is not None else None
            if record is not None:
                if not now < outbox.probe_at:
                    self._ask(record, outbox, now)
                self._look_later(now)

    def _sweep(self, now: float) -> None:
        """Give up those whose time is over."""
        self._sweep_at = NEVER
        for outbox in self._outboxes.values():
            late = outbox.expire(now)
            if late:
                self._settle(list(late.values()), Fate.EXPIRED)
                self._disk.discard(outbox.peer, 0, tuple(late))
        self._sweep_next(now)
