"""What the simulator costs, and how that grows: python -m bench.sim [--nodes 50 100 200 400] [--seconds 20].

Each world is a full mesh found by beacons on a network that loses a tenth of the datagrams; then time goes on, and one
node in a thousand dies each second and starts anew a second later (``--churn 10``: one in a hundred). The nodes are
those that ship; a second of theirs is a beacon from each to everybody.

With ``--times libzyre``, which is the default here, they have libzyre's times, evasive after five seconds and expired
after thirty, beacon each second, and trust beacons. With ``--times zyre`` they have ours, which know more and sooner
and ask for it on the links: a node says about five messages a second for that, and asks when two beacons were lost.

Seconds are those of the processor, since the machine may have other work; the wall's are beside them.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import resource
import sys
import time
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from zyre.config import Limits, NodeConfig, Timing
from zyre.sim import Conditions, Uniform, World

LOSSY = Conditions(Uniform(0.0005, 0.002), loss=0.1)
STARTING = 1.0
MESHED_AFTER = 4.0

TIMES = {
    "libzyre": Timing(ask=5.0, evasive=5.0, silent=10.0, expired=30.0, prove=1e6),
    "zyre": Timing(),
}
#: Among how many peers they beacon each second, as libzyre does among any number.
BEACONS = {"libzyre": 1_000_000, "zyre": Limits().beacons}


@dataclass(frozen=True)
class Plan:
    """One world: ``churn`` of a thousand nodes start anew each second."""

    nodes: int
    seconds: int
    churn: float
    times: str


class Lap:
    """Processor and wall time since it began."""

    def __init__(self) -> None:
        self._processor, self._wall = time.process_time(), time.perf_counter()

    def seconds(self) -> tuple[float, float]:
        return time.process_time() - self._processor, time.perf_counter() - self._wall


def mesh(plan: Plan) -> World:
    """All nodes start within a second; four seconds after the first they know each other."""
    world = World(1, LOSSY, trace=False)
    config = NodeConfig(timing=TIMES[plan.times], limits=Limits(beacons=BEACONS[plan.times]))
    for number in range(plan.nodes):
        node = world.node(f"n{number}", groups=["G"], config=config, start=False)
        world.after(STARTING * number / plan.nodes, node.start)
    world.run_for(MESHED_AFTER)
    return world


def live(world: World, plan: Plan) -> int:
    """Let time pass, with churn; how many nodes started anew."""
    due, restarts = 0.0, 0
    for _ in range(plan.seconds):
        due += plan.nodes * plan.churn / 1000
        for victim in world.entropy.sample(world.alive, int(due)):
            victim.kill()
            world.after(1.0, lambda victim=victim: world.restart(victim))
            restarts += 1
        due -= int(due)
        world.run_for(1.0)
    return restarts


def measure(plan: Plan) -> dict[str, float]:
    """One world. Memory is the process's highest so far, so the largest world comes last."""
    gc.collect()
    gc.disable()  # millions of objects that live as long as the world: looking for garbage among them is not its cost
    lap = Lap()
    world = mesh(plan)
    (meshed, _), pairs = lap.seconds(), plan.nodes * (plan.nodes - 1)
    missing = sum(plan.nodes - 1 - sum(1 for _ in node.machine._directory.ready()) for node in world.nodes)
    heard, done, living = world.network.datagrams, world.agenda.done, Lap()
    restarts = live(world, plan)
    lived, _ = living.seconds()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    gc.enable()
    return {
        "nodes": plan.nodes,
        "pairs_missing": missing,
        "restarts": restarts,
        "mesh_s": meshed,
        "us_per_pair": meshed / pairs * 1e6,
        "us_per_datagram": lived / max(1, world.network.datagrams - heard) * 1e6,
        "us_per_action": lived / max(1, world.agenda.done - done) * 1e6,
        "ms_per_node_s": lived / plan.seconds / plan.nodes * 1e3,
        "s_per_simulated_s": lived / plan.seconds,
        "total_s": meshed + lived,
        "wall_s": lap.seconds()[1],
        "kib_per_pair": memory / pairs / 1024,
        "memory_mib": memory / (1 << 20),
    }


COLUMNS = {
    "nodes": ("nodes", "{:.0f}"),
    "mesh_s": ("mesh, s", "{:.1f}"),
    "us_per_pair": ("us a pair", "{:.1f}"),
    "s_per_simulated_s": ("s a simulated s", "{:.3f}"),
    "ms_per_node_s": ("ms a node and s", "{:.3f}"),
    "us_per_datagram": ("us a datagram", "{:.2f}"),
    "us_per_action": ("us an event", "{:.1f}"),
    "total_s": ("in all, s", "{:.1f}"),
    "wall_s": ("wall, s", "{:.1f}"),
    "memory_mib": ("MiB", "{:.0f}"),
}


def growth(found: list[dict[str, float]]) -> str:
    """How it grows from the smallest world to the largest, as powers of the number of nodes."""
    small, large = found[0], found[-1]
    nodes = math.log(large["nodes"] / small["nodes"])
    powers = {
        what: math.log(large[key] / small[key]) / nodes
        for what, key in (("the mesh", "mesh_s"), ("a simulated second", "s_per_simulated_s"))
    }
    return ", ".join(f"{what} as the nodes to the power of {power:.2f}" for what, power in powers.items())


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.sim", description="What the simulator costs, and how that grows.")
    parser.add_argument("--nodes", type=int, nargs="+", default=[50, 100, 200, 400])
    parser.add_argument("--seconds", type=int, default=20, help="simulated seconds after the mesh is there")
    parser.add_argument("--churn", type=float, default=1.0, help="of a thousand nodes so many start anew each second")
    parser.add_argument("--times", choices=TIMES, default="libzyre", help="what silence means to the nodes")
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    options = parser.parse_args()
    table, found = Table(*(title for title, _ in COLUMNS.values())), []
    for nodes in sorted(options.nodes):
        found.append(measure(Plan(nodes, options.seconds, options.churn, options.times)))
        if options.json:
            print(json.dumps(found[-1]), flush=True)
        table.add_row(*(form.format(found[-1][key]) for key, (_, form) in COLUMNS.items()))
    if not options.json:
        console = Console()
        console.print(table)
        restarts = sum(one["restarts"] for one in found)
        console.print(
            f"{options.seconds} simulated s after the mesh, a tenth of the datagrams lost, {restarts} restarts"
        )
        if len(found) > 1:
            console.print(f"It grows: {growth(found)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
