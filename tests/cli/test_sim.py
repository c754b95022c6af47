"""``zyre sim`` as an operator sees it: the table, the pictures' sentence, JSON, and what is wrong with a file."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.support.pictures import matplotlib
from zyre.cli import cli

DEATH = """
about = "One of five dies"
nodes = 5
run_for = 60
steps = [{at = 10, do = "power_off", node = "node3"}]
"""

__all__ = ["matplotlib"]  # a fixture


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    path = tmp_path / "death.toml"
    path.write_text(DEATH)
    return path


def sim(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["sim", *map(str, arguments)])


def test_the_table(scenario: Path) -> None:
    done = sim(scenario)
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0] == "One of five dies"
    assert lines[1] == "5 nodes, 60 virtual seconds, seed 0"
    for row in (
        "everybody knew everybody after",
        "node3 was gone at 10 s: it was suspected after",
        "node3 was gone at 10 s: the others knew after",
        "datagrams sent, each node",
        "octets sent, each node",
        "events: enter",
        "lost: on links",
    ):
        assert any(line.startswith(row) for line in lines), row


def test_a_chart_of_the_last_happenings(scenario: Path) -> None:
    lines = sim(scenario, "--chart", "12").stdout.splitlines()
    assert lines[0].split()[0] == "time"
    assert {f"node{number}" for number in (1, 2, 4, 5)} <= set(lines[0].split())
    assert lines[1].split()[1].isdigit(), "how many were left out"
    assert lines[14:16] == ["", "One of five dies"]


def test_only_what_was_asked(scenario: Path) -> None:
    scenario.write_text(DEATH + 'ask = ["deaths"]')
    out = sim(scenario).stdout
    assert "the others knew after" in out
    assert "datagrams" not in out


def test_json(scenario: Path) -> None:
    done = sim(scenario, "--json", "--seed", 5)
    (line,) = done.stdout.splitlines()
    record = json.loads(line)
    assert record["type"] == "simulation"
    assert record["seed"] == 5
    assert record["deaths"][0]["known_after"]["max"] > 8
    assert record["unmet"] == []
    assert record["broken_rule"] is None


def test_the_same_seed_gives_the_same(scenario: Path) -> None:
    traces = [json.loads(sim(scenario, "--json", "--seed", seed).stdout)["trace"] for seed in (1, 1, 2)]
    assert traces[0] == traces[1] != traces[2]


def test_several_seeds(scenario: Path) -> None:
    done = sim(scenario, "--seeds", 3)
    assert "5 nodes, 60 virtual seconds, 3 seeds" in done.stdout
    mesh = next(line for line in done.stdout.splitlines() if line.startswith("everybody"))
    assert mesh.count(" s") == 3
    lines = sim(scenario, "--seeds", 3, "--json").stdout.splitlines()
    assert [json.loads(line)["seed"] for line in lines] == [0, 1, 2]


def test_what_is_expected_and_does_not_hold(scenario: Path) -> None:
    scenario.write_text(DEATH + "expect = {deaths_known_within = 5}")
    done = sim(scenario)
    assert done.exit_code == 1
    assert "zyre: with seed 0: all knew that node3 was gone after" in done.stderr
    assert "expected at most 5 s" in done.stderr
    assert "(and 1 more seeds)" in sim(scenario, "--seeds", 2).stderr


def test_a_wrong_file_says_where_and_what(scenario: Path) -> None:
    scenario.write_text(DEATH.replace("run_for", "runfor"))
    done = sim(scenario)
    assert done.exit_code == 2
    assert "death.toml, line 4: runfor means nothing here; did you mean 'run_for'?" in " ".join(done.stderr.split())
    assert done.stdout == ""


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert sim(tmp_path / "none.toml").exit_code == 2


def test_pictures_without_matplotlib(scenario: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    done = sim(scenario, "--pictures", scenario.parent / "out")
    assert done.exit_code == 2
    assert "pip install 'zyre[pictures]'" in done.stderr
    assert not (scenario.parent / "out").exists()


@pytest.mark.usefixtures("matplotlib")
@pytest.mark.filterwarnings("default")
def test_pictures(scenario: Path) -> None:
    folder = scenario.parent / "out"
    done = sim(scenario, "--pictures", folder, "--format", "png")
    assert done.exit_code == 0, done.output
    assert {path.name for path in folder.iterdir()} == {"convergence.png", "traffic.png", "sequence.png"}
    (scenario.parent / "file").write_text("")
    assert sim(scenario, "--pictures", scenario.parent / "file" / "x").exit_code == 3
