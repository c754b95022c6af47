"""Reliable messages over real TCP connections that the kernel resets every two seconds.

    python -m bench.resets [--messages 1000000] [--every 2.0]

Two processes in a network namespace of their own; ``ss -K`` destroys every established connection in it. The receiver
checks that each number comes once and in order.
"""

from __future__ import annotations

import argparse
import multiprocessing
import subprocess
import time
from multiprocessing.connection import Connection

from .network import enter

_PORT = 5694
_RATE = 20_000


def receiver(pipe: Connection, count: int, interface: str) -> None:
    """Take ``count`` messages, and say how many were wrong."""
    import zyre
    from zyre.events import ReliableWhisper

    with zyre.Node("receiver", port=_PORT, interface=interface) as node:
        while not node.peers:
            time.sleep(0.01)
        pipe.send(str(node.uuid))
        seen = wrong = 0
        while seen < count:
            event = node.recv(timeout=60)
            if isinstance(event, ReliableWhisper):
                wrong += int(event.content[0]) != seen
                seen += 1
        pipe.send((seen, wrong))
        pipe.recv()


def reset_all() -> int:
    """Destroy every TCP connection of this network namespace; how many there were."""
    done = subprocess.run(["ss", "-K", "-t", "state", "established"], capture_output=True, text=True, check=False)
    return max(0, len(done.stdout.splitlines()) - 1)


def send(pipe: Connection, count: int, every: float, interface: str) -> None:
    """Send numbers at a steady rate while connections break, then print what became of them."""
    import zyre

    with zyre.Node("sender", port=_PORT, interface=interface) as node:
        peer, resets = pipe.recv(), 0
        while peer not in {str(known.uuid) for known in node.peers}:
            time.sleep(0.01)
        began = time.monotonic()
        next_at = began + every
        for number in range(count):
            node.whisper(peer, b"%d" % number, mode="reliable")
            if number % 500 == 0:
                if not time.monotonic() < next_at:
                    resets += reset_all()
                    next_at += every
                time.sleep(max(0.0, number / _RATE - (time.monotonic() - began)))
        seen, wrong = pipe.recv()
        seconds = time.monotonic() - began
        print(f"{seen} of {count} arrived, {wrong} out of order or twice, {resets} sockets reset in {seconds:.0f} s")
        pipe.send("enough")


def main() -> None:
    """Enter a private network, for nobody else's connections may break."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--every", type=float, default=2.0)
    options = parser.parse_args()
    obstacle = enter()
    if obstacle:
        raise SystemExit(f"this needs a network namespace of its own: {obstacle}")
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.get_context("spawn").Process(target=receiver, args=(theirs, options.messages, "lo"))
    child.start()
    send(ours, options.messages, options.every, "lo")
    child.join(10)


if __name__ == "__main__":
    main()
