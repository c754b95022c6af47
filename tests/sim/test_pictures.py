"""Pictures are an extra: drawn where matplotlib is, and asked for in one sentence where it is not."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support.pictures import matplotlib
from zyre.sim.chart import Arrow, Mark, Note
from zyre.sim.pictures import PicturesMissing, _bundled, _lanes, _shown, require_pictures, save_pictures
from zyre.sim.run import run_scenario
from zyre.sim.scenario import read

SCENARIO = """
nodes = 12
run_for = 5
steps = [{at = 2, do = "kill", node = "node11"}, {at = 3, do = "partition", sides = ["node1 node2"]}]
"""

__all__ = ["matplotlib"]  # a fixture


def test_the_extra_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(PicturesMissing, match=r"pip install 'zyre\[pictures\]'"):
        require_pictures()


@pytest.mark.usefixtures("matplotlib")
@pytest.mark.filterwarnings("default")  # what matplotlib warns of is not ours
def test_the_same_simulation_gives_the_same_pictures(tmp_path: Path) -> None:
    scenario = read(SCENARIO)
    drawn = [save_pictures(scenario, run_scenario(scenario, chart=True), tmp_path / name) for name in "ab"]
    assert [path.name for path in drawn[0]] == ["convergence.svg", "traffic.svg", "sequence.svg"]
    for one, other in zip(*drawn, strict=True):
        assert one.read_text().startswith("<?xml")
        assert one.read_bytes() == other.read_bytes()


@pytest.mark.usefixtures("matplotlib")
@pytest.mark.filterwarnings("default")
def test_pictures_as_png(tmp_path: Path) -> None:
    scenario = read("nodes = 1\nrun_for = 1")
    for path in save_pictures(scenario, run_scenario(scenario, chart=True), tmp_path, "png"):
        assert path.read_bytes().startswith(b"\x89PNG")


def test_the_sequence_shows_whom_something_is_done_to() -> None:
    scenario = read(SCENARIO)
    lanes = _lanes(scenario)
    assert lanes == ["node1", "node2", "node3", "node4", "node5", "node6", "node7", "node11"]
    shown = _shown(run_scenario(scenario, chart=True).world.chart, lanes)
    assert isinstance(shown[0], Note)
    assert shown[0].text.startswith("Kill")


def test_what_arrives_together_is_one_arrow() -> None:
    ping = [Arrow(1.0, "a", "b", f"PING {number}") for number in (2, 3, 4)]
    mark = Mark(1.0, "b", "Returned a")
    assert _bundled([*ping, mark, ping[0]]) == [Arrow(1.0, "a", "b", "PING 2 … PING 4"), mark, ping[0]]
