"""What a node costs that has nothing to do: ``python -m bench.idle 10 40 100``.

So many nodes, each in a process of its own, meet; some seconds later the CPU of each is counted for ten more.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import threading
import time

import zyre

from .network import enter

_PORT = 5671
_PATIENCE = 120.0
_SETTLE = 5.0
_SECONDS = 10.0


def one(others: int) -> None:
    """One of them: says when it has met all, then, when it is told to, which share of a core it used."""
    with zyre.Node(port=_PORT, interface="lo") as node:
        deadline = time.monotonic() + _PATIENCE
        while len(node.peers) < others and time.monotonic() < deadline:
            try:
                node.recv(0.5)
            except zyre.RecvTimeout:
                continue
        print(len(node.peers), flush=True)
        sys.stdin.readline()
        threading.Thread(target=node.run, daemon=True).start()
        time.sleep(_SETTLE)
        cpu, began = time.process_time(), time.monotonic()
        time.sleep(_SECONDS)
        print((time.process_time() - cpu) / (time.monotonic() - began), flush=True)
        sys.stdin.readline()


def measure(count: int) -> tuple[int, list[float]]:
    """The fewest peers that any of so many nodes met, and the share of a core that each used, the least first."""
    command = [sys.executable, "-m", "bench.idle", "--one", str(count)]
    nodes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        for _ in range(count)
    ]
    answers: list[list[str]] = []
    for _ in range(2):
        answers.append([node.stdout.readline() for node in nodes if node.stdout is not None])
        for node in nodes:
            if node.stdin is not None:
                node.stdin.write("\n")
    for node in nodes:
        node.communicate()
    return min(map(int, answers[0])), sorted(map(float, answers[1]))


def main() -> None:
    """Print a line for each number of nodes."""
    parser = argparse.ArgumentParser(prog="python -m bench.idle", description="What idle nodes cost.")
    parser.add_argument("nodes", type=int, nargs="+")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        one(options.nodes[0] - 1)
        return
    enter()
    for count in options.nodes:
        fewest, shares = measure(count)
        print(f"{count} nodes, each with {fewest} peers at least: median {statistics.median(shares):.2%} of a core")


if __name__ == "__main__":
    main()
