"""The beacon sockets: several on one port, each heard by all, and an interface that fails."""

from __future__ import annotations

import socket
import sys

import pytest

import zyre
from tests.peers.harness import unused_port
from tests.support.nodes import until
from zyre.core.locality import Interface
from zyre.engine.udp import BeaconSockets

pytestmark = pytest.mark.lan

LO = Interface("lo", "127.0.0.1", 8, "127.255.255.255")
VA = Interface("va", "10.77.0.1", 24, "10.77.0.255")
GONE = Interface("gone", "192.0.2.1", 24, "192.0.2.255")
POINT = Interface("tun", "10.9.9.9", 32, None)


def beacon(text: bytes) -> bytes:
    """A datagram that looks like a beacon: the kernel may drop others."""
    return b"ZRE\x01" + text.ljust(18)


def heard(sockets: BeaconSockets) -> list[tuple[bytes, str]]:
    got: list[tuple[bytes, str]] = []
    until(lambda: got.extend((data, source[0]) for data, source in sockets.receive(100)) or got)
    return got


def test_all_who_share_the_port_hear_it_from_the_interfaces_address() -> None:
    port = unused_port()
    one, other = BeaconSockets(port, [LO]), BeaconSockets(port, [LO])
    one.broadcast(beacon(b"hello"))
    assert heard(one) == heard(other) == [(beacon(b"hello"), "127.0.0.1")]
    assert (one.sent, one.failed) == (1, 0)
    one.close()
    other.close()


def test_each_interface_speaks_from_its_own_address() -> None:
    port = unused_port()
    both = BeaconSockets(port, [LO, VA, POINT])
    both.broadcast(beacon(b"hello"))
    assert both.sent == 2
    got: set[tuple[bytes, str]] = set()
    until(lambda: got.update(heard(both)) or len(got) == 2)
    assert got == {(beacon(b"hello"), "127.0.0.1"), (beacon(b"hello"), "10.77.0.1")}
    both.close()


def test_an_interface_that_fails_is_counted_and_tried_again() -> None:
    sockets = BeaconSockets(unused_port(), [GONE, LO])
    for _ in range(3):
        sockets.broadcast(beacon(b"hello"))
    assert (sockets.sent, sockets.failed) == (3, 3)
    assert heard(sockets)
    sockets.close()


def test_other_interfaces_from_now_on() -> None:
    sockets = BeaconSockets(unused_port(), [LO])
    assert sockets.broadcast(beacon(b"one"))
    sockets.use([VA])
    assert sockets.broadcast(beacon(b"two"))
    sockets.use([GONE])
    assert not sockets.broadcast(beacon(b"three"))
    got: list[tuple[bytes, str]] = []
    until(lambda: got.extend(heard(sockets)) or len(got) == 2)
    assert got == [(beacon(b"one"), "127.0.0.1"), (beacon(b"two"), "10.77.0.1")]
    sockets.close()


def test_not_more_at_a_time_than_asked_for() -> None:
    sockets = BeaconSockets(unused_port(), [LO])
    for _ in range(5):
        sockets.broadcast(beacon(b"x"))
    assert len(sockets.receive(2)) == 2
    assert len(sockets.receive(100)) == 3
    assert sockets.receive(100) == []
    sockets.close()


def test_what_is_no_beacon_is_dropped_by_the_kernel_and_counted() -> None:
    sockets = BeaconSockets(unused_port(), [LO])
    for size in (0, 1, 3, 4, 21, 23, 54, 1000):
        sockets.broadcast(b"ZRE\x01"[:size].ljust(size, b"x") if size != 54 else bytes(54))
    sockets.broadcast(b"ZRE\x02".ljust(22))
    secure = b"ZRE\x03".ljust(54)
    sockets.broadcast(secure)
    sockets.broadcast(beacon(b"fence"))
    got: list[tuple[bytes, str]] = []
    until(lambda: got.extend(heard(sockets)) or (beacon(b"fence"), "127.0.0.1") in got)
    if sys.platform == "linux":
        assert [data for data, _ in got] == [secure, beacon(b"fence")]
        assert sockets.dropped == 9
    sockets.close()


def test_a_port_that_somebody_keeps_for_himself() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as selfish:
        selfish.bind(("", 0))
        port = selfish.getsockname()[1]
        with pytest.raises(zyre.AddressInUse) as caught:
            BeaconSockets(port, [LO])
        assert caught.value.endpoint == f"udp://*:{port}"
