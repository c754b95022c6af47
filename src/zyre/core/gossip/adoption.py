"""Tuples of CZMQ nodes, which have no owner and no version: whoever hears one first adopts it, for all of our kind.

The adopter vouches for it while a CZMQ neighbour of his holds it, and releases it when none did for the time of a
lease; then any other of our kind that has such a neighbour may adopt it. A key that CZMQ nodes change faster than the
damping allows is taken at the last word, when there was time to listen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from zyre.config import GossipConfig
from zyre.core.gossip.neighbours import Neighbour, Place
from zyre.core.gossip.table import Record, TupleTable
from zyre.core.timers import NEVER

__all__ = ["Adoption"]


class Adoption:
    """What is adopted by this node; ``neighbours`` yields those of CZMQ's."""

    def __init__(self, table: TupleTable, config: GossipConfig, neighbours: Callable[[], Iterable[Neighbour]]) -> None:
        self.suppressed = 0
        self.damped = 0
        self._table = table
        self._config = config
        self._neighbours = neighbours
        self._vouched: dict[str, float] = {}
        self._changed: dict[str, float] = {}
        self._unsettled: dict[str, tuple[Place, str]] = {}
        self.next_at = NEVER

    def take(self, place: Place, key: str, value: str, now: float) -> Record | None:
        """A CZMQ neighbour sent a tuple that is no echo; the record if it is adopted now."""
        known = self._table.get(key)
        if known is not None and known.value == value and (known.is_live or not known.adopted):
            self.suppressed += not known.is_live  # its owner withdrew it, and CZMQ's nodes cannot be told
            return None
        changed = self._changed.get(key, -NEVER)
        if now < changed + self._config.damping:
            self.damped += 1
            self._unsettled[key] = (place, value)
            self.next_at = min(self.next_at, changed + self._config.damping)
            return None
        return self._adopt(key, value, now)

    def reconsider(self, key: str, value: str, now: float) -> Record | None:
        """Another of our kind released a tuple: adopt it if a neighbour of ours still holds it."""
        return self._adopt(key, value, now) if self._is_held(key, value) else None

    def _adopt(self, key: str, value: str, now: float) -> Record | None:
        record = self._table.publish(key, value, now, lease=self._config.lease, adopted=True)
        if record is not None:
            self._changed[key] = self._vouched[key] = now
        return record

    def _is_held(self, key: str, value: str) -> bool:
        return any(neighbour.has.get(key) == value for neighbour in self._neighbours())

    def settle(self, now: float) -> list[Record]:
        """Take the last word on keys that changed too fast, as far as it is time; what is adopted."""
        if now < self.next_at:
            return []
        due = [key for key in self._unsettled if not now < self._changed[key] + self._config.damping]
        adopted = []
        for key in due:
            place, value = self._unsettled.pop(key)
            still = any(one.place == place and one.has.get(key) == value for one in self._neighbours())
            if still and (record := self.take(place, key, value, now)) is not None:
                adopted.append(record)
        waiting = (self._changed[key] + self._config.damping for key in self._unsettled)
        self.next_at = min(waiting, default=NEVER)
        return adopted

    def sweep(self, own: bytes, now: float) -> list[Record]:
        """Release what nobody held for the time of a lease, take over what other adopters seem to have left, and
        forget what is not needed; what was released or taken over."""
        changed = [] if not any(True for _ in self._neighbours()) else self._take_over(own, now)
        for key, vouched in list(self._vouched.items()):
            record = self._table.get(key)
            if record is None or not (record.is_live and record.adopted and record.stamp.owner == own):
                del self._vouched[key]
            elif self._is_held(key, record.value):
                self._vouched[key] = now
            elif not now < vouched + self._config.lease and (gone := self._release(key, now)) is not None:
                changed.append(gone)
                del self._vouched[key]
        self._changed = {
            key: at for key, at in self._changed.items() if now < at + self._config.damping or key in self._unsettled
        }
        for neighbour in self._neighbours():
            neighbour.has = {key: value for key, value in neighbour.has.items() if self._table.get(key) is not None}
            neighbour.told = {key: told for key, told in neighbour.told.items() if now < told.until}
        return changed

    def _release(self, key: str, now: float) -> Record | None:
        return self._table.withdraw(key, now, released=True)

    def _take_over(self, own: bytes, now: float) -> list[Record]:
        """Adopt what others did who were not heard for so long that they may be dead, before it lapses."""
        silent_since = now - 2 * self._config.beat
        left = [
            record
            for record in self._table.live()
            if record.adopted
            and record.stamp.owner != own
            and self._table.leases.heard_at(record.stamp.owner) <= silent_since
        ]
        taken = (self.reconsider(record.key, record.value, now) for record in left)
        return [record for record in taken if record is not None]
