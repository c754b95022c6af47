"""How much is measured: amounts that give each contestant a fraction of a second per round."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DEFAULT", "QUICK", "SMALLEST", "Plan"]


@dataclass(frozen=True)
class Plan:
    """Numbers of messages are for a contestant of pace 1, see `peers.Contestant`."""

    rounds: int
    whispers: dict[int, int]
    """Messages per round for each size of the content, in octets. The first size also gives the CPU per message."""
    pings: int
    shouts: dict[int, int]
    """Shouts per round for each number of peers."""
    starts: int
    """Starts of a second node per round, of which the median counts."""
    churns: dict[str, int]
    """Starts and stops in a row for each contestant. libzyre's own stop takes its time."""


DEFAULT = Plan(
    rounds=7,
    whispers={32: 40_000, 0: 30_000, 1024: 30_000, 65536: 2_000},
    pings=2_000,
    shouts={1: 20_000, 10: 3_000},
    starts=6,
    churns={"zyre": 1_000, "libzyre": 50},
)

QUICK = Plan(
    rounds=2,
    whispers={32: 20_000, 0: 10_000, 1024: 10_000, 65536: 500},
    pings=500,
    shouts={1: 5_000, 10: 1_000},
    starts=5,
    churns={"zyre": 100, "libzyre": 10},
)

SMALLEST = Plan(
    rounds=1,
    whispers={32: 200},
    pings=20,
    shouts={1: 50},
    starts=1,
    churns={"zyre": 3},
)
