"""Elections among simulated nodes: whatever the order in which they meet and learn of a loss, all name one leader.

libzyre's way to count echoes left up to one election in three without a result, here and with libzyre itself: a
member that came or went while the wave was under way was waited for, or counted twice, for ever.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest

from zyre.config import NodeConfig, Timing
from zyre.core.election import Ballot, Election
from zyre.events import Leader
from zyre.identity import PeerId
from zyre.sim.world import SimNode, World
from zyre.wire.zre import ELECT, LEADER

GROUP = "G"
CONFIG = NodeConfig(timing=Timing.within(3.0))
SEEDS = range(12)
STAGGER = (0.0, 0.0, 0.001, 0.01, 1.0)
"""Seconds between two starts; within the latency of the network they meet while others still elect."""


def gather(seed: int, candidates: int, members: int) -> tuple[World, list[SimNode]]:
    """A group of nodes, those that stand first, which start at about the same time."""
    world = World(seed)
    nodes = [
        world.node(f"node {number}", groups=[GROUP], config=CONFIG, start=False)
        for number in range(candidates + members)
    ]
    for node in nodes[:candidates]:
        node.contest(GROUP)
    for node in nodes:
        node.start()
        world.run_for(world.entropy.choice(STAGGER))
    world.run_for(2 * CONFIG.timing.alone)
    return world, nodes


def leaders(nodes: list[SimNode]) -> set[PeerId | None]:
    return {node.machine.leader(GROUP) for node in nodes}


@pytest.mark.parametrize(("candidates", "members"), [(1, 1), (2, 0), (2, 1), (3, 0), (3, 2), (2, 3), (5, 3)])
def test_all_name_the_lowest_candidate(candidates: int, members: int) -> None:
    for seed in SEEDS:
        _, nodes = gather(seed, candidates, members)
        assert leaders(nodes) == {min(node.uuid for node in nodes[:candidates])}, f"seed {seed}"


ENDS: dict[str, Callable[[SimNode], None]] = {
    "is killed": SimNode.kill,
    "stops": SimNode.stop,
    "leaves the group": lambda node: node.leave(GROUP),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
@pytest.mark.parametrize(("candidates", "members"), [(2, 0), (2, 1), (3, 2), (2, 3)])
def test_all_name_the_next_when_it(candidates: int, members: int, end: Callable[[SimNode], None]) -> None:
    for seed in SEEDS:
        world, nodes = gather(seed, candidates, members)
        leader = min(nodes[:candidates], key=lambda node: node.uuid)
        end(leader)
        world.run_for(CONFIG.timing.expired + 2 * CONFIG.timing.alone)
        rest = [node for node in nodes if node is not leader]
        following = min(node.uuid for node in nodes[:candidates] if node is not leader)
        assert leaders(rest) == {following}, f"seed {seed}"


def test_a_member_that_takes_no_part_delays_and_does_not_prevent() -> None:
    """As zeromq-pyre, which knows nothing of elections: the candidate stops waiting for its echo."""
    world = World()
    candidate, deaf = (world.node(name, groups=[GROUP], config=CONFIG) for name in ("candidate", "deaf"))
    world.run_for(1.0)
    deaf.stall()
    candidate.contest(GROUP)
    world.run_for(CONFIG.timing.alone + 0.1)
    assert deaf.uuid in candidate.peers
    assert candidate.machine.leader(GROUP) == candidate.uuid


def test_each_result_is_told_once() -> None:
    for seed in SEEDS:
        _, nodes = gather(seed, candidates=3, members=1)
        for node in nodes:
            told = [event.peer for event in node.events if isinstance(event, Leader)]
            assert all(before != after for before, after in pairwise(told)), f"seed {seed}"


def test_a_late_word_of_the_dead_holds_nobody_up() -> None:
    """A member that has not noticed yet may bring the wave of a candidate that is gone, and a low id drowns ours."""
    dead, member, own = (PeerId(digit * 32) for digit in "123")
    election = Election(own, candidate=True)
    election.start([member])
    election.on_elect(member, dead, [member])
    assert not election.is_running
    assert election.on_patience_over([member]) == Ballot(((ELECT, own, (member,)),))
    assert election.on_patience_over([member]) == Ballot(((LEADER, own, (member,)),), elected=own)
