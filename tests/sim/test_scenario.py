"""Scenario files: what was kept of the past holds, whatever is written is read back, and mistakes are explained."""

from __future__ import annotations

import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from zyre.config import Timing
from zyre.sim import LOSSY_WIFI
from zyre.sim.chance import random_history
from zyre.sim.faults import VERBS, Kill, Partition, Weather
from zyre.sim.history import History, Member, Step
from zyre.sim.run import run_scenario
from zyre.sim.scenario import QUESTIONS, Expectations, Scenario, ScenarioError, load, read, write

ROOT = Path(__file__).resolve().parents[2]
KEPT = sorted((ROOT / "tests" / "scenarios").glob("*.toml"))
EXAMPLES = sorted((ROOT / "examples" / "scenarios").glob("*.toml"))
SMALL = [path for path in EXAMPLES if not path.name.startswith("200")]


def identify(path: Path) -> str:
    return path.stem


@pytest.mark.parametrize("path", KEPT, ids=identify)
def test_what_once_went_wrong_stays_right(path: Path) -> None:
    scenario = load(path)
    assert scenario.about, "a sentence says what it is about"
    result = run_scenario(scenario)
    if scenario.known_to_fail:
        assert result.broken_rule == scenario.known_to_fail, "it is repaired: take known_to_fail out"
    else:
        assert result.unmet == ()


@pytest.mark.parametrize("path", SMALL, ids=identify)
def test_what_the_examples_expect_holds(path: Path) -> None:
    result = run_scenario(load(path))
    assert result.unmet == ()
    assert result.summary["mesh_complete_after"] is not None


@pytest.mark.parametrize("path", KEPT + EXAMPLES, ids=identify)
def test_a_file_that_is_written_again_says_the_same(path: Path) -> None:
    assert read(write(load(path))) == load(path)


def test_every_random_history_is_read_back_as_it_was_written() -> None:
    for seed in range(300):
        scenario = Scenario(random_history(seed), about='a "quoted" name\\\n', expect=Expectations(mesh_within=2.5))
        assert read(write(scenario)) == scenario


def test_three_lines_are_enough() -> None:
    scenario = read(
        """
nodes = 5
steps = [{at = 10, do = "partition", sides = ["node1 node2"], seconds = 60}]
run_for = 120
"""
    )
    assert scenario.history == History(
        members=tuple(Member(f"node{number}") for number in range(1, 6)),
        seconds=120.0,
        steps=(Step(10.0, Partition(("node1 node2",), 60.0)),),
    )


def test_everything_that_can_be_said() -> None:
    scenario = read(
        """
about = "all of it"
seed = 4
run_for = 20
settle = 50
queue = 100
network = {preset = "wifi", loss = 0.5}
timing = {within = 12, alone = 1}
ask = ["mesh"]
known_to_fail = "no storm of greetings"
nodes = [
  {name = "alice", candidate_in = ["A"], groups = "B", plain = true, box = "desk"},  # not nodes = {}
  {count = 2, name = "bob", late = true, clock_rate = 1.01},
]
[[steps]]
at = 5
do = "kill"
node = "alice"

[[steps]]
at = 2
do = "weather"
preset = "lossy wifi"
[expect]
mesh_within = 3
agreement = true
"""
    )
    history = scenario.history
    assert [member.name for member in history.members] == ["alice", "bob1", "bob2"]
    assert history.members[0] == Member("alice", ("B", "A"), ("A",), box="desk", plain=True)
    assert history.steps == (Step(2.0, Weather("lossy wifi")), Step(5.0, Kill("alice")))
    assert history.weather.conditions.loss == 0.5
    assert Weather("lossy wifi").conditions == LOSSY_WIFI
    assert history.timing == replace(Timing.within(12), alone=1)
    assert scenario.expect == Expectations(mesh_within=3.0, agreement=True)
    assert read(write(scenario)) == scenario


MISTAKES = {
    "nodes = 5\nsede = 3": "line 2: sede means nothing here; did you mean 'seed'?",
    "": "line 1: nodes is missing: say how many there are, for instance nodes = 5",
    "nodes = 0": "line 1: count is 0, and must be at least 1",
    "nodes = -1": "line 1: count is -1, and must be at least 1",
    "nodes = 'x'": "line 1: nodes must be a list of tables in braces, such as nodes =",
    "nodes = {}": "line 1: name is missing: each node needs one",
    "nodes = true": "line 1: nodes must be a list of tables",
    "nodes =\n": "line 1: is no TOML: invalid value",
    "nodes = 5\nx = [": "line 2: is no TOML",
    "# one\nnodes = [{name = 'a'},\n {name = 'a'}]": "line 3: name 'a' is the name of another node already",
    "nodes = [{name = 'a', grups = ['A']}]": "line 1: grups means nothing here; did you mean 'groups'?",
    "nodes = [{name = 'a', groups = [1]}]": "line 1: groups must be a list of texts",
    "nodes = [{name = 'a', plain = 1}]": "line 1: plain is 1, and must be true or false",
    "nodes = 3\nnetwork = 'wfi'": "line 2: network names the preset 'wfi', and there is none; did you mean 'wifi'?",
    "nodes = 3\nnetwork = {loss = 2}": "line 2: loss Conditions.loss is 2.0; it is a share from 0 to below 1",
    "nodes = 3\n\n[network]\nlatency = -1": "line 4: latency is -1, and must be at least 0",
    "nodes = 3\ntiming = {expired = 3}": "line 2: timing Timing needs evasive < silent < expired",
    "nodes = 3\ntiming = {expird = 3}": "line 2: expird means nothing here; did you mean 'expired'?",
    "nodes = 3\nrun_for = 0": "line 2: run_for is 0, and must be a number of seconds above 0",
    "nodes = 3\nrun_for = 'long'": 'line 2: run_for is "long", and must be a number',
    "nodes = 3\nlimits = 5": "line 2: limits must be a table in braces, such as limits = {mailbox_messages = 1000}",
    "nodes = 3\nlimits = {chunk_windo = 3}": "line 2: chunk_windo means nothing here; did you mean 'chunk_window'?",
    "nodes = 3\nlimits = {chunk_window = 0}": "line 2: chunk_window is 0, and must be at least 0.001",
    "nodes = [{name = 'a', groups = ['" + 256 * "x" + "']}]": "line 1: groups is no name of a group",
    "nodes = 3\nsteps = [{at = 1, do = 'join', node = 'node1', group = ''}]": "line 2: group is no name of a group",
    "nodes = 3\nsteps = [{at = 1, do = 'clock_rate', node = 'node1', rate = 0}]": (
        "line 2: rate is 0, and must be at least 0.1"
    ),
    "nodes = 3\nask = ['meh']": "line 2: ask names the question 'meh', and there is none; did you mean 'mesh'?",
    "nodes = 3\nexpect = {mesh = 3}": "line 2: mesh means nothing here; did you mean 'mesh_within'?",
    "nodes = 3\nsteps = 5": "line 2: steps must be a list of tables in braces, such as steps =",
    "nodes = 3\nsteps = [\n{at = 1, do = 'kill', node = 'node1'},\n{at = 2, do = 'kil', node = 'node1'},\n]": (
        "line 4: do names the action 'kil', and there is none; did you mean 'kill'?"
    ),
    "nodes = 3\nsteps = [{at = 1}]": "line 2: do is missing: say what happens, one of partition,",
    "nodes = 3\nsteps = [{at = 1, do = 'kill'}]": "line 2: node is missing: 'kill' needs it",
    "nodes = 3\nsteps = [{at = 1, do = 'kill', nodes = 'node2'}]": "line 2: nodes means nothing here; did you mean",
    "nodes = 3\nsteps = [{at = 61, do = 'kill', node = 'node2'}]": "line 2: at is 61, and all is over at 60 s: let it",
    "nodes = 3\nsteps = [{at = 1, do = 'kill', node = 'nod3'}]": (
        "line 2: node names the node 'nod3', and there is none; did you mean 'node3'?"
    ),
    "nodes = 3\n[[steps]]\nat = 1\ndo = 'kill'\nnode = 'node1'\n[[steps]]\nat = 'x'": 'line 7: at is "x", and must be',
    "nodes = 3\n[[steps]]\nat = 1\ndo = 'kill'\nnode = 'node1'\nnodes = 4": (
        "line 6: nodes means nothing here; did you mean 'node'?"
    ),
    "nodes = 3\nsteps = [{at = 1, do = 'stall', node = 'node1', second = 4}]": (
        "line 2: second means nothing here; did you mean 'seconds'?"
    ),
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_is_explained(text: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        read(text, "office.toml")
    assert str(caught.value).startswith("office.toml, " + MISTAKES[text])
    assert caught.value.name == "office.toml"


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ScenarioError, match="is not UTF-8 text"):
        load(path)


def test_expectations_are_held_against_what_happened() -> None:
    text = "nodes = 3\nrun_for = 60\nsteps = [{at = 5, do = 'power_off', node = 'node2'}]\nexpect = "
    met = run_scenario(
        read(text + "{mesh_within = 1, deaths_known_within = 31, octets_below = 1000, agreement = true}")
    )
    assert met.unmet == ()
    missed = run_scenario(read(text + "{mesh_within = 0.0001, deaths_known_within = 9, datagrams_below = 0.5}"))
    assert [sentence.partition(" was")[0] for sentence in missed.unmet[:1]] == ["the mesh"]
    assert len(missed.unmet) == 3
    never = run_scenario(read("nodes = 2\nnetwork = {loss = 0.9999}\nrun_for = 3\nexpect = {mesh_within = 2}"))
    assert never.unmet == ("the mesh was complete after: never; expected at most 2 s",)


def test_what_is_measured() -> None:
    result = run_scenario(read("nodes = 4\nrun_for = 60\nsteps = [{at = 5, do = 'power_off', node = 'node2'}]"))
    summary = result.summary
    assert summary["mesh_complete_after"] < 0.1
    (death,) = summary["deaths"]
    assert (death["node"], death["at"], death["never_known_to"]) == ("node2", 5.0, 0)
    assert 3 < death["suspected_after"]["min"] <= death["suspected_after"]["max"] < 6
    assert 8 < death["known_after"]["min"] <= death["known_after"]["max"] < 11
    assert 0.9 < summary["traffic"]["datagrams_sent"] < 1.4
    assert summary["events"]["enter"] == 12
    assert summary["events"]["exit"] == 3
    shares = [sample.share for sample in result.measures.samples]
    assert shares[0] == 0
    assert shares[-1] == 1


def test_another_seed_is_another_run_and_the_same_seed_the_same() -> None:
    scenario = read("nodes = 4\nnetwork = 'lossy wifi'\nrun_for = 10")
    first, second = run_scenario(scenario).summary, run_scenario(scenario, seed=1).summary
    assert first["trace"] != second["trace"]
    assert first == run_scenario(scenario).summary


def test_the_documentation_has_every_key_and_its_three_lines_are_enough() -> None:
    page = (ROOT / "docs" / "simulator.md").read_text()
    for name in (*VERBS, *QUESTIONS, *Expectations.__slots__, *Weather.__slots__):
        assert name in page, f"docs/simulator.md does not say what {name} is"
    example = page.partition("## A scenario in three lines\n\n")[2].partition("\n\n")[0]
    assert len(example.splitlines()) == 3
    assert run_scenario(read(textwrap.dedent(example))).unmet == ()
