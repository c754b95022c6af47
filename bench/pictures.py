"""Plots of a run: every ratio with its spread, and what grows with the size of a message or of a group."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from .stats import Measure, Results, median

__all__ = ["draw"]

_CURVES: Final = (
    (re.compile(r"whisper (\d+) (B|KiB|MiB)$"), "whispers/s by size", "octets", "symlog"),
    (re.compile(r"shout to (\d+), 32 B, deliveries()$"), "deliveries/s by size of the group", "peers", "linear"),
)
_OCTETS: Final = {"": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20}


def draw(results: Results, beside: Path) -> list[Path]:
    """Draw next to the file of the numbers; nothing without matplotlib."""
    try:
        import matplotlib as mpl

        mpl.use("agg")
        from matplotlib import pyplot
    except ImportError:
        return []
    files = []
    for name, figure in (("ratios", _ratios(results, pyplot)), ("curves", _curves(results, pyplot))):
        if figure is not None:
            file = beside.with_name(f"{beside.stem}-{name}.png")
            figure.savefig(file, dpi=110, bbox_inches="tight")
            pyplot.close(figure)
            files.append(file)
    return files


def _colours(results: Results, pyplot: Any) -> Mapping[str, Any]:
    names = dict.fromkeys(name for series in results.values.values() for name in series)
    return {name: pyplot.get_cmap("tab10")(number % 10) for number, name in enumerate(names)}


def _ratios(results: Results, pyplot: Any) -> Any:
    """One row for each measure, one dot for each contestant, to the right of the line where it is better."""
    colours = _colours(results, pyplot)
    rows = [measure for measure, series in results.values.items() if measure.reference in series and len(series) > 1]
    if not rows:
        return None
    figure, axes = pyplot.subplots(figsize=(9, 1 + 0.4 * len(rows)))
    for height, measure in enumerate(reversed(rows)):
        series = [name for name in results.values[measure] if name != measure.reference]
        for number, name in enumerate(series):
            ratio = results.ratio(measure, name)
            if ratio is None or not ratio.least:
                continue
            low, middle, high = (_advantage(measure, each) for each in (ratio.least, ratio.median, ratio.most))
            y = height + 0.3 - 0.6 * (number + 0.5) / len(series)
            axes.plot([low, high], [y, y], color=colours[name], linewidth=1)
            axes.plot([middle], [y], "o", color=colours[name], markersize=4, label=name)
    axes.axvline(1.0, color="black", linewidth=0.8)
    axes.set_xscale("log")
    _number(axes.xaxis)
    axes.set_yticks(range(len(rows)), [measure.name for measure in reversed(rows)], fontsize=8)
    axes.set_xlabel("times as good as libzyre in the same round: median, least and most")
    handles = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    axes.legend(handles.values(), handles.keys(), fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def _number(axis: Any) -> None:
    """Label decades as people write numbers, and nothing between them."""
    axis.set_major_formatter(lambda value, position: f"{value:,g}" if value < 1e6 else f"{value / 1e6:g} M")
    axis.set_minor_formatter(lambda value, position: "")


def _advantage(measure: Measure, ratio: float) -> float:
    return ratio if measure.more_is_better else 1 / ratio


def _curves(results: Results, pyplot: Any) -> Any:
    colours = _colours(results, pyplot)
    panels = [(each, curves) for each in _CURVES if (curves := _curves_of(results, each[0]))]
    if not panels:
        return None
    figure, places = pyplot.subplots(1, len(panels), figsize=(6 * len(panels), 4), squeeze=False)
    for axes, ((_, title, unit, scale), curves) in zip(places[0], panels, strict=True):
        for name, curve in curves.items():
            axes.plot(*zip(*sorted(curve.items()), strict=True), "o-", color=colours[name], label=name)
        axes.set_title(title)
        axes.set_xlabel(unit)
        axes.set_yscale("log")
        axes.set_xscale(scale)
        axes.set_xlim(left=0)
        _number(axes.xaxis)
        _number(axes.yaxis)
        axes.legend(fontsize=8)
    return figure


def _curves_of(results: Results, pattern: re.Pattern[str]) -> Mapping[str, Mapping[int, float]]:
    curves: dict[str, dict[int, float]] = {}
    for measure, series in results.values.items():
        if found := pattern.match(measure.name):
            for name, values in series.items():
                if value := median(values):
                    curves.setdefault(name, {})[int(found[1]) * _OCTETS[found[2]]] = value * 1e3
    return curves
