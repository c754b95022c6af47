"""Elections with libzyre: whoever is in the group, and whoever came first, all name the same leader."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

import zyre
from zyre.identity import PeerId

from ..peers.harness import ReferencePeer, meet, require, unused_port
from .ours import HASTY, Ours
from .scenarios import QUICK_TO_EXPIRE

pytestmark = pytest.mark.interop

LOWEST = PeerId("00" * 15 + "01")
HIGHEST = PeerId("FF" * 16)
STANDS = {"groups": ["G"], "contest": ["G"]}


@contextmanager
def candidate(identity: PeerId, port: int, timing: zyre.Timing = HASTY) -> Iterator[Ours]:
    """A node of ours that stands in group "G" under an identity of the test's choice."""
    with Ours(port=port, timing=timing, uuid=identity) as node:
        node.node.contest("G")
        yield node


def agree(leader: str, node: Ours, *peers: ReferencePeer) -> None:
    """Wait until all of them have named this leader. Others may have led before."""
    assert node.wait_for(zyre.Leader, group="G", peer=leader)
    for peer in peers:
        peer.wait_for("LEADER", group="G", peer=leader)
    assert node.node.leader("G") == leader


@pytest.mark.parametrize("identity", [LOWEST, HIGHEST], ids=["ours is the lowest", "theirs is the lowest"])
@pytest.mark.parametrize("ours_first", [True, False], ids=["we were there", "they were there"])
def test_two_elect_the_lowest(identity: PeerId, ours_first: bool) -> None:
    require("libzyre")
    port = unused_port()
    peer = ReferencePeer("libzyre", port=port, start=not ours_first, **STANDS)
    with peer, candidate(identity, port) as node:
        if ours_first:
            peer.start()
        agree(min(node.uuid, peer.uuid), node, peer)


@contextmanager
def pair(port: int, **options: Any) -> Iterator[tuple[ReferencePeer, ReferencePeer]]:
    """Two candidates of libzyre that have elected one of them; the leader comes first.

    Ours comes later. Were it the other way round, with a third libzyre of the lowest id, the vote could fail for a
    reason of theirs: of three libzyre nodes among themselves, every eighth such election never ends.
    """
    with (
        ReferencePeer("libzyre", port=port, **STANDS, **options) as one,
        ReferencePeer("libzyre", port=port, **STANDS, **options) as two,
    ):
        leader, other = sorted((one, two), key=lambda peer: peer.uuid)
        for peer in (one, two):
            peer.wait_for("LEADER", group="G", peer=leader)
        yield leader, other


@pytest.mark.parametrize("identity", [LOWEST, HIGHEST], ids=["ours is the lowest", "one of theirs is"])
def test_three_elect_the_lowest(identity: PeerId) -> None:
    require("libzyre")
    port = unused_port()
    with pair(port) as (one, two), candidate(identity, port) as node:
        agree(min(node.uuid, one.uuid), node, one, two)


def test_a_member_of_theirs_that_does_not_stand_takes_part() -> None:
    require("libzyre")
    port = unused_port()
    with (
        ReferencePeer("libzyre", port=port, groups=["G"]) as member,
        candidate(HIGHEST, port) as node,
    ):
        agree(HIGHEST, node, member)


def test_a_member_of_ours_that_does_not_stand_takes_part() -> None:
    require("libzyre")
    port = unused_port()
    with Ours(port=port, groups=["G"]) as node, ReferencePeer("libzyre", port=port, **STANDS) as peer:
        agree(peer.uuid, node, peer)


def test_who_remains_elects_anew_when_their_leader_is_killed() -> None:
    require("libzyre")
    port = unused_port()
    with pair(port, **QUICK_TO_EXPIRE) as (leader, other), candidate(HIGHEST, port) as node:
        agree(leader.uuid, node, leader, other)
        leader.kill()
        node.wait_for(zyre.Exit, peer=leader)
        agree(other.uuid, node, other)


def test_who_remains_elects_anew_when_our_leader_is_killed() -> None:
    """The member of libzyre, which does not stand, learns of it first: it counts votes once, against the members that
    it then has, so that a vote from who knew before would leave it without a leader for good."""
    require("libzyre")
    port = unused_port()
    with (
        ReferencePeer("libzyre", port=port, groups=["G"], **QUICK_TO_EXPIRE) as member,
        ReferencePeer("zyre", port=port, **STANDS) as leader,
    ):
        meet(member, leader)
        member.wait_for("LEADER", peer=leader)
        with candidate(HIGHEST, port, zyre.Timing(evasive=0.5, silent=1, expired=2, ping=0.1)) as node:
            agree(leader.uuid, node, leader)
            leader.kill()
            agree(HIGHEST, node, member)


@pytest.mark.parametrize("stands", [False, True], ids=["it does not stand", "it stands"])
@pytest.mark.parametrize("second", [HIGHEST, PeerId("00" * 15 + "02")], ids=["highest", "second"])
def test_libzyre_is_not_left_without_a_leader_when_ours_says_goodbye(second: PeerId, stands: bool) -> None:
    """It hears of the goodbye last, and counts the votes of the next wave against the members that it knows then."""
    require("libzyre")
    port = unused_port()
    options = STANDS if stands else {"groups": ["G"]}
    with ReferencePeer("libzyre", port=port, **options) as member, candidate(LOWEST, port) as leader:
        agree(LOWEST, leader, member)
        with candidate(second, port) as node:
            agree(LOWEST, node, member)
            leader.node.stop()
            agree(min(second, member.uuid) if stands else second, node, member)


@pytest.mark.parametrize("others", [0, 2])
def test_libzyre_is_not_left_without_a_leader_when_ours_dies(others: int) -> None:
    """It takes 30 s to notice that, and does not stand: only what it hears meanwhile can tell it who leads."""
    require("libzyre")
    port = unused_port()
    with (
        ReferencePeer("libzyre", port=port, groups=["G"]) as member,
        ReferencePeer("zyre", port=port, **STANDS) as leader,
        ExitStack() as stack,
    ):
        for _ in range(others):
            stack.enter_context(Ours(port=port, groups=["G"]))
        member.wait_for("LEADER", peer=leader)
        with candidate(HIGHEST, port, zyre.Timing()) as node:
            agree(leader.uuid, node, member)
            leader.kill()
            agree(HIGHEST, node, member)
