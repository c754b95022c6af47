"""How an asyncio or trio task waits for a wake-up that comes from another thread; and waiting until there is something
to take, which is one loop for threads and one for tasks."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from zyre.core.host import Parker, Waker
from zyre.engine.loan import READING
from zyre.errors import RecvTimeout, UsageError, WouldBlock

__all__ = ["TURN", "AsyncParker", "Clock", "Place", "checkpoint", "new_async_parker", "take_in_task", "take_in_thread"]

T = TypeVar("T")

#: After so many operations that needed no waiting, other tasks get a turn.
TURN = 64


class Place(Protocol):
    """Where something may come to be."""

    def park(self, waker: Waker) -> bool:
        """Have ``waker`` called once, when there is something; False, and no call, if there is already."""

    def unpark(self, waker: Waker) -> None:
        """Wait no longer."""


class Clock(Protocol):
    """By which a thread waits: a host's, real or simulated."""

    def now(self) -> float:
        """The time by which timeouts are measured."""

    def new_parker(self) -> Parker:
        """A way to wait in the calling thread."""


class AsyncParker(Protocol):
    """Waits in a task."""

    def wake(self) -> None:
        """Called once, in any thread."""

    async def park(self, timeout: float | None) -> bool:
        """Wait; False if ``timeout`` seconds passed first."""


class _AsyncioParker:
    def __init__(self) -> None:
        import asyncio

        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._woken: asyncio.Future[bool] = self._loop.create_future()

    def wake(self) -> None:
        try:
            if self._thread in READING and self._thread == threading.get_ident():
                self._end(True)
            else:
                self._loop.call_soon_threadsafe(self._end, True)
        except RuntimeError:  # the loop has been closed, so nobody waits any more
            pass

    def _end(self, woken: bool) -> None:
        if not self._woken.done():
            self._woken.set_result(woken)

    async def park(self, timeout: float | None) -> bool:
        if timeout is None:
            return await self._woken
        alarm = self._loop.call_later(timeout, self._end, False)
        try:
            return await self._woken
        finally:
            alarm.cancel()


class _TrioParker:
    def __init__(self, trio: Any) -> None:
        self._trio = trio
        self._thread = threading.get_ident()
        self._token = trio.lowlevel.current_trio_token()
        self._woken = trio.Event()

    def wake(self) -> None:
        try:
            if self._thread in READING and self._thread == threading.get_ident():
                self._woken.set()
            else:
                self._token.run_sync_soon(self._woken.set)
        except self._trio.RunFinishedError:  # nobody waits any more
            pass

    async def park(self, timeout: float | None) -> bool:
        with self._trio.move_on_after(float("inf") if timeout is None else timeout) as scope:
            await self._woken.wait()
        return not scope.cancelled_caught


def _running_trio() -> Any:
    """The trio module if this is a task of it; it is never imported for the question."""
    trio = sys.modules.get("trio")
    return trio if trio is not None and trio.lowlevel.in_trio_run() else None


def new_async_parker() -> AsyncParker:
    """A parker for the loop that runs here. Raises UsageError if there is none."""
    trio = _running_trio()
    if trio is not None:
        return _TrioParker(trio)
    try:
        return _AsyncioParker()
    except RuntimeError:
        raise UsageError(
            "AsyncNode waits in asyncio or trio: call this from a coroutine that one of them runs, "
            "or use zyre.Node, which waits in threads"
        ) from None


async def checkpoint() -> None:
    """Give other tasks a turn, and cancellation a chance."""
    trio = _running_trio()
    if trio is not None:
        await trio.lowlevel.checkpoint()
    else:
        import asyncio

        await asyncio.sleep(0)


def take_in_thread(take: Callable[[], T], place: Place, clock: Clock, timeout: float | None) -> T:
    """What ``take`` returns once it does not raise WouldBlock, waiting in this thread up to ``timeout`` seconds, or for
    ever. Raises RecvTimeout, and what ``take`` raises."""
    deadline = None if timeout is None else clock.now() + timeout
    while True:
        try:
            return take()
        except WouldBlock:
            pass  # and not waited in here, or every interrupted wait would be shown as a consequence of this
        left = _seconds_left(deadline, clock.now, timeout)
        parker = clock.new_parker()
        if place.park(parker.wake):
            try:
                parker.park(left)
            finally:
                place.unpark(parker.wake)


async def take_in_task(take: Callable[[], T], place: Place, now: Callable[[], float], timeout: float | None) -> T:
    """The same in an asyncio or trio task. A wait that is cancelled has taken nothing."""
    deadline = None if timeout is None else now() + timeout
    while True:
        try:
            return take()
        except WouldBlock:
            pass
        left = _seconds_left(deadline, now, timeout)
        parker = new_async_parker()
        if place.park(parker.wake):
            try:
                await parker.park(left)
            finally:
                place.unpark(parker.wake)


def _seconds_left(deadline: float | None, now: Callable[[], float], timeout: float | None) -> float | None:
    if deadline is None:
        return None
    left = deadline - now()
    if left <= 0:
        raise RecvTimeout(timeout or 0.0)
    return left
