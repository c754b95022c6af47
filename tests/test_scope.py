"""How far away peers may be: who is farther is not met, and that is told once."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

import zyre
from tests.peers.harness import ReferencePeer, require, unused_port
from tests.peers.raw import RawPeer
from tests.support.nodes import expect, maker, until
from zyre.core.locality import Interface, Locality
from zyre.endpoint import Endpoint

pytestmark = pytest.mark.lan


@pytest.fixture
def port() -> int:
    return unused_port()


@pytest.fixture
def nodes(port: int) -> Iterator[Any]:
    with maker(port=port) as make:
        yield make


def refused(node: zyre.Node) -> int:
    return node.statistics().violations.get("out_of_scope", 0)


ETH = Interface("eth0", "10.0.0.1", 24, "10.0.0.255")
LO = Interface("lo", "127.0.0.1", 8, "127.255.255.255")
LINK = Interface("eth0", "fe80::1%eth0", 64)
#: Every kind of frame (linux/if_ether.h: ETH_P_ALL).
_EVERYTHING = 3


@pytest.mark.parametrize(
    ("host", "link", "here"),
    [
        ("127.0.0.1", True, True),
        ("localhost", True, True),
        ("10.0.0.7", True, False),
        ("fe80::7%eth0", True, False),
        ("fe80::7%eth1", False, False),
        ("10.0.1.7", False, False),
        ("robot.lan", False, False),
    ],
)
def test_who_is_within(host: str, link: bool, here: bool) -> None:
    for scope, admitted in (("any", True), ("link", link), ("host", here)):
        locality = Locality(Endpoint("tcp", "*", 1), (ETH, LINK, LO), scope=scope)
        assert locality.admits(host) is admitted


def test_host_is_this_computer(nodes: Any, port: int) -> None:
    """Of ours and of others; nobody can even connect from elsewhere."""
    one, two = nodes("one", scope="host"), nodes("two", scope="host")
    everywhere = nodes("everywhere")
    for node, names in ((one, {"two", "everywhere"}), (two, {"one", "everywhere"}), (everywhere, {"one", "two"})):
        until(lambda node=node, names=names: {peer.name for peer in node.peers} == names)
    assert one.endpoint.startswith("tcp://127.0.0.1:")
    assert all(peer.address.startswith("tcp://127.0.0.1:") for peer in one.peers)


@pytest.mark.skipif(not hasattr(socket, "AF_PACKET"), reason="needs a look at every frame")
def test_nothing_of_it_leaves_this_computer(nodes: Any, port: int) -> None:
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_EVERYTHING)) as tap:
        tap.bind(("va", 0))
        tap.setblocking(False)
        one, two = nodes("one", scope="host"), nodes("two", scope="host")
        until(lambda: len(one.peers) == len(two.peers) == 1)
        until(lambda: one.statistics().beacons_sent > 6)
        assert not [frame for frame in _frames(tap) if b"ZRE" in frame or b"NULL" in frame]
        far = nodes("far", interface="va")
        until(lambda: far.statistics().beacons_sent > 2)
        assert [frame for frame in _frames(tap) if b"ZRE" in frame], "it would have been seen"


def _frames(tap: socket.socket) -> Iterator[bytes]:
    try:
        while True:
            yield tap.recv(65536)
    except BlockingIOError:
        return


def test_a_beacon_from_elsewhere_is_refused_and_told_once(nodes: Any, port: int) -> None:
    require("libzyre")
    one = nodes("one", scope="host")
    with ReferencePeer("libzyre", name="far", port=port, interface="va", interval=100) as far:
        event = expect(one, zyre.Refused)
        assert (event.code, event.address) == ("out of scope", "10.77.0.1")
        until(lambda: refused(one) > 3, "more beacons")
        assert not one.peers
        assert not [event for event in far.events if event["type"] == "ENTER"]
        with pytest.raises(zyre.WouldBlock):
            one.recv_nowait()


def test_nobody_is_connected_to_beyond_it(nodes: Any) -> None:
    """By connect, by gossip, by a host that gets our beacons."""
    with RawPeer(0) as far, zyre.Gossip("hub") as hub:
        at = hub.bind("tcp://127.0.0.1:*")
        hub.publish("F" * 32, "tcp://198.51.100.7:5670")
        one = nodes("one", port=0, scope="link", gossip_connect=at)
        one.connect("tcp://203.0.113.9:5670")
        one.connect("tcp://robot.invalid:5670")
        told = {expect(one, zyre.Refused).address for _ in range(3)}
        assert told == {"198.51.100.7", "203.0.113.9", "robot.invalid"}
        one.connect(far.endpoint)
        assert far.receive(), "who is within it is greeted"


def test_the_environment_says_it(nodes: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZYRE_SCOPE", "host")
    assert nodes("one").endpoint.startswith("tcp://127.0.0.1:")
    assert not nodes("two", scope="any").endpoint.startswith("tcp://127.0.0.1:")
    monkeypatch.setenv("ZYRE_SCOPE", "galaxy")
    with pytest.raises(zyre.InvalidConfig, match="galaxy"):
        zyre.Node()
    with pytest.raises(zyre.NoInterface):
        nodes("nowhere", scope="host", interface="va")
