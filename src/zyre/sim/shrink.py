"""Making a failing history small: fewer nodes, fewer steps, shorter, plainer, as long as it fails in the same way.

Everything is tried again until nothing more can be left out. A history is a value, so a smaller one is another value,
and whether it still fails is a function of it alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from typing import Any

from zyre.config import Timing
from zyre.sim.faults import Fault, Weather
from zyre.sim.history import History, Step, settling_time

__all__ = ["shrink"]


def shrink(history: History, fails: Callable[[History], bool], *, tries: int = 400) -> History:
    """The smallest history found that ``fails`` in at most so many tries."""
    improved = True
    while improved and tries > 0:
        improved = False
        for smaller in _smaller(history):
            tries -= 1
            if fails(smaller):
                history, improved = smaller, True
                break
            if tries <= 0:
                break
    return history


def _smaller(history: History) -> Iterator[History]:
    """Histories that have less, the greatest savings first."""
    yield from _fewer_steps(history)
    yield from _fewer_members(history)
    yield from _plainer(history)
    yield from _plainer_members(history)
    yield from _plainer_steps(history)
    yield from _shorter(history)


def _fewer_steps(history: History) -> Iterator[History]:
    steps = history.steps
    size = len(steps)
    while size:
        for begin in range(0, len(steps), size):
            yield replace(history, steps=steps[:begin] + steps[begin + size :])
        size //= 2


def _fewer_members(history: History) -> Iterator[History]:
    for gone in reversed(history.members):
        members = tuple(member for member in history.members if member is not gone)
        steps = tuple(_without(step, gone.name) for step in history.steps)
        yield replace(history, members=members, steps=tuple(step for step in steps if step is not None))


def _without(step: Step, name: str) -> Step | None:
    """The step without a node; None if nothing is left of it."""
    changes: dict[str, object] = {}
    for field in fields(step.fault):
        if field.name in _NAMING:
            value = getattr(step.fault, field.name)
            if not value:  # it names nobody, and means a group
                continue
            left = tuple(_strike(side, name) for side in value) if isinstance(value, tuple) else _strike(value, name)
            if not left or left == ("",):
                return None
            changes[field.name] = left
    return Step(step.at, _changed(step.fault, changes))


_NAMING = frozenset({"node", "other", "source", "target", "to", "sides"})


def _strike(text: str, name: str) -> str:
    return " ".join(word for word in text.split() if word != name)


def _changed(fault: Any, changes: dict[str, object]) -> Fault:
    changed: Fault = replace(fault, **changes)
    return changed


def _plainer(history: History) -> Iterator[History]:
    if history.weather != Weather():
        yield replace(history, weather=Weather())
    if history.timing != Timing():
        yield replace(history, timing=Timing(), settle=round(settling_time(Timing()), 1))
    if history.queue != 10_000:
        yield replace(history, queue=10_000)
    for index in range(len(history.limits)):
        yield replace(history, limits=history.limits[:index] + history.limits[index + 1 :])
    if history.seed > 9:
        for seed in range(10):
            yield replace(history, seed=seed)


def _plainer_members(history: History) -> Iterator[History]:
    for index, member in enumerate(history.members):
        plain = type(member)(member.name)
        for change in (
            plain,
            replace(member, box="", late=False, clock_rate=1.0),
            replace(member, plain=False),
            replace(member, store=False, reads=0.0),
            replace(member, reads=0.0),
            replace(member, box=""),
            replace(member, segments=()),
            replace(member, late=False),
            replace(member, clock_rate=1.0),
            replace(member, candidate_in=()),
            replace(member, candidate_in=member.candidate_in[:1], groups=member.candidate_in[:1]),
            replace(member, groups=member.groups[:1], candidate_in=()),
            replace(member, groups=member.groups[1:], candidate_in=()),
        ):
            if change != member:
                members = history.members
                yield replace(history, members=(*members[:index], change, *members[index + 1 :]))


def _plainer_steps(history: History) -> Iterator[History]:
    for index, step in enumerate(history.steps):
        for change in _plainer_step(step):
            yield replace(history, steps=(*history.steps[:index], change, *history.steps[index + 1 :]))


def _plainer_step(step: Step) -> Iterator[Step]:
    fault: Any = step.fault
    if getattr(fault, "count", 1) > 1:
        yield Step(step.at, replace(fault, count=1))
        yield Step(step.at, replace(fault, count=fault.count // 2))
    if getattr(fault, "octets", 0):
        yield Step(step.at, replace(fault, octets=0))
        yield Step(step.at, replace(fault, octets=fault.octets // 2))
    if getattr(fault, "ttl", None) is not None:
        yield Step(step.at, replace(fault, ttl=None))
    seconds = getattr(fault, "seconds", None)
    if seconds is not None and seconds > 1:
        for shorter in (1.0, float(round(seconds / 2)), float(round(seconds))):
            if shorter != seconds:
                yield Step(step.at, replace(fault, seconds=shorter))
    for digits in (0, 1, 2):
        if round(step.at, digits) != step.at:
            yield Step(round(step.at, digits), fault)


def _shorter(history: History) -> Iterator[History]:
    end = max((step.at for step in history.steps), default=0.0)
    for seconds in (end + 1, end + 5, history.seconds / 2, float(round(history.seconds))):
        if 0.5 < seconds < history.seconds:
            yield replace(history, seconds=round(seconds, 3))
