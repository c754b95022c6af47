"""The report: a table for people, JSON for programs."""

from __future__ import annotations

import json
import os
import platform
import time
from pathlib import Path

import zmq
from rich.console import Console
from rich.table import Table

from .stats import Measure, Ratio, Results, as_plain, median

__all__ = ["as_json", "show", "write"]

RESULTS = Path(__file__).parent / "results"


def show(results: Results, console: Console) -> None:
    """Print one table for all measures."""
    table = Table(title="ratio to libzyre of the same round: median (least .. most)", title_justify="left")
    table.add_column("measure")
    table.add_column("contestant")
    table.add_column("median", justify="right")
    table.add_column("unit")
    table.add_column("ratio", justify="right")
    table.add_column("spread")
    for measure, series in results.values.items():
        for number, (contestant, values) in enumerate(series.items()):
            table.add_row(
                "" if number else measure.name,
                contestant,
                _number(median(values)),
                measure.unit,
                *_ratio(measure, results.ratio(measure, contestant)),
            )
        table.add_section()
    console.print(table)
    for note in results.notes:
        console.print(f"- {note}", highlight=False)


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
