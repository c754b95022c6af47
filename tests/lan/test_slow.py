"""Large messages fill a slow link for longer than anybody may be silent, and nobody is taken for dead. Two gibibytes
over one are ``python -m bench.large --megabits 400``."""

from __future__ import annotations

import shutil

import pytest

from ..peers import harness
from ..peers.harness import ReferencePeer, meet
from .lab import Lab

pytestmark = pytest.mark.lan

MEBI = 1 << 20
PORT = 5670
#: Six seconds and more for what is sent here, and half a second for the longest message that goes in one piece.
MEGABITS = 16
EXPIRED = 2500
PATIENCE = 60.0


@pytest.mark.parametrize(("kind", "floods"), [("zyre", [(1, 8 * MEBI), (8, MEBI)]), ("libzyre", [(12, MEBI)])])
def test_signs_of_life_pass_while_large_messages_fill_the_link(
    made: Lab, kind: str, floods: list[tuple[int, int]]
) -> None:
    harness.require("libzyre")
    if shutil.which("tc") is None:
        pytest.skip("the command `tc` (iproute2) makes a link slow")
    alice, bob = (
        ReferencePeer(
            of,
            name=name,
            port=PORT,
            interface="eth0",
            evasive=1000,
            expired=EXPIRED,
            interval=200,
            prefix=made.host(name, "lan").prefix,
        )
        for name, of in (("alice", "zyre"), ("bob", kind))
    )
    with alice, bob:
        meet(alice, bob)
        made.hosts["alice"].cables[0].slow_down(MEGABITS)
        bob.count(until=sum(count for count, _ in floods))
        for count, size in floods:
            alice.flood(bob, count, size)
        bob.wait_for("COUNTED", PATIENCE)
        for peer in (alice, bob):
            assert not [event for event in peer.events if event["type"] in ("SILENT", "EXIT")], peer.events
