"""The clock."""

from __future__ import annotations

import time

from zyre.engine.clock import MonotonicClock


def test_it_is_the_monotonic_one() -> None:
    before = time.monotonic()
    assert before <= MonotonicClock().now() <= time.monotonic()
