"""The sockets of one node, used by hand: what they take, refuse and give back."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import zyre
from tests.peers.harness import unused_port
from tests.support.network import add_address, delete_address
from tests.support.nodes import until
from zyre.config import Limits, NodeConfig
from zyre.core.locality import Locality
from zyre.engine.entropy import new_identity
from zyre.engine.transport import ZmqTransport
from zyre.wire.beacon import Beacon, encode_beacon

pytestmark = pytest.mark.lan


class Side:
    """A transport, and what it reported."""

    def __init__(self, port: int = 0, interface: str = "lo", **config: Any) -> None:
        self.identity = new_identity()
        self.blocked: list[int] = []
        self.closed: list[int] = []
        self.moved: list[Locality] = []
        self.transport = ZmqTransport(
            self.identity.octets,
            NodeConfig(**config),
            interface,
            port,
            on_blocked=lambda link, descriptor: self.blocked.append(link),
            on_closed=self.closed.append,
            on_moved=self.moved.append,
            on_probe=lambda link, endpoint: None,
        )
        self.locality = self.transport.open()
        self.endpoint = str(self.locality.bound)

    def receive(self, count: int) -> list[list[bytes]]:
        """Exactly so many messages."""
        got: list[list[bytes]] = []

        def enough() -> bool:
            got.extend(self.transport.receive(count - len(got)))
            return len(got) == count

        until(enough, f"{count} messages")
        return got


@pytest.fixture
def sides() -> Iterator[tuple[Side, Side]]:
    one, other = Side(), Side()
    yield one, other
    one.transport.close()
    other.transport.close()


def test_messages_arrive_under_our_identity(sides: tuple[Side, Side]) -> None:
    one, other = sides
    messages = [[b"one"], [b"", b""], [b"x" * size for size in (0, 1, 65535, 65536, 1 << 20)], [b"f"] * 1000]
    assert one.transport.open_link(1, other.endpoint)
    for frames in messages:
        assert one.transport.send(1, frames)
    assert other.receive(4) == [[b"\1" + one.identity.octets, *frames] for frames in messages]


def test_no_more_at_a_time_than_asked_for(sides: tuple[Side, Side]) -> None:
    one, other = sides
    one.transport.open_link(1, other.endpoint)
    for number in range(10):
        one.transport.send(1, [b"%d" % number])
    got: list[list[bytes]] = []

    def all_there() -> bool:
        batch = other.transport.receive(3)
        assert len(batch) <= 3
        got.extend(batch)
        return len(got) == 10

    until(all_there)
    assert [frames[1] for frames in got] == [b"%d" % number for number in range(10)]
    assert other.transport.receive(3) == []


@pytest.mark.parametrize("frames", [[b"x" * (1 << 19)], [b"x" * (1 << 18), b"", b"x" * (1 << 18), b""]])
def test_large_messages_end_a_batch_early(sides: tuple[Side, Side], frames: list[bytes]) -> None:
    one, other = sides
    one.transport.open_link(1, other.endpoint)
    for _ in range(4):
        assert one.transport.send(1, frames)
    got = 0

    def all_there() -> bool:
        nonlocal got
        count = len(other.transport.receive(5))
        assert count <= 2
        assert other.transport.drained == (count < 2)
        got += count
        return got == 4

    until(all_there)


def test_messages_too_short_for_a_header_are_handed_over_like_others(sides: tuple[Side, Side]) -> None:
    one, other = sides
    one.transport.open_link(1, other.endpoint)
    for size in range(8):
        one.transport.send(1, [b"\1" * size])
    assert [frames[1] for frames in other.receive(8)] == [b"\1" * size for size in range(8)]


def test_a_full_queue_refuses_and_says_so() -> None:
    one = Side(limits=Limits(link_messages=50))
    assert one.transport.open_link(7, "tcp://127.0.0.1:1")  # nobody is there
    for _ in range(5):
        assert one.transport.send(7, [b"a", b"b"])
    assert one.blocked == []
    assert one.transport.is_writable(7) is False
    assert not one.transport.send(7, [b"a", b"b"])
    assert one.blocked == [7]
    one.transport.close_link(7, flush=False)
    assert one.closed == [7]
    assert one.transport.is_writable(7) is None
    one.transport.close()


@pytest.mark.parametrize("endpoint", ["ipc://" + "x" * 200, "tcp://a b:1", "nonsense", "udp://127.0.0.1:1"])
def test_a_link_that_cannot_be_opened(sides: tuple[Side, Side], endpoint: str) -> None:
    one, _ = sides
    assert not one.transport.open_link(1, endpoint)
    assert one.transport.send(1, [b"into the void"])
    assert one.transport.is_writable(1) is None
    one.transport.close_link(1, flush=True)
    assert one.closed == []


def test_closing_politely_lets_the_last_message_leave(sides: tuple[Side, Side]) -> None:
    one, other = sides
    one.transport.open_link(1, other.endpoint)
    one.transport.send(1, [b"goodbye"])
    one.transport.close_link(1, flush=True)
    assert other.receive(1)[0][1:] == [b"goodbye"]


def test_where_it_is_bound() -> None:
    one = Side()
    assert (one.locality.bound.host, one.locality.beacon_port) == ("127.0.0.1", one.locality.bound.port)
    everywhere = Side(interface="*")
    assert everywhere.locality.bound.any_host
    for side in (one, everywhere):
        side.transport.close()


def test_an_endpoint_in_use_leaves_nothing_open(tmp_path: Path) -> None:
    one = Side()
    for _ in range(3):
        with pytest.raises(zyre.AddressInUse):
            Side(endpoint=one.endpoint)
    with pytest.raises(zyre.NetworkError) as caught:
        Side(endpoint=f"ipc://{tmp_path}/no/such/folder")
    assert not isinstance(caught.value, zyre.AddressInUse)
    one.transport.close()


def test_beacons_only_where_there_is_a_port_and_tcp(tmp_path: Path) -> None:
    port = unused_port()
    for side, beacons in (
        (Side(port), True),
        (Side(0), False),
        (Side(port, endpoint=f"ipc://{tmp_path}/node"), False),
    ):
        assert (side.transport.beacons is not None) is beacons
        side.transport.broadcast(b"x")
        assert getattr(side.transport.beacons, "sent", 0) == beacons
        side.transport.close()


def test_a_host_that_moves_is_noticed_when_a_beacon_does_not_leave() -> None:
    side = Side(unused_port(), interface="va")
    everywhere = Side(unused_port(), interface="*")
    side.transport.broadcast(b"x")
    assert (side.moved, everywhere.moved) == ([], [])
    add_address("va", "10.77.9.1/24")
    delete_address("va", "10.77.0.1/24")
    try:
        for one in (side, everywhere):
            one.transport.broadcast(b"x")
            one.transport.broadcast(b"x")
        assert side.moved[-1].bound.host == "10.77.9.1"
        side.transport.receive(1)  # by whoever may: the inbox is bound to the one address, and moves
        with socket.create_connection(("10.77.9.1", side.locality.bound.port)):
            pass
        addresses = [interface.address for interface in everywhere.moved[-1].interfaces if interface.name == "va"]
        assert [address for address in addresses if ":" not in address] == ["10.77.9.1"]
    finally:
        add_address("va", "10.77.0.1/24")
        delete_address("va", "10.77.9.1/24")
        side.transport.close()
        everywhere.transport.close()


def test_errno_of_pyzmq_is_the_systems() -> None:
    """What decides between AddressInUse and NetworkError."""
    import zmq

    assert errno.EADDRINUSE == zmq.EADDRINUSE


def test_an_ipv6_link_that_comes_later_is_listened_at_too() -> None:
    """Its address is checked for duplicates first, and cannot be bound before that is over."""
    side = Side(unused_port(), interface="va")
    try:
        addresses = {one.address for one in side.locality.interfaces if one.is_ipv6}
        if not addresses:
            pytest.skip("no IPv6 here")
        until(lambda: not side.transport._unbound_links or side.transport._bind_links() is not None, timeout=20.0)
        for address in addresses:  # as if it had not been possible before
            assert side.transport._inbox is not None
            side.transport._inbox.unbind(f"tcp://[{address}]:{side.locality.bound.port}")
        side.transport._bound_links.clear()

        def bound_again() -> bool:  # libzmq lets go of a port in its own time
            side.transport._look_again_at = 0.0
            side.transport.broadcast(encode_beacon(Beacon(b"u" * 16, 1)))
            side.transport.receive(1)
            return side.transport._bound_links.keys() == addresses

        until(bound_again)
    finally:
        side.transport.close()
