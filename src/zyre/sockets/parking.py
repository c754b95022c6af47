"""How a thread waits, and how a greenlet does, for which the thread is not to stop.

A greenlet is known by its thread having a hub of gevent. It parks on an event of gevent's, and its hub watches the
socket as an event loop does.
"""

from __future__ import annotations

import sys
import threading
import weakref
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

from zyre.sockets.handle import Handle, Watch
from zyre.sockets.waiting import TURN, ThreadWaiter, Wants, enlisted
from zyre.sockets.watching import duplicate, ensure_watched, release, signal_to

__all__ = ["hub_here", "park", "taking_turns"]


def park(wants: Wants, timeout: float | None, descriptors: Sequence[int] = ()) -> None:
    """Park this thread or greenlet until one of ``wants`` may be ready, a descriptor is, or the time is over.

    It may come back early: the caller tries what it wanted, and parks again.
    """
    hub = hub_here()
    if hub is None:
        _park_thread(wants, timeout, descriptors)
    else:
        _park_greenlet(hub, wants, timeout, descriptors)


def hub_here() -> Any:
    """gevent's hub of this thread, or None if no greenlets share it."""
    gevent = sys.modules.get("gevent._hub_local")
    return None if gevent is None else gevent.get_hub_if_exists()


def taking_turns(acquire: Callable[[], bool]) -> Callable[[], bool]:
    """``acquire`` of a socket's lock, which lets the other greenlets run before every TURNth message.

    Only programs that have gevent at all pay for the counting.
    """
    if "gevent" not in sys.modules:
        return acquire
    left = TURN

    def acquire_in_turn() -> bool:
        nonlocal left
        left -= 1
        if left <= 0:
            left = TURN
            if hub_here() is not None:
                sys.modules["gevent"].sleep(0)
        return acquire()

    return acquire_in_turn


def _park_thread(wants: Wants, timeout: float | None, descriptors: Sequence[int]) -> None:
    waiter = ThreadWaiter()
    with ExitStack() as stack:
        stack.callback(waiter.close)
        if not enlisted(stack, waiter, wants):
            watched = [fd for source, interest in wants if interest for fd in source._descriptors()]
            waiter.park((*watched, *descriptors), timeout)


def _park_greenlet(hub: Any, wants: Wants, timeout: float | None, descriptors: Sequence[int]) -> None:
    waiter = _GreenletWaiter(hub)
    ensure_watched(wants, waiter)
    with ExitStack() as stack:
        if not enlisted(stack, waiter, wants):
            waiter.park(descriptors, timeout)


class _GreenletWaiter:
    __slots__ = ("_event", "_thread", "loop")

    def __init__(self, hub: Any) -> None:
        from gevent.event import Event

        self.loop = hub
        self._event = Event()
        self._thread = threading.get_ident()

    def wake(self) -> None:
        if threading.get_ident() == self._thread:
            self._event.set()
        elif not self.has_ended(self.loop):
            self.loop.loop.run_callback_threadsafe(self._event.set)

    def park(self, descriptors: Sequence[int], timeout: float | None) -> None:
        readers = [self.loop.loop.io(fd, 1) for fd in descriptors]
        try:
            for reader in readers:
                reader.start(self._event.set)
            self._event.wait(timeout)
        finally:
            for reader in readers:
                reader.stop()
                reader.close()

    def watch(self, handle: Handle) -> Watch:
        return _HubWatch(handle, self.loop)

    def has_ended(self, loop: object) -> bool:
        return hasattr(loop, "threadpool") and _destroyed(loop)


class _HubWatch:
    """A watcher of gevent's loop."""

    def __init__(self, handle: Handle, hub: Any) -> None:
        self._hub = hub
        self._fd = duplicate(handle)
        self._reader = hub.loop.io(self._fd, 1)
        self._reader.start(signal_to, weakref.ref(handle))

    def stop(self) -> None:
        if _destroyed(self._hub):
            release(self._fd)
        else:
            self._hub.loop.run_callback_threadsafe(self._remove)

    def _remove(self) -> None:
        self._reader.stop()
        self._reader.close()
        release(self._fd)


def _destroyed(hub: Any) -> bool:
    return hub.loop is None or not hub.loop.ptr
