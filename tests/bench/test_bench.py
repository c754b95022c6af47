"""That the measurement measures: never how fast. The smallest run is of ours alone and takes seconds."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from bench.baseline import keep, regressions
from bench.goals import GOALS, judge
from bench.measures import MEASURES
from bench.path import bench
from bench.peers import CONTESTANTS, contestant, missing
from bench.pictures import draw
from bench.plan import SMALLEST
from bench.process import Failed, PeerProcess
from bench.progress import Bar
from bench.report import as_json, show, show_regressions, write
from bench.run import Run
from bench.scale import Point, measure
from bench.scale import draw as draw_scale
from bench.scale import show as show_scale
from bench.stats import Measure, Ratio, Results, median, percentile, ratio
from rich.console import Console

from tests.support.pictures import matplotlib

__all__ = ["matplotlib"]  # a fixture

from bench import __main__ as command

RATE = Measure("rate", "k/s", more_is_better=True)


def two_rounds(factor: float = 1.0, measure: Measure = RATE) -> Results:
    results = Results()
    for ours, theirs in ((300.0, 150.0), (400.0, 100.0)):
        results.add(measure, "zyre", ours * factor)
        results.add(measure, "libzyre", theirs)
    return results


def test_a_ratio_is_taken_within_each_round():
    assert two_rounds().ratio(RATE, "zyre") == Ratio(3.0, 2.0, 4.0)


def test_the_reference_has_no_ratio():
    assert two_rounds().ratio(RATE, "libzyre") is None


def test_without_the_reference_there_is_no_ratio():
    results = Results()
    results.add(RATE, "zyre", 1.0)
    assert results.ratio(RATE, "zyre") is None


def test_a_ratio_to_somebody_else_than_the_reference():
    assert two_rounds().ratio(RATE, "libzyre", "zyre") == Ratio(0.375, 0.25, 0.5)
    assert two_rounds().ratio(RATE, "zyre", "nobody") is None


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
    assert rows[0]["ratios"] == {"libzyre": {"median": 3.0, "least": 2.0, "most": 4.0}}
    assert (rows[0]["face"], rows[0]["secured"], rows[0]["reliable"]) == ("threads", False, False)
    assert rows[1]["ratios"].keys() == {"zyre"}
    assert json.loads(as_json(two_rounds()))["about"]["cpus"]


def test_what_is_worse_than_the_baseline_is_shown(tmp_path: Path):
    file = tmp_path / "baseline.json"
    assert regressions(two_rounds(), file) == []
    keep(two_rounds(), file)
    assert regressions(two_rounds(0.9), file) == []
    [change] = regressions(two_rounds(0.4), file)
    assert (change.measure, change.contestant, change.before, change.doubtful) == ("rate", "zyre", 3.0, False)
    text = io.StringIO()
    show_regressions([change], Console(file=text, width=100))
    assert "rate" in text.getvalue()


def test_where_less_is_better_more_is_worse(tmp_path: Path):
    file, time = tmp_path / "baseline.json", Measure("time", "us")
    keep(two_rounds(1.0, time), file)
    assert regressions(two_rounds(0.4, time), file) == []
    [change] = regressions(two_rounds(1.3, time), file)
    assert change.doubtful  # a round of today was as good


def test_the_baseline_keeps_what_was_not_measured_today(tmp_path: Path):
    file = tmp_path / "baseline.json"
    keep(two_rounds(1.0, Measure("other", "us")), file)
    keep(two_rounds(), file)
    assert json.loads(file.read_text()) == {"other": {"zyre": 3.0}, "rate": {"zyre": 3.0}}


def test_a_goal_is_judged_by_its_own_reference():
    first = GOALS[0]
    results = Results()
    results.add(Measure(first.measure, "k/s", more_is_better=True), first.contestant, first.ratio)
    assert judge(results) == []
    results.add(Measure(first.measure, "k/s", more_is_better=True), first.against, 1.0)
    [judgement] = judge(results)
    assert judgement.met


def test_goals_name_contestants_that_there_are():
    names = {one.name for one in CONTESTANTS}
    assert {name for goal in GOALS for name in (goal.contestant, goal.against)} <= names


@pytest.mark.usefixtures("matplotlib")
@pytest.mark.filterwarnings("default")  # what matplotlib warns of is not ours
def test_pictures_are_drawn_of_what_there_is(tmp_path: Path):
    assert draw(Results(), tmp_path / "run.json") == []
    results = two_rounds(1.0, Measure("whisper 32 B", "k/s", more_is_better=True))
    files = draw(results, tmp_path / "run.json")
    assert [file.name for file in files] == ["run-ratios.png", "run-curves.png"]
    assert all(file.stat().st_size > 1000 for file in files)


def test_the_command_offers_every_measure():
    assert tuple(MEASURES) == command.MEASURES


def test_what_is_skipped_is_a_measure():
    assert {name for one in CONTESTANTS for name in one.skips} <= MEASURES.keys()


def test_every_contestant_has_its_module():
    folder = Path(__file__).resolve().parents[2] / "bench" / "peers"
    for one in CONTESTANTS:
        assert (folder / f"{one.module}.py").exists()
        assert "comes with" in missing(one) or not missing(one)


@pytest.mark.lan
def test_the_smallest_run_measures_everything():
    results = Results()
    with Bar(Console(file=io.StringIO()), 1) as bar:
        run = Run(SMALLEST, [contestant("zyre")], results, bar)
        for name, measure in MEASURES.items():
            if name != "memory":  # which starts a dozen processes
                measure(run)
    for measure, series in results.values.items():
        for values in series.values():
            assert all(value is not None and value >= 0 for value in values), measure
    assert len(results.values) == 12
    assert not [note for note in results.notes if "gave up" in note or "take part" in note]


@pytest.mark.lan
@pytest.mark.parametrize("name", ["zyre asyncio", "zyre trio"])
def test_the_other_faces_whisper_and_answer(name: str):
    results = Results()
    run = Run(SMALLEST, [contestant(name)], results)
    MEASURES["roundtrip"](run)
    assert results.values
    assert not results.notes


@pytest.mark.lan
def test_a_contestant_that_fails_is_left_out_and_named():
    results = Results()
    run = Run(SMALLEST, [contestant("pyzmq")], results)

    def fail(one: object, ends: object) -> None:
        raise Failed("no luck")

    with run.ends("whisper", lambda pair: None) as opened:
        run.rounds("whisper", opened, fail)
    assert results.notes == ["pyzmq gave up at whisper: no luck"]


@pytest.mark.lan
def test_who_fails_to_warm_up_does_not_take_part():
    results = Results()
    run = Run(SMALLEST, [contestant("pyzmq")], results)

    def fail(ends: object) -> None:
        raise Failed("no luck")

    with run.ends("whisper", fail) as opened:
        assert not opened
    assert results.notes == ["pyzmq does not take part in whisper: no luck"]


@pytest.mark.lan
def test_an_error_in_a_process_arrives_here():
    with PeerProcess(contestant("pyzmq")) as process, pytest.raises(Failed, match="KeyError"):
        process.call("flood", peer="nobody", size=1, n=1)


@pytest.mark.lan
def test_the_path_of_a_message_has_a_price_at_each_step():
    with bench(rounds=1, messages=20) as measured:
        prices = dict(measured.sending()) | dict(measured.receiving()) | dict(measured.bundled())
    assert len(prices) == 19
    assert all(price > 0 for price in prices.values())


def test_what_many_nodes_cost_is_shown_and_drawn(
    matplotlib: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    points = [Point("together", 10, 0.1, 5.0, 0.1, 60.0, 4.0, 2.0), Point("apart", 10, 0.1, 5.0, 0.1, 200.0, 4.0)]
    show_scale(points)
    assert "in processes" not in (shown := capsys.readouterr().out)
    assert "one process" in shown
    draw_scale(points, tmp_path / "scale.png")
    assert (tmp_path / "scale.png").stat().st_size > 1000


def test_two_nodes_are_measured() -> None:
    together, inproc, apart = points = measure(2, 0.1)
    assert [point.place for point in points] == ["together", "inproc", "apart"]
    assert together.objects is not None
    assert inproc.objects is apart.objects is None
    assert min(cost for point in points for cost in (point.met, point.idle, point.descriptors)) > 0
