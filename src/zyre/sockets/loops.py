"""How a task waits, in asyncio and in trio: on a future, or on an event, which is its waiter."""

from __future__ import annotations

import asyncio
import sys
import threading
import weakref
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Protocol

from zyre.sockets.handle import Handle, Watch
from zyre.sockets.waiting import Wants, enlisted
from zyre.sockets.watching import LoopWaiter, ThreadWatch, duplicate, ensure_watched, release, signal_to

if TYPE_CHECKING:
    import trio

__all__ = ["park_task", "pass_turn"]


class _TaskWaiter(LoopWaiter, Protocol):
    async def parked(self) -> None: ...


async def park_task(wants: Wants) -> None:
    """Park this task until one of ``wants`` may be ready. It may come back early, like ``park``."""
    waiter = _new_waiter()
    ensure_watched(wants, waiter)
    with ExitStack() as stack:
        if not enlisted(stack, waiter, wants):
            await waiter.parked()


async def pass_turn() -> None:
    """Let the other tasks run once."""
    trio = _running_trio()
    if trio is not None:
        await trio.lowlevel.checkpoint()
    else:
        await asyncio.sleep(0)


def _new_waiter() -> _TaskWaiter:
    trio = _running_trio()
    return _AsyncioWaiter() if trio is None else _TrioWaiter(trio)


def _running_trio() -> Any:
    """The trio module if this is one of its tasks; asked first, as trio can be the guest of asyncio."""
    trio = sys.modules.get("trio")
    return trio if trio is not None and trio.lowlevel.in_trio_task() else None


# -- asyncio --


class _AsyncioWaiter:
    __slots__ = ("_future", "_thread", "loop")

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._future = self.loop.create_future()
        self._thread = threading.get_ident()

    def wake(self) -> None:
        if threading.get_ident() == self._thread:
            self._resolve()
            return
        try:
            self.loop.call_soon_threadsafe(self._resolve)
        except RuntimeError:
            pass  # the loop is closed: nobody is left to wake

    def _resolve(self) -> None:
        if not self._future.done():
            self._future.set_result(None)

    async def parked(self) -> None:
        await self._future

    def watch(self, handle: Handle) -> Watch:
        try:
            return _AsyncioWatch(handle, self.loop)
        except NotImplementedError:  # Windows' proactor loop has no add_reader
            return ThreadWatch(handle)

    def has_ended(self, loop: object) -> bool:
        return isinstance(loop, asyncio.AbstractEventLoop) and loop.is_closed()


class _AsyncioWatch:
    """A reader of an asyncio loop."""

    def __init__(self, handle: Handle, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._fd = duplicate(handle)
        try:
            loop.add_reader(self._fd, signal_to, weakref.ref(handle))
        except BaseException:
            release(self._fd)
            raise

    def stop(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._remove)
        except RuntimeError:  # the loop is closed, and its selector with it
            release(self._fd)

    def _remove(self) -> None:
        self._loop.remove_reader(self._fd)
        release(self._fd)


# -- trio --


class _TrioWaiter:
    __slots__ = ("_event", "_trio", "loop")

    def __init__(self, trio: Any) -> None:
        self._trio = trio
        self.loop: trio.lowlevel.TrioToken = trio.lowlevel.current_trio_token()
        self._event: trio.Event = trio.Event()

    def wake(self) -> None:
        if self._trio.lowlevel.in_trio_run() and self._trio.lowlevel.current_trio_token() is self.loop:
            self._event.set()
            return
        try:
            self.loop.run_sync_soon(self._event.set)
        except self._trio.RunFinishedError:
            pass  # nobody is left to wake

    async def parked(self) -> None:
        await self._event.wait()

    def watch(self, handle: Handle) -> Watch:
        return _TrioWatch(handle, self._trio, self.loop)

    def has_ended(self, loop: object) -> bool:
        return isinstance(loop, asyncio.AbstractEventLoop) and loop.is_closed()


class _TrioWatch:
    """A system task of a trio run, which ends with the run."""

    def __init__(self, handle: Handle, trio: Any, token: trio.lowlevel.TrioToken) -> None:
        self._trio = trio
        self._token = token
        self._stopped = False
        self._fd = duplicate(handle)
        trio.lowlevel.spawn_system_task(self._run, weakref.ref(handle))

    async def _run(self, handle: weakref.ref[Handle]) -> None:
        try:
            while not self._stopped:  # the descriptor of a closed socket may stay readable for good
                await self._trio.lowlevel.wait_readable(self._fd)
                signal_to(handle)
        except self._trio.ClosedResourceError:
            pass  # stopped while waiting
        finally:
            release(self._fd)
            living = handle()
            if living is not None:
                living._watches.pop(self._token, None)

    def stop(self) -> None:
        self._stopped = True
        try:
            self._token.run_sync_soon(self._trio.lowlevel.notify_closing, self._fd)
        except self._trio.RunFinishedError:
            pass  # the task has ended with the run
