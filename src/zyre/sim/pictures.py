"""Pictures of a simulation, by matplotlib: how the nodes came to know each other, what it cost, and who said what.

matplotlib is an extra: ``pip install zyre[pictures]``. Everything else of the simulator works without it.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import dropwhile, islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zyre.errors import UsageError
from zyre.sim.chart import Arrow, Chart, Happening, Mark, Note
from zyre.sim.naming import expand
from zyre.sim.run import Result
from zyre.sim.scenario import Scenario

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["PicturesMissing", "require_pictures", "save_pictures"]

_MOST_LANES = 8
_MOST_HAPPENINGS = 80


class PicturesMissing(UsageError):
    """matplotlib is not installed."""

    def __str__(self) -> str:
        return "pictures need matplotlib, which is not installed: pip install 'zyre[pictures]'"


def require_pictures() -> Any:
    """matplotlib's pyplot, drawing into files. Raises PicturesMissing."""
    try:
        import matplotlib
        import matplotlib.pyplot
    except ImportError:
        raise PicturesMissing from None
    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "zyre"  # the same simulation gives the same file
    return matplotlib.pyplot


def save_pictures(scenario: Scenario, result: Result, folder: Path, kind: str = "svg") -> list[Path]:
    """Write convergence, traffic and sequence as ``kind`` (svg, png) into a folder; the files' paths."""
    pyplot = require_pictures()
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, size, draw in (
        ("convergence", (9, 4), _draw_convergence),
        ("traffic", (9, 4), _draw_traffic),
        ("sequence", (10, 14), _draw_sequence),
    ):
        figure, axes = pyplot.subplots(figsize=size, layout="constrained")
        draw(axes, scenario, result)
        path = folder / f"{name}.{kind}"
        figure.savefig(path, metadata={"Date": None} if kind == "svg" else None)
        pyplot.close(figure)
        written.append(path)
    return written


def _draw_convergence(axes: Axes, scenario: Scenario, result: Result) -> None:
    samples = result.measures.samples
    axes.step([sample.at for sample in samples], [100 * sample.share for sample in samples], where="post")
    axes.set(title="Who knows whom", xlabel="seconds", ylabel="% of all pairs of running nodes", ylim=(-2, 102))
    _mark_steps(axes, scenario)


def _draw_traffic(axes: Axes, scenario: Scenario, result: Result) -> None:
    nodes = max(1, len(scenario.history.members))
    times, rates = [], []
    for before, after in pairwise(result.measures.samples):
        if after.at > before.at:
            times.append(after.at)
            rates.append((after.octets - before.octets) / (after.at - before.at) / nodes)
    axes.plot(times, rates, drawstyle="steps-pre")
    axes.set(title="Traffic per node", xlabel="seconds", ylabel="octets sent per second")
    axes.set_ylim(bottom=0)
    _mark_steps(axes, scenario)


def _mark_steps(axes: Axes, scenario: Scenario) -> None:
    for step in islice(scenario.history.steps, 20):
        axes.axvline(step.at, color="grey", linewidth=0.7, linestyle=":")
        label = type(step.fault).__name__
        axes.annotate(label, (step.at, 0.5), xycoords=("data", "axes fraction"), rotation=90, fontsize=7, color="grey")


def _draw_sequence(axes: Axes, scenario: Scenario, result: Result) -> None:
    lanes = _lanes(scenario)
    shown = _shown(result.world.chart, lanes)
    for lane, name in enumerate(lanes):
        axes.axvline(lane, color="lightgrey", linewidth=1, zorder=0)
        axes.text(lane, -1, name, ha="center", va="bottom", fontweight="bold")
    for row, happening in enumerate(shown):
        _draw_happening(axes, row, happening, lanes)
    axes.set(xlim=(-0.9, max(1, len(lanes)) - 0.4), ylim=(max(1, len(shown)), -2))
    axes.axis("off")


def _draw_happening(axes: Axes, row: int, happening: Happening, lanes: list[str]) -> None:
    axes.text(-0.85, row, f"{happening.at:.3f}", fontsize=6, va="center", color="grey")
    if isinstance(happening, Arrow):
        source, target = lanes.index(happening.source), lanes.index(happening.target)
        style = {"arrowstyle": "->", "color": "tab:blue", "linewidth": 0.8}
        axes.annotate("", xy=(target, row), xytext=(source, row), arrowprops=style)
        axes.text((source + target) / 2, row - 0.1, happening.text, fontsize=6, ha="center", va="bottom")
    elif isinstance(happening, Mark):
        axes.plot(lanes.index(happening.node), row, "o", markersize=3, color="tab:green")
        axes.text(lanes.index(happening.node) + 0.05, row, happening.text, fontsize=6, va="center", color="tab:green")
    else:
        axes.text(-0.5, row, happening.text, fontsize=6, va="center", color="tab:red")


def _lanes(scenario: Scenario) -> list[str]:
    """The nodes that something is done to, and others while there is room."""
    names = [member.name for member in scenario.history.members]
    concerned: dict[str, None] = {}
    for step in scenario.history.steps:
        for field in ("node", "other", "source", "target", "to"):
            concerned.update(dict.fromkeys(expand(getattr(step.fault, field, ""), names)))
    chosen = list(dict.fromkeys([*concerned, *names]))[:_MOST_LANES]
    return [name for name in names if name in chosen]


def _shown(chart: Chart, lanes: list[str]) -> list[Happening]:
    """From the first thing that was done to the world, or from the beginning."""
    wanted = [happening for happening in chart.happenings if _concerns(happening, lanes)]
    later = list(dropwhile(lambda happening: not isinstance(happening, Note), wanted))
    return _bundled(later or wanted)[:_MOST_HAPPENINGS]


def _bundled(happenings: Iterable[Happening]) -> list[Happening]:
    """The same, but messages that arrive together are one arrow."""
    rows: list[Happening] = []
    for happening in happenings:
        last = rows[-1] if rows else None
        if isinstance(happening, Arrow) and isinstance(last, Arrow) and happening[:3] == last[:3]:
            rows[-1] = last._replace(text=f"{last.text.partition(' … ')[0]} … {happening.text}")
        else:
            rows.append(happening)
    return rows


def _concerns(happening: Happening, lanes: list[str]) -> bool:
    if isinstance(happening, Arrow):
        return happening.source in lanes and happening.target in lanes
    return isinstance(happening, Note) or happening.node in lanes
