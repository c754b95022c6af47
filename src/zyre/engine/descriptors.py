"""How many descriptors this process may still open.

libzmq ends the whole process where it cannot get one, in places that nobody can guard (its pollers, the interfaces that
it looks up). So a node asks here before it opens a link, and refuses the peer when there are too few.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from typing import NamedTuple

try:
    import resource
except ImportError:  # Windows, where sockets are no descriptors and have no such limit
    resource = None  # type: ignore[assignment]

__all__ = ["INPROC_LINK", "LINK", "NODE", "Budget", "budget", "open_limit"]

#: What one peer costs: our socket, its connection, and the connection that the peer makes to us.
LINK = 3
#: What one costs that is reached within the process: our socket.
INPROC_LINK = 1
#: What a node costs: libzmq's pollers and signals, the engine's, the inbox, and beacon sockets for some interfaces.
NODE = 24
#: Always left over: for connections of others, which libzmq accepts without asking, and for the application.
_RESERVE = 32
#: A count is taken to be right for this long, in seconds; where the kernel does not count, that takes microseconds for
#: each open descriptor.
_FRESH = 1.0
#: What was taken is open after this long, in seconds, or will not be: connections are made behind our back.
_SETTLED = 5.0


class _Count(NamedTuple):
    at: float
    open: int
    taken: int
    """How many had been taken before, in all."""


class Budget:
    """Descriptors of this process, counted when that is needed."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._counts: deque[_Count] = deque()
        self._taken = 0
        self._left = 0
        self._until = 0.0

    def take(self, count: int) -> bool:
        """Whether so many more may be opened, with a reserve left."""
        now = time.monotonic()
        with self._guard:
            if self._left < count or not now < self._until:
                free = self._count(now)
                if free < count:
                    self._left = 0
                    return False
                # Others open descriptors, too, and are not seen before the next count.
                self._left, self._until = max(free // 2, count), now + _FRESH
            self._left -= count
            self._taken += count
            return True

    def give(self, count: int) -> None:
        """So many that were taken are closed."""
        with self._guard:
            self._taken -= count

    def _count(self, now: float) -> int:
        """How many are left above the reserve, when all that was taken a moment ago is open."""
        limit, used = open_limit(), _used()
        counts = self._counts
        counts.append(_Count(now, used, self._taken))
        while not now < counts[0].at + _SETTLED:
            counts.popleft()
        begin = counts[0]
        coming = self._taken - begin.taken - max(0, used - begin.open)
        return limit - used - max(0, coming) - _RESERVE


def open_limit() -> int:
    """How many descriptors this process may have open at a time; a number that nobody reaches where that is unknown."""
    if resource is None or not os.path.isdir("/dev/fd"):
        return 1 << 30
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 1 << 30 if limit == resource.RLIM_INFINITY else limit


def _used() -> int:
    """How many are open."""
    try:
        if counted := os.stat("/proc/self/fd").st_size:  # by Linux, from 6.2 on
            return counted
    except OSError:
        pass
    try:
        return len(os.listdir("/dev/fd")) - 1  # the listing itself has one open
    except OSError:  # not even that, or there is no such thing
        return 0 if resource is None or not os.path.isdir("/dev/fd") else open_limit()


#: That of this process.
budget = Budget()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=budget.__init__)  # type: ignore[misc]  # its guard may be held in the parent
