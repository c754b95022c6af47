"""That the measurement measures: never how fast. The smallest run is of ours alone and takes seconds."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from bench.measures import MEASURES, Run
from bench.peers import CONTESTANTS, contestant
from bench.plan import SMALLEST
from bench.process import Failed, PeerProcess
from bench.report import as_json, show, write
from bench.stats import Measure, Ratio, Results, median, percentile, ratio
from rich.console import Console

RATE = Measure("rate", "k/s", more_is_better=True)


def two_rounds() -> Results:
    results = Results()
    for ours, theirs in ((300.0, 150.0), (400.0, 100.0)):
        results.add(RATE, "zyre", ours)
        results.add(RATE, "libzyre", theirs)
    return results


def test_a_ratio_is_taken_within_each_round():
    assert two_rounds().ratio(RATE, "zyre") == Ratio(3.0, 2.0, 4.0)


def test_the_reference_has_no_ratio():
    assert two_rounds().ratio(RATE, "libzyre") is None


def test_without_the_reference_there_is_no_ratio():
    results = Results()
    results.add(RATE, "zyre", 1.0)
    assert results.ratio(RATE, "zyre") is None


def test_a_round_in_which_one_failed_does_not_count():
    assert ratio([1.0, None, 6.0], [1.0, 2.0, 2.0]) == Ratio(2.0, 1.0, 3.0)
    assert ratio([None], [1.0]) is None


def test_the_median_leaves_out_what_failed():
    assert median([3.0, None, 1.0]) == 2.0
    assert median([None]) is None


@pytest.mark.parametrize(("percent", "expected"), [(50, 50.0), (99, 99.0), (100, 100.0), (0, 1.0)])
def test_a_percentile_is_a_value_that_was_measured(percent: float, expected: float):
    assert percentile([float(n) for n in range(100, 0, -1)], percent) == expected


def test_a_note_is_shown_once():
    results = Results()
    results.note("one")
    results.note("one")
    assert results.notes == ["one"]


def test_the_table_names_everybody_and_their_ratio():
    results = two_rounds()
    results.note("a thing to know")
    text = io.StringIO()
    show(results, Console(file=text, width=100))
    for part in ("rate", "zyre", "libzyre", "350", "125", "3.00", "2.00 .. 4.00", "a thing to know"):
        assert part in text.getvalue()


def test_the_json_holds_each_round(tmp_path: Path):
    file = write(two_rounds(), tmp_path / "numbers.json")
    rows = json.loads(file.read_text())["results"]
    assert rows[0]["rounds"] == [300.0, 400.0]
    assert rows[0]["ratio"] == {"median": 3.0, "least": 2.0, "most": 4.0}
    assert rows[1]["ratio"] is None
    assert json.loads(as_json(two_rounds()))["about"]["cpus"]


def test_every_contestant_has_its_module():
    folder = Path(__file__).resolve().parents[2] / "bench" / "peers"
    for one in CONTESTANTS:
        assert (folder / f"{one.module}.py").exists()


@pytest.mark.lan
def test_the_smallest_run_measures_everything():
    results = Results()
    run = Run(SMALLEST, [contestant("zyre")], results, lambda text: None)
    for name in ("whisper", "roundtrip", "shout", "discovery", "churn"):
        MEASURES[name](run)
    for measure, series in results.values.items():
        for values in series.values():
            assert all(value is not None and value >= 0 for value in values), measure
    assert len(results.values) == 7
    assert not [note for note in results.notes if "gave up" in note]


@pytest.mark.lan
def test_a_contestant_that_fails_is_left_out_and_named():
    results = Results()
    run = Run(SMALLEST, [contestant("pyzmq")], results, lambda text: None)

    def fail(one: object, ends: object) -> None:
        raise Failed("no luck")

    with run.ends(lambda pair: None) as opened:
        run.rounds(opened, fail)
    assert results.notes == ["pyzmq gave up: no luck"]


@pytest.mark.lan
def test_who_fails_to_warm_up_does_not_take_part():
    results = Results()
    run = Run(SMALLEST, [contestant("pyzmq")], results, lambda text: None)

    def fail(ends: object) -> None:
        raise Failed("no luck")

    with run.ends(fail) as opened:
        assert not opened
    assert results.notes == ["pyzmq does not take part: no luck"]


@pytest.mark.lan
def test_an_error_in_a_process_arrives_here():
    with PeerProcess("pyzmq") as process, pytest.raises(Failed, match="KeyError"):
        process.call("flood", peer="nobody", size=1, n=1)
