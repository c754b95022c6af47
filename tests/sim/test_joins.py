"""A JOIN is missed in no interleaving of entering, joining and breaking connections: small worlds, each from a seed.

More of them: ``python -m tests.sim.test_joins 0 10000``.
"""

from __future__ import annotations

import sys
from functools import partial
from random import Random

import pytest

from zyre.config import NodeConfig, Timing
from zyre.groups.changes import Changes
from zyre.sim import SimNode, World, check_agreement
from zyre.sim.checkers import Lifecycle
from zyre.sim.conditions import Conditions, LongTail

BATCH = 30
SEEDS = 210
QUICK = NodeConfig(timing=Timing.within(6))
SETTLE = 28.0


def interleave(seed: int) -> None:
    """Nodes start within a second; whatever they do falls into just that time; then all know all."""
    chance = Random(f"joins {seed}")
    conditions = Conditions(LongTail(chance.choice((0.001, 0.02, 0.2)), 0.5), chance.choice((0.0, 0.2)), 0.0)
    world = World(seed, conditions, checkers=[Lifecycle()], trace=False)
    nodes = [
        world.node(f"n{number}", groups=["G"] if chance.random() < 0.3 else [], config=QUICK, start=False)
        for number in range(chance.randint(2, 4))
    ]
    watchers: list[tuple[SimNode, Changes]] = []
    for node in nodes:
        world.after(chance.uniform(0, 1), node.start)
        for _ in range(chance.randint(1, 4)):
            world.after(chance.uniform(0, 2.5), partial(_act, node, chance.choice(("join", "leave", "join"))))
        world.after(chance.uniform(0, 3), partial(_watch, node, watchers))
    for _ in range(chance.choice((0, 1, 3))):
        world.after(chance.uniform(0.2, 3), partial(world.reset, *chance.sample(nodes, 2)))
    world.run_for(4.0)
    world.run_for(SETTLE)
    check_agreement(world)
    truth = {node.uuid for node in nodes if "G" in node.machine.own_groups}
    for node, changes in watchers:
        changes.close()
        taken = list(changes)
        assert changes.members == truth - {node.uuid}, (seed, node.name, taken)


def _act(node: SimNode, verb: str) -> None:
    node.host.change(verb, "G")


def _watch(node: SimNode, watchers: list[tuple[SimNode, Changes]]) -> None:
    watchers.append((node, Changes(node.host, "G", False)))


@pytest.mark.parametrize("first", range(0, SEEDS, BATCH))
def test_no_join_is_missed(first: int) -> None:
    for seed in range(first, first + BATCH):
        interleave(seed)


if __name__ == "__main__":
    first, end = map(int, sys.argv[1:3])
    for seed in range(first, end):
        interleave(seed)
    print(f"{end - first} worlds, and nobody missed a join")
