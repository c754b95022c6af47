"""``zyre sim``: what would happen if? A scenario file, run in virtual time."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zyre.cli.exits import NotDone
from zyre.cli.options import json_option
from zyre.cli.output import JsonOutput
from zyre.cli.records import timestamp

if TYPE_CHECKING:
    from rich.table import Table

    from zyre.sim.run import Result
    from zyre.sim.scenario import Scenario
    from zyre.sim.world import World

__all__ = ["sim"]


@click.command()
@click.argument("scenario", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--seed", type=click.IntRange(0), metavar="N", help="Where all chance comes from.  [default: the file's]")
@click.option(
    "--seeds", type=click.IntRange(1), default=1, metavar="N", help="Run N times, from that seed on, and compare."
)
@click.option(
    "--pictures",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Draw convergence, traffic and messages into DIR (needs zyre[pictures]).",
)
@click.option("--format", "kind", type=click.Choice(["svg", "png"]), default="svg", show_default=True)
@click.option(
    "--chart",
    type=click.IntRange(1),
    metavar="N",
    help="Show the last N messages and events as a sequence chart, a lane for each node.",
)
@json_option
def sim(
    scenario: Path,
    seed: int | None,
    seeds: int,
    pictures: Path | None,
    kind: str,
    chart: int | None,
    as_json: bool,
) -> None:
    """Run a SCENARIO file in virtual time: how long until all know, and what does it cost?

    Nothing is sent anywhere. The same seed gives the same result. Exit code 1 if something that the file expects does
    not hold, or one of the rules that must always hold.
    """
    from zyre.sim.scenario import load

    wanted = load(scenario)
    if pictures is not None:
        from zyre.sim.pictures import require_pictures

        require_pictures()
    first = wanted.history.seed if seed is None else seed
    results = []
    for number in range(first, first + seeds):
        charted = number == first and (chart is not None or pictures is not None)
        results.append(_run(wanted, number, chart=charted, quiet=as_json))
        if as_json:
            JsonOutput().write({"type": "simulation", "time": timestamp(), **_record(results[-1])})
    if not as_json:
        if chart is not None:
            click.echo(results[0].world.chart.text(last=chart) + "\n")
        _print(wanted, results)
    if pictures is not None:
        _draw(wanted, results[0], pictures, kind, as_json)
    _judge(results)


def _run(scenario: Scenario, seed: int, *, chart: bool, quiet: bool) -> Result:
    from zyre.sim.run import run_scenario

    total = scenario.history.seconds + (scenario.history.settle or 0.0)
    with _progress(total, seed, quiet or not sys.stderr.isatty()) as watch:
        return run_scenario(scenario, seed=seed, watch=watch, chart=chart)


@contextmanager
def _progress(total: float, seed: int, quiet: bool) -> Iterator[Callable[[World], object]]:
    """A bar over virtual time, beside the output."""
    if quiet:
        yield lambda world: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn(f"seed {seed}"),
        BarColumn(),
        TextColumn("{task.completed:.0f} of {task.total:.0f} virtual s"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=total)
        yield lambda world: progress.update(task, completed=world.now())


def _record(result: Result) -> dict[str, Any]:
    return {**result.summary, "broken_rule": result.broken_rule or None, "unmet": list(result.unmet)}


def _judge(results: list[Result]) -> None:
    """Exit code 1 and the first sentence of what does not hold."""
    failed = [result for result in results if result.unmet]
    if failed:
        more = f" (and {len(failed) - 1} more seeds)" if len(failed) > 1 else ""
        raise NotDone(f"with seed {failed[0].summary['seed']}: {'; '.join(failed[0].unmet)}{more}")


def _draw(scenario: Scenario, result: Result, folder: Path, kind: str, quiet: bool) -> None:
    from zyre.cli.exits import Unfit
    from zyre.sim.pictures import save_pictures

    try:
        paths = save_pictures(scenario, result, folder, kind)
    except OSError as error:
        raise Unfit(f"cannot write pictures to {folder}: {error.strerror or error}") from None
    if not quiet:
        click.echo("pictures: " + ", ".join(map(str, paths)))


# -- for people ----------------------------------------------------------------------------------------------------


def _print(scenario: Scenario, results: list[Result]) -> None:
    from zyre.cli.console import make_console, make_table

    console = make_console()
    summaries = [result.summary for result in results]
    seeds = f"seed {summaries[0]['seed']}" if len(results) == 1 else f"{len(results)} seeds"
    if scenario.about:
        console.print(scenario.about)
    console.print(f"{len(scenario.history.members)} nodes, {summaries[0]['seconds']:g} virtual seconds, {seeds}")
    table = make_table("", "min", "median", "max")
    for column in table.columns[1:]:
        column.justify = "right"
    rows: dict[str, Callable[[Table, list[dict[str, Any]]], None]] = {
        "mesh": _mesh_rows,
        "deaths": _death_rows,
        "traffic": _traffic_rows,
        "events": _event_rows,
        "losses": _loss_rows,
    }
    for question in scenario.ask:
        rows[question](table, summaries)
    console.print(table)


def _row(table: Table, what: str, values: list[float | None], unit: str, digits: int = 2) -> None:
    from zyre.sim.measures import spread

    figures = spread(values)
    if figures is None:
        table.add_row(what, "", "never", "")
    elif figures["min"] == figures["max"]:
        table.add_row(what, "", f"{figures['median']:,.{digits}f} {unit}", "")
    else:
        table.add_row(what, *(f"{figures[name]:,.{digits}f} {unit}" for name in ("min", "median", "max")))


def _mesh_rows(table: Table, summaries: list[dict[str, Any]]) -> None:
    _row(table, "everybody knew everybody after", [summary["mesh_complete_after"] for summary in summaries], "s")


def _death_rows(table: Table, summaries: list[dict[str, Any]]) -> None:
    for index, death in enumerate(summaries[0]["deaths"]):
        of_runs = [summary["deaths"][index] for summary in summaries if index < len(summary["deaths"])]
        for what, key in (("it was suspected after", "suspected_after"), ("the others knew after", "known_after")):
            values = [figure for run in of_runs for figure in (run[key] or {"": None}).values()]
            _row(table, f"{death['node']} was gone at {death['at']:g} s: {what}", values, "s")
        missing = max(run["never_known_to"] for run in of_runs)
        if missing:
            table.add_row(f"  nodes that were never told of {death['node']}", "", "", str(missing))


def _traffic_rows(table: Table, summaries: list[dict[str, Any]]) -> None:
    for key, unit in (
        ("datagrams_sent", "/s"),
        ("datagrams_received", "/s"),
        ("messages_sent", "/s"),
        ("octets_sent", "B/s"),
        ("octets_received", "B/s"),
    ):
        label = "beacon octets received" if key == "octets_received" else key.replace("_", " ")
        _row(table, f"{label}, each node", [summary["traffic"][key] for summary in summaries], unit)


def _event_rows(table: Table, summaries: list[dict[str, Any]]) -> None:
    _count_rows(table, "events: ", [summary["events"] for summary in summaries])


def _loss_rows(table: Table, summaries: list[dict[str, Any]]) -> None:
    _count_rows(table, "lost: ", [summary["losses"] for summary in summaries])


def _count_rows(table: Table, label: str, counts: list[dict[str, int]]) -> None:
    for kind in sorted({kind for count in counts for kind in count}):
        _row(table, f"{label}{kind.replace('_', ' ')}", [count.get(kind, 0) for count in counts], "", 0)
