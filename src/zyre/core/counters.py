"""What a node counts while it runs. The keys are closed sets, so a peer cannot make the counters grow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from zyre.core.ledger import Ledger
from zyre.core.peer import PeerRecord
from zyre.core.tables import Violation
from zyre.statistics import Statistics

__all__ = ["Counters"]


class Counters:
    """Mutable counts behind the immutable Statistics."""

    __slots__ = ("beacons_received", "dropped", "failures", "ledger", "missed", "received", "sent", "violations")

    def __init__(self) -> None:
        self.sent = 0
        self.received = 0
        self.missed = 0
        self.beacons_received = 0
        self.violations: Counter[Violation] = Counter()
        self.dropped: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()
        self.ledger = Ledger()

    def to_statistics(
        self,
        *,
        peers: Sequence[PeerRecord],
        pending: int,
        unread: int,
        mailbox_dropped: int,
        beacons_sent: int,
        beacons_failed: int,
    ) -> Statistics:
        """The counts as an immutable value, together with what others counted."""
        dropped, failures = dict(self.dropped), dict(self.failures)
        if mailbox_dropped:
            dropped["mailbox_full"] = mailbox_dropped
        if beacons_failed:
            failures["beacon"] = beacons_failed
        return Statistics(
            peers=len(peers),
            pending=pending,
            messages_sent=self.sent,
            messages_received=self.received,
            messages_missed=self.missed,
            beacons_sent=beacons_sent,
            beacons_received=self.beacons_received,
            unread=unread,
            dropped=dropped,
            violations={str(kind): count for kind, count in self.violations.items()},
            failures=failures,
            fates=self.ledger.fates(peers),
        )
