"""How to wait for several things at once, never asking in a loop whether they came.

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
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from math import ceil
from time import monotonic
from typing import Final, Protocol, TypeAlias

__all__ = ["TURN", "Deadline", "Source", "ThreadWaiter", "Waiter", "Waker", "Wants", "enlisted", "poll_now"]


#: After how many messages that needed no waiting a task or a greenlet lets the others run once. A turn of a loop costs
#: about as much as ten messages, so it is hidden among these; and these take well under a millisecond.
TURN: Final = 64


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


#: What a caller waits for: sources, and what about each.
Wants: TypeAlias = Sequence[tuple[Source, int]]


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
    """A parked thread."""

    __slots__ = ("_waker",)

    def __init__(self) -> None:
        self._waker = Waker()

    def wake(self) -> None:
        """Let it go on."""
        self._waker.set()

    def park(self, descriptors: Sequence[int], timeout: float | None) -> list[int]:
        """Wait until woken, or one of ``descriptors`` is readable, or the seconds are over."""
        return _poll_natively((self._waker.fd, *descriptors), timeout)

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


def enlisted(stack: ExitStack, waiter: Waiter, wants: Wants) -> bool:
    """Put ``waiter`` on the lists of all sources until ``stack`` unwinds; True when one is ready at once."""
    ready = False
    for source, interest in wants:
        stack.callback(source._delist, waiter)
        ready = source._enlist(waiter, interest) or ready
    return ready


def poll_now(descriptors: Sequence[int]) -> list[int]:
    """Those that are readable already."""
    return _poll_natively(descriptors, 0) if descriptors else []


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
