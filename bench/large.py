"""A very large message between two processes, and what small ones and calls wait for meanwhile.

    python -m bench.large [--octets 2147483648] [--frames 1] [--mode best_effort] [--megabits 400]

Prints how long it took, the slowest round trip of small messages while it was on its way, and the memory of both.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import resource
import subprocess
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection

from .network import enter

_PORT = 5696


def _peak() -> int:
    """The most memory that this process has had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


def receiver(pipe: Connection, interface: str) -> None:
    """Answer what is small, and say what came of what is large."""
    import zyre
    from zyre.events import Exit, Silent, Whisper

    with zyre.Node("receiver", port=_PORT, interface=interface) as node:
        odd, large = 0, ()
        pipe.send(str(node.uuid))
        for event in node:
            if not isinstance(event, Whisper):
                odd += isinstance(event, (Exit, Silent))
            elif event.content[0] == b"ping":
                node.whisper(event.peer, b"pong")
            elif event.content[0] == b"end":
                break
            else:
                large = event.content
                pipe.send("arrived")
        pipe.send((len(large), sum(map(len, large)), _digest(large), _peak(), odd))
        pipe.recv()


def _digest(frames: Sequence[bytes]) -> str:
    digest = hashlib.sha256()
    for frame in frames:
        digest.update(frame)
    return digest.hexdigest()


def send(pipe: Connection, octets: int, frames: int, mode: str, interface: str) -> None:
    """Send it, and measure round trips until it is there."""
    import zyre
    from zyre.events import Exit, Silent, Whisper

    each = octets // frames
    content = [bytes([number % 251]) * each for number in range(frames)]
    with zyre.Node("sender", port=_PORT, interface=interface) as node:
        peer = pipe.recv()
        while peer not in {str(known.uuid) for known in node.peers}:
            time.sleep(0.01)
        trips, odd = [], 0
        began = time.perf_counter()
        node.whisper(peer, *content, mode=mode)
        called = time.perf_counter() - began
        while not pipe.poll(0.002):
            sent = time.perf_counter()
            node.whisper(peer, b"ping")
            while not isinstance(event := node.recv(timeout=60), Whisper):
                odd += isinstance(event, (Exit, Silent))
            trips.append(time.perf_counter() - sent)
        seconds = time.perf_counter() - began
        pipe.recv()
        node.whisper(peer, b"end")
        found_frames, found, digest, their_peak, their_odd = pipe.recv()
        right = (found_frames, found, digest) == (frames, each * frames, _digest(content))
        print(
            f"{each * frames / (1 << 20):.0f} MiB in {frames} frames: {'right' if right else 'WRONG'}, {seconds:.2f} s"
        )
        print(f"the call took {called * 1000:.1f} ms")
        if trips:
            print(f"round trips meanwhile: {len(trips)}, the slowest {max(trips) * 1000:.1f} ms")
        print(f"peers that fell silent or went: {odd + their_odd}; peak memory {_peak()} and {their_peak} MiB")
        pipe.send("enough")


def main() -> None:
    """Enter a private network and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--octets", type=int, default=2 << 30)
    parser.add_argument("--frames", type=int, default=1)
    parser.add_argument("--mode", default="best_effort")
    parser.add_argument("--megabits", type=int, help="so many a second pass at most; the rest waits, or is lost")
    options = parser.parse_args()
    obstacle = enter()
    if obstacle:
        raise SystemExit(f"this needs a network namespace of its own: {obstacle}")
    if options.megabits:
        slow = f"tc qdisc replace dev lo root tbf rate {options.megabits}mbit burst 256kb latency 100ms"
        subprocess.run(slow.split(), check=True)
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.get_context("spawn").Process(target=receiver, args=(theirs, "lo"))
    child.start()
    send(ours, options.octets, options.frames, options.mode, "lo")
    child.join(10)


if __name__ == "__main__":
    main()
