"""What peers say of themselves while they are here, and what follows from it: in which groups they are, what their
headers are. It is taken over only where it differs from what is known, so the same thing said twice is one event.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

from zyre.config import Limits
from zyre.core.admission import is_group
from zyre.core.counters import Counters
from zyre.core.directory import Directory
from zyre.core.gate import Gate
from zyre.core.groups import Groups
from zyre.core.part import Arrival, Departure, Moves
from zyre.core.peer import PeerRecord
from zyre.core.portrait import PUBLIC_KEY_HEADER
from zyre.core.tables import Violation
from zyre.events import Event, Join, Leave, Updated
from zyre.wire import zre
from zyre.wire.extension import application_headers

__all__ = ["Hearsay"]


class Hearsay:
    """Keeps groups and headers of READY peers as they are told."""

    def __init__(
        self,
        limits: Limits,
        *,
        groups: Groups,
        directory: Directory,
        counters: Counters,
        events: list[Event],
        gate: Gate,
    ) -> None:
        self._limits = limits
        self._groups = groups
        self._directory = directory
        self._counters = counters
        self._events = events
        self._gate = gate

    def on_join(self, record: PeerRecord, change: zre.GroupChange) -> Moves:
        """A peer joins a group."""
        self._count_change(record, change)
        return self._meet(record, change.group)

    def on_leave(self, record: PeerRecord, change: zre.GroupChange) -> Moves:
        """A peer leaves a group."""
        self._count_change(record, change)
        return self._part(record, change.group)

    def _count_change(self, record: PeerRecord, change: zre.GroupChange) -> None:
        if not self._groups.count_of(record, change.status):
            self._counters.violations[Violation.STATUS_WRONG] += 1

    def take_groups(self, record: PeerRecord, groups: Collection[str], status: int) -> Moves:
        """A peer is in these groups and no others."""
        record.status = status
        moves: Moves = ()
        for group in sorted(record.groups.difference(groups)):
            moves += self._part(record, group)
        for group in groups:
            moves += self._meet(record, group)
        return moves

    def _meet(self, record: PeerRecord, group: str) -> Moves:
        if group in record.groups:
            return ()
        if len(record.groups) >= self._limits.groups or not is_group(group):
            self._counters.violations[Violation.GROUP_REFUSED] += 1
            return ()
        if not self._gate.admits(record, group):
            return ()
        self._groups.enter(record, group)
        self._directory.changed = True
        self._events.append(Join(record.peer, record.name, group))
        return (Arrival(group, record.peer),)

    def _part(self, record: PeerRecord, group: str) -> Moves:
        if not self._groups.exit(record, group):
            return ()
        self._directory.changed = True
        self._events.append(Leave(record.peer, record.name, group))
        return (Departure(group, record.peer),)

    def take_headers(self, record: PeerRecord, headers: Mapping[str, str]) -> None:
        """A peer has these headers and no others; over a limit they are refused, and the old ones stay."""
        headers = application_headers(headers)
        if PUBLIC_KEY_HEADER in record.headers:  # it was held against the key that the peer has proven to own
            headers[PUBLIC_KEY_HEADER] = record.headers[PUBLIC_KEY_HEADER]
        else:
            headers.pop(PUBLIC_KEY_HEADER, None)
        longest = max((len(value.encode()) for value in headers.values()), default=0)
        if len(headers) > self._limits.headers or longest > self._limits.header_value:
            self._counters.violations[Violation.HEADERS_REFUSED] += 1
            return
        known = record.headers
        changed = {name: value for name, value in headers.items() if known.get(name) != value}
        removed = frozenset(known).difference(headers)
        if not changed and not removed:
            return
        record.headers = MappingProxyType(headers)
        record.snapshot = None
        self._directory.changed = True
        self._events.append(Updated(record.peer, record.name, MappingProxyType(changed), removed))
