"""Nobody who lives is called gone: many nodes on few computers, on a bad network, with processes that stand still.

    python -m tests.sim.liveness --seeds 0:20        two computers with 25 nodes each, ten minutes for each seed

Of 100 datagrams 30 are lost, everything takes 100 ms ± 80 ms, each process stands still for 5 s, about once in half a
minute, and every minute the clock of a computer goes forward by an hour. A node is wrong if it tells of the exit of
anybody. Exit code 1 if one was.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from random import Random
from typing import NamedTuple

from zyre.config import NodeConfig, Timing
from zyre.events import Exit
from zyre.sim import LOSSY_WIFI, SimNode, World
from zyre.sim.box import Box
from zyre.sim.checkers import check_agreement

STALL = 5.0
BETWEEN = 30.0
"""Seconds between two standstills of one process, on average."""
HOUR = 3600.0
MINUTE = 60.0


class Outcome(NamedTuple):
    """What became of one seed: how often each kind of event was told, and every exit."""

    told: Counter[str]
    exits: list[str]


def live(
    seed: int, *, hosts: int = 2, nodes_per_host: int = 25, seconds: float = 600.0, timing: Timing | None = None
) -> Outcome:
    """One network for so long."""
    world = World(seed, LOSSY_WIFI, trace=False)
    boxes = [world.box(f"host{number}") for number in range(hosts)]
    config = NodeConfig(timing=timing or Timing())
    nodes = [
        world.node(f"{box.name}-{number}", box=box, config=config) for box in boxes for number in range(nodes_per_host)
    ]
    chance = Random(seed)
    for node in nodes:
        _stall_now_and_then(world, node, chance)
    for box in boxes:
        _jump_now_and_then(world, box, chance)
    world.run_for(seconds)
    check_agreement(world)
    exits = [
        f"{node.name} says that {event.name} is gone ({event.reason})"
        for node in nodes
        for event in node.events
        if isinstance(event, Exit)
    ]
    return Outcome(Counter(type(event).__name__ for node in nodes for event in node.events), exits)


def _stall_now_and_then(world: World, node: SimNode, chance: Random) -> None:
    def stall() -> None:
        node.stall(STALL)
        world.after(STALL + chance.expovariate(1 / BETWEEN), stall)

    world.after(chance.uniform(5.0, BETWEEN), stall)


def _jump_now_and_then(world: World, box: Box, chance: Random) -> None:
    def jump() -> None:
        box.settle()
        box.clock.jump(HOUR)
        world.after(chance.expovariate(1 / MINUTE), jump)

    world.after(chance.uniform(5.0, MINUTE), jump)


def main() -> int:
    """From the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="0:20", help="from:to")
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--hosts", type=int, default=2)
    parser.add_argument("--nodes", type=int, default=25, help="on each host")
    options = parser.parse_args()
    first, last = map(int, options.seeds.split(":"))
    wrong = 0
    for seed in range(first, last):
        began = time.monotonic()
        outcome = live(seed, hosts=options.hosts, nodes_per_host=options.nodes, seconds=options.seconds)
        wrong += len(outcome.exits)
        print(f"seed {seed}: {len(outcome.exits)} exits, {dict(outcome.told)}, {time.monotonic() - began:.0f} s")
        for line in outcome.exits[:5]:
            print(f"    {line}")
        sys.stdout.flush()
    print(f"{wrong} exits of the living in {last - first} seeds")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
