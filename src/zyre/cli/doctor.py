"""``zyre doctor``: why nodes do not see each other, and what mends it."""

from __future__ import annotations

from dataclasses import asdict

import click

from zyre.cli.exits import NotDone
from zyre.cli.options import SECONDS, NodeSettings, node_options
from zyre.cli.output import JsonOutput, safe
from zyre.cli.records import timestamp
from zyre.diagnosis import Diagnosis
from zyre.errors import AddressInUse

__all__ = ["doctor"]

_COLOURS = {"error": "red", "warning": "yellow", "note": "dim"}


@click.command()
@click.option(
    "--seconds", type=SECONDS, default=2.5, show_default=True, metavar="SECONDS", help="How long to listen and look."
)
@node_options
def doctor(settings: NodeSettings, seconds: float, as_json: bool) -> None:
    """Examine this computer's network as a node sees it: interfaces, beacons, ports, peers.

    Each finding has a code that never changes its meaning, a sentence, and where there is one, a command that mends it.
    Exit code 1 if anything stands in the way.
    """
    try:
        with settings.node("doctor") as node:
            diagnosis = node.diagnose(seconds)
    except AddressInUse:  # of which the doctor says more
        from zyre.engine.examination import survey

        diagnosis = survey(settings.interface, settings.port, seconds)
    if as_json:
        _print_json(diagnosis)
    else:
        _print_sentences(diagnosis)
    if not diagnosis.healthy:
        worst = [finding.code for finding in diagnosis if finding.severity != "note"]
        raise NotDone(f"{len(worst)} thing{'s' if len(worst) > 1 else ''} to mend: {', '.join(worst)}")


def _print_json(diagnosis: Diagnosis) -> None:
    output = JsonOutput()
    for name, address, why in diagnosis.interfaces:
        output.write({"type": "interface", "time": timestamp(), "name": name, "address": address, "why": why})
    for finding in diagnosis:
        output.write({"type": "finding", "time": timestamp(), **asdict(finding)})
    output.write(
        {
            "type": "summary",
            "time": timestamp(),
            "healthy": diagnosis.healthy,
            "heard": diagnosis.heard,
            "peers": diagnosis.peers,
        }
    )


def _print_sentences(diagnosis: Diagnosis) -> None:
    from rich.text import Text

    from zyre.cli.console import make_console, make_table

    console = make_console()
    table = make_table("interface", "address", "")
    for name, address, why in diagnosis.interfaces:
        table.add_row(safe(name), safe(address), why)
    console.print(table)
    console.print(f"{diagnosis.heard} other nodes heard, {diagnosis.peers} here", highlight=False)
    for finding in diagnosis:
        console.print()
        title = Text(f"{finding.severity}: {finding.code}", style=_COLOURS[finding.severity])
        console.print(title, soft_wrap=True)
        console.print(Text(f"    {safe(finding.sentence)}"), soft_wrap=True)
        if finding.remedy:
            console.print(Text(f"    try:  {safe(finding.remedy)}"), soft_wrap=True)
    if diagnosis.healthy:
        console.print("\nNothing stands in the way.", highlight=False)
