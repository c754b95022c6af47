"""Groups: which ones we are in, and who is in which.

Own changes are counted in ``status``, one octet that HELLO, JOIN and LEAVE carry (36/ZRE). libzyre aborts the whole
process of whoever receives a wrong one, so it is counted here and nowhere else. Of a peer's wrong count we only take
note.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from zyre.core.peer import PeerRecord
from zyre.identity import PeerId

__all__ = ["Groups"]

_STATUS_MODULUS: Final = 256
_NOBODY: Final[Mapping[PeerId, PeerRecord]] = MappingProxyType({})


@lru_cache(maxsize=1024)
def _set_of(groups: tuple[str, ...]) -> frozenset[str]:
    return _shared(frozenset(groups))


@lru_cache(maxsize=1024)
def _shared(groups: frozenset[str]) -> frozenset[str]:
    """One object for all peers that are in the same groups, as most are."""
    return groups


class Groups:
    """Own groups in the order of joining, and the peers in every group."""

    __slots__ = ("_members", "own", "status")

    def __init__(self) -> None:
        self.own: dict[str, None] = {}
        self.status = 0
        self._members: dict[str, dict[PeerId, PeerRecord]] = {}

    def join(self, group: str) -> bool:
        """Count ourselves in; False if we are in already."""
        if group in self.own:
            return False
        self.own[group] = None
        self._count()
        return True

    def leave(self, group: str) -> bool:
        """Count ourselves out; False if we are not in."""
        if group not in self.own:
            return False
        del self.own[group]
        self._count()
        return True

    def _count(self) -> None:
        self.status = (self.status + 1) % _STATUS_MODULUS

    def farewells(self, groups: Iterable[str]) -> Iterator[tuple[str, int]]:
        """Those of the groups that we are in, each with the status count of leaving it, one after the other; for the
        last words of a node, which then counts no more."""
        for number, group in enumerate((group for group in groups if group in self.own), 1):
            yield group, (self.status + number) % _STATUS_MODULUS

    def members(self, group: str) -> Mapping[PeerId, PeerRecord]:
        """The peers in a group."""
        return self._members.get(group, _NOBODY)

    def enter(self, record: PeerRecord, group: str) -> bool:
        """Note that a peer is in a group; False if that was known."""
        if group in record.groups:
            return False
        record.groups = _shared(record.groups | {group})
        record.snapshot = None
        self._members.setdefault(group, {})[record.peer] = record
        return True

    def settle_in(self, record: PeerRecord, groups: tuple[str, ...]) -> None:
        """Note in which groups a newcomer is."""
        record.groups = _set_of(groups)
        record.snapshot = None
        for group in groups:
            members = self._members.get(group)
            if members is None:
                members = self._members[group] = {}
            members[record.peer] = record

    def exit(self, record: PeerRecord, group: str) -> bool:
        """Note that a peer is not in a group any more; False if that was known."""
        if group not in record.groups:
            return False
        record.groups = _shared(record.groups - {group})
        record.snapshot = None
        members = self._members[group]
        del members[record.peer]
        if not members:
            del self._members[group]
        return True

    def remove(self, record: PeerRecord) -> tuple[str, ...]:
        """Take a peer out of all its groups; which they were."""
        groups = tuple(sorted(record.groups))  # in an order that does not depend on the hashes of this process
        for group in groups:
            self.exit(record, group)
        return groups

    def all_known(self) -> frozenset[str]:
        """The groups that peers are in."""
        return frozenset(self._members)

    def count_of(self, record: PeerRecord, status: int) -> bool:
        """Count a change of a peer's groups and take over its own count; False if the two differ."""
        expected = (record.status + 1) % _STATUS_MODULUS
        record.status = status
        return status == expected
