"""Reliable streams to peers of our own kind: each message exactly once and in order, as long as both nodes live.

The sender keeps every message until the receiver's node has it (Outflow); the receiver takes each number once and in
order (Inflow). What a broken connection loses shows as a gap, or by silence: then the sender asks where the receiver
is, and goes on from there. A peer that is gone for longer than ``Timing.keep`` lets its messages expire; a new life of
the same peer begins a new stream, and what the former one had not confirmed is unknown.

Messages that follow each other closely travel together, as bundled ones do: a lone one never waits.

Credit: a receiver lets each sender go a window ahead of what it took. While its application reads too slowly (the host
reports Pressure) it grants nothing more, so its senders wait, and nothing of theirs is dropped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Final

from zyre.config import Limits, Timing
from zyre.core.counters import Counters
from zyre.core.delivery import Delivery
from zyre.core.directory import Directory
from zyre.core.effects import Pressure
from zyre.core.inflow import Inflow
from zyre.core.ledger import Ledger
from zyre.core.locality import Locality
from zyre.core.outcome import Outcome
from zyre.core.outflow import Kept, Outflow, longer_wait
from zyre.core.part import Follower, Handler, Moves, Part, Verb
from zyre.core.peer import PeerRecord
from zyre.core.tables import PeerState, Violation
from zyre.core.timers import Deadlines
from zyre.events import Event, ReliableShout, ReliableWhisper
from zyre.fates import Fate, Fates
from zyre.identity import PeerId
from zyre.wire import batch, reliable
from zyre.wire.reliable import ANSWER, GAP, LAST, Ack

__all__ = ["Reliable"]

EXTENSION: Final = "reliable"
#: An acknowledgement waits so long for more to acknowledge, in seconds, unless nothing was acknowledged just before.
_ACK_DELAY: Final = 0.01
#: The share of its window that a sender has used up when it is told at once that it may go on.
_ACK_SHARE: Final = 4
#: The share of the mailbox that all windows together may fill beyond its limits.
_WINDOWS_SHARE: Final = 10
_LEAST_MESSAGES: Final = 16
#: Messages follow each other closely if it is no longer than this from one to the next, in seconds: so long as it takes
#: to post to ten members. When so many have done so the next ones are packed: they wait until there are enough for a
#: frame, and no longer than so many seconds.
_CLOSELY: Final = 0.0002
_FOLLOWERS: Final = 16
_PACK: Final = 64
_LATEST: Final = 0.001
_LEAST_OCTETS: Final = 65536


class _Due(Enum):
    """The timers: acknowledgements that waited, packs that did, and a look at all that is not acknowledged."""

    ACKS = "acks"
    PACKS = "packs"
    LOOK = "look"


class Reliable(Part):
    """The streams of one node. ``settled`` takes what became of messages, by ticket."""

    def __init__(
        self,
        limits: Limits,
        timing: Timing,
        directory: Directory,
        delivery: Delivery,
        timers: Deadlines[object],
        counters: Counters,
        events: list[Event],
    ) -> None:
        self.settled = delivery.settled
        self._limits = limits
        self._timing = timing
        self._directory = directory
        self._delivery = delivery
        self._timers = timers
        self._ledger = counters.ledger
        self._counters = counters
        self._events = events
        self._life = 0
        self._streams = 0
        self._outflows: dict[PeerId, Outflow] = {}
        self._inflows: dict[PeerId, Inflow] = {}
        self._present = 0
        """How many peers with an inflow are here."""
        self._owing: list[PeerId] = []
        self._packing: list[PeerId] = []
        self._looking = False
        self._pressed = False
        delivery.on_refused[batch.BATCH] = self._on_refused

    def start(self, locality: Locality, now: float) -> Moves:
        """A life begins: the microsecond of it tells it from all others of this identity."""
        self._life = self._streams = int(now * 1e6)
        return ()

    def handlers(self) -> Mapping[int, Handler]:
        """Messages, and what is said about streams."""
        return {batch.BATCH: self._on_batch, reliable.OPEN: self._on_open, reliable.ACK: self._on_ack}

    def subjects(self) -> Mapping[type, Follower]:
        """The timers."""
        return {_Due: self._on_due}

    def reports(self) -> Mapping[type, Follower]:
        """How fast our own application reads."""
        return {Pressure: self._on_pressure}

    def verbs(self) -> Mapping[str, Verb]:
        """What the faces count themselves."""
        return {"refuse": self._refuse_plain}

    def _refuse_plain(self, messages: int, now: float) -> Moves:
        """So many members of a group do not understand reliable messages."""
        self._counters.dropped["plain_peer"] += messages
        self._ledger.refuse(messages)
        return ()

    def fates(self, peer: PeerId) -> Fates | None:
        """What became of what was sent to a peer since it entered, in either mode; None if it is not here."""
        record = self._directory.by_id.get(peer)
        if record is None or record.state is not PeerState.READY:
            return None
        best_effort = Ledger().fates((record,))
        flow = self._outflows.get(peer)
        if flow is None:
            return best_effort
        return best_effort + Fates(offered=flow.next, delivered=flow.base, in_flight=flow.next - flow.base)

    # -- sending -------------------------------------------------------------------------------------------------

    def post(self, peer: PeerId, ticket: int, group: str, content: tuple[bytes, ...], now: float) -> Outcome:
        """Send one message for sure. SENT means that it is kept, not more."""
        record = self._directory.by_id.get(peer)
        if record is None or record.state is not PeerState.READY:
            return self._refuse("absent", Outcome.ABSENT)
        if EXTENSION not in record.extensions:
            return self._refuse("plain_peer", Outcome.PLAIN)
        flow = self._outflows.get(peer)
        if flow is None:
            flow = self._begin(record, now)
        elif flow.kept and self._is_full(flow, sum(map(len, content))):
            return Outcome.BLOCKED
        self._ledger.keep()
        flow.accept((group, content), ticket)
        if not flow.follows(now, _CLOSELY, _FOLLOWERS) or flow.next - flow.sent >= _PACK:
            self._flush(record, flow)
        elif not flow.packing:
            flow.packing = True
            if not self._packing:
                self._timers.add(now + _LATEST, _Due.PACKS)
            self._packing.append(peer)
        self._look_later(now)
        return Outcome.SENT

    def _refuse(self, reason: str, outcome: Outcome) -> Outcome:
        self._counters.dropped[reason] += 1
        self._ledger.refuse()
        return outcome

    def _is_full(self, flow: Outflow, octets: int) -> bool:
        limits = self._limits
        return len(flow.kept) >= limits.kept_messages or flow.octets + octets > limits.kept_bytes

    def _begin(self, record: PeerRecord, now: float) -> Outflow:
        self._streams += 1
        flow = self._outflows[record.peer] = Outflow(record.peer, self._streams)
        self.await_entries(self)
        self._ask(record, flow, now)
        return flow

    def _ask(self, record: PeerRecord, flow: Outflow, now: float) -> None:
        """Ask a peer where it is in our stream."""
        flow.probed = flow.sent
        flow.probe_wait = longer_wait(flow.probe_wait, self._timing.resend)
        flow.probe_at = now + flow.probe_wait
        fields = reliable.encode_open(flow.stream, flow.base, flow.base_end)
        self._delivery.send(record, reliable.OPEN, fields)

    def _flush(self, record: PeerRecord, flow: Outflow) -> None:
        while not record.blocked and not record.carrying and (run := flow.take_run()) is not None:
            fields, *contents = batch.encode_batch(flow.stream, *run, prompt=run[0] == flow.base)
            self._delivery.transmit(record, batch.BATCH, fields, contents)

    def writable(self, record: PeerRecord, now: float) -> None:
        """The link to a peer has room again."""
        flow = self._outflows.get(record.peer) if record.identity is not None else None
        if flow is not None:
            self._flush(record, flow)

    def _on_refused(self, record: PeerRecord, frames: Sequence[bytes]) -> None:
        """The link did not take a batch: it is sent when there is room."""
        stream, first = batch.first_of(frames[0])
        flow = self._outflows.get(record.peer)
        if flow is not None and flow.stream == stream:
            flow.rewind(first)

    def _settle(self, kept: Sequence[Kept], fate: Fate) -> None:
        self._ledger.settle(len(kept), fate)
        self.settled += [(message.ticket, fate) for message in kept if message.ticket]

    def _end(self, flow: Outflow, fate: Fate) -> None:
        del self._outflows[flow.peer]
        self._settle(flow.drain(), fate)

    # -- what the receiver says ----------------------------------------------------------------------------------

    def _on_ack(self, record: PeerRecord, frames: Sequence[bytes], now: float) -> Moves:
        ack = reliable.decode_ack(frames[1])
        flow = self._outflows.get(record.peer)
        if flow is None or ack.stream != flow.stream:
            return ()
        if flow.life is None:
            flow.life = ack.life
        elif flow.life != ack.life:
            self._begin_anew(record, flow, now)
            return ()
        freed = flow.acknowledge(ack)
        if freed is None:
            self._counters.violations[Violation.ACK_WRONG] += 1
            return ()
        if freed:
            self._settle(freed, Fate.DELIVERED)
            flow.probe_wait = 0.0
            flow.probe_at = now + self._timing.resend
        if ack.flags & LAST:
            self._end(flow, Fate.LOST)
            return ()
        if ack.flags & ANSWER and flow.probed is not None:
            if (ack.expected < flow.probed or not flow.open) and not record.carrying:
                flow.rewind(ack.expected)
            flow.probed, flow.open = None, True
        elif ack.flags & GAP and not record.carrying:
            flow.rewind(ack.expected)
        self._flush(record, flow)
        return ()

    def _begin_anew(self, record: PeerRecord, flow: Outflow, now: float) -> None:
        """Another life of the peer, which knows nothing of our stream. Whether the former one had what it did not
        confirm, nobody can say; what had not left yet is for the new one."""
        left = max(0, flow.high - flow.base)
        kept = flow.drain()
        self._settle(kept[:left], Fate.UNKNOWN)
        anew = self._begin(record, now)
        for message in kept[left:]:
            anew.accept((message.group, message.content), message.ticket)
        self._flush(record, anew)

    # -- receiving -----------------------------------------------------------------------------------------------

    def _on_open(self, record: PeerRecord, frames: Sequence[bytes], now: float) -> Moves:
        stream, base, octets = reliable.decode_open(frames[1])
        flow = self._inflows.get(record.peer)
        if flow is None or stream > flow.stream:
            if flow is None:
                self._present += 1
                self._make_room()
            flow = self._inflows[record.peer] = Inflow(stream, base, octets)
            self.await_entries(self)
        if stream == flow.stream:
            self._acknowledge(record, flow, now, ANSWER)
        return ()

    def _make_room(self) -> None:
        """Forget the stream of somebody who is long gone, if there are as many as there may be peers."""
        if len(self._inflows) >= self._limits.peers:
            for peer in self._inflows:
                if self._directory.state_of(peer) is PeerState.ABSENT:
                    del self._inflows[peer]
                    return

    def _on_batch(self, record: PeerRecord, frames: Sequence[bytes], now: float) -> Moves:
        arrived = batch.decode_batch(frames[1], frames[2:])
        flow = self._inflows.get(record.peer)
        if flow is None or arrived.stream != flow.stream:
            return ()  # of a stream whose opening was lost: its sender will ask
        end = arrived.first + len(arrived.parcels)
        if end > flow.allowed or (end > flow.expected and not flow.octets < flow.credit):
            self._counters.violations[Violation.CREDIT_EXCEEDED] += 1
            return ()
        taken = flow.take(arrived)
        if taken is None:
            if flow.gap_told != flow.expected:
                flow.gap_told = flow.expected
                self._acknowledge(record, flow, now, GAP)
            return ()
        number, parcels = taken
        for group, content in parcels:
            if group:
                self._events.append(ReliableShout(record.peer, record.name, group, content, number))
            else:
                self._events.append(ReliableWhisper(record.peer, record.name, content, number))
            number += 1
        if arrived.prompt:
            self._acknowledge(record, flow, now)
        else:
            self._owe(record, flow, now)
        return ()

    def _owe(self, record: PeerRecord, flow: Inflow, now: float) -> None:
        """Acknowledge soon, and at once if nothing was acknowledged a moment ago or the sender may have to wait."""
        messages, octets = self._window()
        low = flow.allowed - flow.expected < messages - messages // _ACK_SHARE or (
            flow.credit - flow.octets < octets - octets // _ACK_SHARE
        )
        if not now < flow.acked_at + _ACK_DELAY or (low and not self._pressed):
            self._acknowledge(record, flow, now)
        elif not flow.owing:
            flow.owing = True
            if not self._owing:
                self._timers.add(now + _ACK_DELAY, _Due.ACKS)
            self._owing.append(record.peer)

    def _window(self) -> tuple[int, int]:
        """How far a sender may go ahead: all windows together fill no more than a share of the mailbox."""
        limits, share = self._limits, _WINDOWS_SHARE * max(1, self._present)
        messages = min(limits.window_messages, limits.mailbox_messages // share)
        octets = min(limits.window_bytes, limits.mailbox_bytes // share)
        return max(_LEAST_MESSAGES, messages), max(_LEAST_OCTETS, octets)

    def _acknowledge(self, record: PeerRecord, flow: Inflow, now: float, flags: int = 0) -> None:
        if not self._pressed:
            flow.grant(*self._window())
        flow.acked_at = now
        ack = Ack(flags, flow.stream, self._life, flow.expected, flow.allowed, flow.credit)
        self._delivery.send(record, reliable.ACK, reliable.encode_ack(ack))

    def _on_pressure(self, report: Pressure, now: float) -> Moves:
        self._pressed = report.high
        if not report.high:
            for record in self._directory.ready():
                flow = self._inflows.get(record.peer)
                if flow is not None:
                    self._acknowledge(record, flow, now)
        return ()

    # -- time, and who comes and goes ----------------------------------------------------------------------------

    def entered(self, record: PeerRecord, now: float) -> Moves:
        """Somebody is here (again): ask where they are in our stream."""
        if record.peer in self._inflows:
            self._present += 1
        flow = self._outflows.get(record.peer)
        if flow is None:
            return ()
        if EXTENSION not in record.extensions:
            self._end(flow, Fate.UNKNOWN)
            return ()
        flow.open = False
        flow.absent_since = None
        flow.probe_wait = 0.0
        self._ask(record, flow, now)
        return ()

    def left(self, record: PeerRecord) -> None:
        """Somebody is gone; what is kept for them is kept for a while."""
        if record.peer in self._inflows:
            self._present -= 1
        flow = self._outflows.get(record.peer)
        if flow is not None and not flow.kept:
            del self._outflows[record.peer]
        elif flow is not None:
            self._delivery.tell_of_room()

    def take_leave(self, record: PeerRecord) -> None:
        """Tell a peer what we have of it before we are deaf, and what it is still to have of us."""
        outflow = self._outflows.get(record.peer) if record.identity is not None else None
        if outflow is not None:
            self._flush(record, outflow)
        flow = self._inflows.get(record.peer) if record.identity is not None else None
        if flow is not None and EXTENSION in record.extensions:
            self._acknowledge(record, flow, flow.acked_at, LAST)

    def stop(self) -> None:
        """This life is over: nobody will tell what became of the rest."""
        for flow in list(self._outflows.values()):
            self._end(flow, Fate.UNKNOWN)

    def _look_later(self, now: float) -> None:
        if not self._looking:
            self._looking = True
            self._timers.add(now + self._timing.resend, _Due.LOOK)

    def _on_due(self, subject: _Due, now: float) -> Moves:
        if subject is _Due.LOOK:
            self._look(now)
        elif subject is _Due.PACKS:
            packing, self._packing = self._packing, []
            for peer in packing:
                self._send_pack(peer)
        else:
            owing, self._owing = self._owing, []
            for peer in owing:
                self._pay(peer, now)
        return ()

    def _send_pack(self, peer: PeerId) -> None:
        record, flow = self._directory.by_id.get(peer), self._outflows.get(peer)
        if flow is not None:
            flow.packing = False
            if record is not None and record.state is PeerState.READY:
                self._flush(record, flow)

    def _pay(self, peer: PeerId, now: float) -> None:
        record, flow = self._directory.by_id.get(peer), self._inflows.get(peer)
        if flow is not None:
            flow.owing = False
            if record is not None and record.state is PeerState.READY:
                self._acknowledge(record, flow, now)

    def _look(self, now: float) -> None:
        """Ask those who have been silent for too long; give up those who are gone for too long."""
        self._looking = False
        for flow in list(self._outflows.values()):
            if not flow.kept:
                continue
            record = self._directory.by_id.get(flow.peer)
            if record is not None and record.state is PeerState.READY:
                if not now < flow.probe_at:
                    self._ask(record, flow, now)
            elif flow.absent_since is None:
                flow.absent_since = now
            elif not now < flow.absent_since + self._timing.keep:
                self._end(flow, Fate.EXPIRED)
                continue
            self._look_later(now)
