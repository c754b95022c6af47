"""Calls in asyncio and trio."""

from __future__ import annotations

import functools
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

import zyre
from tests.peers.harness import unused_port
from tests.support import loops
from tests.support.loops import LOOPS, Loop
from tests.support.nodes import DeafPeer, meeting, until
from zyre import AsyncNode, Enter, NodeConfig, Request

pytestmark = pytest.mark.lan


@pytest.fixture(params=LOOPS)
def loop(request: pytest.FixtureRequest) -> Loop:
    value: Loop = request.param
    return value


def run(loop: Loop, body: Callable[[zyre.Node, AsyncNode], Awaitable[None]], **options: Any) -> None:
    """A Node and an AsyncNode that have met, in a group together."""

    async def main() -> None:
        async with AsyncNode("bob", port=port, interface="lo", groups=["G"], **options) as bob:
            await loops.expect(bob, Enter)
            await loops.expect(bob, zyre.Join)
            until(lambda: bob.uuid in alice.peers_in("G"))
            await body(alice, bob)

    port = unused_port()
    with meeting("alice", port=port, groups=["G"]) as alice:
        loop.run(main)


class TestAsking:
    def test_ask_and_get_an_answer(self, loop: Loop) -> None:
        async def body(alice: zyre.Node, bob: AsyncNode) -> None:
            alice.service("add", codec="json")(lambda request: sum(request.json()))
            for number in range(50):
                assert (await bob.request(alice, "add", [number, 1], codec="json")).json() == number + 1
            answers = bob.ask("G", "add", [1], codec="json")
            assert [reply.json() async for reply in answers] == [1]
            assert [reply async for reply in answers] == []
            async with bob.ask("G", "add", [2], codec="json", quorum=1) as again:
                assert len(await again.all()) == 1

        run(loop, body)

    def test_errors(self, loop: Loop) -> None:
        async def body(alice: zyre.Node, bob: AsyncNode) -> None:
            release = threading.Event()
            alice.service("slow")(lambda request: release.wait(20) and None)
            with pytest.raises(zyre.NoSuchService):
                await bob.request(alice, "none")
            with pytest.raises(zyre.RequestTimeout):
                await bob.request(alice, "slow", timeout=0.01)
            with pytest.raises(zyre.NoQuorum):
                await bob.ask("G", "slow", quorum=1, timeout=0.01).all()
            with pytest.raises(zyre.NoQuorum):
                await bob.ask("G", "slow", quorum=2).all()
            with pytest.raises(zyre.PeerGone):
                await bob.request("0" * 32, "slow")

            async def ask() -> None:
                with pytest.raises(zyre.PeerGone):
                    await bob.request(alice, "slow", timeout=100)

            async def stop() -> None:
                while not alice.statistics().calls.get("refused"):
                    await loop.pause()
                release.set()
                alice.stop()

            await loop.together(ask, stop)

        run(loop, body)

    def test_cancelling_tells_who_was_asked(self, loop: Loop) -> None:
        async def body(alice: zyre.Node, bob: AsyncNode) -> None:
            running: list[Request] = []

            @alice.service("slow")
            def slow(request: Request) -> None:
                running.append(request)
                until(lambda: request.cancelled)

            await loop.cancelled_when(lambda: bob.request(alice, "slow", timeout=100), lambda: running)
            await loop.cancelled_when(lambda: bob.ask("G", "slow", timeout=100).all(), lambda: running[1:])
            until(lambda: alice.statistics().calls == {"cancelled": 2})
            assert bob.statistics().calls == {"asked": 2, "unanswered": 2}
            assert len(bob._calls._asking) == 0

        run(loop, body)

    def test_stopping_ends_the_waiting(self, loop: Loop) -> None:
        async def body(alice: zyre.Node, bob: AsyncNode) -> None:
            release = threading.Event()
            alice.service("slow")(lambda request: release.wait(20) and None)

            async def ask() -> None:
                with pytest.raises(zyre.NodeStopped):
                    await bob.request(alice, "slow", timeout=100)

            async def iterate() -> None:
                with pytest.raises(zyre.NodeStopped):
                    await bob.ask("G", "slow", timeout=100).all()

            async def stop() -> None:
                while len(alice._calls._serving) < 2:
                    await loop.pause()
                await bob.stop()
                release.set()

            alice._calls  # noqa: B018
            await loop.together(ask, iterate, stop)

        run(loop, body)

    def test_a_full_queue(self, loop: Loop) -> None:
        config = NodeConfig(limits=zyre.Limits(link_messages=2), timing=zyre.Timing(send_patience=1000))

        async def body(alice: zyre.Node, bob: AsyncNode) -> None:
            with DeafPeer(bob) as deaf:
                await loops.expect(bob, Enter, name="deaf")
                for _ in range(30):
                    with pytest.raises(zyre.RequestTimeout):
                        await bob.request(deaf.uuid, "add", bytes(1 << 20), timeout=0.001)

        run(loop, body, config=config)


class TestServing:
    def test_coroutine_functions_run_in_the_loop_beside_one_another(self, loop: Loop) -> None:
        async def body(alice: zyre.Node, bob: AsyncNode) -> None:
            here, waiting = threading.get_ident(), [0]

            @bob.service("meet")
            async def meet(request: Request) -> str:
                assert threading.get_ident() == here
                waiting[0] += 1
                while waiting[0] < 3:
                    await loop.pause()
                return "met"

            class Callable:
                async def __call__(self, request: Request) -> bytes:
                    return request.content[0]

            bob.service("object")(Callable())
            bob.service("partial")(functools.partial(Callable.__call__, None))
            bob.service("plain")(lambda request: threading.current_thread().name)
            asked = [threading.Thread(target=lambda: alice.request(bob, "meet", timeout=20)) for _ in range(3)]
            for thread in asked:
                thread.start()
            while any(thread.is_alive() for thread in asked):
                await loop.pause()
            for name, content in (("object", b"x"), ("partial", b"x"), ("plain", b"zyre-service")):
                assert await in_thread(loop, lambda name=name: alice.request(bob, name, "x").content) == (content,)
            assert bob.statistics().calls == {"served": 6}

        run(loop, body)

    def test_what_it_raises_arrives_as_text(self, loop: Loop, caplog: pytest.LogCaptureFixture) -> None:
        async def body(alice: zyre.Node, bob: AsyncNode) -> None:
            @bob.service("fail")
            async def fail(request: Request) -> None:
                await loop.pause()
                raise TimeoutError("not ours")

            with pytest.raises(zyre.ServiceError, match="not ours"):
                await in_thread(loop, lambda: alice.request(bob, "fail"))

        run(loop, body)

    @pytest.mark.parametrize("how", ["time", "gone", "stop"])
    def test_nobody_works_for_nothing(self, loop: Loop, how: str) -> None:
        """Its time is over, who asked is gone, or its own node stops: the task is cancelled."""

        async def body(alice: zyre.Node, bob: AsyncNode) -> None:
            ended: list[str] = []

            @bob.service("slow")
            async def slow(request: Request) -> None:
                ended.append("begun")
                try:
                    await loop.pause(1000)
                finally:
                    ended.append("ended")

            def ask() -> None:
                timeout = 0.05 if how == "time" else 100.0
                with pytest.raises((zyre.RequestTimeout, zyre.NodeStopped, zyre.PeerGone)):
                    alice.request(bob, "slow", timeout=timeout)

            thread = threading.Thread(target=ask)
            thread.start()
            while not ended:
                await loop.pause()
            if how == "gone":
                alice.stop()
            if how == "stop":
                await bob.stop()
            while len(ended) < 2 or thread.is_alive():
                await loop.pause()
            while not bob.statistics().calls.get("cancelled"):
                await loop.pause()
            assert bob.statistics().calls == {"cancelled": 1}

        run(loop, body)

    def test_so_many_at_once(self, loop: Loop) -> None:
        async def body(alice: zyre.Node, bob: AsyncNode) -> None:
            running: list[int] = [0, 0]

            @bob.service("one", at_once=1)
            async def one(request: Request) -> None:
                running[0] += 1
                running[1] = max(running)
                await loop.pause()
                running[0] -= 1

            threads = [threading.Thread(target=lambda: alice.request(bob, "one", timeout=20)) for _ in range(5)]
            for thread in threads:
                thread.start()
            while any(thread.is_alive() for thread in threads):
                await loop.pause()
            assert running == [0, 1]

        run(loop, body)

    def test_the_loop_may_end_first(self, loop: Loop) -> None:
        """What was asked then is not answered, and nothing is said about it."""
        ended: list[str] = []

        async def body(alice: zyre.Node, bob: AsyncNode) -> None:
            @bob.service("slow")
            async def slow(request: Request) -> None:
                ended.append("begun")
                await loop.pause(1000)

            def ask() -> None:
                with pytest.raises((zyre.PeerGone, zyre.NodeStopped)):
                    alice.request(bob, "slow", timeout=20)
                ended.append("gone")

            threading.Thread(target=ask).start()
            while not ended:
                await loop.pause()

        run(loop, body)
        until(lambda: ended == ["begun", "gone"])


async def in_thread(loop: Loop, job: Callable[[], Any]) -> Any:
    """What ``job`` gives or raises, run in a thread while the loop goes on."""
    outcome: list[Any] = []

    def work() -> None:
        try:
            outcome.append((job(), None))
        except Exception as error:
            outcome.append((None, error))

    thread = threading.Thread(target=work)
    thread.start()
    while not outcome:
        await loop.pause()
    thread.join()
    result, error = outcome[0]
    if error is not None:
        raise error
    return result
