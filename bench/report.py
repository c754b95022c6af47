"""The report: tables for people, JSON for programs."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import zmq
from rich.console import Console
from rich.table import Table

from .baseline import TOLERANCE, Change
from .goals import Judgement, judge
from .peers import CONTESTANTS
from .stats import Measure, Ratio, Results, median

__all__ = ["as_json", "as_plain", "show", "show_regressions", "write"]

RESULTS = Path(__file__).parent / "results"


def show(results: Results, console: Console, against: str | None = None) -> None:
    """Print a table of all measures, one of the goals, and the notes."""
    title = f"ratio to {against or 'libzyre'} of the same round: median (least .. most)"
    table = Table(title=title, title_justify="left")
    table.add_column("measure")
    table.add_column("contestant")
    modes = _modes(results)
    if modes:
        table.add_column("mode")
    table.add_column("median", justify="right")
    table.add_column("unit")
    table.add_column("ratio", justify="right")
    table.add_column("spread")
    for measure, series in results.values.items():
        for number, (contestant, values) in enumerate(series.items()):
            table.add_row(
                "" if number else measure.name,
                contestant,
                *([modes.get(contestant, "")] if modes else []),
                _number(median(values)),
                measure.unit,
                *_ratio(measure, results.ratio(measure, contestant, against)),
            )
        table.add_section()
    console.print(table)
    _show_goals(judge(results), console)
    for note in results.notes:
        console.print(f"- {note}", highlight=False)


def _modes(results: Results) -> Mapping[str, str]:
    """How each contestant runs; nothing if all are open and do their best."""
    measured = {name for series in results.values.values() for name in series}
    modes = {
        one.name: f"{'secured' if one.secured else 'open'}, {'reliable' if one.reliable else 'best effort'}"
        for one in CONTESTANTS
        if one.name in measured
    }
    return modes if len(set(modes.values())) > 1 else {}


def _show_goals(judgements: Sequence[Judgement], console: Console) -> None:
    if not judgements:
        return
    table = Table(title="goals", title_justify="left")
    for column in ("measure", "contestant", "beside", "wanted", "got", "spread", ""):
        table.add_column(column)
    for each in judgements:
        goal = each.goal
        table.add_row(
            goal.measure,
            goal.contestant,
            goal.against,
            f"{'>=' if each.more_is_better else '<='} {goal.ratio:g}",
            f"{each.got.median:.2f}",
            f"{each.got.least:.2f} .. {each.got.most:.2f}",
            "[green]met[/]" if each.met else "[red]not met[/]",
        )
    console.print(table)


def show_regressions(changes: Sequence[Change], console: Console) -> None:
    """Print what is worse than the kept baseline."""
    if not changes:
        console.print(f"nothing is more than {TOLERANCE:.0%} worse than the baseline", highlight=False)
        return
    table = Table(title=f"more than {TOLERANCE:.0%} worse than the baseline", title_justify="left")
    for column in ("measure", "contestant", "ratio then", "now", "spread", ""):
        table.add_column(column)
    for change in changes:
        now = change.now
        table.add_row(
            change.measure,
            change.contestant,
            f"{change.before:.2f}",
            f"{now.median:.2f}",
            f"{now.least:.2f} .. {now.most:.2f}",
            "within the spread" if change.doubtful else "[red]worse in every round[/]",
        )
    console.print(table)


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _ratio(measure: Measure, ratio: Ratio | None) -> tuple[str, str]:
    if ratio is None:
        return "", ""
    better = (ratio.median >= 1) == measure.more_is_better
    colour = "green" if better else "red"
    return f"[{colour}]{ratio.median:.2f}[/]", f"{ratio.least:.2f} .. {ratio.most:.2f}"


def as_plain(results: Results) -> Sequence[Mapping[str, object]]:
    """The results as JSON can carry them: each round, and the ratios to everybody."""
    known = {one.name: one for one in CONTESTANTS}
    rows = []
    for measure, series in results.values.items():
        for contestant, values in series.items():
            ratios = {other: results.ratio(measure, contestant, other) for other in series}
            row: dict[str, object] = {
                "measure": measure.name,
                "unit": measure.unit,
                "more_is_better": measure.more_is_better,
                "contestant": contestant,
                "rounds": values,
                "median": median(values),
                "ratios": {other: vars(ratio) for other, ratio in ratios.items() if ratio is not None},
            }
            if one := known.get(contestant):
                row |= {"face": one.face, "secured": one.secured, "reliable": one.reliable}
            rows.append(row)
    return rows


def as_json(results: Results) -> str:
    """Everything that was measured, each round, and where."""
    about = {
        "when": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "python": platform.python_version(),
        "system": platform.platform(),
        "cpus": os.cpu_count(),
        "load": os.getloadavg(),
        "pyzmq": zmq.__version__,
        "libzmq": zmq.zmq_version(),
    }
    return json.dumps({"about": about, "results": as_plain(results), "notes": results.notes}, indent=1)


def write(results: Results, file: Path | None) -> Path:
    """Write the JSON to a file, by default one of its own in bench/results."""
    if file is None:
        RESULTS.mkdir(exist_ok=True)
        file = RESULTS / time.strftime("%Y%m%d-%H%M%S.json")
    file.write_text(as_json(results))
    return file
