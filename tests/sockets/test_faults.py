"""libzmq's documented error cases, each made to happen by a real socket."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
import zmq

from zyre.sockets import (
    AddressInUse,
    AddressNotAvailable,
    ContextTerminated,
    EndpointNotFound,
    HostUnreachable,
    InvalidEndpoint,
    InvalidOption,
    NoIOThread,
    NoSuchInterface,
    NotSupported,
    PathNotUsable,
    Socket,
    SocketClosed,
    SocketTimeout,
    TooManySockets,
    TransportNotCompatible,
    TransportNotSupported,
    WouldBlock,
    WrongState,
    WrongUse,
)

from .conftest import Pair, Parked, Runner


def test_eaddrinuse(endpoint: str) -> None:
    if endpoint.startswith("ipc"):
        pytest.skip("libzmq takes a path over from whoever had it")
    with Socket("pub", bind=endpoint) as first, Socket("pub") as second:
        with pytest.raises(AddressInUse, match="another port") as caught:
            second.bind(first.endpoints("bind")[0])
        assert caught.value.errno == errno.EADDRINUSE
        assert caught.value.endpoint == first.endpoints("bind")[0]
        assert second.endpoints("bind") == []


def test_eaddrnotavail() -> None:
    with Socket("pub") as socket, pytest.raises(AddressNotAvailable) as caught:
        socket.bind("tcp://192.0.2.1:*")
    assert caught.value.errno == errno.EADDRNOTAVAIL


def test_enodev() -> None:
    with Socket("pub") as socket, pytest.raises(NoSuchInterface) as caught:
        socket.bind("tcp://nosuch0:5555")
    assert caught.value.errno == errno.ENODEV


def test_eprotonosupport() -> None:
    with Socket("pub") as socket:
        for verb in (socket.unsafe_bind, socket.unsafe_connect):
            with pytest.raises(TransportNotSupported, match="built_with") as caught:
                verb("carrier-pigeon://loft:1")
            assert caught.value.errno == errno.EPROTONOSUPPORT


def test_enocompatproto() -> None:
    # A tcp socket would do; udp is known to every build, and only to draft types of sockets.
    with Socket("req") as socket, pytest.raises(TransportNotCompatible) as caught:
        socket.unsafe_bind("udp://127.0.0.1:5555")
    assert caught.value.errno == zmq.ENOCOMPATPROTO


def test_einval_of_endpoints() -> None:
    with Socket("pub") as socket:
        for verb in (socket.unsafe_bind, socket.unsafe_connect, socket.unbind, socket.disconnect):
            with pytest.raises(InvalidEndpoint) as caught:
                verb("nonsense")
            assert caught.value.errno == errno.EINVAL


def test_einval_of_options() -> None:
    with Socket("pub") as socket, pytest.raises(InvalidOption, match="sndhwm"):
        socket.set_option("sndhwm", -5)


def test_efsm_of_rep_and_req(pair: Pair) -> None:
    req, rep = pair("req", "rep")
    with pytest.raises(WrongState, match="receives, then sends") as caught:
        rep.send("too early")
    assert caught.value.errno == zmq.EFSM
    with pytest.raises(WrongState):
        req.recv()
    req.send("first")
    with pytest.raises(WrongState):
        req.send("second")
    assert rep.recv_string() == "first"


def test_enotsup(pair: Pair) -> None:
    push, pull = pair("push", "pull")
    with pytest.raises(NotSupported, match="push only send"):
        push.recv()
    with pytest.raises(NotSupported, match=r"pull.send\(\)"):
        pull.send("x")
    with pytest.raises(WrongUse, match="only sub and xsub"):
        push.subscribe("x")


def test_eagain(pair: Pair) -> None:
    push, pull = pair("push", "pull", sndhwm=1, rcvhwm=1)
    with pytest.raises(WouldBlock, match="without _nowait") as caught:
        pull.recv_nowait()
    assert caught.value.errno == errno.EAGAIN
    with pytest.raises(WouldBlock):
        fill(push)


def fill(push: Socket) -> None:
    while True:
        push.send_nowait("x")


def test_eagain_in_time(pair: Pair) -> None:
    push, pull = pair("push", "pull", sndhwm=1, rcvhwm=1)
    with pytest.raises(SocketTimeout, match=r"pull.recv\(\): not within 0.01 s") as caught:
        pull.recv(timeout=0.01)
    assert caught.value.timeout == 0.01
    pull.set_option("rcvtimeo", 5)
    with pytest.raises(SocketTimeout, match=r"not within 0\.005 s"):
        pull.recv()
    push.set_option("sndtimeo", 0)
    with pytest.raises(WouldBlock):
        fill(push)
    with pytest.raises(SocketTimeout):
        push.send("x")


def test_ehostunreach(pair: Pair) -> None:
    router, _ = pair("router", "dealer")
    router.send(["nobody", "dropped in silence"])
    router.set_option("router_mandatory", True)
    with pytest.raises(HostUnreachable, match="router_mandatory") as caught:
        router.send(["nobody", "x"])
    assert caught.value.errno == errno.EHOSTUNREACH


def test_enoent_of_unbind_and_disconnect() -> None:
    with Socket("pub", bind="tcp://127.0.0.1:*") as socket:
        with pytest.raises(EndpointNotFound, match="endpoints") as caught:
            socket.unbind("tcp://127.0.0.1:1")
        assert caught.value.errno == errno.ENOENT
        with pytest.raises(LookupError):
            socket.disconnect("tcp://127.0.0.1:1")


def test_ipc_paths(tmp_path: Path) -> None:
    with Socket("pub") as socket:
        for path in (tmp_path / "no" / "such", tmp_path / ("x" * 200)):
            with pytest.raises(PathNotUsable, match="directory must exist"):
                socket.bind(f"ipc://{path}")


def test_enotsock() -> None:
    socket = Socket("pair")
    socket.close()
    for verb in (socket.recv, socket.recv_nowait, socket.recv_many, socket.recv_string, socket.fileno):
        with pytest.raises(SocketClosed, match="make a new Socket"):
            verb()
    for change in (socket.bind, socket.connect, socket.unbind, socket.disconnect):
        with pytest.raises(SocketClosed):
            change("inproc://x")
    with pytest.raises(SocketClosed):
        socket.send("x")
    with pytest.raises(SocketClosed) as caught:
        socket.get_option("linger")
    assert caught.value.errno == zmq.ENOTSOCK
    with pytest.raises(SocketClosed):
        socket.get_option("req_relaxed")
    with pytest.raises(SocketClosed):
        socket.set_option("linger", 1)


def test_eterm(parked: Parked, start: Runner) -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    socket = Socket("pull", context=context)
    waiting = start(socket.recv)
    parked.wait()
    ended = start(context.term)
    with pytest.raises(ContextTerminated, match="close the socket") as caught:
        waiting()
    assert caught.value.errno == zmq.ETERM
    with pytest.raises(ContextTerminated):
        socket.bind("inproc://x")
    assert socket.readable  # it raises at once
    socket.close()
    ended()


def test_eterm_reaches_all_that_wait(parked: Parked, start: Runner) -> None:
    for _ in range(10):
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        socket = Socket("pair", context=context)
        waiting = [start(socket.recv), start(socket.recv), start(lambda s=socket: s.send("x"))]
        parked.wait(3)
        ended = start(context.term)
        for each in waiting:
            with pytest.raises(ContextTerminated):
                each()
        socket.close()
        ended()


def test_emthread() -> None:
    with zmq.Context(io_threads=0) as context, Socket("pub", context=context) as socket:
        socket.bind("inproc://needs-none")
        with pytest.raises(NoIOThread, match="io_threads=0") as caught:
            socket.bind("tcp://127.0.0.1:*")
        assert caught.value.errno == zmq.EMTHREAD


def test_emfile() -> None:
    with zmq.Context() as context:
        context.set(zmq.MAX_SOCKETS, 1)
        with Socket("pub", context=context), pytest.raises(TooManySockets, match="ZMQ_MAX_SOCKETS") as caught:
            Socket("pub", context=context)
    assert caught.value.errno == errno.EMFILE


def test_efault_of_a_terminated_context() -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    context.term()
    with pytest.raises(WrongUse) as caught:
        Socket("pub", context=context)
    assert caught.value.errno == errno.EFAULT


def test_unknown_types() -> None:
    for wrong in ("publisher", "radio", zmq.SocketType.RADIO, ""):
        with pytest.raises(WrongUse, match="pair, pub, sub, req, rep"):
            Socket(wrong)
