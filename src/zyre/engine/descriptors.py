"""How many descriptors this process may still open.

libzmq ends the whole process where it cannot get one, in places that nobody can guard (its pollers, the interfaces that
it looks up). So a node asks here before it opens a link, and refuses the peer when there are too few.
"""

from __future__ import annotations

import os
import threading
import time

try:
    import resource
except ImportError:  # Windows, where sockets are no descriptors and have no such limit
    resource = None  # type: ignore[assignment]

__all__ = ["LINK", "NODE", "Budget", "budget"]

#: What one peer costs: our socket, its connection, and the connection that the peer makes to us.
LINK = 3
#: What a node costs: libzmq's pollers and signals, the engine's, the inbox, and beacon sockets for some interfaces.
NODE = 24
#: Always left over: for connections of others, which libzmq accepts without asking, and for the application.
_RESERVE = 32
#: A count is taken to be right for this long, in seconds; counting takes microseconds for each open descriptor.
_FRESH = 1.0


class Budget:
    """Descriptors of this process, counted when that is needed."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._left = 0
        self._until = 0.0

    def take(self, count: int) -> bool:
        """Whether so many more may be opened, with a reserve left."""
        now = time.monotonic()
        with self._guard:
            if self._left < count or not now < self._until:
                free = _free() - _RESERVE
                if free < count:
                    self._left = 0
                    return False
                # Others open descriptors, too, and are not seen before the next count.
                self._left, self._until = max(free // 2, count), now + _FRESH
            self._left -= count
            return True


def _free() -> int:
    if resource is None or not os.path.isdir("/dev/fd"):
        return 1 << 30
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit == resource.RLIM_INFINITY:
        return 1 << 30
    try:
        return limit - len(os.listdir("/dev/fd")) + 1  # the listing itself has one open
    except OSError:  # not even that
        return 0


#: That of this process.
budget = Budget()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=budget.__init__)  # type: ignore[misc]  # its guard may be held in the parent
