"""What hears a node's events beside the application, under the node's lock, for one that waits for it."""

from __future__ import annotations

import threading

from zyre.core.host import Closed, Host, Waker

__all__ = ["Attention"]


class Attention:
    """A watcher of which one thread or task waits until there is something: what ``_is_there`` says."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._mutex = threading.Lock()
        self._waker: Waker | None = None
        self._over: Closed | None = None

    def _is_there(self) -> bool:
        """Whether nobody has to wait. Called with the mutex held."""
        raise NotImplementedError

    def ended(self, defect: BaseException | None) -> None:
        """Called by the node: there will be no more."""
        with self._mutex:
            self._over = Closed(defect)
            waker = self._take_waker()
        if waker is not None:
            waker()

    def _take_waker(self) -> Waker | None:
        waker, self._waker = self._waker, None
        return waker

    def park(self, waker: Waker) -> bool:
        """Have ``waker`` called once, when there is something or never will be; False if so already."""
        with self._mutex:
            if self._is_there() or self._over is not None:
                return False
            self._waker = waker
        self._host.attend()
        return True

    def unpark(self, waker: Waker) -> None:
        """Wait no longer."""
        with self._mutex:
            self._waker = None
