"""What the simulator costs, and how that grows: python -m bench.sim [--nodes 50 100 200 400] [--seconds 20].

Each world is a full mesh found by beacons on a network that loses a tenth of the datagrams; then time goes on with
churn, one node in a hundred dying and starting anew each second. Time is given for each pair of nodes that met, for
each datagram, and for each simulated second; memory for each pair.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time

from rich.console import Console
from rich.table import Table

from zyre.sim import Conditions, Uniform, World

LOSSY = Conditions(Uniform(0.0005, 0.002), loss=0.1)
STARTING = 1.0
MESHED_AFTER = 4.0


def measure(nodes: int, seconds: float, churn: bool) -> dict[str, float]:
    """One world. Memory is the process's highest so far, so the largest world comes last."""
    begin = time.perf_counter()
    world = World(1, LOSSY, trace=False)
    for number in range(nodes):
        node = world.node(f"n{number}", groups=["G"], start=False)
        world.after(STARTING * number / nodes, node.start)
    world.run_for(MESHED_AFTER)
    meshed = time.perf_counter() - begin
    missing = sum(nodes - 1 - len(node.peers) for node in world.nodes)
    heard, done = world.network.datagrams, world.agenda.done
    begin = time.perf_counter()
    for _ in range(int(seconds)):
        if churn:
            for victim in world.entropy.sample(world.alive, max(1, nodes // 100)):
                victim.kill()
                world.after(1.0, lambda victim=victim: world.restart(victim))
        world.run_for(1.0)
    spent = time.perf_counter() - begin
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {
        "nodes": nodes,
        "pairs_missing": missing,
        "mesh_s": meshed,
        "us_per_pair": meshed / (nodes * (nodes - 1)) * 1e6,
        "us_per_datagram": spent / max(1, world.network.datagrams - heard) * 1e6,
        "us_per_action": spent / max(1, world.agenda.done - done) * 1e6,
        "s_per_simulated_s": spent / seconds,
        "total_s": meshed + spent,
        "kib_per_pair": memory / (nodes * (nodes - 1)) / 1024,
        "memory_mib": memory / (1 << 20),
    }


COLUMNS = {
    "nodes": ("nodes", "{:.0f}"),
    "mesh_s": ("mesh, s", "{:.1f}"),
    "us_per_pair": ("us a pair", "{:.1f}"),
    "us_per_datagram": ("us a datagram", "{:.2f}"),
    "s_per_simulated_s": ("s a simulated s", "{:.2f}"),
    "total_s": ("in all, s", "{:.1f}"),
    "kib_per_pair": ("KiB a pair", "{:.2f}"),
    "memory_mib": ("MiB", "{:.0f}"),
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.sim", description="What the simulator costs, and how that grows.")
    parser.add_argument("--nodes", type=int, nargs="+", default=[50, 100, 200, 400])
    parser.add_argument("--seconds", type=float, default=20.0, help="simulated seconds after the mesh is there")
    parser.add_argument("--no-churn", action="store_true")
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    options = parser.parse_args()
    table = Table(*(title for title, _ in COLUMNS.values()))
    for nodes in sorted(options.nodes):
        found = measure(nodes, options.seconds, not options.no_churn)
        if options.json:
            print(json.dumps(found), flush=True)
        table.add_row(*(form.format(found[key]) for key, (_, form) in COLUMNS.items()))
    if not options.json:
        Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
