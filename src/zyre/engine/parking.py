"""How a thread waits for a wake-up from another one."""

from __future__ import annotations

import threading

__all__ = ["ThreadParker"]


class ThreadParker:
    """One wait. A raw lock, because a Condition would make one for each wait anyway."""

    __slots__ = ("_lock", "wake")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()
        self.wake = self._lock.release

    def park(self, timeout: float | None) -> bool:
        """Wait; False if ``timeout`` seconds passed first. Ctrl-C interrupts it."""
        return self._lock.acquire(timeout=-1 if timeout is None else min(timeout, threading.TIMEOUT_MAX))
