"""Scenario files: a history, what to ask of it and what to expect, as TOML that people write.

    nodes = 5
    steps = [{at = 10, do = "partition", sides = ["node1 node2"], seconds = 60}]
    run_for = 120

``read`` makes a Scenario of such a text, or says in which line which key is wrong and what would be right. ``write`` is
its inverse: a history that chance has made becomes a file. docs/simulator.md describes every key.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any

from zyre.config import Limits, Timing
from zyre.errors import InvalidConfig, UsageError
from zyre.identity import check_group
from zyre.sim.faults import PRESETS, VERBS, ClockRate, Fault, Weather, verb_of
from zyre.sim.history import History, Member, Step
from zyre.sim.naming import expand
from zyre.sim.toml import ScenarioError, Table, read_table, toml_value

__all__ = ["QUESTIONS", "Expectations", "Scenario", "ScenarioError", "load", "read", "write"]

#: What can be asked; see zyre.sim.measures.
QUESTIONS = ("mesh", "deaths", "traffic", "events", "losses")

#: How fast clocks may run.
_SLOWEST, _FASTEST = 0.1, 10.0

#: The fields of faults that name nodes.
_NAMING = frozenset({"node", "other", "source", "target", "to", "sides"})


@dataclass(frozen=True, slots=True)
class Expectations:
    """What a test demands; None for nothing. In seconds, and per node and second."""

    mesh_within: float | None = None
    deaths_known_within: float | None = None
    octets_below: float | None = None
    datagrams_below: float | None = None
    agreement: bool = False
    """Whether all who run agree at the end, without anything being healed."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """What a file says."""

    history: History
    about: str = ""
    ask: tuple[str, ...] = QUESTIONS
    expect: Expectations = field(default_factory=Expectations)
    known_to_fail: str = ""
    """The rule that it still breaks: a test fails when it does not any more, so that this line is taken out."""


def load(path: Path | str) -> Scenario:
    """Read a file. Raises ScenarioError, OSError."""
    try:
        text = Path(path).read_text("utf-8")
    except UnicodeDecodeError:
        raise ScenarioError(str(path), 1, "", "is not UTF-8 text") from None
    return read(text, str(path))


def read(text: str, name: str = "scenario") -> Scenario:
    """Read a text; ``name`` is what errors call it."""
    table = read_table(text, name)
    members = tuple(_read_members(table))
    names = [member.name for member in members]
    seconds, settle = table.seconds("run_for", 60.0), table.seconds("settle", None)
    end = seconds + (settle or 0.0)
    scenario = Scenario(
        about=table.text("about", ""),
        history=History(
            members=members,
            seconds=seconds,
            steps=tuple(sorted(_read_steps(table, names, end), key=lambda step: step.at)),
            seed=table.whole("seed", 0),
            weather=_read_weather(table),
            timing=_read_timing(table),
            queue=table.whole("queue", 10_000, least=1),
            limits=_read_limits(table),
            settle=settle,
        ),
        ask=_read_questions(table),
        expect=_read_expectations(table),
        known_to_fail=table.text("known_to_fail", ""),
    )
    table.finish()
    return scenario


def _read_members(table: Table) -> Iterable[Member]:
    value = table.value("nodes")
    if value is None:
        table.fail("nodes", "is missing: say how many there are, for instance nodes = 5")
    seen: set[str] = set()
    for part in [Table({"count": value}, table.lines)] if _is_whole(value) else table.tables("nodes"):
        count = part.whole("count", 1, least=1, most=5000)
        name = part.text("name", "" if count == 1 and not _is_whole(value) else "node")
        if not name:
            part.fail("name", "is missing: each node needs one, or a count: {count = 3, name = 'node'}")
        for number in range(1, count + 1):
            member = _read_member(part, name if "count" not in part.data else f"{name}{number}")
            if member.name in seen:
                part.fail("name", f"{member.name!r} is the name of another node already")
            seen.add(member.name)
            yield member
        part.finish()


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _read_member(part: Table, name: str) -> Member:
    groups, candidate_in = part.texts("groups"), part.texts("candidate_in")
    for group in (*groups, *candidate_in):
        _check_group(part, "groups" if group in groups else "candidate_in", group)
    return Member(
        name,
        groups=tuple(dict.fromkeys(groups + candidate_in)),
        candidate_in=candidate_in,
        box=part.text("box", ""),
        segments=part.texts("segments"),
        plain=part.truth("plain", False),
        late=part.truth("late", False),
        clock_rate=part.number("clock_rate", 1.0, least=_SLOWEST, most=_FASTEST),
        store=part.truth("store", False),
        reads=part.number("reads", 0.0, least=0.0),
    )


def _read_weather(table: Table) -> Weather:
    value = table.value("network")
    if value is None or isinstance(value, str):
        return Weather(table.one_of("network", PRESETS, "lan"))
    (part,) = table.tables("network", one=True)
    weather: Weather = _read_fields(part, Weather, leave_out=("seconds",))
    return weather


def _read_timing(table: Table) -> Timing:
    if table.value("timing") is None:
        return Timing()
    (part,) = table.tables("timing", one=True)
    within = part.seconds("within", None)
    given = {name: part.seconds(name, None) for name in Timing.__slots__ if part.value(name) is not None}
    part.finish("within", *Timing.__slots__)
    base = Timing() if within is None else Timing.within(within)
    try:
        return Timing(**{name: given.get(name) or getattr(base, name) for name in Timing.__slots__})
    except InvalidConfig as error:
        table.fail("timing", str(error))


def _read_limits(table: Table) -> tuple[tuple[str, float], ...]:
    if table.value("limits") is None:
        return ()
    (part,) = table.tables("limits", one=True)
    given = {name: part.number(name, 1.0, least=0.001) for name in part.data if name in Limits.__slots__}
    part.finish(*Limits.__slots__)
    return tuple((name, int(value) if value.is_integer() else value) for name, value in given.items())


def _read_steps(table: Table, names: list[str], end: float) -> Iterable[Step]:
    for part in table.tables("steps"):
        at = part.number("at", 0.0, least=0.0)
        if at > end:
            part.fail("at", f"is {at:g}, and all is over at {end:g} s: let it run longer, by run_for")
        if part.value("do") is None:
            part.fail("do", f"is missing: say what happens, one of {', '.join(VERBS)}")
        fault = _read_fields(part, VERBS[part.one_of("do", VERBS, "")])
        _check_names(part, fault, names)
        if isinstance(fault, ClockRate):
            part.number("rate", None, least=_SLOWEST, most=_FASTEST)
        if (group := getattr(fault, "group", None)) is not None:
            _check_group(part, "group", group)
        yield Step(at, fault)


def _check_group(part: Table, key: str, group: str) -> None:
    try:
        check_group(group)
    except UsageError as error:
        part.fail(key, f"is no name of a group: {error}")


def _read_fields(part: Table, kind: type[Any], leave_out: tuple[str, ...] = ()) -> Any:
    """An instance of a dataclass from the keys that its fields are."""
    readers = {
        "str": lambda name: part.text(name, None),
        "int": lambda name: part.whole(name, None, least=1),
        "float": lambda name: part.number(name, None, least=0.0),
        "float | None": lambda name: part.number(name, None, least=0.0),
        "bool": lambda name: part.truth(name, None),
        "tuple[str, ...]": part.texts,
    }
    wanted = [one for one in fields(kind) if one.name not in leave_out]
    known = ["at", "do", *(one.name for one in wanted)]
    given = {}
    for one in wanted:
        if part.value(one.name) is not None:
            given[one.name] = readers[str(one.type)](one.name)
        elif one.default is MISSING:
            part.finish(*known)  # one that is spelled otherwise is what is wrong
            part.fail(one.name, f"is missing: {part.data.get('do', 'this')!r} needs it")
    if "preset" in given:
        given["preset"] = part.one_of("preset", PRESETS, "lan")
    part.finish(*known)
    made = kind(**given)
    if isinstance(made, Weather):
        try:
            _ = made.conditions
        except UsageError as error:
            part.fail("loss", str(error))
    return made


def _check_names(part: Table, fault: Fault, names: list[str]) -> None:
    for one in fields(fault):
        if one.name in _NAMING:
            value = getattr(fault, one.name)
            for text in (value,) if isinstance(value, str) else value:
                for unknown in [name for name in expand(text, names) if name not in names]:
                    part.fail_choice(one.name, unknown, names, "node")


def _read_questions(table: Table) -> tuple[str, ...]:
    asked = table.texts("ask")
    for question in asked:
        if question not in QUESTIONS:
            table.fail_choice("ask", question, QUESTIONS, "question")
    return asked or QUESTIONS


def _read_expectations(table: Table) -> Expectations:
    if table.value("expect") is None:
        return Expectations()
    (part,) = table.tables("expect", one=True)
    expectations: Expectations = _read_fields(part, Expectations)
    return expectations


# -- writing -------------------------------------------------------------------------------------------------------


def write(scenario: Scenario) -> str:
    """A text that reads as the same scenario. Only what differs from the defaults is in it."""
    history = scenario.history
    lines = [f"{key} = {toml_value(value)}" for key, value in _settings(scenario) if value not in (None, "", {})]
    lines.append("nodes = [")
    lines += [f"  {toml_value(_differing(member))}," for member in history.members]
    lines.append("]")
    if history.steps:
        lines.append("steps = [")
        lines += [f"  {toml_value(_step(step))}," for step in history.steps]
        lines.append("]")
    return "\n".join(lines) + "\n"


def _settings(scenario: Scenario) -> Iterable[tuple[str, object]]:
    history = scenario.history
    yield "about", scenario.about
    yield "known_to_fail", scenario.known_to_fail
    yield "seed", history.seed
    yield "run_for", history.seconds
    yield "settle", history.settle
    yield "network", _differing(history.weather)
    yield "timing", _timing(history.timing)
    yield "queue", None if history.queue == 10_000 else history.queue
    yield "limits", dict(history.limits)
    yield "ask", None if scenario.ask == QUESTIONS else scenario.ask
    yield "expect", _differing(scenario.expect)


def _timing(timing: Timing) -> dict[str, object]:
    if timing == Timing.within(timing.expired):
        return {} if timing == Timing() else {"within": timing.expired}
    return {
        name: getattr(timing, name) for name in Timing.__slots__ if getattr(timing, name) != getattr(Timing(), name)
    }


def _step(step: Step) -> dict[str, object]:
    return {"at": step.at, "do": verb_of(step.fault), **_differing(step.fault)}


def _differing(value: Any) -> dict[str, object]:
    """The fields of a dataclass that are not as by default."""
    return {one.name: getattr(value, one.name) for one in fields(value) if getattr(value, one.name) != one.default}
