"""How much is measured: amounts that give each contestant a fraction of a second per round."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["DEFAULT", "QUICK", "SMALLEST", "Plan"]


@dataclass(frozen=True)
class Plan:
    """Numbers of messages are for a contestant of pace 1, see `peers.Contestant`."""

    rounds: int
    whispers: Mapping[int, int]
    """Messages per round for each size of the content, in octets. The first size also gives the CPU per message."""
    pings: int
    sittings: int
    """How often the processes of the round trips are started anew."""
    exchange: int
    """Messages that each side sends per round of two-way traffic."""
    shouts: Mapping[int, int]
    """Shouts per round for each number of peers."""
    starts: int
    """Starts of a new node per round."""
    present: tuple[int, ...]
    """How many nodes there are when a new one comes."""
    idle: float
    """For how many seconds nodes are watched that have nothing to do."""
    churns: Mapping[str, int]
    """Starts and stops in a row for each contestant. libzyre's own stop takes its time."""


DEFAULT = Plan(
    rounds=7,
    whispers={32: 40_000, 0: 30_000, 1024: 30_000, 65536: 2_000, 1 << 20: 150},
    pings=2_000,
    sittings=4,
    exchange=20_000,
    shouts={1: 20_000, 10: 3_000, 20: 2_000, 50: 2_500},
    starts=5,
    present=(10, 50),
    idle=5.0,
    churns={"zyre": 1_000, "libzyre": 50},
)

QUICK = Plan(
    rounds=3,
    whispers={32: 20_000, 0: 10_000, 1024: 10_000, 65536: 500, 1 << 20: 50},
    pings=500,
    sittings=3,
    exchange=5_000,
    shouts={1: 5_000, 10: 3_000},
    starts=3,
    present=(10,),
    idle=2.0,
    churns={"zyre": 100, "libzyre": 10},
)

SMALLEST = Plan(
    rounds=1,
    whispers={32: 200},
    pings=20,
    sittings=1,
    exchange=200,
    shouts={1: 50},
    starts=1,
    present=(2,),
    idle=0.05,
    churns={"zyre": 3},
)
