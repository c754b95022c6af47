"""Multicasts on real interfaces: who hears them, from which address, and how often they are said."""

from __future__ import annotations

import socket
from contextlib import ExitStack

import pytest

from tests.peers.harness import unused_port
from tests.support.nodes import until
from zyre.core.locality import Interface, is_link_local
from zyre.engine.interfaces import list_interfaces
from zyre.engine.multicast import Multicast
from zyre.engine.rungs import Rungs
from zyre.wire.beacon import Beacon, encode_beacon

pytestmark = pytest.mark.lan


def beacon(port: int) -> bytes:
    """What passes the kernel's filter."""
    return encode_beacon(Beacon(b"u" * 16, port))


HERE, LEAVING = beacon(7), beacon(0)


def faces(*names: str) -> list[Interface]:
    return [one for one in list_interfaces() if one.name in names]


def links() -> list[Interface]:
    """The IPv6 links of the private network, once their addresses are known to be nobody else's."""
    return [one for one in faces("va", "vb") if one.is_ipv6]


def heard(rungs: Rungs, *wanted: str) -> set[str]:
    sources: set[str] = set()
    until(lambda: sources.update(source[0] for _, source in rungs.receive(100)[1]) or sources >= set(wanted))
    return sources


@pytest.fixture
def port() -> int:
    return unused_port()


def test_ipv6_is_heard_with_the_link_that_it_came_by(port: int) -> None:
    if not links():
        pytest.skip("no IPv6 here")
    hears = Rungs(port, faces("va", "vb"))
    says = Rungs(port, links())
    try:
        own = {one.address for one in links()}
        assert all(is_link_local(address) for address in own)
        sources: set[str] = set()

        def all_came() -> bool:
            says.broadcast(HERE)
            sources.update(source[0] for _, source in hears.receive(100)[1])
            return own <= sources

        until(all_came)
    finally:
        hears.close()
        says.close()


def test_ipv4_multicasts_come_where_there_are_no_broadcasts(port: int) -> None:
    (va,) = (one for one in faces("va") if not one.is_ipv6)
    hears = Rungs(port, [va])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        says = Multicast(port, any_socket)
        says.use([va])
        says.send(HERE)
        assert heard(hears, "10.77.0.1") == {"10.77.0.1"}
        says.close()
    hears.close()


def test_it_is_said_at_first_and_then_seldom(port: int) -> None:
    va = Interface("va", "10.77.0.1", 24)  # as if it had no broadcast address
    hears, says = Rungs(port, faces("va")), Rungs(port, [va])
    for _ in range(13):
        says.broadcast(HERE)
    says.broadcast(LEAVING)
    got: list[bytes] = []
    until(lambda: got.extend(data for data, _ in hears.receive(100)[1]) or LEAVING in got)
    assert got == [HERE] * 7 + [LEAVING], "the first six, 10, and whatever is new"
    hears.close()
    says.close()


def test_an_interface_that_goes_is_forgotten(port: int) -> None:
    rungs = Rungs(port, faces("va", "vb"))
    rungs.broadcast(beacon(1))
    rungs.use([])
    assert rungs.broadcast(beacon(2))
    rungs.use(faces("va"))
    rungs.broadcast(beacon(3))
    got: set[bytes] = set()
    until(lambda: got.update(data for data, _ in rungs.receive(100)[1]) or beacon(3) in got)
    assert beacon(2) not in got
    rungs.close()


def test_a_host_that_is_told_of_gets_each_beacon(port: int) -> None:
    rungs = Rungs(port, [])
    rungs.targets = ("127.0.0.1", "no address")
    rungs.broadcast(HERE)
    assert heard(rungs, "127.0.0.1") == {"127.0.0.1"}
    rungs.close()


def test_with_more_ways_than_there_may_be_datagrams_each_has_its_turn(port: int) -> None:
    """The first beacons, and the last, go everywhere all the same."""
    targets = tuple(f"127.0.1.{number}" for number in range(1, 41))
    with ExitStack() as ears:
        listening = {target: ears.enter_context(_ear(target, port)) for target in targets}
        says = Rungs(port, faces("lo"))
        ears.callback(says.close)
        says.targets, says.most = targets, 8

        def beat(data: bytes) -> set[str]:
            says.broadcast(data)
            return {target for target, ear in listening.items() if _take(ear) == data}

        for _ in range(6):
            assert beat(HERE) == set(targets)
        turns = [beat(HERE) for _ in range(60)]
        assert max(map(len, turns)) <= 2 * says.most
        assert set().union(*turns) == set(targets)
        assert beat(LEAVING) == set(targets)


def _ear(address: str, port: int) -> socket.socket:
    ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    ear.setblocking(False)
    ear.bind((address, port))
    return ear


def _take(ear: socket.socket) -> bytes | None:
    """Over loopback what was sent is there."""
    try:
        return ear.recv(100)
    except BlockingIOError:
        return None
