"""A program that reads nothing while a peer sends as fast as it can: memory, answers, and whether drops are counted.

    python -m bench.asleep [--seconds 60] [--mode best_effort|reliable] [--when-full block|drop_newest|drop_oldest]

Two processes over loopback. The sleeper's memory is measured beside its cap, its slowest call beside 50 ms, and what it
kept and dropped beside what was sent. With ``--mode reliable`` nothing may be dropped, and the sender must wait.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import time
from multiprocessing.connection import Connection

import zyre
from zyre.config import NodeConfig


def sleeper(pipe: Connection, port: int, seconds: float, when_full: str) -> None:
    """Never reads an event; asks its node for this and that once in a while."""
    config = NodeConfig(when_full=when_full)
    with zyre.Node("sleeper", port=port, interface="lo", config=config) as node:
        while not node.peers:
            time.sleep(0.01)
        pipe.send(str(node.uuid))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        slowest, end, turn = 0.0, time.monotonic() + seconds, 0
        while time.monotonic() < end:
            began = time.perf_counter()
            node.statistics()
            node.join(f"group {turn % 10}")
            peers = len(node.peers)
            node.leave(f"group {turn % 10}")
            slowest = max(slowest, time.perf_counter() - began)
            turn += 1
            assert peers == 1, "nobody expires"
            time.sleep(0.05)
        pipe.recv()
        time.sleep(2.0)  # what is on its way
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        statistics = node.statistics()
        dropped = statistics.dropped.get("mailbox_full", 0)
        print(f"memory grew by {grown:.0f} MiB; cap {config.limits.mailbox_bytes >> 20} MiB")
        print(f"slowest of {turn} rounds of four calls: {slowest * 1000:.1f} ms")
        print(f"{statistics.unread} unread + {dropped} dropped = {statistics.unread + dropped}")
        pipe.send(statistics.unread + dropped)


def main() -> None:
    """Send until the time is over, then compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--mode", default="best_effort")
    parser.add_argument("--when-full", default="block")
    parser.add_argument("--octets", type=int, default=1000)
    parser.add_argument("--port", type=int, default=5690)
    options = parser.parse_args()
    ours, theirs = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    child = context.Process(target=sleeper, args=(theirs, options.port, options.seconds, options.when_full))
    child.start()
    with zyre.Node("sender", port=options.port, interface="lo") as node:
        peer, content, sent = ours.recv(), bytes(options.octets), 0
        while peer not in {str(known.uuid) for known in node.peers}:
            time.sleep(0.01)
        end = time.monotonic() + options.seconds
        while time.monotonic() < end:
            try:
                sent += bool(node.whisper_nowait(peer, content, mode=options.mode))
            except zyre.WouldBlock:
                time.sleep(0.001)
        ours.send("enough")
        arrived = ours.recv()
        print(f"{sent} sent, {sent / options.seconds:.0f} a second; {arrived} arrived; {node.statistics().fates}")
    child.join(10)


if __name__ == "__main__":
    main()
