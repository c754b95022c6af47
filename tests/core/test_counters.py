from __future__ import annotations

from zyre.core.counters import Counters
from zyre.core.tables import Violation


def test_everything_begins_at_zero() -> None:
    counters = Counters()
    assert [counters.sent, counters.received, counters.missed, counters.beacons_received] == [0, 0, 0, 0]
    assert (counters.violations, counters.dropped, counters.failures) == ({}, {}, {})


def test_a_violation_is_counted_under_its_public_name() -> None:
    counters = Counters()
    counters.violations[Violation.STRANGER] += 1
    assert {str(kind): count for kind, count in counters.violations.items()} == {"stranger": 1}
