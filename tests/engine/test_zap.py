from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
import zmq

from zyre.engine.context import shared_context
from zyre.engine.engine import shared_engine
from zyre.engine.zap import ZapHandler, shared_zap_handler
from zyre.wire.zap import ZapRequest

ASKED = [b"", b"1.0", b"7", b"", b"10.0.0.1", b"", b"CURVE", b"k" * 32]


@pytest.fixture
def handler() -> Iterator[ZapHandler]:
    engine = shared_engine()
    engine.acquire()
    handler = shared_zap_handler()
    yield handler
    for domain in list(handler._judges):
        handler.dismiss(domain)
    engine.call(lambda: None)
    engine.release()
    assert handler._socket is None


@pytest.fixture
def libzmq() -> Iterator[zmq.Socket[bytes]]:
    """Asks what libzmq asks."""
    socket = shared_context().socket(zmq.DEALER)
    socket.linger = 0
    yield socket
    socket.close()


def ask(libzmq: zmq.Socket[bytes], domain: str) -> tuple[bytes, bytes]:
    libzmq.connect("inproc://zeromq.zap.01")
    libzmq.send_multipart([*ASKED[:3], domain.encode(), *ASKED[4:]])
    assert libzmq.poll(10_000)
    answer = libzmq.recv_multipart()
    libzmq.disconnect("inproc://zeromq.zap.01")
    assert answer[:3] == [b"", b"1.0", b"7"]
    return answer[3], answer[5]


def test_each_domain_has_its_judge(handler: ZapHandler, libzmq: zmq.Socket[bytes]) -> None:
    seen: list[ZapRequest] = []

    def judge(request: ZapRequest) -> str:
        seen.append(request)
        return "alice"

    handler.enlist("one", judge)
    handler.enlist("two", lambda request: None)
    assert ask(libzmq, "one") == (b"200", b"alice")
    assert ask(libzmq, "two") == (b"400", b"")
    assert ask(libzmq, "three") == (b"400", b"")
    assert [(request.address, request.key) for request in seen] == [("10.0.0.1", b"k" * 32)]


def test_a_defect_lets_nobody_in_and_the_handler_goes_on(
    handler: ZapHandler, libzmq: zmq.Socket[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    handler.enlist("one", lambda request: 1 / 0)  # type: ignore[arg-type,return-value]
    assert ask(libzmq, "one") == (b"400", b"")
    assert ask(libzmq, "one") == (b"400", b"")
    assert "a defect of zyre" in caplog.text


def test_what_is_no_question_gets_no_answer(handler: ZapHandler, libzmq: zmq.Socket[bytes]) -> None:
    handler.enlist("one", lambda request: "")
    libzmq.connect("inproc://zeromq.zap.01")
    for _ in range(200):
        libzmq.send_multipart([b"", b"nonsense"])
        libzmq.send(b"less")
    libzmq.send_multipart([*ASKED[:3], b"one", *ASKED[4:]])
    assert libzmq.poll(10_000)
    assert libzmq.recv_multipart()[3] == b"200"
    assert not libzmq.poll(0)


def test_it_is_there_for_as_long_as_somebody_needs_it(handler: ZapHandler, libzmq: zmq.Socket[bytes]) -> None:
    for _ in range(3):
        handler.enlist("one", lambda request: "x")
        handler.enlist("two", lambda request: "x")
        handler.dismiss("one")
        handler.dismiss("unknown")
        assert ask(libzmq, "one")[0] == b"400"
        assert ask(libzmq, "two")[0] == b"200"
        handler.dismiss("two")
        deadline = time.monotonic() + 10
        while handler._socket is not None and time.monotonic() < deadline:
            shared_engine().call(lambda: None)
        assert handler._socket is None
