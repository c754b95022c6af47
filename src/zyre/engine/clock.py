"""The monotonic clock: wall time may jump by hours, and nobody must be declared dead for it.

It counts the time that the computer is asleep, where the system has a clock that does (Linux: CLOCK_BOOTTIME,
macOS: CLOCK_MONOTONIC_RAW). So a node that wakes up sees that its alarm rings late, and knows that it slept.
Alarms are set by it, and what else in this room must be compared with them is read from it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

__all__ = ["MonotonicClock", "now"]


def _counting_sleep() -> Callable[[], float]:
    for name in ("CLOCK_BOOTTIME", "CLOCK_MONOTONIC_RAW"):
        if hasattr(time, name):
            return partial(time.clock_gettime, getattr(time, name))
    return time.monotonic


now = _counting_sleep()


class MonotonicClock:
    """The Clock port on the operating system's clock."""

    now = staticmethod(now)
