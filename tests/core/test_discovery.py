from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.rig import BEACON_PORT, LOCALITY, OWN, peer_id
from zyre.core.discovery import BeaconDiscovery, Farewell, Found, OwnEcho, Unwelcome
from zyre.core.locality import Interface, Locality
from zyre.core.tables import Violation
from zyre.endpoint import Endpoint
from zyre.security.keys import encode_key
from zyre.wire.beacon import Beacon, decode_beacon, encode_beacon

DISCOVERY = BeaconDiscovery(OWN, BEACON_PORT)
SOURCE = ("10.0.0.2", BEACON_PORT)
PEER = peer_id(1)


def judge(beacon: Beacon, source: tuple[str, int] = SOURCE, locality: Locality = LOCALITY) -> object:
    return DISCOVERY.judge(encode_beacon(beacon), source, locality)


@pytest.mark.parametrize("port", [0, 49152])
def test_our_beacon_says_who_and_where(port: int) -> None:
    assert decode_beacon(DISCOVERY.announcement(port)) == Beacon(OWN.octets, port)


def test_a_peer_is_reached_at_the_address_that_its_beacon_came_from() -> None:
    assert judge(Beacon(PEER.octets, 7)) == Found(PEER, Endpoint("tcp", "10.0.0.2", 7))


def test_a_beacon_from_another_udp_port_is_noted() -> None:
    assert judge(Beacon(PEER.octets, 7), ("10.0.0.2", 40000)) == Found(PEER, Endpoint("tcp", "10.0.0.2", 7), True)


def test_port_0_says_farewell() -> None:
    assert judge(Beacon(PEER.octets, 0)) == Farewell(PEER)


@pytest.mark.parametrize("key", [None, b"k" * 32])
def test_what_carries_our_uuid_and_comes_from_us_is_our_echo(key: bytes | None) -> None:
    port = LOCALITY.beacon_port
    for address in (LOCALITY.interfaces[0].address, "127.0.0.1"):
        assert judge(Beacon(OWN.octets, port, key), (address, 5670)) == OwnEcho()
    assert judge(Beacon(OWN.octets, 0, key), ("10.0.0.77", 5670)) == OwnEcho(), "whoever leaves under our name"


def test_what_carries_our_uuid_and_comes_from_elsewhere_is_another_node() -> None:
    port, own = LOCALITY.beacon_port, LOCALITY.interfaces[0].address
    assert judge(Beacon(OWN.octets, port), ("10.0.0.77", 5670)) == Found(OWN, Endpoint("tcp", "10.0.0.77", port))
    assert judge(Beacon(OWN.octets, port + 1), (own, 5670)) == Found(OWN, Endpoint("tcp", own, port + 1))


def test_who_demands_curve_is_not_for_us() -> None:
    assert judge(Beacon(PEER.octets, 7, b"k" * 32)) == Unwelcome(PEER, "secured peer")


def test_with_a_key_it_is_the_other_way_round() -> None:
    secured = BeaconDiscovery(OWN, BEACON_PORT, encode_key(b"o" * 32))
    assert decode_beacon(secured.announcement(7)) == Beacon(OWN.octets, 7, b"o" * 32)
    verdict = secured.judge(encode_beacon(Beacon(PEER.octets, 7, b"k" * 32)), SOURCE, LOCALITY)
    assert verdict == Found(PEER, Endpoint("tcp", "10.0.0.2", 7))
    assert isinstance(verdict, Found)
    assert verdict.key == encode_key(b"k" * 32)
    assert secured.judge(encode_beacon(Beacon(PEER.octets, 7)), SOURCE, LOCALITY) == Unwelcome(PEER, "open peer")
    farewell = secured.judge(encode_beacon(Beacon(PEER.octets, 0, b"k" * 32)), SOURCE, LOCALITY)
    assert farewell == Farewell(PEER, encode_key(b"k" * 32))


def test_a_beacon_from_elsewhere_is_refused_by_who_chose_an_interface() -> None:
    chosen = Locality(LOCALITY.bound, (Interface("eth0", "10.0.0.1", 24),), restricted=True)
    assert judge(Beacon(PEER.octets, 7), ("10.9.0.2", BEACON_PORT), chosen) is Violation.BEACON_ELSEWHERE
    assert isinstance(judge(Beacon(PEER.octets, 7), SOURCE, chosen), Found)


@given(st.binary(max_size=60), st.text(max_size=20), st.integers(0, 65535))
def test_any_datagram_gets_a_verdict(data: bytes, address: str, port: int) -> None:
    """Invariant: judging never raises; what is no beacon is counted as malformed."""
    verdict = DISCOVERY.judge(data, (address, port), LOCALITY)
    assert isinstance(verdict, (Found, Farewell, OwnEcho, Violation))
    if len(data) not in (22, 54):
        assert verdict is Violation.BEACON_MALFORMED
