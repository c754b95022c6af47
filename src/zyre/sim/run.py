"""Running a scenario: with the checkers and the measures, to a result that can be held against what was expected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from zyre.sim.checkers import CheckFailed, all_checkers, check_agreement
from zyre.sim.history import begin
from zyre.sim.measures import Measures
from zyre.sim.scenario import Expectations, Scenario
from zyre.sim.swarm import live_through
from zyre.sim.world import World, without_collections

__all__ = ["Result", "run_scenario"]

#: With more nodes than this, following every input makes a simulation much slower: no trace, and fewer checkers.
_MOST_CHECKED = 50


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a scenario. ``unmet`` are the expectations that do not hold, in sentences."""

    world: World
    measures: Measures
    summary: dict[str, Any]
    broken_rule: str
    unmet: tuple[str, ...]


def run_scenario(
    scenario: Scenario,
    *,
    seed: int | None = None,
    watch: Callable[[World], object] = lambda world: None,
    chart: bool = False,
) -> Result:
    """Run it; ``watch`` is called after every slice of virtual time. A broken rule is in the result, not raised."""
    history = scenario.history
    total = history.seconds + (history.settle or 0.0)
    measures = Measures(total)
    checkers = all_checkers()
    large = len(history.members) > _MOST_CHECKED
    if large:
        checkers = tuple(checker for checker in checkers if not checker.wants_inputs)
    world = begin(history, (*checkers, measures), seed=seed, chart=chart, trace=not large)
    measures.look(world)
    measures.attend(world, [step.at for step in history.steps])
    broken, unmet = "", []
    try:
        with without_collections(len(history.members)):  # once for all slices of it
            live_through(history, world, watch)
        if scenario.expect.agreement:
            check_agreement(world)
    except CheckFailed as error:
        broken = error.rule
        unmet.append(str(error))
    summary = measures.summary(world)
    unmet += _unmet(scenario.expect, summary)
    return Result(world, measures, summary, broken, tuple(unmet))


def _unmet(expect: Expectations, summary: dict[str, Any]) -> list[str]:
    found: list[str] = []
    _compare(found, "the mesh was complete after", summary["mesh_complete_after"], expect.mesh_within, "s")
    if expect.deaths_known_within is not None:
        for death in summary["deaths"]:
            known = death["known_after"]
            last = None if known is None or death["never_known_to"] else known["max"]
            _compare(found, f"all knew that {death['node']} was gone after", last, expect.deaths_known_within, "s")
    traffic = summary["traffic"]
    _compare(found, "each node sent per second", traffic["octets_sent"], expect.octets_below, "octets")
    _compare(found, "each node sent per second", traffic["datagrams_sent"], expect.datagrams_below, "datagrams")
    return found


def _compare(found: list[str], what: str, value: float | None, most: float | None, unit: str) -> None:
    if most is not None and value is None:
        found.append(f"{what}: never; expected at most {most:g} {unit}")
    elif most is not None and value is not None and value > most:
        found.append(f"{what} {value:.3f} {unit}; expected at most {most:g} {unit}")
