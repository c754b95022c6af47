"""AsyncNode, the same tests on asyncio and on trio. Its peers are plain nodes of the same process."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import zyre
from tests.peers.harness import unused_port
from tests.support import loops
from tests.support.loops import LOOPS, Loop
from tests.support.nodes import PATIENCE, DeafPeer, expect, until
from zyre import AsyncNode, Enter, Exit, Join, Leader, NodeConfig, Shout, Whisper

pytestmark = [pytest.mark.lan, pytest.mark.parametrize("loop", LOOPS)]

Body = Callable[[zyre.Node, AsyncNode], Awaitable[None]]


def run(loop: Loop, body: Body, **options: Any) -> None:
    """Run ``body(alice, bob)`` in the loop: bob is asynchronous and in group G, alice is not, and they have met."""

    async def main() -> None:
        port = unused_port()
        with zyre.Node("alice", port=port, interface="lo") as alice:
            async with AsyncNode("bob", port=port, interface="lo", groups=["G"], **options) as bob:
                await loops.expect(bob, Enter)
                expect(alice, Join)
                await body(alice, bob)

    loop.run(main)


@contextmanager
def thread(job: Callable[[], object]) -> Iterator[None]:
    running = threading.Thread(target=job)
    running.start()
    try:
        yield
    finally:
        running.join(PATIENCE)


class Counter:
    """A task that counts its turns: it stands still if the loop is blocked."""

    def __init__(self, loop: Loop) -> None:
        self.turns = 0
        self.ended = False
        self._loop = loop

    async def run(self) -> None:
        while not self.ended:
            self.turns += 1
            await self._loop.pause(0.0005)


class TestLife:
    def test_with(self, loop: Loop) -> None:
        async def main() -> None:
            node = AsyncNode("bob", port=unused_port(), interface="lo")
            assert repr(node).endswith(" new>")
            async with node as entered:
                assert entered is node
                assert node.endpoint
            assert repr(node).endswith(" stopped>")
            await node.stop()

        loop.run(main)

    def test_before_and_after(self, loop: Loop) -> None:
        async def main() -> None:
            node = AsyncNode("bob", port=unused_port(), interface="lo")
            calls: dict[str, Callable[[], Awaitable[object]]] = {
                "recv": node.recv,
                "whisper": lambda: node.whisper("0" * 32, "x"),
                "shout": lambda: node.shout("G", "x"),
            }
            for verb, call in calls.items():
                with pytest.raises(zyre.NodeNotStarted, match=rf"node\.{verb}\(\) needs a running node"):
                    await call()
            node.join("G")
            async with node:
                assert node.groups == {"G"}
            calls["start"] = node.start
            for verb, call in calls.items():
                with pytest.raises(zyre.NodeStopped, match=rf"node\.{verb}\(\) came after"):
                    await call()
            assert [event async for event in node] == []

        loop.run(main)

    def test_iteration_ends_when_the_node_stops(self, loop: Loop) -> None:
        async def body(alice: zyre.Node, bob: AsyncNode) -> None:
            async def read() -> list[object]:
                return [event async for event in bob]

            async def stop() -> None:
                while not bob._host.mailbox._waiters:
                    await loop.pause()
                await bob.stop()

            assert (await loop.together(read, stop))[0] == []
            assert expect(alice, Exit).reason == "left"

        run(loop, body)

    def test_a_break_needs_no_closing(self, loop: Loop) -> None:
        """An async generator would be closed by the garbage collector, with a warning on trio."""

        async def body(alice: zyre.Node, bob: AsyncNode) -> None:
            for _ in range(3):
                alice.whisper(bob, "hello")
                async for event in bob:
                    assert event.content == (b"hello",)
                    break

        run(loop, body)

    def test_stopped_by_cancelling(self, loop: Loop) -> None:
        """Who is cancelled inside ``async with`` leaves the network like everybody else."""

        async def main() -> None:
            port = unused_port()
            with zyre.Node("alice", port=port, interface="lo") as alice:
                inside: list[AsyncNode] = []

                async def live() -> None:
                    async with AsyncNode("bob", port=port, interface="lo") as bob:
                        await loops.expect(bob, Enter)
                        inside.append(bob)
                        await bob.recv()

                await loop.cancelled_when(live, lambda: inside and inside[0]._host.mailbox._waiters)
                assert expect(alice, Exit).reason == "left"

        loop.run(main)

    def test_the_loop_ends_while_the_node_runs(self, loop: Loop) -> None:
        async def main() -> AsyncNode:
            node = AsyncNode("bob", port=port, interface="lo")
            await node.start()
            with pytest.raises(zyre.RecvTimeout):
                await node.recv(0.001)
            return node

        port = unused_port()
        left = loop.run(main)
        with zyre.Node("alice", port=port, interface="lo") as alice:
            expect(alice, Enter)
            assert alice.whisper(left, "is anybody there?")
            until(lambda: left.statistics().unread == 1)

            async def again() -> None:
                """Another loop may take over."""
                assert isinstance(await left.recv(), Enter)
                await left.stop()

            loop.run(again)

    def test_outside_a_loop_is_a_sentence(self, loop: Loop) -> None:
        node = AsyncNode("bob", port=unused_port(), interface="lo")
        node._host.start()
        waiting = node.recv()
        with pytest.raises(zyre.UsageError, match=r"asyncio or trio"):
            waiting.send(None)
        node._host.stop(1.0)


class TestMessages:
    @pytest.mark.parametrize(
        "frames", [(), ("",), ("text", b"\0\xff", ""), (bytes(1 << 20),)], ids=["none", "empty", "mixed", "1 MB"]
    )
    def test_frames_arrive_exactly(self, loop: Loop, frames: tuple[Any, ...]) -> None:
        expected = tuple(frame.encode() if isinstance(frame, str) else frame for frame in frames)

        async def body(alice: zyre.Node, bob: AsyncNode) -> None:
            assert await bob.whisper(alice, *frames)
            assert expect(alice, Whisper).content == expected
            alice.join("G")
            await loops.expect(bob, Join)
            assert await bob.shout("G", *frames) == 1
            assert expect(alice, Shout).content == expected
            assert alice.whisper(bob, *frames)
            assert (await bob.recv(PATIENCE)).content == expected

        run(loop, body)

    def test_refusals(self, loop: Loop) -> None:
        async def body(alice: zyre.Node, bob: AsyncNode) -> None:
            with pytest.raises(zyre.InvalidPeer):
                await bob.whisper("alice", "hello")
            with pytest.raises(zyre.InvalidFrame):
                await bob.whisper(alice, 1)  # type: ignore[arg-type]
            with pytest.raises(zyre.InvalidName):
                await bob.shout("", "hello")
            assert not await bob.whisper("0" * 32, "hello")
            assert await bob.shout("NOBODY", "hello") == 0
            assert bob.statistics().dropped == {"absent": 1}

        run(loop, body)

    def test_verbs_that_need_no_waiting(self, loop: Loop) -> None:
        async def body(alice: zyre.Node, bob: AsyncNode) -> None:
            bob.join("H")
            assert expect(alice, Join).group == "H"
            bob.leave("H")
            assert expect(alice, zyre.Leave).group == "H"
            bob.set_header("a", "b")
            assert dict(bob.headers) == {"a": "b"}
            assert [peer.name for peer in bob.peers] == ["alice"]
            bob.contest("L")
            event = await loops.expect(bob, Leader)
            assert event.peer == bob.uuid

        run(loop, body, config=NodeConfig(timing=zyre.Timing(alone=0.05)))

    def test_many_in_order(self, loop: Loop) -> None:
        async def body(alice: zyre.Node, bob: AsyncNode) -> None:
            def write() -> None:
                for number in range(3000):
                    alice.whisper(bob, str(number))

            with thread(write):
                for number in range(3000):
                    assert (await bob.recv(PATIENCE)).content == (b"%d" % number,)

        run(loop, body)


class TestWaiting:
    def test_timeout(self, loop: Loop) -> None:
        async def body(alice: zyre.Node, bob: AsyncNode) -> None:
            for timeout in (0, 0.005, -1):
                with pytest.raises(zyre.RecvTimeout):
                    await bob.recv(timeout)
            with pytest.raises(zyre.WouldBlock):
                bob.recv_nowait()
            alice.whisper(bob, "hello")
            assert (await bob.recv(float("inf"))).content == (b"hello",)

        run(loop, body)

    def test_the_loop_runs_while_the_node_waits(self, loop: Loop) -> None:
        """Each message is only sent once the counter has moved on while the node waited for it."""

        async def body(alice: zyre.Node, bob: AsyncNode) -> None:
            counter = Counter(loop)

            def write() -> None:
                for number in range(5):
                    seen = counter.turns
                    until(lambda seen=seen: counter.turns >= seen + 5, "five turns of the counter")
                    alice.whisper(bob, str(number))

            async def read() -> None:
                try:
                    for number in range(5):
                        assert (await bob.recv(PATIENCE)).content == (b"%d" % number,)
                finally:
                    counter.ended = True

            with thread(write):
                await loop.together(counter.run, read)
            assert counter.turns >= 25

        run(loop, body)

    def test_cancelling_loses_no_event(self, loop: Loop) -> None:
        async def body(alice: zyre.Node, bob: AsyncNode) -> None:
            for number in range(20):
                await loop.cancelled_when(bob.recv, lambda: bob._host.mailbox._waiters)
                assert not bob._host.mailbox._waiters
                alice.whisper(bob, str(number))
                assert (await bob.recv(PATIENCE)).content == (b"%d" % number,)

        run(loop, body)

    def test_cancelling_while_events_come_loses_none(self, loop: Loop) -> None:
        """Waits are given up at any moment, also between the wake-up and the turn that it leads to."""

        async def body(alice: zyre.Node, bob: AsyncNode) -> None:
            got: list[bytes] = []

            def write() -> None:
                for number in range(1000):
                    alice.whisper(bob, str(number))
                    if number % 10 == 0:
                        until(lambda number=number: len(got) >= number - 20, "the reader")

            async def read() -> None:
                pauses = 0
                while len(got) < 1000:
                    pauses += 1
                    try:
                        got.append((await bob.recv(0.0002 * (pauses % 3))).content[0])
                    except zyre.RecvTimeout:
                        await loop.pause()

            with thread(write):
                await read()
            assert got == [b"%d" % number for number in range(1000)]

        run(loop, body)

    def test_several_tasks_share_the_events(self, loop: Loop) -> None:
        async def body(alice: zyre.Node, bob: AsyncNode) -> None:
            shares: list[list[int]] = [[], [], []]

            def reader(share: list[int]) -> Callable[[], Awaitable[None]]:
                async def read() -> None:
                    async for event in bob:
                        share.append(int(event.content[0]))
                        if sum(map(len, shares)) == 600:
                            await bob.stop()

                return read

            def write() -> None:
                for number in range(600):
                    alice.whisper(bob, str(number))

            with thread(write):
                await loop.together(*map(reader, shares))
            assert sorted(number for share in shares for number in share) == list(range(600))
            assert all(share == sorted(share) for share in shares)

        run(loop, body)

    @pytest.mark.parametrize("verb", ["recv", "whisper", "shout"])
    def test_who_never_has_to_wait_gives_others_a_turn(self, loop: Loop, verb: str) -> None:
        async def body(alice: zyre.Node, bob: AsyncNode) -> None:
            for _ in range(200):
                alice.whisper(bob, "x")
            while bob.statistics().unread < 200:
                await loop.pause()
            calls = {"recv": bob.recv, "whisper": lambda: bob.whisper("0" * 32), "shout": lambda: bob.shout("NOBODY")}
            turns = [0]
            ended: list[int] = []

            async def work() -> None:
                for _ in range(200):
                    await calls[verb]()  # type: ignore[operator]
                ended.append(turns[0])

            async def count() -> None:
                while not ended:
                    turns[0] += 1
                    await loop.pause()

            await loop.together(work, count)
            assert ended[0] >= 2

        run(loop, body)


class TestHandlers:
    def test_coroutine_functions_are_awaited_one_after_the_other(self, loop: Loop) -> None:
        async def body(alice: zyre.Node, bob: AsyncNode) -> None:
            order: list[str] = []

            @bob.on(Whisper)
            async def slowly(event: Whisper) -> None:
                order.append(f"begin {event.content[0].decode()}")
                await loop.pause(0.001)
                order.append(f"end {event.content[0].decode()}")

            @bob.on(Whisper)
            def plainly(event: Whisper) -> None:
                order.append(f"plain {event.content[0].decode()}")
                if event.content == (b"2",):
                    bob.off(slowly)

            for number in range(1, 4):
                alice.whisper(bob, str(number))
            for _ in range(3):
                await bob.recv(PATIENCE)
            assert order == ["begin 1", "end 1", "plain 1", "begin 2", "end 2", "plain 2", "plain 3"]

        run(loop, body)

    def test_cancelling_in_one_loses_no_event(self, loop: Loop) -> None:
        """The next reader gets it, once the functions behind the cancelled one have been called; so does one that waits
        already."""

        async def body(alice: zyre.Node, bob: AsyncNode) -> None:
            called: list[str] = []

            @bob.on(Whisper)
            async def slow(event: Whisper) -> None:
                called.append("slow")
                if event.content == (b"slow",):
                    await loop.pause(1000)

            @bob.on(Whisper)
            def quick(event: Whisper) -> None:
                called.append("quick")

            for read in (bob.recv, lambda: loop.later(bob.recv_nowait)):
                called.clear()
                alice.whisper(bob, "slow")
                alice.whisper(bob, "next")
                await loop.cancelled_when(bob.recv, lambda: called)
                assert (await read()).content == (b"slow",)
                assert called == ["slow", "quick"]
                assert (await bob.recv(PATIENCE)).content == (b"next",)

            called.clear()
            got: list[bytes] = []

            async def cancel() -> None:
                alice.whisper(bob, "slow")
                await loop.cancelled_when(bob.recv, lambda: called)

            async def wait() -> None:
                while not called:
                    await loop.pause()
                got.append((await bob.recv(PATIENCE)).content[0])

            await loop.together(wait, cancel)
            assert got == [b"slow"]

        run(loop, body)

    def test_run(self, loop: Loop) -> None:
        async def body(alice: zyre.Node, bob: AsyncNode) -> None:
            seen: list[bytes] = []

            @bob.on(Shout, group="CHAT")
            async def take(event: Shout) -> None:
                seen.append(event.content[0])
                if event.content == (b"stop",):
                    await bob.stop()

            bob.join("CHAT")
            expect(alice, Join, group="CHAT")
            await bob.run(timeout=0.002)
            for text in ("one", "two", "stop"):
                alice.shout("CHAT", text)
            await bob.run()
            assert seen == [b"one", b"two", b"stop"]

        run(loop, body)

    def test_where_nobody_can_await_it_says_so(self, loop: Loop) -> None:
        async def body(alice: zyre.Node, bob: AsyncNode) -> None:
            @bob.on(Whisper)
            async def take(event: Whisper) -> None: ...

            alice.whisper(bob, "one")
            with pytest.raises(zyre.UsageError, match="'async for'"):
                await bob.stream().__anext__()

        run(loop, body)


class TestFullQueues:
    CONFIG = NodeConfig(timing=zyre.Timing(send_patience=0.3), limits=zyre.Limits(link_messages=10))

    @pytest.mark.parametrize("verb", ["whisper", "shout"])
    def test_waiting_for_room_does_not_block_the_loop(self, loop: Loop, verb: str) -> None:
        """The queue of a peer that does not read is full until patience is over; the counter goes on meanwhile."""

        async def body(alice: zyre.Node, bob: AsyncNode) -> None:
            counter = Counter(loop)
            waited: list[int] = []
            large = bytes(1 << 20)

            def send() -> Awaitable[object]:
                return bob.whisper(deaf.uuid, large) if verb == "whisper" else bob.shout("S", large)

            async def fill() -> None:
                try:
                    while True:
                        before = counter.turns
                        if not await send():
                            waited.append(counter.turns - before)
                            break
                    assert not await send()
                finally:
                    counter.ended = True

            with DeafPeer(bob, groups=["S"]) as deaf:
                await loops.expect(bob, Enter, name="deaf")
                await loops.expect(bob, Join, group="S")
                await loop.together(counter.run, fill)
                assert waited[0] >= 3
                assert bob.statistics().dropped["peer_slow"] >= 2
                assert await bob.whisper(alice, "others are not delayed")
                assert expect(alice, Whisper)

        run(loop, body, config=self.CONFIG)

    def test_goes_on_as_soon_as_there_is_room(self, loop: Loop) -> None:
        """Not when patience is over: that is set to longer than any test may take."""
        config = NodeConfig(timing=zyre.Timing(send_patience=1000), limits=zyre.Limits(link_messages=10))

        async def body(alice: zyre.Node, bob: AsyncNode) -> None:
            with DeafPeer(bob) as deaf:
                await loops.expect(bob, Enter, name="deaf")
                sent = [0]

                def read() -> None:
                    deaf.read()  # HELLO
                    for number in range(60):
                        assert int(deaf.read()[2][:8]) == number

                async def fill() -> None:
                    for number in range(60):
                        assert await bob.whisper(deaf.uuid, b"%08d" % number + bytes(1 << 20))
                        sent[0] += 1

                async def release() -> None:
                    while not bob._host._congestion.wakers:
                        await loop.pause(0.001)
                    assert sent[0] < 60
                    reader.start()

                reader = threading.Thread(target=read)
                await loop.together(fill, release)
                reader.join(PATIENCE)
                assert not reader.is_alive()
            assert "peer_slow" not in bob.statistics().dropped

        run(loop, body, config=config)

    def test_cancelled_while_waiting_for_room(self, loop: Loop) -> None:
        """It sends nothing, and others go on."""
        config = NodeConfig(timing=zyre.Timing(send_patience=1000), limits=zyre.Limits(link_messages=10))

        async def body(alice: zyre.Node, bob: AsyncNode) -> None:
            with DeafPeer(bob, groups=["S"]) as deaf:
                await loops.expect(bob, Enter, name="deaf")
                await loops.expect(bob, Join, group="S")

                async def fill() -> None:
                    while True:
                        await bob.whisper(deaf.uuid, bytes(1 << 20))

                congestion, before = bob._host._congestion, -1
                while before != (offered := bob.statistics().fates.offered):  # the kernel takes some more for a while
                    before = offered
                    congestion.wake()
                    await loop.cancelled_when(fill, lambda: congestion.wakers)
                    await loop.pause(0.1)
                congestion.wake()
                await loop.cancelled_when(lambda: bob.shout("S", "x"), lambda: congestion.wakers)
                assert bob.statistics().fates.offered == before
                assert await bob.whisper(alice, "others are not delayed")
                assert expect(alice, Whisper)

        run(loop, body, config=config)

    def test_stopped_while_waiting_for_room(self, loop: Loop) -> None:
        config = NodeConfig(timing=zyre.Timing(send_patience=1000), limits=zyre.Limits(link_messages=10))

        async def body(alice: zyre.Node, bob: AsyncNode) -> None:
            with DeafPeer(bob) as deaf:
                await loops.expect(bob, Enter, name="deaf")

                async def fill() -> str:
                    try:
                        while True:
                            await bob.whisper(deaf.uuid, bytes(1 << 20))
                    except zyre.NodeStopped:
                        return "ended"

                async def stop() -> None:
                    while not bob._host._congestion.wakers:
                        await loop.pause(0.001)
                    await bob.stop()

                assert (await loop.together(fill, stop))[0] == "ended"

        run(loop, body, config=config)
