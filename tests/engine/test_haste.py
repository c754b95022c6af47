"""Connections are found by where they lead, and told to try again often, in a real kernel."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator

import pytest
import zmq

from zyre.core.timers import NEVER
from zyre.engine import haste
from zyre.engine.context import shared_context
from zyre.engine.haste import Haste

pytestmark = [
    pytest.mark.lan,
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux can be told how often TCP tries again"),
]


@pytest.fixture(params=["127.0.0.1", "::1"])
def listener(request: pytest.FixtureRequest) -> Iterator[socket.socket]:
    with socket.create_server(
        (request.param, 0), family=socket.AF_INET6 if ":" in request.param else socket.AF_INET
    ) as made:
        yield made


def endpoint_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"tcp://[{host}]:{port}" if ":" in host else f"tcp://{host}:{port}"


def remedy(connection: socket.socket) -> int:
    """What the kernel was told: the first of the remedies that it knows."""
    for option, value in haste._REMEDIES:
        try:
            return int(connection.getsockopt(socket.IPPROTO_TCP, option) == value)
        except OSError:
            continue
    pytest.skip("this kernel knows none of the remedies")


def test_only_what_leads_to_a_quiet_peer_is_hastened(listener: socket.socket) -> None:
    quick = Haste()
    with (
        socket.create_connection(listener.getsockname()[:2]) as meant,
        socket.create_server(("127.0.0.1", 0)) as elsewhere,
        socket.create_connection(elsewhere.getsockname()) as other,
    ):
        assert not remedy(meant)
        quick.add(endpoint_of(listener))
        assert quick.alarm.deadline < NEVER
        quick.look()
        assert remedy(meant)
        assert not remedy(other)


def test_a_connection_that_was_made_anew_is_found_again(listener: socket.socket) -> None:
    quick = Haste()
    for _ in range(2):
        with socket.create_connection(listener.getsockname()[:2]) as meant, open(os.devnull):
            quick.add(endpoint_of(listener))
            quick.look()
            assert remedy(meant)


def test_the_connection_of_a_socket_of_libzmq(listener: socket.socket) -> None:
    quick = Haste()
    with shared_context().socket(zmq.DEALER) as dealer:
        dealer.linger, dealer.ipv6 = 0, listener.family == socket.AF_INET6
        dealer.connect(endpoint_of(listener))
        with listener.accept()[0]:
            quick.add(dealer.get_string(zmq.LAST_ENDPOINT).rstrip("\0"))
            quick.look()
            assert quick._known


def test_who_is_nowhere_is_not_looked_for() -> None:
    quick = Haste()
    quick.add("ipc:///tmp/somebody")
    quick.add("inproc://somebody")
    assert quick.alarm.deadline == NEVER
    quick.look()
    quick.add("tcp://127.0.0.1:1")
    quick.look()
    assert not quick._known
