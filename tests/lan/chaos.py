"""The same faults before the eyes of one node of ours and of one of libzyre's: ``python -m tests.lan.chaos``.

Everybody has its usual times. For each fault there is one victim of each kind, on a host of its own; all faults happen
at the same moment. The table says what each watcher told its application of each victim, and when.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from ..support.network import enter_private_network

PORT = 5670
KINDS = {"ours": "zyre", "libzyre": "libzyre"}
WATCHED = 40.0
"""Seconds; libzyre needs 30 to be sure."""


def main() -> int:
    """Build the laboratory, let it happen, print the table."""
    network = enter_private_network()
    if not network:
        sys.exit(network.reason)
    from .lab import Lab, missing

    if reason := missing():
        sys.exit(reason)
    with Lab() as lab, ExitStack() as stack:
        watchers = {name: _start(stack, lab.host(f"w-{name}", "lan"), kind, name) for name, kind in KINDS.items()}
        victims = {
            (fault, name): _start(stack, lab.host(f"{fault}-{name}", "lan"), kind, f"{fault}-{name}")
            for fault in FAULTS
            for name, kind in KINDS.items()
        }
        everybody = len(victims) + len(watchers) - 1
        deadline = time.monotonic() + 30
        while not all(len(watcher.entered) >= everybody for watcher in watchers.values()):
            if time.monotonic() > deadline:
                sys.exit("they did not all meet")
            time.sleep(0.2)
        time.sleep(2.0)
        began = time.monotonic()
        for (fault, _), victim in victims.items():
            threading.Thread(target=FAULTS[fault], args=(victim, tuple(watchers.values())), daemon=True).start()
        time.sleep(WATCHED)
        for (fault, kind), victim in victims.items():
            told = [f"{name}: {watcher.what_of(victim, began)}" for name, watcher in watchers.items()]
            print(f"{fault:>12} {kind:8} " + "   |   ".join(told))
    return 0


def _start(stack: ExitStack, host: Any, kind: str, name: str) -> Any:
    from .real import _Process

    class Witness(_Process):
        """A peer process whose events carry the time at which they came."""

        def __init__(self) -> None:
            self.told: list[tuple[float, Any]] = []
            self.host = host
            interface = host.cables[0].interface
            super().__init__(kind, threading.Condition(), name=name, port=PORT, interface=interface, prefix=host.prefix)

        def _take(self, message: dict[str, Any]) -> None:
            before = len(self.sightings) if hasattr(self, "sightings") else 0
            super()._take(message)
            self.told += [(time.monotonic(), sighting) for sighting in self.sightings[before:]]

        @property
        def entered(self) -> set[str]:
            return {sighting.who for _, sighting in self.told if sighting.kind == "Enter"}

        def what_of(self, victim: Any, began: float) -> str:
            """What was told of a victim since then, in a few words."""
            told = [(at - began, each) for at, each in self.told if each.who == victim.host.name and at > began]
            exits = [f"Exit {each.reason} after {at:.1f} s" for at, each in told if each.kind == "Exit"]
            back = [f"Enter after {at:.1f} s" for at, each in told if each.kind == "Enter"]
            quiet = Counter(each.kind for _, each in told if each.kind in ("Evasive", "Silent", "Returned"))
            others = [f"{count} {kind}" for kind, count in sorted(quiet.items())]
            return ", ".join((*exits, *back, *others)) or "nothing"

    peer = Witness()
    stack.enter_context(peer)
    return peer


def _killed(victim: Any, watchers: tuple[Any, ...]) -> None:
    victim.kill()


def _left(victim: Any, watchers: tuple[Any, ...]) -> None:
    victim.stop()


def _unplugged(victim: Any, watchers: tuple[Any, ...]) -> None:
    victim.host.cables[0].pull()


def _paused(seconds: float) -> Callable[[Any, tuple[Any, ...]], None]:
    def pause(victim: Any, watchers: tuple[Any, ...]) -> None:
        victim.pause()
        time.sleep(seconds)
        victim.resume()

    return pause


def _idle(victim: Any, watchers: tuple[Any, ...]) -> None:
    """Nothing at all happens to it."""


FAULTS: dict[str, Callable[[Any, tuple[Any, ...]], None]] = {
    "left": _left,
    "killed": _killed,
    "unplugged": _unplugged,
    "paused-4s": _paused(4.0),
    "paused-7s": _paused(7.0),
    "paused-20s": _paused(20.0),
    "nothing": _idle,
}


if __name__ == "__main__":
    sys.exit(main())
