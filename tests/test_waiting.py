"""Parkers: a wake-up from any thread, before the wait or during it, or too late for anybody."""

from __future__ import annotations

import threading

import pytest

from tests.support.loops import LOOPS, Asyncio, Loop
from tests.support.nodes import PATIENCE
from zyre.engine.parking import ThreadParker
from zyre.errors import UsageError
from zyre.waiting import checkpoint, new_async_parker


class TestThreadParker:
    def test_woken_before_and_during_the_wait(self) -> None:
        early, late = ThreadParker(), ThreadParker()
        early.wake()
        assert early.park(None)
        threading.Timer(0.01, late.wake).start()
        assert late.park(PATIENCE)

    def test_out_of_time(self) -> None:
        for timeout in (0.0, 0.001):
            assert not ThreadParker().park(timeout)

    def test_no_time_is_too_long(self) -> None:
        parker = ThreadParker()
        parker.wake()
        assert parker.park(float("inf"))


@pytest.mark.parametrize("loop", LOOPS)
class TestAsyncParker:
    def test_woken_before_the_wait(self, loop: Loop) -> None:
        async def main() -> bool:
            parker = new_async_parker()
            parker.wake()
            return await parker.park(None)

        assert loop.run(main)

    def test_woken_from_another_thread(self, loop: Loop) -> None:
        async def main() -> bool:
            parker = new_async_parker()
            threading.Timer(0.01, parker.wake).start()
            return await parker.park(PATIENCE)

        assert loop.run(main)

    @pytest.mark.parametrize("timeout", [0.0, 0.001])
    def test_out_of_time(self, loop: Loop, timeout: float) -> None:
        async def main() -> bool:
            return await new_async_parker().park(timeout)

        assert not loop.run(main)

    def test_no_time_is_too_long(self, loop: Loop) -> None:
        async def main() -> bool:
            parker = new_async_parker()
            threading.Timer(0.01, parker.wake).start()
            return await parker.park(float("inf"))

        assert loop.run(main)

    def test_woken_when_the_loop_is_gone(self, loop: Loop) -> None:
        async def main() -> object:
            return new_async_parker()

        loop.run(main).wake()

    def test_the_loop_goes_on_meanwhile(self, loop: Loop) -> None:
        """The wake-up comes from a task of the same loop, which must get a turn for that."""

        async def main() -> list[object]:
            parker = new_async_parker()

            async def wake() -> None:
                await loop.pause()
                parker.wake()

            return await loop.together(lambda: parker.park(PATIENCE), wake)

        assert loop.run(main) == [True, None]

    def test_a_checkpoint_gives_others_a_turn(self, loop: Loop) -> None:
        turns: list[str] = []

        async def task(name: str) -> None:
            for _ in range(3):
                turns.append(name)
                await checkpoint()

        async def main() -> None:
            await loop.together(lambda: task("a"), lambda: task("b"))

        loop.run(main)
        assert sorted(turns[:2]) == sorted(turns[2:4]) == ["a", "b"]


def test_without_a_loop_is_a_sentence() -> None:
    with pytest.raises(UsageError, match=r"use zyre\.Node, which waits in threads"):
        new_async_parker()


def test_asyncio_is_asyncio_although_trio_is_imported() -> None:
    async def main() -> str:
        return type(new_async_parker()).__name__

    assert "Asyncio" in Asyncio().run(main)
