"""What this project wants to reach, as data: who, by what measure, beside whom, and how much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .stats import Ratio, Results

__all__ = ["GOALS", "Goal", "Judgement", "judge"]


@dataclass(frozen=True)
class Goal:
    """The ratio of a contestant to another one that is good enough: at least this where more is better, else at
    most."""

    measure: str
    contestant: str
    against: str
    ratio: float


@dataclass(frozen=True)
class Judgement:
    """What became of a goal."""

    goal: Goal
    got: Ratio
    more_is_better: bool

    @property
    def met(self) -> bool:
        """Whether the median is good enough."""
        if self.more_is_better:
            return self.got.median >= self.goal.ratio
        return self.got.median <= self.goal.ratio


GOALS: Final = (
    Goal("whisper 32 B", "zyre", "libzyre", 2.5),
    Goal("round trip 32 B, p50", "zyre", "libzyre", 0.75),
    Goal("whisper 32 B", "zyre own kind", "libzyre", 12.0),
    Goal("whisper 32 B", "zyre own kind", "zenoh", 1.5),
    Goal("round trip 32 B, p50", "zyre own kind", "zenoh", 1.0),
    Goal("shout to 10, 32 B, deliveries", "zyre", "libzyre", 1.5),
    Goal("whisper 32 B", "zyre asyncio", "libzyre", 1.0),
    Goal("round trip 32 B, p50", "zyre asyncio", "libzyre", 1.0),
    Goal("shout to 10, 32 B, deliveries", "zyre asyncio", "libzyre", 1.0),
    Goal("whisper 64 KiB", "zyre", "pyzmq", 0.9),
    Goal("whisper 1 MiB", "zyre", "pyzmq", 0.9),
)


def judge(results: Results) -> list[Judgement]:
    """The goals that can be judged by what was measured."""
    judged = []
    for goal in GOALS:
        measure = results.measure(goal.measure)
        got = None if measure is None else results.ratio(measure, goal.contestant, goal.against)
        if measure is not None and got is not None:
            judged.append(Judgement(goal, got, measure.more_is_better))
    return judged
