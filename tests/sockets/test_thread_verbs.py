from __future__ import annotations

import threading

import pytest

from zyre.errors import InvalidFrame
from zyre.sockets import Message, Socket, UnexpectedMessage, WouldBlock

from .conftest import Pair, Parked, Runner


def test_whole_messages_of_all_sorts(pair: Pair) -> None:
    a, b = pair("pair", "pair")
    for content in (b"x", "ä", ["a", b"b", ""], Message("m"), bytearray(b"y"), b""):
        a.send(content)
        assert b.recv() == Message(content)
    a.send_string("text")
    assert b.recv_bytes() == b"text"


def test_a_message_with_a_wrong_frame_is_not_begun(pair: Pair) -> None:
    a, b = pair("pair", "pair")
    with pytest.raises(InvalidFrame):
        a.send(["good", 3])  # type: ignore[list-item]
    a.send("whole")
    assert b.recv_string() == "whole"


def test_a_string_is_one_frame_and_the_message_is_consumed(pair: Pair) -> None:
    a, b = pair("pair", "pair")
    for wrong in (["two", "frames"], b"\xff"):
        a.send(wrong)
    a.send(["two", "frames"])
    a.send("next")
    for error in ("2 frames", "not UTF-8"):
        with pytest.raises(UnexpectedMessage, match=error) as caught:
            b.recv_string()
        assert caught.value.message in ((b"two", b"frames"), (b"\xff",))
    with pytest.raises(UnexpectedMessage, match="not one of bytes"):
        b.recv_bytes()
    assert b.recv_string() == "next"


def test_many_at_once(pair: Pair) -> None:
    a, b = pair("pair", "pair")
    for number in range(5):
        a.send([str(number), "second"] if number % 2 else str(number))
    assert b.recv_many(3) == [Message("0"), Message(["1", "second"]), Message("2")]
    assert b.recv_many() == [Message(["3", "second"]), Message("4")]
    with pytest.raises(WouldBlock):
        b.recv_nowait()


@pytest.mark.parametrize("verb", ["recv", "recv_many"])
def test_a_waiting_thread_stops_no_other(verb: str, endpoint: str, pair: Pair, parked: Parked, start: Runner) -> None:
    push, pull = pair("push", "pull", endpoint)
    result = start(getattr(pull, verb))
    parked.wait()
    assert not pull.readable  # looking at the socket meanwhile takes nothing from the one that waits
    push.send("now")
    assert result() in (Message("now"), [Message("now")])


def test_many_threads_share_a_socket_for_receiving(endpoint: str, pair: Pair, parked: Parked, start: Runner) -> None:
    """Signals that one thread clears must not be lost to the others: each gets its message."""
    push, pull = pair("push", "pull", endpoint)
    for _ in range(20):
        results = [start(pull.recv) for _ in range(4)]
        parked.wait(4)
        for number in range(4):
            push.send(str(number))
        assert sorted(result().string for result in results) == ["0", "1", "2", "3"]


def test_one_thread_sends_while_another_receives(endpoint: str, start: Runner) -> None:
    """Sending clears the signal that the receiving thread waits for, and has to tell it."""
    rounds = 2000
    with Socket("dealer") as a, Socket("dealer") as b:
        b.connect(a.bind(endpoint))

        def receive(socket: Socket) -> list[str]:
            return [socket.recv_string(timeout=20) for _ in range(rounds)]

        def send(socket: Socket) -> None:
            for number in range(rounds):
                socket.send(str(number), timeout=20)

        jobs = [start(send, a), start(send, b)]
        expected = [str(number) for number in range(rounds)]
        received = [start(receive, a), start(receive, b)]
        for job in jobs:
            job()
        assert [result() for result in received] == [expected, expected]


def test_a_full_socket_waits_for_room(pair: Pair, parked: Parked, start: Runner) -> None:
    push, pull = pair("push", "pull", sndhwm=1, rcvhwm=1)
    sent = 0
    while push.writable:
        push.send_nowait(str(sent))
        sent += 1
    result = start(push.send, ["the", "last"])
    parked.wait()
    received = [pull.recv(timeout=20) for _ in range(sent + 1)]
    result()
    assert received == [*(Message(str(number)) for number in range(sent)), Message(["the", "last"])]


def test_ping_pong(endpoint: str, pair: Pair, start: Runner) -> None:
    req, rep = pair("req", "rep", endpoint)

    def serve() -> None:
        for _ in range(200):
            rep.send(rep.recv(timeout=20))

    served = start(serve)
    for number in range(200):
        req.send(str(number))
        assert req.recv_string(timeout=20) == str(number)
    served()


def test_router_and_dealer(pair: Pair) -> None:
    dealer, router = pair("dealer", "router", identity="me")
    dealer.send(["", "hello"])
    match router.recv():
        case Message((address, b"", body)):
            router.send([address, "", body + b"!"])
    assert dealer.recv() == Message(["", "hello!"])


def test_a_stream_talks_to_plain_sockets() -> None:
    import socket as plain

    with Socket("stream", bind="tcp://127.0.0.1:*") as stream:
        port = int(stream.endpoints("bind")[0].rpartition(":")[2])
        with plain.create_connection(("127.0.0.1", port)) as connection:
            peer, empty = stream.recv(timeout=20)
            assert empty == b""
            connection.sendall(b"raw bytes")
            assert stream.recv(timeout=20) == (peer, b"raw bytes")
            stream.send([peer, b"back"])
            assert connection.recv(100) == b"back"


def test_the_hot_path_does_not_look_when_nobody_waits(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    push, pull = pair("push", "pull")
    looked = threading.Event()
    monkeypatch.setattr("zyre.sockets.handle.Handle._look", lambda self: looked.set())
    push.send("x")
    pull.recv()
    assert not looked.is_set()
