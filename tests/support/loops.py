"""asyncio and trio under one name, so that a test of an async face is written once and runs on both."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio

import zyre
from tests.support.nodes import PATIENCE, matches

Job = Callable[[], Awaitable[Any]]


class Asyncio:
    name = "asyncio"
    Cancelled = asyncio.CancelledError

    def run(self, job: Job) -> Any:
        async def main() -> Any:
            async with asyncio.timeout(PATIENCE):
                return await job()

        return asyncio.run(main())

    async def together(self, *jobs: Job) -> list[Any]:
        """Run jobs as tasks beside one another; their results in order."""

        async def task(job: Job) -> Any:
            return await job()

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(task(job)) for job in jobs]
        return [task.result() for task in tasks]

    async def cancelled_when(self, job: Job, ready: Callable[[], object]) -> None:
        """Run a job as a task and cancel it once ``ready()`` is true; it must end by that."""

        async def task() -> None:
            await job()

        running = asyncio.create_task(task())
        while not ready():
            await self.pause()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    async def pause(self, seconds: float = 0.0) -> None:
        await asyncio.sleep(seconds)

    async def later(self, job: Callable[[], Any]) -> Any:
        return job()


class Trio:
    name = "trio"
    Cancelled = trio.Cancelled

    def run(self, job: Job) -> Any:
        async def main() -> Any:
            with trio.fail_after(PATIENCE):
                return await job()

        return trio.run(main)

    async def together(self, *jobs: Job) -> list[Any]:
        results: list[Any] = [None] * len(jobs)

        async def task(index: int, job: Job) -> None:
            results[index] = await job()

        async with trio.open_nursery() as nursery:
            for index, job in enumerate(jobs):
                nursery.start_soon(task, index, job)
        return results

    async def cancelled_when(self, job: Job, ready: Callable[[], object]) -> None:
        ended: list[bool] = []
        scope = trio.CancelScope()

        async def task() -> None:
            with scope:
                await job()
            ended.append(scope.cancelled_caught)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(task)
            while not ready():
                await self.pause()
            scope.cancel()
        assert ended == [True]

    async def pause(self, seconds: float = 0.0) -> None:
        await trio.sleep(seconds)

    async def later(self, job: Callable[[], Any]) -> Any:
        return job()


Loop = Asyncio | Trio

LOOPS = [pytest.param(Asyncio(), id="asyncio"), pytest.param(Trio(), id="trio")]


async def expect(node: zyre.AsyncNode, kind: type, **fields: Any) -> Any:
    """Read events until the first of this kind with these fields; those before it are passed over."""
    deadline = time.monotonic() + PATIENCE
    while True:
        event = await node.recv(max(0.0, deadline - time.monotonic()))
        if matches(event, kind, fields):
            return event


async def drain(node: zyre.AsyncNode) -> list[Any]:
    """All events that are there."""
    events = []
    try:
        while True:
            events.append(node.recv_nowait())
    except zyre.WouldBlock:
        return events
