"""Each peer is told the address that lies in its own network."""

from __future__ import annotations

import pytest

from zyre.core.locality import Interface, Locality
from zyre.endpoint import Endpoint

LO = Interface("lo", "127.0.0.1", 8)
LAN = Interface("eth0", "192.168.1.7", 24, "192.168.1.255")
LAB = Interface("eth1", "10.20.0.5", 16, "10.20.255.255")
SIX = Interface("eth0", "fe80::7", 64)
HOME = (LO, LAN, LAB, SIX)
ANYWHERE = Endpoint("tcp", "*", 49152)


@pytest.mark.parametrize(
    ("remote", "told"),
    [
        ("tcp://192.168.1.99:1", "tcp://192.168.1.7:49152"),
        ("tcp://10.20.3.4:1", "tcp://10.20.0.5:49152"),
        ("tcp://127.0.0.1:1", "tcp://127.0.0.1:49152"),
        ("tcp://[fe80::9]:1", "tcp://[fe80::7]:49152"),
        ("tcp://8.8.8.8:1", "tcp://192.168.1.7:49152"),
        ("tcp://some.host:1", "tcp://192.168.1.7:49152"),
        ("ipc:///tmp/x", "tcp://192.168.1.7:49152"),
    ],
)
def test_a_peer_is_told_the_address_in_its_network(remote: str, told: str) -> None:
    assert Locality(ANYWHERE, HOME).toward(Endpoint.parse(remote)) == told


def test_what_the_application_advertises_is_told_to_everybody() -> None:
    locality = Locality(ANYWHERE, HOME, advertise="tcp://nat.example:7")
    assert locality.toward(Endpoint.parse("tcp://10.20.3.4:1")) == locality.endpoint == "tcp://nat.example:7"


@pytest.mark.parametrize("bound", ["tcp://10.20.0.5:7", "ipc:///tmp/x", "inproc://x"])
def test_what_is_bound_to_one_place_is_told_as_it_is(bound: str) -> None:
    locality = Locality(Endpoint.parse(bound), HOME)
    assert locality.toward(Endpoint.parse("tcp://192.168.1.99:1")) == locality.endpoint == bound


@pytest.mark.parametrize(
    ("interfaces", "main"), [(HOME, LAN.address), ((LO,), "127.0.0.1"), ((LO, LAB), LAB.address), ((), "127.0.0.1")]
)
def test_the_main_address_is_the_first_that_leads_out(interfaces: tuple[Interface, ...], main: str) -> None:
    locality = Locality(ANYWHERE, interfaces)
    assert locality.main_address == main
    assert locality.endpoint == f"tcp://{main}:49152"


@pytest.mark.parametrize(
    ("source", "heard"), [("192.168.1.200", True), ("10.20.1.1", False), ("127.0.0.1", False), ("nonsense", False)]
)
def test_a_node_that_chose_its_interfaces_hears_only_those(source: str, heard: bool) -> None:
    assert Locality(ANYWHERE, (LAN,), restricted=True).covers(source) is heard
    assert Locality(ANYWHERE, (LAN,)).covers(source)


@pytest.mark.parametrize(("bound", "port"), [("tcp://*:7", 7), ("ipc:///x", 0), ("inproc://x", 0)])
def test_a_beacon_carries_a_tcp_port_or_none(bound: str, port: int) -> None:
    assert Locality(Endpoint.parse(bound)).beacon_port == port


def test_loopback_is_known_by_its_network() -> None:
    assert LO.is_loopback
    assert not LAN.is_loopback
