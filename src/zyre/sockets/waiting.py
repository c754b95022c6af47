"""How a thread or a greenlet waits for several things at once, never asking in a loop whether they came.

A *source* is anything that can become ready: a socket, an ``Event``. A *waiter* is one parked caller. The
caller puts its waiter on the list of every source it is interested in, and parks; whoever makes a source
ready wakes the waiters on its list. Sockets are also made ready by libzmq's own threads, which know nothing
of our lists: those signal through the socket's file descriptor, so a parked thread watches that beside its
own *waker*.

The descriptor is edge-triggered: it says "something changed since you last looked", and looking
(``ZMQ_EVENTS``, and some sends and receives) clears it for everybody. Hence the two rules that ``Handle``
keeps: look after putting a waiter on the list and before parking; and whoever looks tells all who are on the
list.
"""

from __future__ import annotations

import os
import select as _select
import socket as _socket
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from math import ceil
from time import monotonic
from typing import Protocol, TypeAlias

__all__ = ["Deadline", "Poll", "Source", "ThreadWaiter", "Waiter", "Waker", "enlisted", "park", "poll_now"]

#: Waits until one of the descriptors is readable or the seconds are over; returns those that are.
Poll: TypeAlias = Callable[[Sequence[int], float | None], list[int]]


class Waiter(Protocol):
    """One parked caller."""

    def wake(self) -> None:
        """Let it go on; from any thread, at any time, as often as you like."""


class Source(Protocol):
    """Something that can become ready."""

    def _enlist(self, waiter: Waiter, interest: int) -> bool:
        """Put ``waiter`` on the list; True when there is no need to park."""

    def _delist(self, waiter: Waiter) -> None:
        """Take ``waiter`` off the list, if it is still on it."""

    def _descriptors(self) -> tuple[int, ...]:
        """What a parked thread has to watch beside its waker."""


class Waker:
    """A descriptor that becomes readable when ``set`` is called: an eventfd, or a pair of sockets."""

    __slots__ = ("_close", "_write", "fd")

    def __init__(self) -> None:
        self.fd: int
        if hasattr(os, "eventfd"):
            fd = self.fd = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
            self._write: Callable[[], object] = lambda: os.eventfd_write(fd, 1)
            self._close: Callable[[], object] = lambda: os.close(fd)
        else:  # pragma: no cover - Linux has eventfd
            near, far = _socket.socketpair()
            far.setblocking(False)
            self.fd = near.fileno()
            self._write = lambda: far.send(b"\0")
            self._close = lambda: (near.close(), far.close())  # type: ignore[func-returns-value]

    def set(self) -> None:
        """Make ``fd`` readable, for good: a waker wakes once."""
        try:
            self._write()
        except (BlockingIOError, OSError):
            pass  # already readable, or closed by a caller that no longer waits

    def close(self) -> None:
        """Give the descriptor back."""
        self._close()


class ThreadWaiter:
    """A parked thread, or a parked greenlet."""

    __slots__ = ("_waker",)

    def __init__(self) -> None:
        self._waker = Waker()

    def wake(self) -> None:
        """Let it go on."""
        self._waker.set()

    def park(self, descriptors: Sequence[int], timeout: float | None) -> list[int]:
        """Wait until woken, or one of ``descriptors`` is readable, or the seconds are over."""
        return _poll_here()((self._waker.fd, *descriptors), timeout)

    def close(self) -> None:
        """Give the waker back. The waiter must be on no list any more."""
        self._waker.close()


class Deadline:
    """When a wait is over; of no ``timeout``, never."""

    __slots__ = ("_when", "timeout")

    def __init__(self, timeout: float | None) -> None:
        self.timeout = timeout
        self._when = None if timeout is None else monotonic() + timeout

    def left(self) -> float | None:
        """The seconds that are left, not below 0; None for ever."""
        return None if self._when is None else max(0.0, self._when - monotonic())

    def passed(self) -> bool:
        """Whether it is over."""
        return self._when is not None and monotonic() >= self._when


def enlisted(stack: ExitStack, waiter: Waiter, wants: Iterable[tuple[Source, int]]) -> bool:
    """Put ``waiter`` on the lists of all sources until ``stack`` unwinds; True when one is ready at once."""
    ready = False
    for source, interest in wants:
        stack.callback(source._delist, waiter)
        ready = source._enlist(waiter, interest) or ready
    return ready


def park(wants: Sequence[tuple[Source, int]], timeout: float | None, descriptors: Sequence[int] = ()) -> None:
    """Park this thread until one of ``wants`` may be ready, or a descriptor is readable, or the time is over.

    It may come back early: the caller tries what it wanted, and parks again.
    """
    waiter = ThreadWaiter()
    with ExitStack() as stack:
        stack.callback(waiter.close)
        if not enlisted(stack, waiter, wants):
            watched = [fd for source, interest in wants if interest for fd in source._descriptors()]
            waiter.park((*watched, *descriptors), timeout)


def poll_now(descriptors: Sequence[int]) -> list[int]:
    """Those that are readable already."""
    return _poll_natively(descriptors, 0) if descriptors else []


def _poll_cooperatively(descriptors: Sequence[int], timeout: float | None) -> list[int]:
    from gevent.select import select as cooperative_select

    ready: list[int] = cooperative_select(descriptors, (), (), timeout)[0]
    return ready


if hasattr(_select, "poll"):
    _new_poll = _select.poll  # bound now: monkey patching that comes later is for those who ask for it

    def _poll_natively(descriptors: Sequence[int], timeout: float | None) -> list[int]:
        poll = _new_poll()
        for fd in descriptors:
            poll.register(fd, _select.POLLIN)
        # Rounded up: a wait that ends a moment too soon would only have to be repeated.
        return [fd for fd, _ in poll.poll(None if timeout is None else ceil(timeout * 1000))]

else:  # pragma: no cover - Windows
    _new_select = _select.select

    def _poll_natively(descriptors: Sequence[int], timeout: float | None) -> list[int]:
        return _new_select(descriptors, (), (), timeout)[0]


def _poll_here() -> Poll:
    """The way to wait that fits this thread: gevent's if greenlets share it, else the system's."""
    gevent = sys.modules.get("gevent._hub_local")
    if gevent is not None and gevent.get_hub_if_exists() is not None:
        return _poll_cooperatively
    return _poll_natively
