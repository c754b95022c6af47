"""A million reliable messages while connections break every two seconds: none lost, none twice, all in order.

    python -m bench.reliable [--messages 1000000] [--every 2.0] [--seed 1]

In the simulator, so every break is exact and the run is the same on any machine: a message costs each side what it
costs in a real node, and the network is a LAN. The rate at which messages are offered keeps the run long enough for
``messages / rate / every`` breaks.
"""

from __future__ import annotations

import argparse
import time

from zyre.events import ReliableWhisper
from zyre.sim.node import SimNode
from zyre.sim.world import World

_STEP = 0.01


class Soak:
    """One sender, one receiver that checks every number and keeps none."""

    def __init__(self, messages: int, every: float, seed: int, rate: int) -> None:
        self.world = World(seed, trace=False)
        self.alice, self.bob = self.world.node("alice"), self.world.node("bob")
        self.messages, self.every = messages, every
        self.burst = round(rate * _STEP)
        self.sent = self.seen = self.resets = self.wrong = 0
        self.world.run_until(lambda: len(self.alice.peers) == len(self.bob.peers) == 1, 10)

    def run(self) -> float:
        """Until all is confirmed; the virtual seconds that took."""
        began = self.world.now()
        self._pump()
        self.world.after(self.every, self._reset)
        while self.alice.host.statistics().fates.delivered < self.messages:
            self.world.run_for(1.0)
            if self.world.now() - began > 3600:
                break
        return self.world.now() - began

    def _pump(self) -> None:
        for _ in range(min(self.burst, self.messages - self.sent)):
            if not self.alice.post(self.bob, b"%d" % self.sent):
                break
            self.sent += 1
        self._read(self.bob)
        self.world.after(_STEP, self._pump)

    def _read(self, node: SimNode) -> None:
        while len(node.host.mailbox):
            event = node.host.mailbox.get_nowait()
            if isinstance(event, ReliableWhisper):
                self.wrong += int(event.content[0]) != self.seen
                self.seen += 1
        node.events.clear()

    def _reset(self) -> None:
        self.resets += 1
        self.world.reset(self.alice, self.bob)
        self.world.after(self.every, self._reset)


def main() -> None:
    """Run it, and print what happened in one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--every", type=float, default=2.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=int, default=20_000)
    options = parser.parse_args()
    soak = Soak(options.messages, options.every, options.seed, options.rate)
    began = time.monotonic()
    seconds = soak.run()
    print(
        f"{soak.seen} of {options.messages} arrived, {soak.wrong} out of order or twice, {soak.resets} resets in "
        f"{seconds:.0f} virtual seconds ({time.monotonic() - began:.0f} s); {soak.alice.host.statistics().fates}"
    )


if __name__ == "__main__":
    main()
