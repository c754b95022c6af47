"""The tuples of one gossip service.

Of two tuples of one key the one with the greater stamp counts, everywhere, so tables that have heard the same agree. A
tuple that is gone stays as a record that is not shown, until nobody can bring it back by mistake. Only live ones are
summed up: who never had a tuple need not learn that it is gone.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from zyre.config import GossipConfig
from zyre.core.gossip.delivery import Delivery, DeliveryReason
from zyre.core.gossip.leases import Leases
from zyre.core.timers import NEVER, Deadlines
from zyre.wire.gossip import BUCKETS, Beat, Entry, Stamp, State, Tuple

__all__ = ["Record", "TupleTable", "bucket_of"]

_GONE: Final[dict[int, DeliveryReason]] = {State.WITHDRAWN: "withdrawn", State.LAPSED: "lapsed"}


@dataclass(slots=True)
class Record:
    """A tuple as this table holds it.

    A live one ends with its publisher (it has a ``lease``), at its time (``until``), or never; one that is gone is
    forgotten at ``until``.
    """

    key: str
    value: str
    stamp: Stamp
    state: int
    lease: float
    until: float
    adopted: bool

    @property
    def is_live(self) -> bool:
        """Whether the application can see it."""
        return self.state == State.LIVE

    @property
    def is_lasting(self) -> bool:
        """Of a live one: whether nothing ever ends it but a withdrawal."""
        return self.lease == 0.0 and self.until == NEVER


def bucket_of(key: str) -> int:
    """The part of the table that a key belongs to."""
    return zlib.crc32(key.encode()) % BUCKETS


def _sum_of(key: str, stamp: Stamp) -> int:
    digest = blake2b(stamp.version.to_bytes(8, "big") + stamp.owner + key.encode(), digest_size=8)
    return int.from_bytes(digest.digest(), "big")


class TupleTable:
    """Tuples by key. ``own`` is the owner of what is published here; ``events`` what the application should hear."""

    def __init__(self, own: bytes, config: GossipConfig) -> None:
        self.events: list[Delivery] = []
        self.refused = 0
        self.leases = Leases(config.tuples)
        self._own = own
        self._config = config
        self._records: dict[str, Record] = {}
        self._gone: dict[str, None] = {}
        """Keys of records that are not live, those that were longest so first."""
        self._of_owner: dict[bytes, set[str]] = {}
        self._sums = [0] * BUCKETS
        self._root = 0
        self._deadlines: Deadlines[str] = Deadlines()
        self._watched: dict[str, float] = {}
        """The deadline for which each key is in there, so that one that changes often is there once."""

    # -- questions -------------------------------------------------------------------------------------------------

    def get(self, key: str) -> Record | None:
        """What is known of a key, also if it is gone."""
        return self._records.get(key)

    def live(self) -> Iterator[Record]:
        """What the application can see."""
        return (record for record in self._records.values() if record.is_live)

    def __len__(self) -> int:
        """How many tuples the application can see."""
        return len(self._records) - len(self._gone)

    @property
    def remembered(self) -> int:
        """How many are gone and not yet forgotten."""
        return len(self._gone)

    @property
    def root(self) -> int:
        """The sum of the whole table."""
        return self._root

    @property
    def sums(self) -> tuple[int, ...]:
        """The sums of all buckets."""
        return tuple(self._sums)

    def entries(self, buckets: Iterable[int]) -> dict[str, Entry]:
        """What is in some buckets, also what is gone."""
        wanted = frozenset(buckets)
        return {
            key: Entry(key, record.stamp, not record.is_live)
            for key, record in self._records.items()
            if bucket_of(key) in wanted
        }

    def in_order(self, keys: Iterable[str]) -> list[Record]:
        """What is known of some keys, what changed last at the end."""
        wanted = set(keys)
        if len(wanted) == 1:
            return [self._records[key] for key in wanted if key in self._records]
        return [record for key, record in self._records.items() if key in wanted]

    def owners(self) -> set[bytes]:
        """Whose tuples are here."""
        return set(self._of_owner)

    def has_leases_of(self, owner: bytes) -> bool:
        """Whether tuples here live on signs of life of this owner."""
        return any(self._records[key].is_live and self._records[key].lease for key in self._of_owner.get(owner, ()))

    def to_send(self, record: Record, now: float) -> Tuple:
        """A record as it travels."""
        if record.is_live and record.lease and record.stamp.owner == self._own:
            left = record.lease
        else:
            ends = self._ends_at(record)
            left = 0.0 if ends == NEVER else max(0.001, ends - now)
        return Tuple(record.key, record.value, record.stamp, record.state, record.lease, left, record.adopted)

    def _ends_at(self, record: Record) -> float:
        """When a record lapses, or is forgotten if it has."""
        if not record.is_live or not record.lease or record.stamp.owner == self._own:
            return record.until
        return min(record.until, self.leases.heard_at(record.stamp.owner) + record.lease)

    # -- changes -----------------------------------------------------------------------------------------------------

    def publish(
        self, key: str, value: str, now: float, *, lease: float, ttl: float = 0.0, adopted: bool = False
    ) -> Record | None:
        """Publish a tuple of our own, later than any that is known of its key; None if there is no room.

        It ends with its publisher if it has a ``lease``, after ``ttl`` seconds if it has that, and else never.
        """
        if not self._has_room_for(key, value):
            return None
        until = now + ttl if ttl else NEVER
        record = Record(key, value, self._next_stamp(key), State.LIVE, lease, until, adopted)
        self._store(record, now)
        return record

    def withdraw(self, key: str, now: float, *, released: bool = False) -> Record | None:
        """Withdraw a tuple, whoever published it; None if there is none. One that is ``released`` others may adopt."""
        known = self._records.get(key)
        if known is None or not known.is_live:
            return None
        stays = self._config.remember_lasting if known.is_lasting else self._config.remember
        stamp = self._next_stamp(key)
        record = Record(key, known.value, stamp, State.WITHDRAWN, known.lease, now + stays, released)
        self._store(record, now)
        return record

    def take(self, item: Tuple, now: float) -> Record | None:
        """Take what a neighbour sent; None if it is no news, or there is no room."""
        known = self._records.get(item.key)
        if (known is not None and known.stamp >= item.stamp) or item.stamp.owner == self._own:
            return None
        if item.state == State.LIVE and not self._has_room_for(item.key, item.value):
            return None
        record = Record(item.key, item.value, item.stamp, item.state, item.lease, NEVER, item.adopted)
        if item.state != State.LIVE:
            record.until = now + min(item.left or NEVER, self._config.remember_lasting)
        elif item.lease:
            self.leases.note(item.stamp.owner, min(now, now - item.lease + item.left))
        elif item.left:
            record.until = now + item.left
        self._store(record, now)
        return record

    def hear(self, beat: Beat, now: float) -> bool:
        """Take a sign of life of an owner; its tuples that had lapsed for want of one are back. Whether it is news."""
        if beat.owner == self._own or not self.leases.take(beat, now):
            return False
        for key in self._of_owner.get(beat.owner, ()):
            record = self._records[key]
            if record.state == State.LAPSED and record.lease and now < self.leases.heard_at(beat.owner) + record.lease:
                self._revive(record)
        return True

    def _has_room_for(self, key: str, value: str) -> bool:
        known = self._records.get(key)
        grows = known is None or not known.is_live
        if (grows and len(self) >= self._config.tuples) or len(value.encode()) > self._config.value:
            self.refused += 1
            return False
        return True

    def _next_stamp(self, key: str) -> Stamp:
        known = self._records.get(key)
        return Stamp(1 if known is None else known.stamp.version + 1, self._own)

    def _store(self, record: Record, now: float) -> None:
        known = self._records.pop(record.key, None)
        shown = known.value if known is not None and known.is_live else None
        if known is not None:
            self._remove(known)
        self._add(record)
        if record.is_live and not now < self._ends_at(record):
            self._lapse(record, now)
        if record.is_live and record.value != shown:
            self.events.append(Delivery(record.key, record.value))
        elif not record.is_live and shown is not None:
            self.events.append(Delivery(record.key, None, _GONE[record.state]))

    def _add(self, record: Record) -> None:
        self._records[record.key] = record
        self._of_owner.setdefault(record.stamp.owner, set()).add(record.key)
        if record.is_live:
            self._count(record)
        else:
            self._gone[record.key] = None
            if len(self._gone) > self._config.remembered:
                self._forget(self._records[next(iter(self._gone))])
        self._watch(record)

    def _remove(self, record: Record) -> None:
        if record.is_live:
            self._count(record)
        else:
            del self._gone[record.key]
        keys = self._of_owner[record.stamp.owner]
        keys.discard(record.key)
        if not keys:
            del self._of_owner[record.stamp.owner]

    def _forget(self, record: Record) -> None:
        del self._records[record.key]
        self._remove(record)

    def _count(self, record: Record) -> None:
        """Into the sums, or out of them again."""
        part = _sum_of(record.key, record.stamp)
        self._sums[bucket_of(record.key)] ^= part
        self._root ^= part

    def _revive(self, record: Record) -> None:
        record.state, record.until = State.LIVE, NEVER
        del self._gone[record.key]
        self._count(record)
        self._watch(record)
        self.events.append(Delivery(record.key, record.value))

    # -- time ----------------------------------------------------------------------------------------------------

    @property
    def next_at(self) -> float:
        """When ``pass_time`` has something to do."""
        return self._deadlines.next_at

    def pass_time(self, now: float) -> None:
        """Let lapse whose time is over, and forget what was remembered for long enough."""
        for key in self._deadlines.due(now):
            self._watched.pop(key, None)
            record = self._records.get(key)
            if record is None:
                continue
            if now < self._ends_at(record):
                self._watch(record)
            elif record.is_live:
                self._lapse(record, now)
                self.events.append(Delivery(key, None, "lapsed"))
            else:
                self._forget(record)

    def _lapse(self, record: Record, now: float) -> None:
        record.state, record.until = State.LAPSED, now + self._config.remember
        self._count(record)
        self._gone[record.key] = None
        self._watch(record)

    def _watch(self, record: Record) -> None:
        ends = self._ends_at(record)
        if ends < self._watched.get(record.key, NEVER):
            self._watched[record.key] = ends
            self._deadlines.add(ends, record.key)
