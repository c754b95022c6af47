"""A few hundred random histories, each through faults and then to agreement; and what makes of a failure a small one.

More of them: ``make swarm``, or ``python -m zyre.sim.swarm --seeds 0:10000``.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from zyre.events import Event
from zyre.sim import Checker, SimNode, World, all_checkers, swarm
from zyre.sim.actions import Whisper
from zyre.sim.chance import random_history
from zyre.sim.faults import VERBS, Kill, Partition, Restart
from zyre.sim.fleet import main
from zyre.sim.history import History, Member, Step
from zyre.sim.scenario import load
from zyre.sim.shrink import shrink
from zyre.sim.swarm import Outcome, examine, run

BATCH = 25
SEEDS = 250

TRACES = """
from zyre.sim.swarm import run
for seed in range(16):
    print(run(seed))
"""


@pytest.mark.parametrize("first", range(0, SEEDS, BATCH))
def test_whatever_befalls_them_they_stay_sane_and_come_to_agree(first: int) -> None:
    failed = [outcome for outcome in map(run, range(first, first + BATCH)) if outcome.failed]
    assert failed == [], "make it small: python -m zyre.sim.swarm --seeds " + str(failed[0].seed)


def test_the_same_seed_is_the_same_history_in_every_process() -> None:
    """No set is iterated where its order matters, and nothing else differs between processes."""
    told = [
        subprocess.run(
            [sys.executable, "-c", TRACES],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
            timeout=50,
        ).stdout
        for hash_seed in ("1", "2")
    ]
    assert told[0] == told[1]
    assert len(set(told[0].splitlines())) == 16


def test_seeds_differ_in_everything() -> None:
    histories = [random_history(seed) for seed in range(300)]
    assert histories == [random_history(seed) for seed in range(300)]
    assert {len(history.members) for history in histories} == {2, 3, 4, 5, 6, 7}
    assert {type(step.fault) for history in histories for step in history.steps} == set(VERBS.values())
    assert len({history.timing for history in histories}) == 3
    assert len({history.queue for history in histories}) == 2


def test_a_defect_is_an_outcome() -> None:
    class Defect(Checker):
        def on_events(self, world: World, node: SimNode, events: list[Event]) -> None:
            raise KeyError("who?")

    outcome = examine(random_history(1), [Defect()])
    assert outcome.failed
    assert (outcome.rule, outcome.what[:6]) == ("KeyError", "'who?'")


def test_a_history_is_made_as_small_as_the_failure_allows() -> None:
    """Here a history "fails" if n2 is killed and n3 whispers after that."""

    def fails(history: History) -> bool:
        names = {member.name for member in history.members}
        killed = [step.at for step in history.steps if isinstance(step.fault, Kill) and "n2" in step.fault.node]
        spoken = [step.at for step in history.steps if isinstance(step.fault, Whisper) and step.fault.node == "n3"]
        return {"n2", "n3"} <= names and any(one < other for one in killed for other in spoken)

    noise = tuple(Step(float(at), Restart(f"n{at % 5 + 1}")) for at in range(20))
    large = replace(
        random_history(7),
        members=tuple(Member(f"n{number}", ("A", "B"), clock_rate=1.01) for number in range(1, 6)),
        steps=(
            *noise,
            Step(21.217, Kill("n1 n2")),
            Step(22.391, Partition(("n4",), 3.0)),
            Step(23.5, Whisper("n3", "n4")),
        ),
    )
    small = shrink(large, fails)
    assert small.members == (Member("n2"), Member("n3"), Member("n4")), "the whisper is to somebody"
    assert [type(step.fault) for step in small.steps] == [Kill, Whisper]
    assert fails(small)
    assert small.seconds < large.seconds


def test_a_storm_that_is_let_loose_is_found_and_made_small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Take the repair of a real defect out again: the swarm must find it, in a history with more than it needs."""
    from zyre.core.peer import PeerRecord

    storm = load(Path(__file__).parents[1] / "scenarios" / "greeting-storm-at-the-start.toml").history
    noise = tuple(Step(float(at), Whisper(f"n{at % 7 + 1}", "*", 2)) for at in range(1, 5))
    plain = tuple(replace(member, plain=True) for member in storm.members)
    hasty = replace(storm, members=plain, steps=noise, settle=5.0, timing=replace(storm.timing, handshake=1.0))
    monkeypatch.setattr(swarm, "random_history", lambda seed: replace(hasty, seed=seed))
    monkeypatch.setattr(PeerRecord, "replaced_often", lambda self, now: False)
    out = io.StringIO()
    assert main(["--seeds", str(storm.seed), "--keep", str(tmp_path)], out) == 1
    assert f"seed {storm.seed}: no storm of greetings" in out.getvalue()
    scenario = load(tmp_path / f"seed-{storm.seed}.toml")
    assert examine(scenario.history).rule == "no storm of greetings"
    assert scenario.history.steps == ()


def test_the_command_counts(tmp_path: Path) -> None:
    out = io.StringIO()
    assert main(["--seeds", "0:3"], out) == 0
    legend, line = out.getvalue().splitlines()
    assert legend.split() == ["seeds", "wall", "s", "virtual", "h", "messages", "events", "failed"]
    assert line.split()[0] == "3"
    assert line.split()[-1] == "0"


def test_several_processes_come_to_the_same() -> None:
    from zyre.sim.fleet import outcomes

    alone: list[Outcome] = list(outcomes(range(4)))
    assert list(outcomes(range(4), jobs=2)) == alone


def test_checkers_are_new_for_every_world() -> None:
    assert not set(all_checkers()) & set(all_checkers())
