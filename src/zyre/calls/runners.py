"""Serving in asyncio and trio."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from zyre.core.outcome import Outcome
from zyre.errors import ZyreError
from zyre.identity import PeerId
from zyre.waiting import new_async_parker

if TYPE_CHECKING:
    from zyre.calls.hub import Calls
    from zyre.calls.serving import Job

__all__ = ["Runner", "new_runner"]


async def _whisper(calls: Calls, peer: PeerId, content: tuple[bytes, ...]) -> None:
    """Send an answer, waiting for room as long as any send does."""
    host = calls.host
    deadline = host.now() + host.send_patience
    while host.whisper_nowait(peer, content) is Outcome.BLOCKED:
        parker = new_async_parker()
        host.on_room(parker.wake)
        if host.whisper_nowait(peer, content) is not Outcome.BLOCKED:
            return
        if not await parker.park(max(0.0, deadline - host.now())):
            host.shed(peer)


class Runner(ABC):
    """Runs coroutine functions in one loop. ``launch`` is called in any thread when there may be jobs."""

    @abstractmethod
    def launch(self, calls: Calls) -> None:
        """Have the loop take the jobs that there are."""

    def _begin(self, calls: Calls) -> None:
        """In the loop."""
        while (job := calls.next_job()) is not None:
            self._start(calls, job)

    @abstractmethod
    def _start(self, calls: Calls, job: Job) -> None:
        """Run a job as a task."""

    @abstractmethod
    async def _within(self, job: Job) -> tuple[bool, Any]:
        """Await a job's function: whether it came to its end before it was cancelled or its time was over, and its
        result."""

    async def _serve(self, calls: Calls, job: Job) -> None:
        content, outcome = None, "cancelled"
        try:
            try:
                ended, result = await self._within(job)
                if ended:
                    content = calls.answer(job, result)
                    outcome = "served"
            except Exception as error:
                content = calls.failure(job, error)
                outcome = "failed"
        finally:
            calls.done(job, outcome)
        if content is not None and job.is_wanted():
            try:
                await _whisper(calls, job.request.peer, content)
            except ZyreError:  # the node has been stopped
                pass


class _AsyncioRunner(Runner):
    def __init__(self) -> None:
        import asyncio

        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        """The loop itself holds its tasks weakly."""

    def launch(self, calls: Calls) -> None:
        try:
            self._loop.call_soon_threadsafe(self._begin, calls)
        except RuntimeError:  # the loop has been closed: requests find no place soon, and are told so
            pass

    def _start(self, calls: Calls, job: Job) -> None:
        task = self._loop.create_task(self._serve(calls, job), name=f"zyre-service {job.service.name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _within(self, job: Job) -> tuple[bool, Any]:
        import asyncio

        left = job.request.time_left
        scope = asyncio.timeout(None if left == float("inf") else left)
        task = asyncio.current_task()
        assert task is not None
        job.cancel = lambda: self._cancel(task)
        try:
            async with scope:
                if job.is_wanted():
                    return True, await job.service.function(job.request)
        except TimeoutError:
            if not scope.expired():
                raise
        except asyncio.CancelledError:
            if job.is_wanted():  # but the loop is at its end
                raise
            task.uncancel()
        return False, None

    def _cancel(self, task: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(task.cancel)
        except RuntimeError:
            pass


class _TrioRunner(Runner):
    def __init__(self, trio: Any) -> None:
        self._trio = trio
        self._token = trio.lowlevel.current_trio_token()

    def _soon(self, action: Callable[[], object]) -> None:
        try:
            self._token.run_sync_soon(action)
        except self._trio.RunFinishedError:
            pass

    def launch(self, calls: Calls) -> None:
        self._soon(partial(self._begin, calls))

    def _start(self, calls: Calls, job: Job) -> None:
        self._trio.lowlevel.spawn_system_task(self._serve, calls, job, name=f"zyre-service {job.service.name}")

    async def _within(self, job: Job) -> tuple[bool, Any]:
        with self._trio.move_on_after(job.request.time_left) as scope:
            job.cancel = lambda: self._soon(scope.cancel)
            if job.is_wanted():
                return True, await job.service.function(job.request)
        return False, None


def new_runner() -> Runner:
    """A runner for the loop that runs here. Raises UsageError if there is none."""
    new_async_parker()
    trio = sys.modules.get("trio")
    if trio is not None and trio.lowlevel.in_trio_run():
        return _TrioRunner(trio)
    return _AsyncioRunner()
