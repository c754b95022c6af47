"""Encrypted and authenticated with libzyre's CURVE mode: by beacon, by explicit connection, either way round."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import zyre

from ..peers.harness import ReferencePeer, require, unused_port
from .ours import Ours
from .scenarios import unused_tcp_port

pytestmark = pytest.mark.interop


def keys(of: zyre.Certificate) -> tuple[str, str]:
    return of.public_key, of.pair.secret


def exchange(node: Ours, peer: ReferencePeer) -> None:
    """Check that each hears the other."""
    node.wait_for(zyre.Enter, peer=peer)
    peer.wait_for("ENTER", peer=node.uuid)
    assert node.node.whisper(peer.uuid, b"to you")
    peer.wait_for("WHISPER", peer=node.uuid, content=[b"to you"])
    peer.whisper(node.uuid, b"to us")
    node.wait_for(zyre.Whisper, peer=peer, content=(b"to us",))


@pytest.mark.parametrize("first", ["ours", "theirs"])
def test_by_beacon(first: str) -> None:
    require("libzyre")
    port, theirs = unused_port(), zyre.new_certificate()
    node = Ours(
        port=port, certificate=zyre.new_certificate(), access=zyre.Access(keys=[theirs.public_key]), groups=["G"]
    )
    peer = ReferencePeer("libzyre", port=port, certificate=keys(theirs), groups=["G"])
    one, other = (node, peer) if first == "ours" else (peer, node)
    with one, other:  # type: ignore[attr-defined]
        exchange(node, peer)
        assert node.node.peers[peer.uuid].headers["X-PUBLICKEY"] == theirs.public_key
        assert peer.command("header", peer=node.uuid, key="X-PUBLICKEY") == node.node.public_key
        node.wait_for(zyre.Join, peer=peer, group="G")
        assert node.node.shout("G", b"all") == 1
        peer.wait_for("SHOUT", peer=node.uuid, group="G", content=[b"all"])
        peer.stop()
        node.wait_for(zyre.Exit, peer=peer, reason="left")
        assert node.node.statistics().violations == {}


def test_a_libzyre_node_whose_key_is_unknown_stays_outside() -> None:
    require("libzyre")
    port = unused_port()
    access = zyre.Access(keys=[zyre.new_certificate().public_key])
    with (
        Ours(port=port, certificate=zyre.new_certificate(), access=access) as node,
        ReferencePeer("libzyre", port=port, certificate=keys(zyre.new_certificate())) as peer,
    ):
        assert node.wait_for(zyre.Refused).code == "unknown key"
        node.never(zyre.Enter, within=0.5)
        peer.never("ENTER", within=0)


def test_an_open_libzyre_node_stays_outside() -> None:
    require("libzyre")
    port = unused_port()
    with (
        Ours(port=port, certificate=zyre.new_certificate(), access="*") as node,
        ReferencePeer("libzyre", port=port) as peer,
    ):
        assert node.wait_for(zyre.Refused, peer=peer).code == "open peer"
        peer.require_peer(node.uuid, node.node.endpoint)
        node.never(zyre.Enter, within=0.5)
        peer.never("ENTER", within=0)


def test_we_connect() -> None:
    require("libzyre")
    place, theirs = f"tcp://10.77.0.1:{unused_tcp_port()}", zyre.new_certificate()
    with (
        ReferencePeer("libzyre", endpoint=place, certificate=keys(theirs)) as peer,
        Ours(port=0, certificate=zyre.new_certificate(), access="*") as node,
    ):
        node.node.connect(place, public_key=theirs.public_key)
        exchange(node, peer)
        node.node.stop()
        peer.wait_for("EXIT", peer=node.uuid)


def test_they_connect() -> None:
    require("libzyre")
    place = f"tcp://10.77.0.1:{unused_tcp_port()}"
    with (
        ReferencePeer("libzyre", endpoint=place, certificate=keys(zyre.new_certificate())) as peer,
        Ours(port=0, certificate=zyre.new_certificate(), access="*") as node,
    ):
        peer.require_peer(node.uuid, node.node.endpoint, node.node.public_key)
        exchange(node, peer)


def test_by_gossip_through_our_hub() -> None:
    require("libzyre")
    hub, theirs = f"tcp://10.77.0.1:{unused_tcp_port()}", zyre.new_certificate()
    access = zyre.Access(keys=[theirs.public_key])
    with Ours(port=0, certificate=zyre.new_certificate(), access=access) as node:
        node.node.gossip_bind(hub)
        place = f"tcp://10.77.0.1:{unused_tcp_port()}"
        contact = f"{hub}|{node.node.public_key}"
        with ReferencePeer("libzyre", endpoint=place, gossip_connect=contact, certificate=keys(theirs)) as peer:
            exchange(node, peer)


def test_by_gossip_through_their_hub() -> None:
    require("libzyre")
    hub, theirs = f"tcp://10.77.0.1:{unused_tcp_port()}", zyre.new_certificate()
    place = f"tcp://10.77.0.1:{unused_tcp_port()}"
    with (
        ReferencePeer("libzyre", endpoint=place, gossip_bind=hub, certificate=keys(theirs)) as peer,
        Ours(port=0, certificate=zyre.new_certificate(), access="*") as node,
    ):
        node.node.gossip_connect(hub, public_key=theirs.public_key)
        exchange(node, peer)


CZMQ = """
import ctypes, sys
sys.path.insert(0, {root!r})
from tests.peers import libzyre
library = ctypes.CDLL(str(libzyre.find_library()))
for name in ("zcert_load", "zcert_public_txt", "zcert_secret_txt", "zcert_meta", "zcert_new"):
    getattr(library, name).restype = ctypes.c_void_p if name in ("zcert_load", "zcert_new") else ctypes.c_char_p
ours = ctypes.c_void_p(library.zcert_load(sys.argv[1].encode()))
print(*(library.zcert_public_txt(ours), library.zcert_secret_txt(ours), library.zcert_meta(ours, b"name")), sep="\\n")
theirs = ctypes.c_void_p(library.zcert_new())
library.zcert_set_meta(theirs, b"name", b"%s", b"theirs")
library.zcert_save(theirs, sys.argv[2].encode())
print(library.zcert_public_txt(theirs), library.zcert_secret_txt(theirs), sep="\\n", flush=True)
import os
os._exit(0)
"""


def test_czmq_reads_our_certificates_and_we_read_its(tmp_path: Path) -> None:
    require("libzyre")
    made = zyre.new_certificate(name="ours")
    zyre.save_certificate(made, tmp_path / "ours")
    program = CZMQ.format(root=str(Path(__file__).parents[2]))
    run = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "ours", tmp_path / "theirs"], capture_output=True, text=True
    )
    public, secret, name, *theirs = (line[2:-1] for line in run.stdout.splitlines())
    assert (public, secret, name) == (*keys(made), "ours"), run.stderr
    loaded = zyre.load_certificate(tmp_path / "theirs")
    assert (*keys(loaded), loaded.metadata["name"]) == (*theirs, "theirs")
