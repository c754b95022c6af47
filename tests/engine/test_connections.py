"""Whose connection ended, on a real inbox."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import zmq

from tests.support.nodes import until
from zyre.core.effects import LinkLost
from zyre.engine.connections import Connections
from zyre.engine.context import shared_context

pytestmark = pytest.mark.lan

NAMES = [b"\x01" + bytes((number,)) * 16 for number in range(3)]


class Inbox:
    """A ROUTER with its connections, and peers of it."""

    def __init__(self, endpoint: str) -> None:
        self.socket = shared_context().socket(zmq.ROUTER)
        self.socket.linger = 0
        self.socket.router_handover = True
        self.socket.bind(endpoint)
        self.endpoint = self.socket.get_string(zmq.LAST_ENDPOINT).rstrip("\0")
        self.connections = Connections(self.socket)
        self.lost: list[LinkLost] = []

    def peer(self, name: bytes) -> zmq.Socket[bytes]:
        dealer = shared_context().socket(zmq.DEALER)
        dealer.linger = 0
        dealer.routing_id = name
        dealer.connect(self.endpoint)
        dealer.send(b"hello")
        identity = self.socket.recv()
        self.connections.note(identity, self.socket.recv(copy=False))
        return dealer

    def hears_of(self, count: int) -> list[LinkLost]:
        until(lambda: self.lost.extend(self.connections.take_lost(100)[0]) or len(self.lost) >= count)
        return self.lost


@pytest.fixture(params=["tcp://127.0.0.1:*", "ipc://{folder}/inbox"])
def inbox(request: pytest.FixtureRequest, tmp_path: object) -> Iterator[Inbox]:
    made = Inbox(request.param.format(folder=tmp_path))
    yield made
    made.connections.close()
    made.socket.close(0)


def test_those_whose_connections_end_are_told_of(inbox: Inbox) -> None:
    peers = [inbox.peer(name) for name in NAMES]
    assert inbox.connections.take_lost(100) == ([], False)
    peers[1].close(0)
    assert inbox.hears_of(1) == [LinkLost(NAMES[1])]
    peers[0].close(0)
    peers[2].close(0)
    assert {lost.identity for lost in inbox.hears_of(3)} == set(NAMES)
    assert not inbox.connections._by_descriptor


def test_an_earlier_connection_of_somebody_does_not_matter(inbox: Inbox) -> None:
    first = inbox.peer(NAMES[0])
    second = inbox.peer(NAMES[0])
    other = inbox.peer(NAMES[1])
    first.close(0)
    other.close(0)
    assert inbox.hears_of(1) == [LinkLost(NAMES[1])]
    second.close(0)
    assert inbox.hears_of(2)[1:] == [LinkLost(NAMES[0])]


def test_a_descriptor_that_is_given_again_at_once(inbox: Inbox) -> None:
    """What was read of the next one came before the news of the last one's end."""
    for name in NAMES:
        inbox.peer(name).close(0)
        until(lambda: inbox.connections._events.get(zmq.EVENTS) & zmq.POLLIN)
    assert {lost.identity for lost in inbox.hears_of(3)} == set(NAMES)
    assert not inbox.connections._by_identity


def test_within_the_process_there_are_none() -> None:
    inbox = Inbox("inproc://test-connections")
    inbox.peer(NAMES[0]).close(0)
    assert inbox.connections.take_lost(10) == ([], False)
    inbox.connections.close()
    inbox.socket.close(0)
