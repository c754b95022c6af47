"""A connection that another one took over ends, whatever comes on it before that, on a real inbox."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator

import pytest
import zmq

from tests.support.nodes import until
from zyre.engine import overtaken
from zyre.engine.borrowed import number_of
from zyre.engine.connections import Connections
from zyre.engine.context import shared_context

pytestmark = [
    pytest.mark.lan,
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux drops what comes on a TCP connection"),
]

NAME = b"\x01" + bytes(16)


@pytest.fixture
def inbox() -> Iterator[zmq.Socket[bytes]]:
    with shared_context().socket(zmq.ROUTER) as inbox:
        inbox.linger, inbox.router_handover = 0, True
        inbox.bind("tcp://127.0.0.1:*")
        yield inbox


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """One question has to do."""
    monkeypatch.setattr(
        overtaken, "_ASK", ((socket.TCP_KEEPIDLE, 1), (socket.TCP_KEEPINTVL, 1), (socket.TCP_KEEPCNT, 1))
    )


def peer(inbox: zmq.Socket[bytes]) -> zmq.Socket[bytes]:
    dealer = shared_context().socket(zmq.DEALER)
    dealer.linger, dealer.routing_id = 0, NAME
    dealer.connect(inbox.get_string(zmq.LAST_ENDPOINT).rstrip("\0"))
    dealer.send(b"hello")
    return dealer


def heard(inbox: zmq.Socket[bytes], connections: Connections) -> int:
    """The descriptor by which the next message comes."""
    identity, frame = inbox.recv(), inbox.recv(copy=False)
    connections.note(identity, frame)
    return int(frame.get(zmq.SRCFD))


def test_one_that_still_has_something_to_say(inbox: zmq.Socket[bytes]) -> None:
    """Without our help its descriptor stays open for as long as the inbox."""
    connections = Connections(inbox)
    first = peer(inbox)
    descriptor = heard(inbox, connections)
    number = number_of(descriptor)
    assert number
    second = peer(inbox)
    heard(inbox, connections)
    first.send(b"too late")
    first.close(1000)
    until(lambda: number_of(descriptor) != number)
    second.send(b"and another")
    assert inbox.recv_multipart()[1] == b"and another"
    second.close()
    connections.close()


def test_one_whose_owner_still_wants_it_connects_again(inbox: zmq.Socket[bytes]) -> None:
    connections = Connections(inbox)
    first = peer(inbox)
    descriptor = heard(inbox, connections)
    number = number_of(descriptor)
    second = peer(inbox)
    heard(inbox, connections)
    until(lambda: number_of(descriptor) != number)
    first.send(b"here again")
    assert inbox.recv_multipart()[1] == b"here again"
    for dealer in (first, second):
        dealer.close()
    connections.close()


def test_a_descriptor_that_is_somebody_elses() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        with socket.create_connection(listener.getsockname()) as one, listener.accept()[0] as other:
            number = number_of(other.fileno())
            assert not overtaken.dismiss(other.fileno(), number_of(one.fileno()))
            assert not overtaken.dismiss(listener.fileno(), number)
            assert not overtaken.dismiss(listener.fileno(), number_of(listener.fileno()))
            one.sendall(b"word")
            assert other.recv(4) == b"word"
            assert overtaken.dismiss(other.fileno(), number)
            one.sendall(b"word")
            other.setblocking(False)
            with pytest.raises(BlockingIOError):
                other.recv(4)
