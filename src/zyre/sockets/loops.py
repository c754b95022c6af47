"""How a task waits: asyncio and trio.

A task parks on a future (asyncio) or an event (trio), which is its waiter. The socket's descriptor is
registered once with each loop that ever waited, not once for each wait: a *watch*, which lives until the
socket is closed or the loop ends. When libzmq signals, the watch has the socket look, and looking wakes the
tasks whose wait is over. Because the signal is edge-triggered, a watch stays silent while nobody waits,
however much arrives.

The watch holds the socket weakly: a socket that was forgotten, not closed, can still be collected.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import weakref
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Protocol

from zyre.sockets.handle import Handle, Watch, duplicate, release
from zyre.sockets.waiting import Source, ThreadWaiter, enlisted

if TYPE_CHECKING:
    import trio

__all__ = ["park_task", "pass_turn"]


class _TaskWaiter(Protocol):
    @property
    def loop(self) -> object: ...

    def wake(self) -> None: ...

    async def parked(self) -> None: ...

    def watch(self, handle: Handle) -> Watch: ...


async def park_task(wants: Sequence[tuple[Source, int]]) -> None:
    """Park this task until one of ``wants`` may be ready. It may come back early, like ``park``."""
    waiter = _new_waiter()
    for source, interest in wants:
        if interest and isinstance(source, Handle):
            _ensure_watched(source, waiter)
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


def _ensure_watched(handle: Handle, waiter: _TaskWaiter) -> None:
    with handle._lock:
        if handle._closed or waiter.loop in handle._watches:
            return
        for loop in [loop for loop in handle._watches if _has_ended(loop)]:
            handle._watches.pop(loop).stop()
        handle._watches[waiter.loop] = waiter.watch(handle)


def _has_ended(loop: object) -> bool:
    return isinstance(loop, asyncio.AbstractEventLoop) and loop.is_closed()


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
            return _ReaderWatch(handle, self.loop)
        except NotImplementedError:  # Windows' proactor loop has no add_reader
            return _ThreadWatch(handle)


class _ReaderWatch:
    """The descriptor among the readers of an asyncio loop."""

    def __init__(self, handle: Handle, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        # A copy: the loop may still know the number when libzmq has closed, and something else reused, its
        # own.
        self._fd = duplicate(handle._descriptors()[0])
        try:
            loop.add_reader(self._fd, _signal, weakref.ref(handle))
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


class _ThreadWatch:
    """A thread that watches the descriptor for a loop that cannot."""

    def __init__(self, handle: Handle) -> None:
        self._stopped = False
        self._waiter = ThreadWaiter()
        fd = duplicate(handle._descriptors()[0])
        run = threading.Thread(
            target=self._run, args=(weakref.ref(handle), fd), name="zyre-sockets-watch", daemon=True
        )
        run.start()

    def _run(self, handle: weakref.ref[Handle], fd: int) -> None:
        while not self._stopped:
            self._waiter.park((fd,), None)
            _signal(handle)
        release(fd)
        self._waiter.close()

    def stop(self) -> None:
        self._stopped = True
        self._waiter.wake()


def _signal(handle: weakref.ref[Handle]) -> None:
    living = handle()
    if living is not None:
        living._signalled()


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


class _TrioWatch:
    """The descriptor in the hands of a system task of a trio run, which ends with the run."""

    def __init__(self, handle: Handle, trio: Any, token: trio.lowlevel.TrioToken) -> None:
        self._trio = trio
        self._token = token
        self._fd = duplicate(handle._descriptors()[0])
        trio.lowlevel.spawn_system_task(self._run, weakref.ref(handle))

    async def _run(self, handle: weakref.ref[Handle]) -> None:
        try:
            while True:
                await self._trio.lowlevel.wait_readable(self._fd)
                _signal(handle)
        except self._trio.ClosedResourceError:
            pass  # stopped
        finally:
            release(self._fd)
            living = handle()
            if living is not None:
                living._watches.pop(self._token, None)

    def stop(self) -> None:
        try:
            self._token.run_sync_soon(self._trio.lowlevel.notify_closing, self._fd)
        except self._trio.RunFinishedError:
            pass  # the task has ended with the run
