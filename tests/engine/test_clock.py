"""The clock."""

from __future__ import annotations

import time

import pytest

from zyre.engine.clock import MonotonicClock


def test_it_never_goes_back_and_stands_nowhere_near_the_time_of_day() -> None:
    readings = [MonotonicClock().now() for _ in range(1000)]
    assert readings == sorted(readings)
    assert abs(readings[0] - time.time()) > 86400


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="another system")
def test_it_counts_the_time_asleep() -> None:
    before = time.clock_gettime(time.CLOCK_BOOTTIME)
    assert before <= MonotonicClock().now() <= time.clock_gettime(time.CLOCK_BOOTTIME)
