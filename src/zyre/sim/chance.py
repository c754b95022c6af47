"""Histories by chance: everything in them is drawn from one seed.

Each seed first draws which kinds of faults there are at all: a fault that always comes together with all others hides
what it does alone ("swarm testing", Groce and others, 2012).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Final, TypeAlias

from zyre.config import Timing
from zyre.sim.actions import (
    Burst,
    Connect,
    Contest,
    Join,
    Keep,
    Leave,
    Post,
    RemoveHeader,
    SetHeader,
    Shout,
    Whisper,
)
from zyre.sim.faults import (
    ClockJump,
    ClockRate,
    DiskFull,
    Fault,
    Hide,
    Kill,
    LinkDown,
    NewAddress,
    OneWay,
    Partition,
    PowerOff,
    Reset,
    Restart,
    Stall,
    Stop,
    Suspend,
    Weather,
)
from zyre.sim.history import History, Member, Step, settling_time

__all__ = ["random_history"]

_GROUPS: Final = ("A", "B", "C")
_HEADERS: Final = ("load", "role")
_TIMINGS: Final = (Timing(), Timing.within(12), Timing.within(6))
_QUEUES: Final = (10_000, 10_000, 20)


class _Dice:
    """Draws what a fault needs."""

    def __init__(self, chance: Random, names: tuple[str, ...], seconds: float) -> None:
        self.chance = chance
        self.names = names
        self.seconds = seconds

    def node(self) -> str:
        return self.chance.choice(self.names)

    def two(self) -> tuple[str, str]:
        one, other = self.chance.sample(self.names, 2)
        return one, other

    def group(self) -> str:
        return self.chance.choice(_GROUPS)

    def header(self) -> str:
        return self.chance.choice(_HEADERS)

    def coin(self) -> bool:
        return self.chance.random() < 0.5

    def time(self) -> float:
        """A duration: most are short, some as long as the history."""
        return round(min(self.seconds, 0.05 + self.seconds * self.chance.random() ** 3), 3)

    def count(self) -> int:
        return self.chance.choice((1, 1, 1, 2, 5, 40))

    def some(self) -> str:
        """A side of a partition."""
        return " ".join(self.chance.sample(self.names, self.chance.randint(1, len(self.names) - 1)))

    def weather(self, seconds: float | None) -> Weather:
        chance = self.chance
        return Weather(
            latency=round(chance.choice((0.0005, 0.005, 0.05, 0.2)) * chance.uniform(0.5, 2), 5),
            spread=round(chance.choice((0.0, 0.3, 0.8)), 3),
            loss=round(chance.choice((0, 0, 0.05, 0.3, 0.6)), 3),
            duplication=chance.choice((0, 0, 0.05, 0.3)),
            seconds=seconds,
        )


_Draw: TypeAlias = Callable[[_Dice], Fault]

_FAULTS: Final[tuple[_Draw, ...]] = (
    lambda dice: Partition((dice.some(),), dice.time()),
    lambda dice: OneWay(*dice.two(), dice.time()),
    lambda dice: Hide(dice.node(), dice.time()),
    lambda dice: Reset(*dice.two()),
    lambda dice: LinkDown(dice.node(), dice.time()),
    lambda dice: NewAddress(dice.node()),
    lambda dice: dice.weather(dice.time()),
    lambda dice: Stall(dice.node(), dice.time()),
    lambda dice: Suspend(dice.node(), dice.time(), dice.coin()),
    lambda dice: Kill(dice.node()),
    lambda dice: PowerOff(dice.node()),
    lambda dice: Stop(dice.node()),
    lambda dice: Restart(dice.node(), dice.coin()),
    lambda dice: ClockRate(dice.node(), round(dice.chance.uniform(0.97, 1.03), 4)),
    lambda dice: Connect(*dice.two()),
)
_ACTIONS: Final[tuple[_Draw, ...]] = (
    lambda dice: Join(dice.node(), dice.group()),
    lambda dice: Leave(dice.node(), dice.group()),
    lambda dice: Contest(dice.node(), dice.group()),
    lambda dice: Whisper(*dice.two(), dice.count()),
    lambda dice: Shout(dice.node(), dice.group(), dice.count()),
    lambda dice: SetHeader(dice.node(), dice.header(), str(dice.count())),
    lambda dice: RemoveHeader(dice.node(), dice.header()),
)


def random_history(seed: int, *, most_nodes: int = 7, most_seconds: float = 60.0) -> History:
    """A history of 2 to ``most_nodes`` nodes over up to ``most_seconds``. The same seed gives the same history."""
    chance = Random(f"history {seed}")
    names = tuple(f"n{number}" for number in range(1, chance.randint(2, most_nodes) + 1))
    seconds = round(chance.uniform(2, most_seconds), 1)
    dice = _Dice(chance, names, seconds)
    timing = chance.choice(_TIMINGS)
    history = History(
        members=tuple(_member(dice, name) for name in names),
        seconds=seconds,
        steps=_with_bursts(_with_posts(_steps(dice), names, seconds, seed), names, seconds, seed),
        seed=seed,
        weather=dice.weather(None) if dice.coin() else Weather(),
        timing=timing,
        queue=chance.choice(_QUEUES),
        settle=round(settling_time(timing), 1),
    )
    for add in (_with_freight, _with_letters, _with_places):
        history = add(history, _Dice(Random(f"{add.__name__} {seed}"), names, seconds))
    return history


def _member(dice: _Dice, name: str) -> Member:
    chance = dice.chance
    groups = tuple(group for group in _GROUPS if chance.random() < 0.4)
    return Member(
        name,
        groups=groups,
        candidate_in=tuple(group for group in groups if chance.random() < 0.3),
        box=chance.choice(("", "", "", "shared")),
        plain=chance.random() < 0.25,
        late=chance.random() < 0.1,
        clock_rate=round(chance.uniform(0.98, 1.02), 4) if dice.coin() else 1.0,
    )


def _steps(dice: _Dice) -> tuple[Step, ...]:
    chance = dice.chance
    kinds = chance.sample(_FAULTS, chance.randint(0, 5)) + chance.sample(_ACTIONS, chance.randint(1, len(_ACTIONS)))
    count = chance.choice((1, 3, 10, 30))
    times = sorted(round(chance.uniform(0, dice.seconds), 3) for _ in range(count))
    return tuple(Step(at, chance.choice(kinds)(dice)) for at in times)


def _with_bursts(steps: tuple[Step, ...], names: tuple[str, ...], seconds: float, seed: int) -> tuple[Step, ...]:
    """Many messages at once, in every third history; drawn apart, as posts are."""
    chance = Random(f"bursts {seed}")
    if chance.random() > 1 / 3:
        return steps
    dice = _Dice(chance, names, seconds)
    bursts = []
    for _ in range(chance.choice((1, 3, 10))):
        node, other = dice.two()
        burst = Burst(node, other if dice.coin() else "", dice.group(), 1 + dice.count())
        bursts.append(Step(round(chance.uniform(0, seconds), 3), burst))
    return tuple(sorted((*steps, *bursts), key=lambda step: step.at))


def _with_posts(steps: tuple[Step, ...], names: tuple[str, ...], seconds: float, seed: int) -> tuple[Step, ...]:
    """Reliable messages meanwhile, in every other history. Drawn apart, so that all else in a history stays as it was
    before there were any."""
    chance = Random(f"posts {seed}")
    dice = _Dice(chance, names, seconds)
    if dice.coin():
        return steps
    count = chance.choice((1, 3, 10))
    posts = [Step(round(chance.uniform(0, seconds), 3), Post(*dice.two(), dice.count())) for _ in range(count)]
    return tuple(sorted((*steps, *posts), key=lambda step: step.at))


# What was added later is drawn apart, so that all else in a history stays as it was before there was any of it.


def _with_freight(history: History, dice: _Dice) -> History:
    """Messages that are large for their nodes, in every fourth history."""
    chance = dice.chance
    if chance.random() > 1 / 4:
        return history
    window = chance.choice((500, 2000, 20_000))
    limits: tuple[tuple[str, float], ...] = (("chunk_bytes", window // chance.choice((1, 4))), ("chunk_window", window))
    if dice.coin():
        limits += (("unfinished_bytes", 25 * window + 70_000),)
    if dice.coin():
        limits += (("kept_bytes", 30 * window),)

    def draw() -> Fault:
        octets, count = window * chance.choice((1, 3, 20)), chance.choice((1, 1, 3))
        kinds = (
            Whisper(*dice.two(), count, octets),
            Shout(dice.node(), dice.group(), count, octets),
            Post(*dice.two(), count, octets),
        )
        return chance.choice(kinds)

    steps = _more(history, [draw() for _ in range(chance.choice((1, 3, 10)))], chance)
    return replace(history, steps=steps, limits=history.limits + limits)


def _with_letters(history: History, dice: _Dice) -> History:
    """Durable messages, disks that are full, and new lives of who sends and who receives, in every third history."""
    chance = dice.chance
    if chance.random() > 1 / 3:
        return history
    members = tuple(
        replace(member, store=True, reads=chance.choice((0.0, 0.0, 0.05, 0.5))) if chance.random() < 0.8 else member
        for member in history.members
    )
    large = 3 * dict(history.limits).get("chunk_window", 0)

    def draw() -> Fault:
        node, other = dice.two()
        octets = int(chance.choice((0, 0, 0, large)))
        ttl = chance.choice((None, None, round(dice.time() + 1, 1)))
        return Keep(node, other if chance.random() < 0.7 else "", dice.group(), dice.count(), octets, ttl)

    faults = [draw() for _ in range(chance.choice((1, 3, 10)))]
    for _ in range(chance.choice((0, 0, 1, 4))):
        node = dice.node()
        faults.append(chance.choice((Restart(node, True), Kill(node), DiskFull(node, dice.time()))))
    bounds = (("window_messages", 16), ("durable_messages", 30)) if dice.coin() else ()
    return replace(history, members=members, steps=_more(history, faults, chance), limits=history.limits + bounds)


def _with_places(history: History, dice: _Dice) -> History:
    """Computers in two networks, of which one can fail, and clocks that jump, in every fourth history."""
    chance = dice.chance
    if chance.random() > 1 / 4:
        return history
    members = tuple(
        replace(member, segments=chance.choice((("lan", "cellar"), ("cellar", "lan")))) if dice.coin() else member
        for member in history.members
    )
    draws: tuple[_Draw, ...] = (
        lambda dice: LinkDown(dice.node(), dice.time(), chance.choice(("eth0", "eth1"))),
        lambda dice: NewAddress(dice.node(), "eth1"),
        lambda dice: ClockJump(dice.node(), round(dice.time(), 1)),
    )
    kinds = chance.sample(draws, chance.randint(1, len(draws)))
    faults = [chance.choice(kinds)(dice) for _ in range(chance.choice((1, 3, 6)))]
    return replace(history, members=members, steps=_more(history, faults, chance))


def _more(history: History, faults: list[Fault], chance: Random) -> tuple[Step, ...]:
    steps = [Step(round(chance.uniform(0, history.seconds), 3), fault) for fault in faults]
    return tuple(sorted((*history.steps, *steps), key=lambda step: step.at))
