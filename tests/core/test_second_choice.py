"""IPv6 is the second choice: used where IPv4 does not pass."""

from __future__ import annotations

from tests.core.rig import BEACON_PORT, Foreign, Rig
from zyre.core.tables import PeerState
from zyre.wire.beacon import Beacon, encode_beacon

LINK = "fe80::7%eth0"


def heard_by_ipv6(peer: Foreign) -> None:
    data = encode_beacon(Beacon(peer.id.octets, peer.port))
    peer.rig.machine.receive_datagram(data, (LINK, BEACON_PORT), peer.rig.now)


def test_who_is_heard_by_both_is_reached_by_ipv4() -> None:
    rig = Rig()
    peer = Foreign(rig)
    heard_by_ipv6(peer)
    assert rig.state(peer.id) is PeerState.ABSENT
    rig.run_for(0.5)
    peer.beacon()
    assert str(peer.record.endpoint) == peer.endpoint
    rig.run_for(2.0)
    heard_by_ipv6(peer)
    assert str(peer.record.endpoint) == peer.endpoint


def test_who_is_heard_by_ipv6_only_is_reached_by_it() -> None:
    rig = Rig()
    peer = Foreign(rig)
    for _ in range(3):
        heard_by_ipv6(peer)
        rig.run_for(0.5)
    assert str(peer.record.endpoint) == f"tcp://[{LINK}]:{peer.port}"
    assert rig.commands(peer) == ["HELLO"]


def test_a_greeting_that_arrives_meanwhile_is_answered_at_once() -> None:
    rig = Rig()
    peer = Foreign(rig)
    heard_by_ipv6(peer)
    peer.hello()
    assert rig.state(peer.id) is PeerState.READY
    rig.run_for(2.0)
    assert rig.commands(peer) == ["HELLO"]
