"""Connections that the application asks for, where no beacon leads from one to the other; with libzyre.

libzyre then says GOODBYE on the link when it stops, as our node does; and it needs to know a peer's UUID.
"""

from __future__ import annotations

import pytest

import zyre

from ..peers.harness import ReferencePeer, require, unused_port
from .ours import Ours
from .scenarios import unused_tcp_port

pytestmark = pytest.mark.interop


def endpoint() -> str:
    """An endpoint for a peer that has no beacons."""
    return f"tcp://10.77.0.1:{unused_tcp_port()}"


def exchange(node: Ours, peer: ReferencePeer) -> None:
    """Check that each hears the other."""
    peer.wait_for("ENTER", peer=node.uuid)
    assert node.node.whisper(peer.uuid, b"to you")
    peer.wait_for("WHISPER", peer=node.uuid, content=[b"to you"])
    peer.whisper(node.uuid, b"to us")
    node.wait_for(zyre.Whisper, peer=peer, content=(b"to us",))


@pytest.mark.parametrize("known", [False, True], ids=["to whoever is there", "to one by name"])
def test_we_connect(known: bool) -> None:
    require("libzyre")
    place = endpoint()
    with ReferencePeer("libzyre", name="one", endpoint=place, groups=["G"]) as peer, Ours(port=0) as node:
        node.node.connect(place, peer=peer.uuid if known else None)
        assert node.wait_for(zyre.Enter, peer=peer, name="one").address == place
        assert node.node.peers[peer.uuid].found_by == "connect"
        exchange(node, peer)
        peer.close()
        node.wait_for(zyre.Exit, peer=peer, reason="left")


@pytest.mark.parametrize("module", ["libzyre", "zyre"])
def test_whom_we_reached_by_a_host_name_and_who_was_killed_has_crashed(module: str) -> None:
    require(module)
    port = unused_tcp_port()
    peer = ReferencePeer(module, endpoint=f"tcp://127.0.0.1:{port}")
    with Ours(port=0) as node, peer:
        node.node.connect(f"tcp://localhost:{port}")
        assert node.wait_for(zyre.Enter, peer=peer).address == f"tcp://localhost:{port}"
        exchange(node, peer)
        peer.kill()
        node.wait_for(zyre.Exit, peer=peer, reason="crashed")


def test_we_connect_before_they_are_there() -> None:
    require("libzyre")
    place = endpoint()
    with Ours(port=0, timing=zyre.Timing(redial=0.1, handshake=0.3)) as node:
        node.node.connect(place)
        with ReferencePeer("libzyre", endpoint=place) as peer:
            node.wait_for(zyre.Enter, peer=peer)
            exchange(node, peer)
        node.wait_for(zyre.Exit, peer=peer, reason="left")
        with ReferencePeer("libzyre", endpoint=place) as peer:
            node.wait_for(zyre.Enter, peer=peer)
            exchange(node, peer)


def test_they_connect() -> None:
    require("libzyre")
    with ReferencePeer("libzyre", endpoint=endpoint()) as peer, Ours(port=0) as node:
        peer.require_peer(node.uuid, node.node.endpoint)
        node.wait_for(zyre.Enter, peer=peer)
        assert node.node.peers[peer.uuid].found_by == "hello"
        exchange(node, peer)
        node.node.stop()
        peer.wait_for("EXIT", peer=node.uuid)


def test_both_connect() -> None:
    require("libzyre")
    place = endpoint()
    with ReferencePeer("libzyre", endpoint=place) as peer, Ours(port=0) as node:
        node.node.connect(place)
        peer.require_peer(node.uuid, node.node.endpoint)
        node.wait_for(zyre.Enter, peer=peer)
        exchange(node, peer)
        node.never(zyre.Exit)


def test_they_call_their_endpoint_otherwise_than_we_do() -> None:
    """Two links to one peer would fight for our identity at its ROUTER, so they must be seen to be the same."""
    require("libzyre")
    port = unused_tcp_port()
    options = {"endpoint": f"tcp://*:{port}", "advertise": f"tcp://10.77.1.1:{port}"}
    with ReferencePeer("libzyre", **options) as peer, Ours(port=0) as node:
        node.node.connect(f"tcp://10.77.0.1:{port}")
        node.wait_for(zyre.Enter, peer=peer)
        exchange(node, peer)
        assert len(node.node.peers) == 1
        node.never(zyre.Exit)


def test_a_node_with_beacons_connects_to_one_without() -> None:
    require("libzyre")
    place, port = endpoint(), unused_port()
    with (
        ReferencePeer("libzyre", endpoint=place) as far,
        ReferencePeer("libzyre", port=port) as near,
        Ours(port=port) as node,
    ):
        node.node.connect(place)
        for peer in (near, far):
            node.wait_for(zyre.Enter, peer=peer)
            exchange(node, peer)
        node.node.stop()
        for peer in (near, far):
            peer.wait_for("EXIT", peer=node.uuid)
