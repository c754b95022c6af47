from __future__ import annotations

import os
import signal
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import zmq

from zyre.sockets import LINGER, TYPES, Socket, SocketClosed
from zyre.sockets.context import _shared, shared_context

from .conftest import Pair, Parked, Runner

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


@pytest.mark.parametrize("name", TYPES)
def test_every_stable_type(name: str) -> None:
    for given in (name, name.upper(), TYPES[name]):
        with Socket(given) as socket:
            assert socket.type == name
            assert socket.get_option("type") == TYPES[name]
            assert socket.get_option("linger") == (0 if name in ("sub", "pull") else LINGER)


def test_everything_at_once() -> None:
    with (
        Socket(
            "sub",
            identity="me",
            bind=["inproc://a", "tcp://127.0.0.1:*"],
            connect=("inproc://b", "inproc://c"),
            subscribe=["x", b"y"],
            linger=5,
            rcvhwm=9,
        ) as socket,
        Socket("pub", connect="inproc://a") as publisher,
    ):
        assert socket.get_option("identity") == b"me"
        assert socket.get_option("linger") == 5
        assert socket.get_option("rcvhwm") == 9
        assert len(socket.endpoints("bind")) == 2
        assert socket.endpoints("connect") == ["inproc://b", "inproc://c"]
        assert not socket.readable  # looking makes each see the other,
        assert publisher.writable  # and what it subscribed to
        for text in ("z", "x1", "z", "y2"):
            publisher.send(text)
        assert (socket.recv_string(), socket.recv_string()) == ("x1", "y2")
        assert "sub bind inproc://a bind tcp://127.0.0.1:" in repr(socket)
    assert repr(socket) == "<Socket sub closed>"


def test_a_constructor_that_fails_leaves_nothing_open() -> None:
    for wrong in ({"bind": "tcp://nosuch0:1"}, {"connect": "nonsense"}, {"sndhwm": -5}, {"nonsense": 1}):
        with pytest.raises(Exception, match=r"nosuch0|nonsense|sndhwm"):
            Socket("pub", **wrong)  # type: ignore[arg-type]
    assert _shared.context is None


def test_closing() -> None:
    socket = Socket("pair")
    assert not socket.closed
    assert socket.wait_closed(timeout=0) is False
    socket.close()
    socket.close()
    assert socket.closed
    assert socket.wait_closed() is True
    with pytest.raises(SocketClosed), socket:
        socket.recv()


@pytest.mark.parametrize("verb", ["recv", "recv_string", "recv_many", "wait_closed", "send"])
def test_closing_wakes_its_waiters(verb: str, parked: Parked, start: Runner) -> None:
    socket = Socket("pair")
    call: Callable[[], object] = (lambda: socket.send("x")) if verb == "send" else getattr(socket, verb)
    results = [start(call) for _ in range(3)]
    parked.wait(3)
    socket.close()
    for result in results:
        if verb == "wait_closed":
            assert result() is True
        else:
            with pytest.raises(SocketClosed):
                result()


def test_iteration_ends_with_the_socket(parked: Parked, start: Runner, pair: Pair) -> None:
    push, pull = pair("push", "pull")
    push.send("a")
    push.send("b")
    result = start(list, pull)
    parked.wait()
    pull.close()
    assert result() == [(b"a",), (b"b",)]


def test_a_forgotten_socket_is_closed_and_warned_of() -> None:
    socket = Socket("pub", bind="inproc://forgotten")
    sockets = [socket]
    del socket
    with pytest.warns(ResourceWarning, match="unclosed <Socket pub bind inproc://forgotten>"):
        sockets.clear()
    with Socket("pub", bind="inproc://forgotten"):
        pass


def test_what_was_sent_is_delivered_after_closing() -> None:
    with Socket("pull", bind="tcp://127.0.0.1:*") as pull:
        with Socket("push", connect=pull.endpoints("bind")[0]) as push:
            push.send("last words")
        assert pull.recv_string(timeout=20) == "last words"


def test_sockets_share_a_context_that_goes_with_the_last() -> None:
    with Socket("pub") as first:
        with Socket("pub") as second:
            assert first.raw.context is second.raw.context
        context = first.raw.context
        assert not context.closed
    assert _shared.context is None
    with Socket("pub") as third:
        assert third.raw.context is not context


def test_the_shared_context_can_be_held() -> None:
    with shared_context() as context:
        with Socket("pub") as socket:
            assert socket.raw.context is context
        with context.socket(zmq.PAIR) as raw, Socket("pair", connect="inproc://shared") as ours:
            raw.bind("inproc://shared")
            ours.send("hello")
            assert raw.recv() == b"hello"
    assert _shared.context is None


def test_a_context_of_ones_own_is_left_alone() -> None:
    with zmq.Context() as context:
        with Socket("pub", context=context) as socket:
            assert socket.raw.context is context
            assert _shared.context is None
        assert not context.closed


def test_a_signal_handler_may_close_the_socket_its_thread_is_using(pair: Pair) -> None:
    """The handler runs in the main thread, wherever that is: also inside the socket's own lock."""
    _, pull = pair("push", "pull")
    before = signal.signal(signal.SIGUSR1, lambda *_: pull.close())
    try:
        with pull._lock:
            signal.raise_signal(signal.SIGUSR1)
        with pytest.raises(SocketClosed):
            pull.recv()
    finally:
        signal.signal(signal.SIGUSR1, before)


@needs_fork
def test_a_forked_child_makes_its_own_context(tmp_path: Path) -> None:
    with Socket("pull", bind=f"ipc://{tmp_path}/parent") as pull:
        read, write = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # later Pythons warn of any fork with threads
            child = os.fork()
        if child == 0:
            _in_child(pull, write)
        os.close(write)
        with os.fdopen(read) as report:
            assert report.read() == "closed, own context, sent"
        assert os.waitpid(child, 0)[1] == 0
        assert pull.recv_string(timeout=20) == "from the child"


def _in_child(inherited: Socket, write: int) -> None:
    said = []
    try:
        inherited.recv_nowait()
    except SocketClosed:
        said.append("closed")
    with Socket("push", connect=inherited._endpoints["bind"][0][1], linger=5000) as push:
        if push.raw.context is not inherited.raw.context:
            said.append("own context")
        push.send("from the child")
        said.append("sent")
    for thread in __import__("threading").enumerate():
        if thread.name == "zyre-sockets-context":
            thread.join()
    os.write(write, ", ".join(said).encode())
    os._exit(0)
