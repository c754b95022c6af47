"""What a network is like: how long things take, and what happens to datagrams on the way."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import TypeAlias

from zyre.errors import InvalidConfig

__all__ = ["Conditions", "Fixed", "Latency", "LongTail", "Normal", "Uniform", "LAN", "PERFECT", "WIFI", "LOSSY_WIFI"]


@dataclass(frozen=True, slots=True)
class Fixed:
    """Always the same time, in seconds."""

    seconds: float

    def sample(self, entropy: random.Random) -> float:
        """One transmission's time."""
        return self.seconds


@dataclass(frozen=True, slots=True)
class Uniform:
    """Anything between ``least`` and ``most`` seconds."""

    least: float
    most: float

    def sample(self, entropy: random.Random) -> float:
        """One transmission's time."""
        return self.least + (self.most - self.least) * entropy.random()


@dataclass(frozen=True, slots=True)
class Normal:
    """Around ``mean`` seconds with the given standard ``deviation``, and never below ``least``."""

    mean: float
    deviation: float
    least: float = 0.0001

    def sample(self, entropy: random.Random) -> float:
        """One transmission's time."""
        return max(self.least, entropy.gauss(self.mean, self.deviation))


@dataclass(frozen=True, slots=True)
class LongTail:
    """Mostly around ``median`` seconds, and now and then far more: what radio links do (log-normal)."""

    median: float
    sigma: float = 0.8

    def sample(self, entropy: random.Random) -> float:
        """One transmission's time."""
        return math.exp(entropy.gauss(math.log(self.median), self.sigma))


Latency: TypeAlias = Fixed | Uniform | Normal | LongTail


@dataclass(frozen=True, slots=True)
class Conditions:
    """``latency`` of every transmission; of datagrams the share ``loss`` vanishes and the share ``duplication`` comes
    twice. Datagrams overtake each other where latency varies; links never lose, double or reorder anything."""

    latency: Latency = Uniform(0.0003, 0.001)
    loss: float = 0.0
    duplication: float = 0.0

    def __post_init__(self) -> None:
        for name in ("loss", "duplication"):
            if not 0 <= getattr(self, name) < 1:
                raise InvalidConfig(f"Conditions.{name} is {getattr(self, name)!r}; it is a share from 0 to below 1")


#: A cable and a quiet switch.
LAN = Conditions()
#: Nothing is ever late or lost.
PERFECT = Conditions(Fixed(0.0005))
#: A good wireless network.
WIFI = Conditions(LongTail(0.004, 0.7), loss=0.02)
#: A crowded one.
LOSSY_WIFI = Conditions(Normal(0.1, 0.08), loss=0.3, duplication=0.01)
