"""A node that starts anew 200 times a minute, as real processes, before one witness of each kind:
``python -m tests.lan.restarts``; ``--polite`` for one that says goodbye each time, instead of being killed with -9.

It keeps its identity. Each life is a process of its own, forked by one that has loaded the package but no node, and
ends no sooner than 0.2 s after its node has started: of a shorter one nobody can have heard. The witnesses are told of
by what their applications hear, and the network by what the switch counts at each cable.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from ..support.network import enter_private_network

PORT = 5670
NAME = "restless"
_SHORTEST = 0.2
KINDS = {"ours": "zyre", "libzyre": "libzyre"}


def live(kept: str, lives: int, interval: float, polite: bool) -> None:
    """So many lives, one after the other; the last one goes on until standard input ends."""
    import zyre
    import zyre.engine.host  # what a node needs, before the first one

    for number in range(lives):
        began = time.monotonic()
        started, say_started = os.pipe()
        child = os.fork()
        if child == 0:
            node = zyre.Node(NAME, identity=kept, groups=["G"], headers={"life": str(number)})
            node.start()
            os.write(say_started, b"!")
            signal.signal(signal.SIGTERM, partial(_end, node))
            while True:
                signal.pause()
        os.read(started, 1)
        os.close(started)
        os.close(say_started)
        if number == lives - 1:
            print("done", flush=True)
            sys.stdin.read()
        else:
            time.sleep(max(_SHORTEST, began + interval - time.monotonic()))
        os.kill(child, signal.SIGTERM if polite else signal.SIGKILL)
        os.waitpid(child, 0)


def _end(node: Any, number: int, frame: Any) -> None:
    node.stop()
    os._exit(0)


def _packets(host: Any) -> int:
    show = ("ip", "-s", "-j", "link", "show", "dev", host.cables[0].plug)
    counted = json.loads(subprocess.run(show, capture_output=True, check=True).stdout)[0]["stats64"]
    return sum(int(counted[way]["packets"]) for way in ("rx", "tx"))


def _witness(stack: ExitStack, lab: Any, kind: str, name: str) -> Any:
    from .real import _Process

    host = lab.host(f"w-{name}", "lan")
    interface = host.cables[0].interface
    process = _Process(kind, threading.Condition(), name=name, port=PORT, interface=interface, prefix=host.prefix)
    process.host = host  # type: ignore[attr-defined]
    return stack.enter_context(process)


def _story(witness: Any, lives: int) -> str:
    """What a witness heard of the restless one, in a line."""
    heard = [each for each in witness.sightings if each.who == NAME]
    entered = sum(each.kind == "Enter" for each in heard)
    exits = Counter(each.reason or "gone" for each in heard if each.kind == "Exit")
    others = Counter(each.kind for each in heard if each.kind not in ("Enter", "Exit", "Join"))
    ordered = [each.kind for each in heard if each.kind in ("Enter", "Exit")]
    paired = ordered == ["Enter", "Exit"] * (len(ordered) // 2) + ["Enter"] * (len(ordered) % 2)
    ended = ", ".join(f"{count} Exit({reason})" for reason, count in sorted(exits.items()))
    return (
        f"{entered} Enter of {lives} lives, {ended or 'no Exit'}, {'in turn' if paired else 'NOT IN TURN'}"
        f"{''.join(f', {count} {kind}' for kind, count in sorted(others.items()))}"
    )


def main() -> int:
    """Build the laboratory, let the restless one live, print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rate", type=float, default=200.0, help="restarts a minute")
    parser.add_argument("--polite", action="store_true", help="say goodbye before each restart")
    parser.add_argument("--lives", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    interval, lives = 60.0 / chosen.rate, round(chosen.seconds * chosen.rate / 60.0) + 1
    if chosen.lives:
        live(chosen.lives, lives, interval, chosen.polite)
        return 0
    network = enter_private_network()
    if not network:
        sys.exit(network.reason)
    from .lab import Lab, missing

    if reason := missing():
        sys.exit(reason)
    with Lab() as lab, ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        witnesses = {name: _witness(stack, lab, kind, name) for name, kind in KINDS.items()}
        victim = lab.host(NAME, "lan")
        places = {NAME: victim, **{name: witness.host for name, witness in witnesses.items()}}
        time.sleep(2.0)
        quiet, quiet_since = {name: _packets(host) for name, host in places.items()}, time.monotonic()
        time.sleep(5.0)
        idle = {
            name: (_packets(host) - quiet[name]) / (time.monotonic() - quiet_since) for name, host in places.items()
        }
        before, began = {name: _packets(host) for name, host in places.items()}, time.monotonic()
        again = [sys.executable, "-m", __spec__.name, "--lives", str(Path(folder) / "kept")]
        again += ["--seconds", str(chosen.seconds), "--rate", str(chosen.rate), *["--polite"] * chosen.polite]
        with subprocess.Popen(
            [*victim.prefix, *again], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as cradle:
            assert cradle.stdout is not None
            assert cradle.stdin is not None
            cradle.stdout.readline()
            took = time.monotonic() - began
            rates = {name: (_packets(host) - before[name]) / took for name, host in places.items()}
            time.sleep(12.0)  # whoever expires is told of by then
            stories = {name: _story(witness, lives) for name, witness in witnesses.items()}
            cradle.stdin.close()
        ending = "with a goodbye" if chosen.polite else "killed with -9"
        print(f"{lives - 1} restarts in {took:.1f} s, {(lives - 1) / took * 60:.0f} a minute, {ending}")
        for name, story in stories.items():
            print(f"  {name:8} {story}")
        for name, rate in rates.items():
            print(f"  {name:8} {rate:6.1f} packets a second at its cable, {rate * took / (lives - 1):5.1f} a restart")
            print(f"  {'':8} {idle[name]:6.1f} before")
    return 0


if __name__ == "__main__":
    sys.exit(main())
