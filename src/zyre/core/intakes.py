"""The receiver's part of durable streams: what came of each peer, and what our program has taken of that.

Messages go to the mailbox in order, each number once. When the program comes for the next event it has taken the one
before (Taken); that is written down, and only then is the sender told. So what counts as delivered was taken, and what
was handed over just before the program died is handed over again, with the same number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from zyre.config import Limits
from zyre.core.counters import Counters
from zyre.core.delivery import Delivery
from zyre.core.directory import Directory
from zyre.core.disk import Disk, Writing
from zyre.core.effects import Taken
from zyre.core.letters import Intake
from zyre.core.part import Follower, Handler, Moves, Part
from zyre.core.peer import PeerRecord
from zyre.core.tables import PeerState, Violation
from zyre.events import DurableShout, DurableWhisper, Event
from zyre.identity import PeerId
from zyre.wire import batch, durable
from zyre.wire.durable import ANSWER, ASK, GAP, Have

__all__ = ["Intakes"]

#: The share of the mailbox that all windows together may fill beyond its limits.
_WINDOWS_SHARE: Final = 10
_LEAST_MESSAGES: Final = 16
_LEAST_OCTETS: Final = 65536


class Intakes(Part):
    """What comes from all peers."""

    def __init__(
        self,
        limits: Limits,
        disk: Disk,
        *,
        directory: Directory,
        delivery: Delivery,
        counters: Counters,
        events: list[Event],
    ) -> None:
        self._limits = limits
        self._disk = disk
        self._directory = directory
        self._delivery = delivery
        self._counters = counters
        self._events = events
        self._intakes: dict[PeerId, Intake] = {}
        self._present = 0
        """How many peers with an intake are here."""
        self._marked: dict[PeerId, None] = {}
        """Whose marks the disk has just confirmed."""
        disk.on_marked = self._on_marked
        disk.on_retry = self._mark_again

    def handlers(self) -> Mapping[int, Handler]:
        """Messages, and what their senders say of them."""
        return {durable.OFFER: self._on_offer, durable.LETTERS: self._on_letters}

    def reports(self) -> Mapping[type, Follower]:
        """What the program has read."""
        return {Taken: self._on_taken}

    def restore(self, taken: Iterable[tuple[PeerId, int, int]]) -> None:
        """What was taken in earlier lives: of which peer, stream, and up to which number."""
        for peer, stream, number in taken:
            self._intakes[peer] = Intake(stream, number)
            self.await_entries(self)

    def _on_offer(self, record: PeerRecord, frames: Sequence[bytes], now: float) -> Moves:
        offer = durable.decode_offer(frames[1])
        intake = self._intakes.get(record.peer)
        if intake is None or intake.stream != offer.stream:
            if intake is None:
                self._present += 1
                self._make_room()
            intake = self._intakes[record.peer] = Intake(offer.stream)
            self.await_entries(self)
        if intake.arrived >= offer.after:
            intake.arrived = max(intake.arrived, offer.first - 1)
        if offer.flags & ASK:
            self._answer(record, intake, ANSWER)
        return ()

    def _make_room(self) -> None:
        """Forget what came of somebody who is long gone, if there are as many as there may be peers."""
        if len(self._intakes) >= self._limits.peers:
            for peer, intake in self._intakes.items():
                if self._directory.state_of(peer) is not PeerState.READY and not intake.waiting:
                    del self._intakes[peer]
                    return

    def _on_letters(self, record: PeerRecord, frames: Sequence[bytes], now: float) -> Moves:
        arrived = batch.decode_batch(frames[1], frames[2:])
        intake = self._intakes.get(record.peer)
        if intake is None or arrived.stream != intake.stream:
            return ()  # of a stream whose offer was lost: its sender will ask
        skip = intake.arrived + 1 - arrived.first
        if skip < 0:
            if intake.gap_told != intake.arrived:
                intake.gap_told = intake.arrived
                self._answer(record, intake, GAP)
            return ()
        limits = self._limits
        if len(intake.waiting) >= limits.window_messages or intake.octets >= limits.window_bytes:
            self._counters.violations[Violation.CREDIT_EXCEEDED] += 1
            return ()
        for group, content in arrived.parcels[skip:]:
            number = intake.put(sum(map(len, content)))
            if group:
                self._events.append(DurableShout(record.peer, record.name, group, content, intake.stream, number))
            else:
                self._events.append(DurableWhisper(record.peer, record.name, content, intake.stream, number))
        return ()

    def _on_taken(self, report: Taken, now: float) -> Moves:
        intake = self._intakes.get(report.peer)
        known = intake is None or intake.stream != report.stream or not intake.take(report.number)
        if not known and not self._disk.rests(now):
            self._disk.mark(*report)
        return ()

    def _mark_again(self) -> None:
        for peer, intake in self._intakes.items():
            if intake.saved != intake.taken:
                self._disk.mark(peer, intake.stream, intake.taken)

    def _on_marked(self, writing: Writing) -> None:
        intake = self._intakes.get(writing.peer)
        if intake is not None and intake.stream == writing.stream:
            intake.saved = writing.number
            self._marked[writing.peer] = None

    def answer_marked(self) -> None:
        """Tell those whose marks the disk has just confirmed."""
        for peer in self._marked:
            record = self._directory.by_id.get(peer)
            if record is not None and record.state is PeerState.READY and "durable" in record.extensions:
                self._answer(record, self._intakes[peer])
        self._marked.clear()

    def _answer(self, record: PeerRecord, intake: Intake, flags: int = 0) -> None:
        limits, share = self._limits, _WINDOWS_SHARE * max(1, self._present)
        messages = max(_LEAST_MESSAGES, min(limits.window_messages, limits.mailbox_messages // share))
        octets = max(_LEAST_OCTETS, min(limits.window_bytes, limits.mailbox_bytes // share))
        have = Have(flags, intake.stream, intake.arrived, intake.saved, messages, octets)
        self._delivery.send(record, durable.HAVE, durable.encode_have(have))

    def entered(self, record: PeerRecord, now: float) -> Moves:
        """Somebody is here (again)."""
        self._present += record.peer in self._intakes
        return ()

    def left(self, record: PeerRecord) -> None:
        """Somebody is gone; what is known of their messages stays."""
        self._present -= record.peer in self._intakes
