"""The node that the live fuzz shoots at, in a process of its own: echoes whispers, and says how it is when asked.

python -m tests.fuzz.victim PORT       each line on standard input is answered by one line of JSON; the end stops it
"""

from __future__ import annotations

import collections
import ctypes
import json
import os
import sys
import threading
from pathlib import Path

import zyre

#: Whoever is called so is no part of the fuzz, and must not notice it.
FRIEND = "friend"


class Victim:
    def __init__(self, port: int) -> None:
        timing = zyre.Timing.within(3.0)
        self.node = zyre.Node("victim", port=port, interface="va", groups=["G"], config=zyre.NodeConfig(timing=timing))
        self.events: collections.Counter[str] = collections.Counter()
        self.friends_lost: list[str] = []

    def run(self) -> None:
        for event in self.node:
            self.events[type(event).__name__] += 1
            if not event.name.startswith(FRIEND):
                continue
            if isinstance(event, zyre.Whisper):
                self.node.whisper(event, *event.content)
            elif isinstance(event, (zyre.Exit, zyre.Gap, zyre.Evasive)):
                self.friends_lost.append(str(event))

    def state(self) -> dict[str, object]:
        statistics = self.node.statistics()
        give_back()
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return {
            "uuid": self.node.uuid,
            "endpoint": self.node.endpoint,
            "events": self.events,
            "friends_lost": self.friends_lost[:10],
            "peers": len(self.node.peers),
            "pending": statistics.pending,
            "received": statistics.messages_received,
            "beacons": statistics.beacons_received,
            "violations": dict(statistics.violations),
            "rss": pages * os.sysconf("SC_PAGE_SIZE"),
            "descriptors": len(os.listdir("/proc/self/fd")),
            "threads": threading.active_count(),
        }


def give_back() -> None:
    """What free() keeps for later is no leak, and would hide one: let glibc return it to the system."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def main() -> None:
    victim = Victim(int(sys.argv[1]))
    with victim.node:
        threading.Thread(target=victim.run, daemon=True).start()
        for _ in sys.stdin:
            print(json.dumps(victim.state()), flush=True)


if __name__ == "__main__":
    main()
