from __future__ import annotations

import asyncio
import os
import selectors
import socket as plain
import threading

import pytest
import trio

from zyre.sockets import Event, Message, Socket, WrongUse, aselect, select

from .conftest import Pair, Parked, Runner


def test_it_returns_what_is_ready(pair: Pair) -> None:
    a, b = pair("pair", "pair")
    assert select(a, b, timeout=0) == []
    a.send("x")
    assert select(a, b) == [b]
    b.send("y")
    assert select(b, a) == [b, a]
    assert b.recv() == Message("x")
    assert select(b, a) == [a]


def test_it_waits_for_any_of_several_sources(endpoint: str, pair: Pair, parked: Parked, start: Runner) -> None:
    push, pull = pair("push", "pull", endpoint)
    near, far = plain.socketpair()
    read, write = os.pipe()
    event, other = Event(), threading.Event()
    sources = [pull, near, read, event, other]
    try:
        for source, make_ready, take_back in [
            (pull, lambda: push.send("x"), pull.recv),
            (near, lambda: far.send(b"x"), lambda: near.recv(9)),
            (read, lambda: os.write(write, b"x"), lambda: os.read(read, 9)),
            (event, event.set, event.clear),
            (other, other.set, other.clear),
        ]:
            result = start(select, *sources)
            parked.wait()
            make_ready()
            assert result() == [source]
            take_back()
        event.set()
        other.set()  # ends the thread that stood in for it
    finally:
        for each in (near, far):
            each.close()
        os.close(read)
        os.close(write)


def test_the_time_is_over(pair: Pair) -> None:
    assert select(*pair("push", "pull")[1:], Event(), timeout=0.01) == []


def test_closing_makes_it_ready(parked: Parked, start: Runner) -> None:
    socket = Socket("pull")
    result = start(select, socket, Event())
    parked.wait()
    socket.close()
    assert result() == [socket]
    assert select(socket) == [socket]


def test_the_helper_of_a_plain_event_is_shared_and_ends_with_it(start: Runner, parked: Parked) -> None:
    event = threading.Event()
    before = threading.active_count()
    for _ in range(3):
        assert select(event, timeout=0) == []
        assert select(event, timeout=0.001) == []
    assert threading.active_count() == before + 1
    event.set()
    for thread in threading.enumerate():
        if thread.name == "zyre-sockets-event":
            thread.join(20)
    assert select(event) == [event]
    event.clear()
    result = start(select, event)
    parked.wait()
    event.set()
    assert result() == [event]


def test_events_that_only_tasks_can_wait_for() -> None:
    for event in (asyncio.Event(), trio.Event()):
        with pytest.raises(WrongUse, match=r"use zyre\.sockets\.Event"):
            select(event)  # type: ignore[type-var]


def test_other_peoples_selectors(endpoint: str, pair: Pair) -> None:
    """The rule of fileno(): look before waiting, and receive until nothing is left."""
    push, pull = pair("push", "pull", endpoint)
    received = []
    with selectors.DefaultSelector() as selector:
        selector.register(pull, selectors.EVENT_READ)
        for number in range(50):
            push.send(str(number))
            while len(received) <= number:
                while pull.readable:
                    received.append(pull.recv_string())
                if len(received) <= number:
                    assert selector.select(20)
    assert received == [str(number) for number in range(50)]


def test_in_tasks(pair: Pair, start: Runner) -> None:
    push, pull = pair("push", "pull")
    event = Event()

    async def main() -> None:
        push.send("x")
        assert await aselect(pull, event) == [pull]
        pull.recv()
        setting = start(event.set)
        assert await aselect(pull, event) == [event]
        setting()
        event.clear()

    asyncio.run(main())
    trio.run(main)


def test_in_tasks_it_waits(pair: Pair) -> None:
    push, pull = pair("push", "pull")

    async def main() -> None:
        waiting = asyncio.create_task(aselect(pull, Event()))
        await asyncio.sleep(0)
        assert not waiting.done()
        await push.asend("x")
        assert await waiting == [pull]

    asyncio.run(main())


@pytest.mark.parametrize("made", [Event, threading.Event])
def test_an_event_that_is_set_already(made: type[threading.Event]) -> None:
    event = made()
    event.set()
    assert select(event) == [event]
