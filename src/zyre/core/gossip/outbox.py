"""What goes out: frames to neighbours, each told what it does not have yet, in the language that it speaks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from zyre.core.gossip.effects import GossipEffect, Reply, Say
from zyre.core.gossip.neighbours import Neighbour
from zyre.core.gossip.resync import in_frames
from zyre.core.gossip.rules import Phase
from zyre.core.gossip.table import Record, TupleTable
from zyre.wire import gossip, zgossip

__all__ = ["Outbox"]


class Outbox:
    """Collects effects. ``everybody`` yields all neighbours."""

    def __init__(self, table: TupleTable, everybody: Callable[[], Iterable[Neighbour]]) -> None:
        self.sent = 0
        self.effects: list[GossipEffect] = []
        self._table = table
        self._everybody = everybody

    def send(self, neighbour: Neighbour, frame: bytes) -> None:
        """One frame to one neighbour."""
        self.sent += 1
        place = neighbour.place
        self.effects.append(Say(place, frame) if isinstance(place, int) else Reply(place, frame))

    def spread(self, records: Sequence[Record], now: float, source: Neighbour | None = None) -> None:
        """Send changes to every neighbour but the one they came from."""
        if not records:
            return
        frames = self._frames(records, now)
        for neighbour in self._everybody():
            if neighbour is source:
                continue
            if neighbour.phase is Phase.COMPARING:
                neighbour.backlog.update(record.key for record in records)
            if not neighbour.takes_tuples:
                continue
            if neighbour.is_ours:
                for frame in frames:
                    self.send(neighbour, frame)
            else:
                for record in records:
                    self.publish_to(neighbour, record, now)

    def send_tuples(self, neighbour: Neighbour, keys: Iterable[str], now: float) -> None:
        """What is known of some keys, to a neighbour of our own kind, in the order in which it came to be."""
        for frame in self._frames(self._table.in_order(keys), now):
            self.send(neighbour, frame)

    def publish_to(self, neighbour: Neighbour, record: Record, now: float) -> None:
        """A tuple to a CZMQ neighbour, if it lacks it. That it is gone cannot be said to one."""
        if record.is_live and neighbour.tell(record.key, record.value, now):
            self.send(neighbour, zgossip.encode_publish(record.key, record.value))

    def tell_all(self, neighbour: Neighbour, now: float) -> None:
        """All tuples that a CZMQ neighbour lacks."""
        for record in self._table.live():
            self.publish_to(neighbour, record, now)

    def _frames(self, records: Iterable[Record], now: float) -> list[bytes]:
        items = (self._table.to_send(record, now) for record in records)
        return [gossip.encode_tuples(portion) for portion in in_frames(items)]

    def kin(self) -> Iterator[Neighbour]:
        """The neighbours of our own kind."""
        return (neighbour for neighbour in self._everybody() if neighbour.is_ours and neighbour.takes_tuples)
