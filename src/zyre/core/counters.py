"""What a node counts while it runs. The keys are closed sets, so a peer cannot make the counters grow."""

from __future__ import annotations

from collections import Counter

from zyre.core.tables import Violation

__all__ = ["Counters"]


class Counters:
    """Mutable counts behind the immutable Statistics."""

    __slots__ = ("beacons_received", "dropped", "failures", "missed", "received", "sent", "violations")

    def __init__(self) -> None:
        self.sent = 0
        self.received = 0
        self.missed = 0
        self.beacons_received = 0
        self.violations: Counter[Violation] = Counter()
        self.dropped: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()
