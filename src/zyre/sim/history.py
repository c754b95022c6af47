"""A history: who is there at the beginning, and what befalls them when. Made by chance, or read from a file.

The same history gives the same world on any machine. ``begin`` makes it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

from zyre.config import Limits, NodeConfig, Timing
from zyre.sim.box import Box
from zyre.sim.checkers import Checker
from zyre.sim.faults import Fault, Weather, apply
from zyre.sim.world import World

__all__ = ["History", "Member", "Step", "begin", "settling_time"]

#: The network that everybody is in who does not say otherwise.
_LAN: Final = "lan"


@dataclass(frozen=True, slots=True)
class Member:
    """One node at the beginning."""

    name: str
    groups: tuple[str, ...] = ()
    candidate_in: tuple[str, ...] = ()
    """The groups whose leader it wants to be."""
    box: str = ""
    """The computer that it runs on, if it shares one: those with the same text here do."""
    segments: tuple[str, ...] = ()
    """The networks that this computer is in, with an interface for each; without any, all are in one."""
    plain: bool = False
    """Whether it is a plain 36/ZRE node, without what goes beyond."""
    late: bool = False
    """Whether it waits for a ``restart`` before it appears."""
    clock_rate: float = 1.0
    store: bool = False
    """Whether it has a disk for durable messages; then a program reads its events."""
    reads: float = 0.0
    """That takes one every so many seconds."""


@dataclass(frozen=True, slots=True)
class Step:
    """Something happens ``at`` so many seconds after the beginning."""

    at: float
    fault: Fault

    def within(self, end: float) -> Step:
        """The same, over at ``end`` at the latest."""
        fault: Any = self.fault
        seconds = getattr(fault, "seconds", None)
        if seconds is None or self.at + seconds <= end:
            return self
        return Step(self.at, replace(fault, seconds=max(0.001, end - self.at)))


@dataclass(frozen=True, slots=True)
class History:
    """All of it. ``settle``: so many seconds after the end, with everything healed, all must agree."""

    members: tuple[Member, ...]
    seconds: float
    steps: tuple[Step, ...] = ()
    seed: int = 0
    weather: Weather = field(default_factory=Weather)
    timing: Timing = field(default_factory=Timing)
    queue: int = 10_000
    """Messages that fit between two nodes."""
    limits: tuple[tuple[str, float], ...] = ()
    """Limits of all nodes that are not as by default; see zyre.config.Limits."""
    settle: float | None = None

    def text(self) -> str:
        """For people: one line for the whole, one for each member and step."""
        lines = [f"seed {self.seed}, {self.seconds:g} s, {self.weather}, queue {self.queue}, {self.timing}"]
        lines += [str(member) for member in self.members]
        lines += [f"{step.at:8.3f} s  {step.fault}" for step in self.steps]
        return "\n".join(lines)


def settling_time(timing: Timing) -> float:
    """How long after everything was healed all must agree.

    A ghost, or a link that leads nowhere any more, must expire first, and with it the news of it at the other end;
    whoever is found anew may be greeted in vain once; then the elections have their time, twice. A tenth more because
    clocks differ.
    """
    meeting = 2 * timing.expired + 2 * timing.handshake + 4 * timing.beacon + timing.redial
    return 1.1 * (meeting + 2 * timing.alone) + 1


def begin(
    history: History,
    checkers: Iterable[Checker] = (),
    *,
    seed: int | None = None,
    chart: bool = False,
    trace: bool = True,
) -> World:
    """The world of a history at its first moment, with everything that will happen on its agenda."""
    world = World(
        history.seed if seed is None else seed, history.weather.conditions, checkers=checkers, chart=chart, trace=trace
    )
    limits: dict[str, Any] = {"link_messages": history.queue, "inbox_messages": history.queue, **dict(history.limits)}
    config = NodeConfig(timing=history.timing, limits=Limits(**limits))
    boxes: dict[str, Box] = {}
    for member in history.members:
        name = member.box or f"box of {member.name}"
        box = boxes.get(name)
        if box is None:
            box = boxes[name] = world.box(name, segments=member.segments or (_LAN,), clock_rate=member.clock_rate)
        node = world.node(
            member.name,
            box=box,
            groups=member.groups,
            extensions=() if member.plain else None,
            config=config,
            store=member.store,
            start=False,
        )
        if member.store:
            node.read_on(member.reads)
        for group in member.candidate_in:
            node.contest(group)
        if not member.late:
            node.start()
    for step in history.steps:
        if history.settle is not None and not step.at < history.seconds:
            continue  # by then all is healed
        timed = step if history.settle is None else step.within(history.seconds)
        world.agenda.at(timed.at, partial(apply, timed.fault, world))
    return world
