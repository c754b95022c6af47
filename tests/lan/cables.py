"""Cables pulled and put back, addresses changed, again and again: ``python -m tests.lan.cables --pulls 20 --out 4 12``.

Three nodes of ours and one of libzyre's, each on a host of its own, with their usual times. Printed is how long after
each repair everybody is known to everybody again, and can be talked to; and what is open before and after.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from ..support.network import enter_private_network

PORT = 5670
PATIENCE = 40.0


def main() -> int:
    """Build the laboratory, pull, print."""
    arguments = _parser().parse_args()
    network = enter_private_network()
    if not network:
        sys.exit(network.reason)
    from .lab import Lab, missing

    if reason := missing():
        sys.exit(reason)
    with Lab() as lab, ExitStack() as stack:
        peers = list(_peers(lab, stack))
        _report("met", *_heal(peers, time.monotonic()))
        before = [_usage(peer) for peer in peers]
        for number in range(arguments.pulls):
            seconds = arguments.out[number % len(arguments.out)]
            cable = peers[number % 2].host.cables[0]
            if arguments.address:
                began = time.monotonic()
                cable.change_address(lab.new_address(cable.lan))
            else:
                cable.pull()
                time.sleep(seconds)
                began = time.monotonic()
                cable.plug_in()
            _report(
                f"{number + 1:3} {'moved' if arguments.address else f'out for {seconds:g} s'}", *_heal(peers, began)
            )
        time.sleep(arguments.rest)
        for peer, then in zip(peers, before, strict=True):
            now = _usage(peer)
            print(f"{peer.name}: " + ", ".join(f"{what} {then[what]} -> {now[what]}" for what in then))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--pulls", type=int, default=20, help="how many")
    parser.add_argument("--out", type=float, nargs="+", default=[4.0, 12.0], help="seconds without cable, in turn")
    parser.add_argument("--rest", type=float, default=0.0, help="seconds from the last repair to the count")
    parser.add_argument("--address", action="store_true", help="change addresses instead")
    return parser


def _peers(lab: Any, stack: ExitStack) -> Iterator[Any]:
    from ..peers.harness import ReferencePeer

    for name, kind in (("one", "zyre"), ("two", "zyre"), ("three", "zyre"), ("zoe", "libzyre")):
        host = lab.host(name, "lan")
        interface = host.cables[0].interface if kind == "libzyre" else "*"
        peer: Any = ReferencePeer(kind, name=name, port=PORT, interface=interface, prefix=host.prefix)
        peer.host = host
        yield stack.enter_context(peer)


def _heal(peers: list[Any], began: float) -> tuple[float, float]:
    """How long until everybody knows everybody, and until everybody of ours can talk to everybody, libzyre's too. (How
    soon libzyre's own links go on is left to its host.)"""
    mesh = _until(lambda: all(len(peer.peers()) == len(peers) - 1 for peer in peers), began)
    word = f"{began}".encode()
    pairs = [(one, two) for one in peers for two in peers if one is not two and one.kind == "zyre"]

    def heard(one: Any, two: Any) -> bool:
        return any(
            event["type"] == "WHISPER" and event["peer"] == one.uuid and event["content"] == [word]
            for event in two.events[-200:]
        )

    def talk() -> bool:
        missing = [pair for pair in pairs if not heard(*pair)]
        for one, two in missing:
            one.whisper(two, word)
        return not missing

    return mesh, _until(talk, began)


def _until(condition: Callable[[], bool], began: float) -> float:
    while not condition():
        if time.monotonic() > began + PATIENCE:
            return float("inf")
        time.sleep(0.05)
    return time.monotonic() - began


def _report(what: str, mesh: float, talk: float) -> None:
    print(f"{what:20} known after {mesh:6.2f} s, talked to after {talk:6.2f} s", flush=True)


def _usage(peer: Any) -> dict[str, int]:
    place = Path(f"/proc/{peer.pid}")
    memory = next(line for line in (place / "status").read_text().splitlines() if line.startswith("VmRSS"))
    return {
        "descriptors": len(list((place / "fd").iterdir())),
        "threads": len(list((place / "task").iterdir())),
        "KiB": int(memory.split()[1]),
    }


if __name__ == "__main__":
    sys.exit(main())
