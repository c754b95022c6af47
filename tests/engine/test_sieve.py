"""The filter in the kernel: what it drops, and that the bell rings for news only."""

from __future__ import annotations

import socket
import sys
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.peers.harness import unused_port
from tests.support.nodes import until
from zyre.core.locality import Interface
from zyre.engine.interfaces import list_interfaces
from zyre.engine.rungs import Rungs
from zyre.engine.sieve import attach_sieve
from zyre.wire.beacon import Beacon, encode_beacon
from zyre.wire.envelope import envelope_of

pytestmark = [pytest.mark.lan, pytest.mark.skipif(sys.platform != "linux", reason="there is no such filter elsewhere")]

LO = Interface("lo", "127.0.0.1", 8, "127.255.255.255")


def beacon(number: int, port: int = 40000, key: bytes | None = None) -> bytes:
    return encode_beacon(Beacon(bytes((number % 256, number // 256)) * 8, port, key))


@pytest.fixture
def rungs() -> Iterator[Rungs]:
    made = Rungs(unused_port(), [LO])
    yield made
    made.close()


def rings(rungs: Rungs) -> list[bytes]:
    """What has rung since the last time, up to a fence."""
    fence = beacon(9999, 1)
    rungs._broadcast.broadcast(fence)
    rung: list[bytes] = []
    until(lambda: rung.extend(data for data, _ in rungs._broadcast.rung(100)) or fence in rung)
    return rung[:-1]


def test_news_rings_and_what_is_expected_does_not(rungs: Rungs) -> None:
    known = [beacon(number) for number in range(700)]
    rungs.expect(known[:600])
    for each in (known[0], known[249], known[250], known[599], beacon(3, 0), beacon(4, 40001), beacon(700)):
        rungs._broadcast.broadcast(each)
    assert rings(rungs) == [beacon(3, 0), beacon(4, 40001), beacon(700)]
    rungs.expect(known[1:])
    for each in (known[0], known[1]):
        rungs._broadcast.broadcast(each)
    rung = rings(rungs)
    assert known[0] in rung, "it is not expected any more"
    assert len(rungs.receive(1000)[1]) == 7 + 2 + 2, "all are heard, whether they rang or not"


def test_in_an_envelope_and_with_a_key(rungs: Rungs) -> None:
    envelope = envelope_of("plant")
    known = [envelope + beacon(1), envelope + beacon(2, key=b"k" * 32)]
    rungs.expect(known)
    for each in (*known, envelope + beacon(1, 0), beacon(1)):
        rungs._broadcast.broadcast(each)
    assert rings(rungs) == [envelope + beacon(1, 0), beacon(1)]


def test_what_has_rung_is_heard_once(rungs: Rungs) -> None:
    rungs.expect([beacon(1)])
    for each in (beacon(1), beacon(2), beacon(1), beacon(3)):
        rungs._broadcast.broadcast(each)
    heard: list[bytes] = []
    news = 0

    def all_came() -> bool:
        nonlocal news
        rang, datagrams = rungs.receive(100)
        news += rang
        heard.extend(data for data, _ in datagrams)
        return len(heard) >= 4

    until(all_came)
    assert rungs.receive(100) == (0, [])
    assert (news, sorted(heard)) == (2, [beacon(1), beacon(1), beacon(2), beacon(3)])


def test_a_copy_that_comes_later_than_its_news_is_not_heard_again(rungs: Rungs) -> None:
    source = ("127.0.0.1", 5670)
    assert rungs._once(Counter([(b"a", source)]), []) == [(b"a", source)]
    assert rungs._once(Counter(), [(b"a", source), (b"b", source)]) == [(b"b", source)]
    assert rungs._once(Counter(), [(b"a", source)]) == [(b"a", source)]


@pytest.mark.parametrize("ipv6", [False, True])
def test_what_is_sent_to_this_host_alone_always_rings(ipv6: bool) -> None:
    """However many share the port: only one of them gets it, and that one is to read it at once."""
    port = unused_port()
    interfaces = [one for one in list_interfaces() if one.name == "va"]
    address = next(one.address for one in interfaces if one.is_ipv6 == ipv6)
    sharing = [Rungs(port, interfaces) for _ in range(3)]
    for rungs in sharing:
        rungs.expect([beacon(1)])
    family, _, _, _, place = socket.getaddrinfo(address, port, type=socket.SOCK_DGRAM)[0]
    heard = 0
    with socket.socket(family, socket.SOCK_DGRAM) as sender:
        for _ in range(20):
            sender.sendto(beacon(1), place)

    def all_rang() -> bool:
        nonlocal heard
        heard += sum(rungs.receive(100)[0] for rungs in sharing)
        return heard == 20

    until(all_rang)
    assert all(rungs.receive(100) == (0, []) for rungs in sharing)
    for rungs in sharing:
        rungs.close()


def test_a_socket_that_takes_no_filter() -> None:
    closed = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    closed.close()
    assert not attach_sieve(closed)
