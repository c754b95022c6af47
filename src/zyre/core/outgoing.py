"""What the application sends: to one peer, or to everybody in a group."""

from __future__ import annotations

from zyre.core.counters import Counters
from zyre.core.delivery import Delivery
from zyre.core.directory import Directory
from zyre.core.groups import Groups
from zyre.core.outcome import Outcome
from zyre.core.tables import READY
from zyre.identity import PeerId
from zyre.wire import zre

__all__ = ["Outgoing"]


class Outgoing:
    """Finds out who is meant, and whether they are here; Delivery does the rest. A node has these methods, too."""

    __slots__ = ("_counters", "_delivery", "_directory", "_groups")

    def __init__(self, directory: Directory, groups: Groups, delivery: Delivery, counters: Counters) -> None:
        self._directory = directory
        self._groups = groups
        self._delivery = delivery
        self._counters = counters

    def whisper(self, peer: PeerId, content: tuple[bytes, ...]) -> Outcome:
        """Send to one peer."""
        record = self._directory.by_id.get(peer)
        if record is None or record.state is not READY:
            self._counters.dropped["absent"] += 1
            self._counters.ledger.refuse()
            return Outcome.ABSENT
        return self._delivery.offer(record, zre.WHISPER, b"", content)

    def shout(self, group: str, content: tuple[bytes, ...]) -> tuple[int, tuple[PeerId, ...]]:
        """Send to everybody in a group; how many were sent to, and whose queues were full."""
        members = self._groups.members(group).values()
        sent, blocked = self._delivery.offer_to_all(members, zre.SHOUT, zre.encode_shout(group), content)
        return sent, tuple(blocked)

    def shout_to(self, peer: PeerId, group: str, content: tuple[bytes, ...]) -> Outcome:
        """Send a shout to one member whose queue was full before."""
        record = self._groups.members(group).get(peer)
        if record is None:
            self._counters.dropped["absent"] += 1
            self._counters.ledger.refuse()
            return Outcome.ABSENT
        return self._delivery.offer(record, zre.SHOUT, zre.encode_shout(group), content)

    def shed(self, peer: PeerId) -> None:
        """Patience with a full queue is over: drop data for that peer until it takes something again."""
        record = self._directory.by_id.get(peer)
        if record is not None and (record.blocked or record.congested or record.queue):
            record.shedding = True
        elif record is not None:
            record.shedding_large = True
