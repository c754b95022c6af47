"""Greenlets: in a thread that has a hub beside threads that have none, and in a program that is patched throughout."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from zyre.sockets import Message, Socket, SocketClosed, SocketTimeout, select

from .conftest import Pair, Runner

pytest.importorskip("gevent")


def in_hub(job: Any) -> Any:
    """Run ``job(gevent)`` in this thread with a hub, which ends with it."""
    import gevent

    try:
        with gevent.Timeout(20):
            return job(gevent)
    finally:
        gevent.get_hub().destroy(destroy_loop=True)


def test_other_greenlets_keep_running(endpoint: str, pair: Pair, start: Runner) -> None:
    push, pull = pair("push", "pull", endpoint)

    def job(gevent: Any) -> None:
        waiting = gevent.spawn(pull.recv)
        turns = 0
        for _ in range(100):
            turns += 1
            gevent.sleep(0)
        assert not waiting.ready()
        push.send("now")
        assert waiting.get() == Message("now")
        assert turns == 100

    start(in_hub, job)()


def test_a_conversation_of_greenlets(endpoint: str, pair: Pair, start: Runner) -> None:
    req, rep = pair("req", "rep", endpoint)

    def job(gevent: Any) -> None:
        def serve() -> None:
            for message in rep:
                rep.send(message)

        serving = gevent.spawn(serve)
        for number in range(50):
            req.send(str(number))
            assert req.recv_string() == str(number)
        rep.close()
        serving.get()

    start(in_hub, job)()


def test_closing_wakes_its_waiters(start: Runner) -> None:
    socket = Socket("pair")

    def job(gevent: Any) -> None:
        waiting = [gevent.spawn(socket.recv), gevent.spawn(socket.send, "x")]
        closed = gevent.spawn(socket.wait_closed)
        gevent.sleep(0)
        socket.close()
        for each in waiting:
            with pytest.raises(SocketClosed):
                each.get()
        assert closed.get() is True

    start(in_hub, job)()


def test_timeouts_and_a_flood(pair: Pair, start: Runner) -> None:
    push, pull = pair("push", "pull", sndhwm=0, rcvhwm=0)

    def job(gevent: Any) -> None:
        with pytest.raises(SocketTimeout):
            pull.recv(timeout=0.01)
        ticks = 0

        def tick() -> None:
            nonlocal ticks
            while True:
                ticks += 1
                gevent.sleep(0)

        ticking = gevent.spawn(tick)
        for _ in range(1000):
            push.send("x")
        for _ in range(1000):
            pull.recv()
        assert ticks > 5
        ticking.kill()

    start(in_hub, job)()


def test_select_with_gevents_own_event(pair: Pair, start: Runner) -> None:
    _, pull = pair("push", "pull")

    def job(gevent: Any) -> None:
        from gevent.event import Event

        event = Event()
        gevent.spawn_later(0, event.set)
        assert select(pull, event) == [event]

    start(in_hub, job)()


PATCHED = """
from gevent import monkey
monkey.patch_all()
import gevent, threading
from zyre.sockets import Event, Socket, proxy

turns = 0
def tick():
    global turns
    while True:
        turns += 1
        gevent.sleep(0)

gevent.spawn(tick)
pull = Socket("pull", bind="tcp://127.0.0.1:*")
push = Socket("push", connect=pull.endpoints("bind")[0])
received = []
thread = threading.Thread(target=lambda: received.append(pull.recv_string()))
thread.start()
gevent.sleep(0.01)
before = turns
assert before and not received
push.send("hello")
thread.join()
assert received == ["hello"] and turns > before
with Socket("push", bind="inproc://a") as front, Socket("pull", bind="inproc://b") as back:
    stop = threading.Event()
    ended = gevent.spawn(proxy, back, front, until=stop)
    gevent.sleep(0)
    stop.set()
    print(ended.get().reason)
push.close()
pull.close()
print("ok")
"""


def test_a_program_that_is_patched_throughout(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-W", "error", "-c", PATCHED]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=50, cwd=tmp_path)
    assert (done.stdout, done.returncode) == ("until\nok\n", 0), done.stderr
