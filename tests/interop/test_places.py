"""Where nodes are: interfaces, addresses and ports; with libzyre where it matters what another makes of them."""

from __future__ import annotations

import pytest

import zyre

from ..peers.harness import ReferencePeer, require, unused_port
from .kinds import LIBZYRE
from .ours import HASTY, Ours
from .scenarios import meeting, unused_tcp_port

pytestmark = pytest.mark.interop

VA = "tcp://10.77.0.1:"
VB = "tcp://10.77.1.1:"


def test_our_fixed_peer_port() -> None:
    port = unused_tcp_port()
    with meeting(LIBZYRE, ours={"config": zyre.NodeConfig(peer_port=port)}) as (node, peer):
        assert node.node.endpoint == peer.address(node.uuid) == f"{VA}{port}"


def test_their_fixed_peer_port() -> None:
    port = unused_tcp_port()
    with meeting(LIBZYRE, theirs={"peer_port": port}) as (node, peer):
        assert node.node.peers[peer.uuid].address == f"{VA}{port}"


def test_what_we_advertise_is_what_they_are_told() -> None:
    """A node that listens everywhere, as behind a NAT, and tells its peers of one place."""
    port = unused_tcp_port()
    config = zyre.NodeConfig(endpoint=f"tcp://*:{port}", advertise=f"{VB}{port}")
    require("libzyre")
    with (
        Ours(port=unused_port(), config=config) as node,
        ReferencePeer("libzyre", endpoint=f"{VA}{unused_tcp_port()}") as peer,
    ):
        assert node.node.endpoint == config.advertise
        peer.require_peer(node.uuid, f"{VA}{port}")
        peer.wait_for("ENTER", peer=node.uuid, address=config.advertise)
        peer.whisper(node.uuid, b"hello")
        node.wait_for(zyre.Whisper, peer=peer)
        node.node.whisper(peer.uuid, b"hello")
        peer.wait_for("WHISPER", peer=node.uuid)


def test_nodes_on_different_interfaces_do_not_meet() -> None:
    """Both hear each other's beacons: a socket on the port hears every interface of the host. (By IPv6 they would meet:
    the two interfaces are the ends of one cable.)"""
    port = unused_port()
    va, vb = "10.77.0.1", "10.77.1.1"
    with Ours(port=port, interface=va, timing=HASTY) as one, Ours(port=port, interface=vb, timing=HASTY) as two:
        one.never(zyre.Enter, within=3 * HASTY.beacon)
        two.never(zyre.Enter)
        for node in (one, two):
            assert node.node.statistics().violations["beacon_elsewhere"] > 0


def test_each_peer_is_told_the_address_in_its_own_network() -> None:
    port = unused_port()
    with (
        Ours(port=port, interface="va") as one,
        Ours(port=port, interface="vb") as two,
        Ours(port=port, interface=None) as everywhere,
    ):
        for node, network in ((one, VA), (two, VB)):
            assert node.wait_for(zyre.Enter, peer=everywhere).address.startswith(network)
            assert everywhere.wait_for(zyre.Enter, peer=node).address.startswith(network)
            assert everywhere.node.whisper(node.uuid, b"hello")
            node.wait_for(zyre.Whisper, peer=everywhere)
            assert node.node.whisper(everywhere.uuid, b"hello")
            everywhere.wait_for(zyre.Whisper, peer=node)
        assert len(one.node.peers) == len(two.node.peers) == 1


@pytest.mark.parametrize(("interface", "network"), [("va", VA), ("vb", VB), ("10.77.1.1", VB)])
def test_libzyre_is_told_the_address_in_its_own_network(interface: str, network: str) -> None:
    """Our node uses every interface; theirs uses one, and tells with ENTER what our HELLO said."""
    with meeting(LIBZYRE, ours={"interface": None}, theirs={"interface": interface}) as (node, peer):
        assert node.node.peers[peer.uuid].address.startswith(network)
        (enter,) = (event for event in peer.events if event["type"] == "ENTER")
        assert enter["address"].startswith(network)
        node.node.whisper(peer.uuid, b"hello")
        peer.wait_for("WHISPER", peer=node.uuid)
        peer.whisper(node.uuid, b"hello")
        node.wait_for(zyre.Whisper, peer=peer)
