"""How an event loop is told of a socket's signals, whichever loop it is.

The socket's descriptor is registered once with each loop that ever waited for it, not once for each wait: a *watch*,
which lives until the socket is closed or the loop ends. When libzmq signals, the watch has the socket look, and
looking wakes those whose wait is over. Because the signal is edge-triggered, a watch stays silent while nobody waits,
however much arrives.

A watch works on a copy of the descriptor that is its own to close, since a loop must not know the number any more when
libzmq closes, and something else reuses, the original. And it holds the socket weakly: one that was forgotten, not
closed, can still be collected.
"""

from __future__ import annotations

import os
import socket as _socket
import threading
import weakref
from typing import Protocol

from zyre.sockets.handle import Handle, Watch
from zyre.sockets.waiting import ThreadWaiter, Wants

__all__ = ["LoopWaiter", "ThreadWatch", "duplicate", "ensure_watched", "release", "signal_to"]


class LoopWaiter(Protocol):
    """A waiter that belongs to an event loop."""

    @property
    def loop(self) -> object:
        """The loop, as a key."""

    def wake(self) -> None:
        """Let it go on."""

    def watch(self, handle: Handle) -> Watch:
        """Register ``handle`` with the loop."""

    def has_ended(self, loop: object) -> bool:
        """Whether ``loop``, of the same make or another, will never run again."""


def ensure_watched(wants: Wants, waiter: LoopWaiter) -> None:
    """Have the loop of ``waiter`` watch every socket among ``wants``."""
    for source, interest in wants:
        if interest and isinstance(source, Handle):
            _ensure(source, waiter)


def _ensure(handle: Handle, waiter: LoopWaiter) -> None:
    with handle._lock:
        if handle._closed or waiter.loop in handle._watches:
            return
        for loop in [loop for loop in handle._watches if waiter.has_ended(loop)]:
            handle._watches.pop(loop).stop()
        handle._watches[waiter.loop] = waiter.watch(handle)


def signal_to(handle: weakref.ref[Handle]) -> None:
    """libzmq signalled: have the socket look, if it still lives."""
    living = handle()
    if living is not None:
        living._signalled()


def duplicate(handle: Handle) -> int:
    """A copy of the descriptor that libzmq signals through."""
    fd = handle._descriptors()[0]
    return os.dup(fd) if os.name == "posix" else _socket.dup(fd)


def release(fd: int) -> None:
    """Give back what ``duplicate`` returned."""
    if os.name == "posix":
        os.close(fd)
    else:
        _socket.close(fd)


class ThreadWatch:
    """A thread that watches for a loop that cannot."""

    def __init__(self, handle: Handle) -> None:
        self._stopped = False
        self._waiter = ThreadWaiter()
        arguments = (weakref.ref(handle), duplicate(handle))
        threading.Thread(target=self._run, args=arguments, name="zyre-sockets-watch", daemon=True).start()

    def _run(self, handle: weakref.ref[Handle], fd: int) -> None:
        while not self._stopped:
            self._waiter.park((fd,), None)
            signal_to(handle)
        release(fd)
        self._waiter.close()

    def stop(self) -> None:
        """End the thread."""
        self._stopped = True
        self._waiter.wake()
