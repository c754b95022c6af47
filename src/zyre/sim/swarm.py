"""Swarm testing: histories by chance, one for each seed, in two phases.

In the safety phase anything befalls the nodes, and the checkers hold. Then everything is healed, and in the liveness
phase, after a time that follows from the nodes' Timing, all who run must agree: on who is here, in which groups, and on
one leader for each group that has candidates.

One thing is forgiven plain nodes: 36/ZRE says JOIN and LEAVE once, so when the network destroys one, others stay wrong
about that node in that group. The simulator knows when it did. tests/scenarios/lost-plain-join.toml forgives nothing.

A seed that fails is made small, and printed as a scenario file: put that into tests/scenarios/ with a sentence about
what was wrong, and it is run for ever.

    python -m zyre.sim.swarm --seeds 0:200
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from zyre.sim.accounts import Accounts
from zyre.sim.chance import random_history
from zyre.sim.checkers import Checker, CheckFailed, all_checkers, check_agreement, check_books, check_leaders
from zyre.sim.conditions import LAN
from zyre.sim.history import History, begin
from zyre.sim.promises import check_letters
from zyre.sim.shrink import shrink
from zyre.sim.world import World

__all__ = ["Outcome", "examine", "fails_like", "live_through", "run", "shrink_seed"]

#: Checkers look around once in so many virtual seconds.
_SLICE = 1.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one history. ``rule`` is what did not hold, or the type of the exception; empty if all is well."""

    seed: int
    rule: str
    what: str
    trace: int
    seconds: float
    """Virtual time that passed."""
    messages: int
    events: int

    @property
    def failed(self) -> bool:
        """Whether something did not hold."""
        return bool(self.rule)


def run(seed: int) -> Outcome:
    """What becomes of the history that follows from a seed."""
    return examine(random_history(seed))


def examine(history: History, checkers: Iterable[Checker] | None = None) -> Outcome:
    """What becomes of a history. Whatever goes wrong in it is in the outcome; nothing is raised."""
    world = begin(history, all_checkers() if checkers is None else checkers)
    rule = what = ""
    try:
        live_through(history, world, forgiving=True)
    except CheckFailed as error:
        rule, what = error.rule, f"{error.what} ({error.now:.3f} s)"
    except Exception as error:  # a defect of the machines is a finding like any other
        rule, what = type(error).__name__, f"{error} ({world.now():.3f} s)"
    return Outcome(
        history.seed,
        rule,
        what,
        world.trace,
        world.now(),
        sum(node.machine.counters.sent for node in world.nodes),
        sum(len(node.events) for node in world.nodes),
    )


def live_through(
    history: History,
    world: World,
    watch: Callable[[World], object] = lambda world: None,
    *,
    forgiving: bool = False,
) -> None:
    """Both phases. ``watch`` is called now and then, for a progress bar. Raises CheckFailed."""
    _run(world, history.seconds, watch)
    if history.settle is not None:
        world.note("everything is healed")
        world.heal()
        world.network.conditions = LAN
        for node in world.nodes:
            if node.reader is not None:
                node.reader.seconds = 0.0
        _run(world, history.seconds + history.settle, watch)
        accounts = next((one for one in world.checkers if isinstance(one, Accounts)), None)
        unheard = accounts.unheard if forgiving and accounts is not None else {}
        check_agreement(world, unheard)
        check_leaders(world, unheard)
        check_books(world)
        check_letters(world)


def _run(world: World, end: float, watch: Callable[[World], object]) -> None:
    while world.now() < end:
        world.run_for(min(_SLICE, end - world.now()))
        watch(world)


def fails_like(rule: str) -> Callable[[History], bool]:
    """A test of whether a history breaks that rule."""
    return lambda history: examine(history).rule == rule


def shrink_seed(seed: int) -> tuple[History, Outcome]:
    """The smallest history found that fails as that of the seed does, and what becomes of it."""
    history = random_history(seed)
    small = shrink(history, fails_like(examine(history).rule))
    return small, examine(small)


if __name__ == "__main__":
    import sys

    from zyre.sim.fleet import main

    sys.exit(main())
