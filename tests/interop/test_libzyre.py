"""Our node and libzyre, the reference: the scenarios that all kinds share, and how silence passes between the two."""

from __future__ import annotations

import statistics
import time

import pytest

import zyre

from ..peers.harness import ReferencePeer, meet, require, unused_port
from . import scenarios
from .kinds import LIBZYRE
from .ours import Ours
from .scenarios import meeting

pytestmark = pytest.mark.interop


class TestTalk(scenarios.Talk):
    kind = LIBZYRE


class TestLife(scenarios.Life):
    kind = LIBZYRE


def test_they_are_silent_and_return() -> None:
    """One event for each change, however long it lasts; libzyre repeats its own every second."""
    with meeting(LIBZYRE, ours={"timing": zyre.Timing(evasive=0.2, silent=0.4, expired=20, ping=0.1)}) as (node, peer):
        peer.pause()
        silent = node.wait_for(zyre.Silent, peer=peer)
        peer.resume()
        node.wait_for(zyre.Returned, peer=peer)
        episode = node.events[node.events.index(silent) - 1 :]
        assert [type(event) for event in episode] == [zyre.Evasive, zyre.Silent, zyre.Returned]
        node.never(zyre.Exit)


def test_we_are_evasive_and_return() -> None:
    require("libzyre")
    port = unused_port()
    with (
        ReferencePeer("libzyre", port=port, evasive=300, expired=20_000) as peer,
        ReferencePeer("zyre", port=port) as node,
    ):
        meet(peer, node)
        node.pause()
        peer.wait_for("EVASIVE", peer=node)
        peer.wait_for("SILENT", peer=node)
        node.resume()
        peer.whisper(node, b"still there?")
        node.wait_for("WHISPER", peer=peer)
        node.whisper(peer, b"yes")
        peer.wait_for("WHISPER", peer=node)
        peer.never("EXIT", within=0)
        node.never("EXIT", within=0)


def test_how_soon_they_meet() -> None:
    """Measured and shown (pytest -s), never judged: that depends on the machine."""
    require("libzyre")
    port, took = unused_port(), []
    with ReferencePeer("libzyre", port=port) as peer:
        for _ in range(9):
            node, started = Ours(port=port), time.monotonic()
            with node:
                node.wait_for(zyre.Enter, peer=peer)
                took.append(time.monotonic() - started)
            peer.wait_for("EXIT", peer=node.uuid)
    print(f"\nfrom the start of our node to Enter of libzyre: median {statistics.median(took) * 1000:.1f} ms")
