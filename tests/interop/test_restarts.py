"""Quick restarts, with libzyre on the other side: it takes a HELLO of an identity that it knows for a new start, and
has a new identity whenever it starts itself."""

from __future__ import annotations

from pathlib import Path

import pytest

import zyre

from ..peers.harness import ReferencePeer, require, unused_port
from .ours import Ours
from .scenarios import unused_tcp_port

pytestmark = pytest.mark.interop


def test_libzyre_sees_each_start_of_ours_once(tmp_path: Path) -> None:
    require("libzyre")
    port, starts = unused_port(), 4
    config = zyre.NodeConfig(peer_port=unused_tcp_port())
    with ReferencePeer("libzyre", port=port) as peer:
        for number in range(starts):
            with Ours(port=port, identity=tmp_path / "kept", config=config, headers={"life": str(number)}) as node:
                entered = peer.wait_for("ENTER", peer=node.uuid)
                assert entered["headers"]["life"] == str(number)
                node.wait_for(zyre.Enter, peer=peer)
            peer.wait_for("EXIT", peer=node.uuid)
        peer.never("ENTER", within=0.0, peer=node.uuid)


def test_a_new_start_of_libzyre_at_the_same_place_replaces_it() -> None:
    require("libzyre")
    port, place = unused_port(), unused_tcp_port()
    with Ours(port=port) as node:
        for _ in range(3):
            peer = ReferencePeer("libzyre", port=port, peer_port=place)
            peer.open()
            try:
                node.wait_for(zyre.Enter, peer=peer)
            finally:
                peer.kill()
            uuid = peer.uuid
        with ReferencePeer("libzyre", port=port, peer_port=place) as last:
            node.wait_for(zyre.Enter, peer=last)
            assert node.wait_for(zyre.Exit, peer=uuid).reason in ("replaced", "crashed")
            assert [peer.uuid for peer in node.node.peers] == [last.uuid]
