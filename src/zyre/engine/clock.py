"""The monotonic clock: wall time may jump by hours, and nobody must be declared dead for it."""

from __future__ import annotations

import time

__all__ = ["MonotonicClock"]


class MonotonicClock:
    """The Clock port on the operating system's monotonic clock."""

    now = staticmethod(time.monotonic)
