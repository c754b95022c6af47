from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import trio

from zyre.sockets import Event, Message, ProxyEnd, Socket, WrongUse, aproxy, proxy

from .conftest import Parked, Runner

Ends = tuple[Socket, Socket]


@pytest.fixture
def broker() -> Iterator[Ends]:
    with Socket("router", bind="inproc://front", linger=0) as front, Socket("dealer", bind="inproc://back") as back:
        yield front, back


def converse(rounds: int = 3) -> list[str]:
    """A client and a worker on either side of a broker."""
    answers = []
    with Socket("req", connect="inproc://front") as client, Socket("rep", connect="inproc://back") as worker:
        for number in range(rounds):
            client.send(f"question {number}")
            worker.send([worker.recv_string(timeout=20), "answered"])
            answers.append(" ".join(client.recv(timeout=20).strings))
    return answers


@pytest.mark.parametrize("made", [Event, threading.Event])
def test_both_ways_until_an_event(broker: Ends, made: Callable[[], threading.Event], start: Runner) -> None:
    stop = made()
    ended = start(lambda: proxy(*broker, until=stop))
    assert converse() == [f"question {number} answered" for number in range(3)]
    stop.set()
    assert ended() == ProxyEnd("until", 3, 3)
    assert not broker[0].closed


@pytest.mark.parametrize("which", [0, 1])
def test_until_one_is_closed(broker: Ends, which: int, parked: Parked, start: Runner) -> None:
    ended = start(lambda: proxy(*broker))
    parked.wait()
    broker[which].close()
    assert ended() == ProxyEnd("closed", 0, 0)


def test_until_a_descriptor_or_a_socket(broker: Ends, parked: Parked, start: Runner) -> None:
    read, write = os.pipe()
    ended = start(lambda: proxy(*broker, until=read))
    parked.wait()
    os.write(write, b"x")
    assert ended().reason == "until"
    os.close(read)
    os.close(write)
    with Socket("pair", bind="inproc://stop") as stop, Socket("pair", connect="inproc://stop") as stopper:
        ended = start(lambda: proxy(*broker, until=stop))
        parked.wait()
        stopper.send("stop")
        assert ended().reason == "until"


def test_captured_by_a_function(broker: Ends, start: Runner) -> None:
    seen: list[tuple[str, Message]] = []
    stop = Event()
    ended = start(
        lambda: proxy(*broker, capture=lambda source, message: seen.append((source.type, message)), until=stop)
    )
    converse(1)
    stop.set()
    ended()
    assert [(kind, message[1:]) for kind, message in seen] == [
        ("router", (b"", b"question 0")),
        ("dealer", (b"", b"question 0", b"answered")),
    ]


def test_captured_by_a_socket(broker: Ends, start: Runner) -> None:
    stop = Event()
    with Socket("pair", bind="inproc://capture") as seen, Socket("pair", connect="inproc://capture") as capture:
        ended = start(lambda: proxy(*broker, capture=capture, until=stop))
        converse(1)
        stop.set()
        ended()
        assert seen.recv()[1:] == (b"", b"question 0")
        assert seen.recv()[1:] == (b"", b"question 0", b"answered")


def test_one_way(start: Runner) -> None:
    with (
        Socket("pull", bind="inproc://in") as a,
        Socket("push", bind="inproc://out") as b,
        Socket("push", connect="inproc://in") as source,
        Socket("pull", connect="inproc://out") as sink,
    ):
        stop = Event()
        ended = start(lambda: proxy(a, b, until=stop))
        for number in range(500):
            source.send([str(number), "x"])
        assert [sink.recv(timeout=20)[0] for _ in range(500)] == [str(n).encode() for n in range(500)]
        stop.set()
        assert ended() == ProxyEnd("until", 500, 0)


def test_subscriptions_go_up_and_messages_come_down(start: Runner) -> None:
    with (
        Socket("xsub", bind="inproc://in") as a,
        Socket("xpub", bind="inproc://out") as b,
        Socket("xpub", connect="inproc://in") as source,
    ):
        ended = start(lambda: proxy(a, b))
        with Socket("sub", connect="inproc://out", subscribe="topic") as sink:
            assert source.recv(timeout=20) == Message(b"\x01topic")
            source.send(["other", "x"])
            source.send(["topic", "y"])
            assert sink.recv(timeout=20).strings == ("topic", "y")
        a.close()
        assert ended() == ProxyEnd("closed", 1, ended().b_to_a)


def test_what_it_cannot_pass_on_it_does_not_take(parked: Parked, start: Runner) -> None:
    """With nobody at the far side, messages stay in the queue of the near one: a proxy that ends has lost nothing."""
    stop = Event()
    with (
        Socket("pull", bind="inproc://in") as a,
        Socket("push", bind="inproc://out") as b,
        Socket("push", connect="inproc://in") as source,
    ):
        ended = start(lambda: proxy(a, b, until=stop))
        parked.wait()
        source.send("kept")
        stop.set()
        assert ended() == ProxyEnd("until", 0, 0)
        assert a.recv_string() == "kept"


def test_a_capture_that_raises_ends_it(broker: Ends, start: Runner) -> None:
    def refuse(source: Socket, message: Message) -> None:
        raise ValueError("seen enough")

    ended = start(lambda: proxy(*broker, capture=refuse))
    with Socket("req", connect="inproc://front", linger=0) as client, Socket("rep", connect="inproc://back"):
        client.send("x")
        with pytest.raises(ValueError, match="seen enough"):
            ended()


def test_sockets_that_have_nothing_to_say_to_each_other() -> None:
    with Socket("push") as a, Socket("push") as b, pytest.raises(WrongUse, match="between a push and a push"):
        proxy(a, b)


@pytest.mark.parametrize("run", [asyncio.run, trio.run])
def test_for_tasks(broker: Ends, run: Callable[[Any], Any], start: Runner) -> None:
    stop = Event()

    def talk() -> list[str]:
        answers = converse(200)
        stop.set()
        return answers

    answers = start(talk)

    async def main() -> ProxyEnd:
        return await aproxy(*broker, until=stop)

    assert run(main) == ProxyEnd("until", 200, 200) if run is trio.run else run(main()) == ProxyEnd("until", 200, 200)
    assert len(answers()) == 200


def test_a_task_is_cancelled(broker: Ends) -> None:
    async def main() -> None:
        running = asyncio.create_task(aproxy(*broker))
        await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        again = asyncio.create_task(aproxy(*broker))
        await asyncio.sleep(0)
        broker[0].close()
        assert await again == ProxyEnd("closed", 0, 0)

    asyncio.run(main())
