"""Streams over real nodes, in threads and on both async loops: the same table for all of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import zyre
from tests.peers.harness import unused_port
from tests.support import loops
from tests.support.loops import LOOPS, Loop
from tests.support.nodes import PATIENCE, drain, expect, in_threads, meeting, until
from zyre import Enter, Exit, Join, Shout, Whisper
from zyre.streams import AsyncStream, Stream

pytestmark = pytest.mark.lan


def text(event: Any) -> str:
    return str(event.content[0].decode())


#: name: how a stream is built, what comes out of the messages 0..9 (whispers if even, shouts to G if odd), and which
#: of them are still there for others
CASES: dict[str, tuple[Callable[[Any, zyre.Node], Any], list[Any], list[str]]] = {
    "everything": (lambda s, _: s.map(text), list("0123456789"), []),
    "of one kind": (lambda s, _: s.of(Whisper).map(text), list("02468"), []),
    "of two kinds": (lambda s, _: s.of(Whisper, Shout).map(text), list("0123456789"), []),
    "of a union": (lambda s, _: s.of(Whisper | Enter).map(text), list("02468"), []),
    "in a group": (lambda s, _: s.in_group("G").map(text), list("13579"), []),
    "in another group": (lambda s, _: s.in_group("H").map(text), [], []),
    "about a peer": (lambda s, alice: s.about(alice).map(text), list("0123456789"), []),
    "about nobody here": (lambda s, _: s.about("0" * 32).map(text), [], []),
    "filter": (lambda s, _: s.filter(lambda e: text(e) > "6").map(text), list("789"), []),
    "map": (lambda s, _: s.map(text).map(int).map(lambda n: n * n), [n * n for n in range(10)], []),
    "transform": (
        lambda s, _: s.of(Whisper).map(text).transform(lambda t: t * int(t)),
        list("22" + "4" * 4 + "6" * 6 + "8" * 8),
        [],
    ),
    "scan": (lambda s, _: s.map(text).map(int).scan(lambda a, n: a + n, 0), [0, 1, 3, 6, 10, 15, 21, 28, 36, 45], []),
    "take": (lambda s, _: s.take(3).map(text), list("012"), list("3456789")),
    "take none": (lambda s, _: s.take(0).map(text), [], list("0123456789")),
    "take, then filter": (lambda s, _: s.take(4).of(Shout).map(text), list("13"), list("456789")),
    "filter, then take": (lambda s, _: s.of(Shout).take(2).map(text), list("13"), list("456789")),
    "take twice": (lambda s, _: s.take(5).take(2).map(text), list("01"), list("23456789")),
    "take while": (lambda s, _: s.map(text).take_while(lambda t: t < "3"), list("012"), list("456789")),
    "merge with itself": (
        lambda s, _: type(s).merge(s.take(2), s.take(2)).map(text),
        list("0123"),
        list("456789"),
    ),
    "until, in time": (lambda s, _: s.until(PATIENCE).take(2).map(text), list("01"), list("23456789")),
    "idle, not idle": (lambda s, _: s.idle(PATIENCE).take(2).map(text), list("01"), list("23456789")),
    "timeout, in time": (lambda s, _: s.take(2).timeout(PATIENCE).map(text), list("01"), list("23456789")),
}

TABLE = pytest.mark.parametrize(("build", "expected", "left"), CASES.values(), ids=CASES)


def send_ten(alice: zyre.Node, peer: Any) -> None:
    for number in range(10):
        (alice.shout("G", str(number)) if number % 2 else alice.whisper(peer, str(number)))


class TestStream:
    @pytest.fixture
    def pair(self) -> Iterator[tuple[zyre.Node, zyre.Node]]:
        with meeting("alice", "bob") as (alice, bob):
            bob.join("G")
            expect(alice, Join)
            yield alice, bob

    @TABLE
    def test_table(
        self, pair: tuple[zyre.Node, zyre.Node], build: Callable[..., Any], expected: list[Any], left: list[str]
    ) -> None:
        alice, bob = pair
        send_ten(alice, bob)
        until(lambda: bob.statistics().unread == 10)
        stream = build(bob.stream(), alice)
        assert bob.statistics().unread == 10, "something was consumed before anybody asked"
        bob.stop()
        assert list(stream) == expected
        assert [text(event) for event in bob] == left

    def test_nothing_is_consumed_before_it_is_asked_for(self, pair: tuple[zyre.Node, zyre.Node]) -> None:
        alice, bob = pair
        seen: list[object] = []
        stream = bob.stream().tap(seen.append).map(text)
        send_ten(alice, bob)
        until(lambda: bob.statistics().unread == 10)
        assert next(stream) == "0"
        assert len(seen) == 1
        assert text(bob.recv(PATIENCE)) == "1"
        assert next(stream) == "2"

    def test_derived_streams_share_no_counts(self, pair: tuple[zyre.Node, zyre.Node]) -> None:
        alice, bob = pair
        send_ten(alice, bob)
        two = bob.stream().take(2)
        assert [text(event) for event in two] == ["0", "1"]
        assert list(two) == []
        assert list(two.map(text)) == ["2", "3"]
        assert list(two.until(PATIENCE).map(text)) == ["4", "5"]
        assert list(Stream.merge(two, two).map(text)) == ["6", "7", "8", "9"]

    def test_derived_streams_share_no_clock(self, pair: tuple[zyre.Node, zyre.Node]) -> None:
        _, bob = pair
        short = bob.stream().until(0.001)
        assert list(short) == []
        assert [type(item) for item in short.map(text)] == []
        ticks = Stream.every(0.001)
        assert list(ticks.take(3)) == list(ticks.take(3)) == [1, 2, 3]

    def test_waits_for_what_comes(self, pair: tuple[zyre.Node, zyre.Node]) -> None:
        alice, bob = pair

        def read() -> list[str]:
            return list(bob.stream().of(Whisper, Shout).map(text).take(10))

        assert in_threads(read, lambda: send_ten(alice, bob))[0] == list("0123456789")

    def test_ends_when_the_node_stops(self, pair: tuple[zyre.Node, zyre.Node]) -> None:
        _, bob = pair
        began = threading.Event()

        def read() -> list[object]:
            began.set()
            return list(bob.stream().of(Exit))

        def stop() -> None:
            began.wait(PATIENCE)
            bob.stop()

        assert in_threads(read, stop)[0] == []
        assert list(bob.stream()) == []

    def test_before_the_start(self) -> None:
        with pytest.raises(zyre.NodeNotStarted):
            next(zyre.Node(port=unused_port(), interface="lo").stream())

    def test_time_limits(self, pair: tuple[zyre.Node, zyre.Node]) -> None:
        _, bob = pair
        assert list(bob.stream().until(0.01)) == []
        assert list(bob.stream().idle(0.01)) == []
        impatient = bob.stream().timeout(0.01)
        for _ in range(2):
            with pytest.raises(zyre.RecvTimeout):
                next(impatient)

    def test_until_ends_in_a_flood(self, pair: tuple[zyre.Node, zyre.Node]) -> None:
        """Of which nothing is wanted, or everything."""
        alice, bob = pair
        stop = threading.Event()

        def flood() -> None:
            while not stop.is_set():
                alice.whisper(bob, "x")

        def read() -> None:
            try:
                assert list(bob.stream().of(Enter).until(0.05)) == []
                assert {text(event) for event in bob.stream().until(0.05)} == {"x"}
            finally:
                stop.set()

        in_threads(read, flood)

    def test_merge_over_two_nodes_waits_for_both(self) -> None:
        with meeting("alice", "bob", "carol") as (alice, bob, carol):

            def read() -> dict[str, list[str]]:
                both = Stream.merge(
                    bob.stream().of(Whisper).map(lambda e: ("bob", text(e))),
                    carol.stream().of(Whisper).map(lambda e: ("carol", text(e))),
                )
                heard: dict[str, list[str]] = {"bob": [], "carol": []}
                for who, what in both.take(200):
                    heard[who].append(what)
                return heard

            def write() -> None:
                for number in range(100):
                    alice.whisper(bob, str(number))
                    alice.whisper(carol, str(number))

            numbers = [str(number) for number in range(100)]
            assert in_threads(read, write)[0] == {"bob": numbers, "carol": numbers}

    def test_merge_is_fair(self) -> None:
        with meeting("alice", "bob", "carol") as (alice, bob, carol):
            for number in range(50):
                alice.whisper(bob, str(number))
            alice.whisper(carol, "me too")
            until(lambda: bob.statistics().unread == 50 and carol.statistics().unread == 1)
            merged = Stream.merge(bob.stream(), carol.stream()).of(Whisper).map(text)
            assert "me too" in list(merged.take(2))

    def test_merge_waits_without_polling(self) -> None:
        """A wait for two quiet nodes is one wait: the processor time it takes is printed, the wake-ups are counted."""
        with meeting("alice", "bob", "carol") as (alice, bob, carol):
            merged = Stream.merge(bob.stream(), carol.stream()).of(Whisper)
            polls = [0]
            source = merged._begin()
            poll = source.poll

            def counted() -> Any:
                polls[0] += 1
                return poll()

            source.poll = counted  # type: ignore[method-assign]
            waited = threading.Event()

            def read() -> float:
                waited.set()
                before = time.thread_time()
                next(merged)
                return time.thread_time() - before

            def write() -> None:
                waited.wait(PATIENCE)
                time.sleep(0.2)
                alice.whisper(carol, "now")

            spent, _ = in_threads(read, write)
            print(f"waiting 0.2 s for two nodes took {spent * 1e6:.0f} us of processor time and {polls[0]} looks")
            assert polls[0] <= 10

    def test_every_beside_events(self, pair: tuple[zyre.Node, zyre.Node]) -> None:
        alice, bob = pair
        alice.whisper(bob, "hello")
        merged = Stream.merge(bob.stream().of(Whisper).map(text), Stream.every(0.005))
        items = list(merged.take(4))
        assert sorted(items, key=str) == [1, 2, 3, "hello"]

    def test_handlers_are_called_by_streams_too(self, pair: tuple[zyre.Node, zyre.Node]) -> None:
        alice, bob = pair
        seen: list[object] = []
        bob.on(Whisper)(seen.append)
        send_ten(alice, bob)
        assert len(list(bob.stream().of(Shout).take(3))) == 3
        assert [text(event) for event in seen] == ["0", "2", "4"]

    def test_layers_that_pick_their_events(self, pair: tuple[zyre.Node, zyre.Node]) -> None:
        alice, bob = pair
        whispers: list[str] = []
        shouts: list[str] = []
        layered = (
            bob.stream()
            .tap(lambda event: isinstance(event, Whisper) and whispers.append(text(event)))
            .tap(lambda event: isinstance(event, Shout) and shouts.append(text(event)))
        )
        send_ten(alice, bob)
        assert len(list(layered.take(10))) == 10
        assert (whispers, shouts) == (list("02468"), list("13579"))

    def test_two_streams_share_the_events_out(self, pair: tuple[zyre.Node, zyre.Node]) -> None:
        alice, bob = pair
        began = threading.Barrier(3)

        def read() -> list[str]:
            began.wait(PATIENCE)
            return [text(event) for event in bob.stream().of(Whisper)]

        def write() -> None:
            began.wait(PATIENCE)
            for number in range(1000):
                alice.whisper(bob, str(number))
            until(lambda: alice.fates(bob).delivered == 1000 and not bob.statistics().unread)
            bob.stop()

        one, other, _ = in_threads(read, read, write)
        assert sorted(map(int, one + other)) == list(range(1000))


class TestRefusals:
    @pytest.mark.parametrize(
        "call",
        [
            lambda s: s.until(0),
            lambda s: s.until(-1),
            lambda s: s.idle("soon"),
            lambda s: s.timeout(0),
            lambda s: type(s).every(0),
            lambda s: type(s).every(-1),
            lambda s: s.of(),
            lambda s: s.of("Shout"),
            lambda s: s.about("bob"),
        ],
    )
    @pytest.mark.parametrize("node_class", [zyre.Node, zyre.AsyncNode])
    def test_at_once_and_by_a_sentence(self, node_class: type[Any], call: Callable[[Any], object]) -> None:
        with pytest.raises(zyre.UsageError):
            call(node_class(port=unused_port(), interface="lo").stream())


@contextmanager
def beside(port: int) -> Iterator[zyre.Node]:
    with zyre.Node("alice", port=port, interface="lo") as alice:
        yield alice


@pytest.mark.parametrize("loop", LOOPS)
class TestAsyncStream:
    @TABLE
    def test_table(self, loop: Loop, build: Callable[..., Any], expected: list[Any], left: list[str]) -> None:
        async def main() -> None:
            port = unused_port()
            with beside(port) as alice:
                async with zyre.AsyncNode("bob", port=port, interface="lo", groups=["G"]) as bob:
                    await loops.expect(bob, Enter)
                    expect(alice, Join)
                    send_ten(alice, bob)
                    while bob.statistics().unread < 10:
                        await loop.pause()
                    stream = build(bob.stream(), alice)
                    assert bob.statistics().unread == 10, "something was consumed before anybody asked"
                    await bob.stop()
                    assert [item async for item in stream] == expected
                    assert [text(event) async for event in bob] == left

        loop.run(main)

    def test_waits_and_cancelling_loses_nothing(self, loop: Loop) -> None:
        async def main() -> None:
            port = unused_port()
            with beside(port) as alice:
                async with zyre.AsyncNode("bob", port=port, interface="lo", groups=["G"]) as bob:
                    await loops.expect(bob, Enter)
                    expect(alice, Join)
                    stream = bob.stream().of(Whisper, Shout).map(text)
                    for _ in range(3):
                        await loop.cancelled_when(stream.__anext__, lambda: bob._host.mailbox._waiters)
                        assert not bob._host.mailbox._waiters
                    send_ten(alice, bob)
                    assert [item async for item in stream.take(10)] == list("0123456789")

        loop.run(main)

    def test_time_limits(self, loop: Loop) -> None:
        async def main() -> None:
            async with zyre.AsyncNode("bob", port=unused_port(), interface="lo") as bob:
                assert [item async for item in bob.stream().until(0.01)] == []
                assert [item async for item in bob.stream().idle(0.01)] == []
                impatient = bob.stream().timeout(0.01)
                for _ in range(2):
                    with pytest.raises(zyre.RecvTimeout):
                        await impatient.__anext__()
                ticks = AsyncStream.every(0.002)
                assert [item async for item in ticks.take(3)] == [1, 2, 3]
                merged = AsyncStream.merge(bob.stream(), ticks)
                assert [item async for item in merged.take(2)] == [1, 2]

        loop.run(main)

    @pytest.mark.parametrize("wanted", [Whisper, Enter], ids=["all of it", "none of it"])
    def test_a_flood_does_not_block_the_loop(self, loop: Loop, wanted: type[Any]) -> None:
        """The reader is ended by a task beside it, which counts; a reader that takes no turn would never end."""

        async def main() -> None:
            port = unused_port()
            with beside(port) as alice:
                async with zyre.AsyncNode("bob", port=port, interface="lo") as bob:
                    await loops.expect(bob, Enter)
                    expect(alice, Enter)
                    stop = threading.Event()

                    def flood() -> None:
                        while not stop.is_set():
                            alice.whisper(bob, "x")

                    async def read() -> None:
                        async for _ in bob.stream().of(wanted):
                            pass

                    async def count() -> None:
                        for _ in range(50):
                            await loop.pause()
                        stop.set()
                        await bob.stop()

                    thread = threading.Thread(target=flood)
                    thread.start()
                    try:
                        await loop.together(read, count)
                    finally:
                        stop.set()
                        thread.join()

        loop.run(main)

    def test_merge_over_two_nodes(self, loop: Loop) -> None:
        async def main() -> None:
            port = unused_port()
            with beside(port) as alice:
                async with (
                    zyre.AsyncNode("bob", port=port, interface="lo") as bob,
                    zyre.AsyncNode("carol", port=port, interface="lo") as carol,
                ):
                    for node in bob, carol:
                        await loops.expect(node, Enter, name="alice")
                    until(lambda: len(alice.peers) == 2)
                    merged = AsyncStream.merge(bob.stream(), carol.stream()).of(Whisper).map(text)

                    async def read() -> list[str]:
                        return [item async for item in merged.take(40)]

                    async def write() -> None:
                        for number in range(20):
                            alice.whisper(bob, str(number))
                            alice.whisper(carol, str(number))
                            await loop.pause()

                    heard, _ = await loop.together(read, write)
                    assert sorted(map(int, heard)) == sorted([*range(20), *range(20)])

        loop.run(main)


def test_drained_nodes_do_not_matter_to_merge() -> None:
    with meeting("alice", "bob", "carol") as (alice, bob, carol):
        bob.stop()
        assert drain_stopped(bob) is None
        alice.whisper(carol, "hello")
        assert text(next(Stream.merge(bob.stream(), carol.stream().of(Whisper)))) == "hello"


def drain_stopped(node: zyre.Node) -> None:
    with pytest.raises(zyre.NodeStopped):
        drain(node)
