"""Large messages in pieces, to peers of our own kind, so that nothing else waits behind them for long.

A message of more than ``Limits.chunk_window`` octets is sent in chunks, of which no more than that are on their way;
whatever else is to be said goes between them. The receiver tells how far it is; silence, and what a broken connection
destroys, are answered by going on from there. A message of the application is in the ledger until the peer's node has
it, or is gone. One that is kept elsewhere, as reliable and durable ones are, is only carried: while it is on its way
its stream waits (``PeerRecord.carrying``), because it goes on in order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from zyre.config import Limits
from zyre.core.cargo import Arriving, Cargo, Carriage
from zyre.core.counters import Counters
from zyre.core.delivery import Delivery
from zyre.core.directory import Directory
from zyre.core.outcome import Outcome
from zyre.core.part import Handler, Moves, Part
from zyre.core.peer import PeerRecord
from zyre.core.tables import Violation
from zyre.fates import Fate, Fates
from zyre.identity import PeerId
from zyre.wire import chunk, zre
from zyre.wire.batch import BATCH
from zyre.wire.chunk import GAP, REFUSED, Chunk, Chunked
from zyre.wire.durable import LETTERS

__all__ = ["Carrying"]

#: What may come in chunks: nothing else is ever large, and chunks least of all.
_IN_CHUNKS: Final = (zre.WHISPER, zre.SHOUT, BATCH, LETTERS)


class Carrying(Part):
    """The transfers of one node. ``table`` has the handlers of all its parts, by message id; ``on_through`` are called
    with a peer to whom a kept message has been carried."""

    def __init__(
        self,
        limits: Limits,
        directory: Directory,
        delivery: Delivery,
        counters: Counters,
        table: Mapping[int, Handler],
    ) -> None:
        self.delivered = 0
        """How many messages of the application have arrived."""
        self.fates_of_others: Callable[[PeerId], Fates | None]
        """What became of what goes in one piece."""
        self.on_through: tuple[Callable[[PeerRecord, float], None], ...] = ()
        self._limits = limits
        self._directory = directory
        self._delivery = delivery
        self._counters = counters
        self._table = table
        self._carriages: dict[PeerId, Carriage] = {}
        self._arriving: dict[PeerId, Arriving] = {}
        self._done: dict[PeerId, tuple[int, int]] = {}
        """The last transfer of each peer that came to its end, and its octets."""
        self._numbers = 0
        self._expected = 0
        """Octets of all messages that are arriving, those that have not come included."""
        delivery.on_refused[chunk.CHUNK] = self._on_refused
        delivery.carry = self._carry

    def handlers(self) -> Mapping[int, Handler]:
        """Pieces, and how far they have come."""
        return {chunk.CHUNK: self._on_chunk, chunk.CHUNKED: self._on_chunked}

    def fates(self, peer: PeerId) -> Fates | None:
        """What became of what was sent to a peer, in all modes and sizes; see Durable.fates."""
        others, carriage = self.fates_of_others(peer), self._carriages.get(peer)
        if carriage is None or not carriage.offered:
            return others
        return carriage.fates() + (others or Fates())

    # -- sending -------------------------------------------------------------------------------------------------

    def _carry(
        self, record: PeerRecord, message_id: int, fields: bytes, contents: Sequence[bytes], *, kept: bool
    ) -> Outcome:
        """Begin to send a message, or say that too many are waiting."""
        carriage = self._carriages.get(record.peer)
        if carriage is None:
            carriage = self._carriages[record.peer] = Carriage()
        octets = sum(map(len, contents))
        if not kept:
            if carriage.queue and carriage.octets + octets > self._limits.kept_bytes:
                return self._shed() if record.shedding_large else Outcome.BLOCKED
            self._counters.ledger.keep()
            carriage.offered += 1
        self._numbers += 1
        cargo = Cargo(self._numbers, bytes((message_id,)) + fields, contents, kept=kept)
        record.carrying = record.carrying or kept
        carriage.queue.append(cargo)
        carriage.octets += cargo.total
        self._flush(record, carriage)
        return Outcome.SENT

    def _flush(self, record: PeerRecord, carriage: Carriage) -> None:
        limits = self._limits
        while carriage.queue and not record.blocked:
            piece = carriage.queue[0].take_chunk(limits.chunk_bytes, limits.chunk_window)
            if piece is None:
                return
            fields, octets = chunk.encode_chunk(piece)
            self._delivery.transmit_whole(record, chunk.CHUNK, fields, (octets,))

    def _shed(self) -> Outcome:
        self._counters.dropped["peer_slow"] += 1
        self._counters.ledger.refuse()
        return Outcome.SHED

    def look(self, now: float) -> bool:
        """Where nothing has moved since the last look, go on from where the receiver is known to be, also if nothing
        had left: whoever is greeted anew has a new link, with room. Whether there is anything on its way."""
        for peer, carriage in self._carriages.items():
            cargo = carriage.queue[0] if carriage.queue else None
            seen, carriage.seen = carriage.seen, (0, 0) if cargo is None else (cargo.number, cargo.acked)
            record = self._directory.by_id.get(peer)
            if cargo is not None and record is not None and seen == carriage.seen:
                cargo.sent = cargo.acked
                self._flush(record, carriage)
        return any(carriage.queue for carriage in self._carriages.values())

    def writable(self, record: PeerRecord) -> None:
        """The link to a peer has room again."""
        carriage = self._carriages.get(record.peer) if record.identity is not None else None
        if carriage is not None:
            self._flush(record, carriage)

    def _on_refused(self, record: PeerRecord, frames: Sequence[bytes]) -> None:
        """The link did not take a chunk: it is sent when there is room."""
        number, offset = chunk.transfer_of(frames[0])
        carriage = self._carriages.get(record.peer)
        if carriage is not None and carriage.queue and carriage.queue[0].number == number:
            carriage.queue[0].sent = min(carriage.queue[0].sent, offset)

    def _on_chunked(self, record: PeerRecord, frames: Sequence[bytes], now: float) -> Moves:
        told = chunk.decode_chunked(frames[1])
        carriage = self._carriages.get(record.peer)
        if carriage is None or not carriage.queue or carriage.queue[0].number != told.transfer:
            return ()
        cargo = carriage.queue[0]
        if told.octets > cargo.total:
            self._counters.violations[Violation.ACK_WRONG] += 1
            return ()
        if told.flags & GAP:
            cargo.acked = cargo.sent = told.octets
        else:
            cargo.acked = max(cargo.acked, told.octets)
            cargo.sent = max(cargo.sent, cargo.acked)
        if told.flags & REFUSED or cargo.acked == cargo.total:
            self._finish(record, carriage, Fate.REFUSED if told.flags & REFUSED else Fate.DELIVERED, now)
        self._flush(record, carriage)
        return ()

    def _finish(self, record: PeerRecord, carriage: Carriage, fate: Fate, now: float) -> None:
        cargo = carriage.queue.popleft()
        carriage.octets -= cargo.total
        record.shedding_large = False
        self._delivery.tell_of_room()
        if not cargo.kept:
            self.delivered += fate is Fate.DELIVERED
            carriage.delivered += fate is Fate.DELIVERED
            carriage.refused += fate is Fate.REFUSED
            self._counters.ledger.settle(1, fate)
            return
        record.carrying = any(other.kept for other in carriage.queue)
        for go_on in self.on_through:
            go_on(record, now)

    # -- receiving -----------------------------------------------------------------------------------------------

    def _on_chunk(self, record: PeerRecord, frames: Sequence[bytes], now: float) -> Moves:
        piece = chunk.decode_chunk(frames[1], frames[2:])
        arriving = self._arriving.get(record.peer)
        if arriving is None or arriving.number != piece.transfer:
            arriving = self._begin(record, piece)
            if arriving is None:
                return ()
        if piece.offset > arriving.got:
            if arriving.gap_told != arriving.got:
                arriving.gap_told = arriving.got
                self._tell(record, Chunked(GAP, arriving.number, arriving.got))
            return ()
        if piece.offset == arriving.got and not arriving.take(piece.octets):
            self._counters.violations[Violation.FRAME_MALFORMED] += 1
            self._forget(record.peer)
            return ()
        self._tell(record, Chunked(0, arriving.number, arriving.got))
        if not arriving.complete:
            return ()
        self._forget(record.peer)
        self._done[record.peer] = arriving.number, arriving.total
        return self._hand_in(record, frames[0], arriving, now)

    def _begin(self, record: PeerRecord, piece: Chunk) -> Arriving | None:
        """A transfer that is new here; None if it can have no beginning."""
        number, octets = self._done.get(record.peer, (0, 0))
        if number == piece.transfer:
            self._tell(record, Chunked(0, number, octets))
            return None
        if piece.offset:
            self._tell(record, Chunked(GAP, piece.transfer, 0))
            return None
        self._forget(record.peer)
        arriving = Arriving(piece)
        if self._expected + arriving.total > self._limits.unfinished_bytes:
            self._counters.dropped["too_large"] += 1
            self._tell(record, Chunked(REFUSED, piece.transfer, 0))
            return None
        self._arriving[record.peer] = arriving
        self._expected += arriving.total
        return arriving

    def _forget(self, peer: PeerId) -> None:
        arriving = self._arriving.pop(peer, None)
        if arriving is not None:
            self._expected -= arriving.total

    def _tell(self, record: PeerRecord, chunked: Chunked) -> None:
        self._delivery.send(record, chunk.CHUNKED, chunk.encode_chunked(chunked))

    def _hand_in(self, record: PeerRecord, sender: bytes, arrived: Arriving, now: float) -> Moves:
        """All of a message is there: it is what it would have been in one piece."""
        message_id = arrived.head[0]
        if message_id not in _IN_CHUNKS:
            self._counters.violations[Violation.FRAME_MALFORMED] += 1
            return ()
        heard = record.account.heard
        header = zre.pack_header(message_id, 0) + arrived.head[1:]
        moves = self._table[message_id](record, (sender, header, *arrived.ready), now)
        record.account.heard = heard  # which counts what its sender does, and that counts this one otherwise
        return moves

    # -- who goes --------------------------------------------------------------------------------------------------

    def left(self, record: PeerRecord) -> None:
        """Somebody is gone: what had not come whole is lost, both ways."""
        self._forget(record.peer)
        self._done.pop(record.peer, None)
        carriage = self._carriages.pop(record.peer, None)
        if carriage is not None:
            self._end(carriage, Fate.LOST)

    def _end(self, carriage: Carriage, fate: Fate) -> None:
        self._counters.ledger.settle(sum(not cargo.kept for cargo in carriage.queue), fate)
        self._delivery.tell_of_room()

    def stop(self) -> None:
        """This life is over: nobody will tell what became of the rest."""
        for carriage in self._carriages.values():
            self._end(carriage, Fate.UNKNOWN)
        self._carriages.clear()
        self._arriving.clear()
        self._expected = 0
