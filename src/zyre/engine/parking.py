"""How a thread waits for a wake-up from another one; and threads for what may wait."""

from __future__ import annotations

import threading
from collections.abc import Callable

__all__ = ["ThreadParker", "spawn"]


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


def spawn(job: Callable[[], object]) -> bool:
    """Run something that may wait, in a thread of its own; False if the program is too near its end for that."""
    try:
        threading.Thread(target=job, name="zyre-service", daemon=True).start()
    except RuntimeError:  # from Python 3.12 on, when the program ends
        return False
    return True
