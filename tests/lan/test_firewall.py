"""Firewalls that let in what ``zyre ports`` prints, and nothing else."""

from __future__ import annotations

import time
from contextlib import ExitStack

import pytest

from zyre.cli.ports import Opening, openings

from ..peers.harness import ReferencePeer
from .lab import Host, Lab

pytestmark = pytest.mark.lan

PORT = 5670
SOON = 20.0


def wall(host: Host, *open_ports: Opening) -> None:
    """Nothing comes in but answers, and what goes to these ports."""
    rules = [f"{one.protocol} dport {one.span('-')} accept" for one in open_ports]
    rules = ["iifname lo accept", "ct state established,related accept", *rules, "drop"]
    host.run("nft", "add table inet wall")
    host.run("nft", "add chain inet wall input { type filter hook input priority 0 ; }")
    for rule in rules:
        host.run("nft", f"add rule inet wall input {rule}")


@pytest.mark.parametrize("nodes_on_each", [1, 2])
def test_what_is_printed_is_enough(made: Lab, nodes_on_each: int) -> None:
    """Of the TCP ports one for each node on a host: the first ones."""
    udp, tcp = openings(PORT)
    tcp = tcp._replace(last=tcp.first + nodes_on_each - 1)
    with ExitStack() as running:
        peers = []
        for name in ("one", "two", "three"):
            host = made.host(name, "lan")
            wall(host, udp, tcp)
            for number in range(nodes_on_each):
                peer = ReferencePeer("zyre", name=f"{name}{number}", port=PORT, interface="*", prefix=host.prefix)
                peers.append(running.enter_context(peer))
        deadline = time.monotonic() + SOON
        while not all(len(peer.peers()) == len(peers) - 1 for peer in peers):
            assert time.monotonic() < deadline, "a mesh did not come true in time"
            time.sleep(0.02)
        large = bytes(4 << 20)
        peers[0].whisper(peers[-1], large)
        assert peers[-1].wait_for("WHISPER", peer=peers[0], timeout=SOON)["content"] == [large]
