"""``zyre conform``: what a running node does right and wrong."""

from __future__ import annotations

import click

from zyre.cli.exits import NotDone
from zyre.cli.options import json_option
from zyre.cli.output import JsonOutput, safe
from zyre.cli.records import timestamp
from zyre.conformance import PROBES, Kit, Outcome, Result
from zyre.identity import PeerId

__all__ = ["conform"]

_STYLES = {Outcome.RIGHT: "green", Outcome.WRONG: "red", Outcome.NOTED: "dim", Outcome.DIED: "bold red"}


@click.command()
@click.argument("endpoint")
@click.option("--uuid", metavar="UUID", help="Who it should be.  [default: whoever answers]")
@click.option(
    "--beacon-port",
    type=click.IntRange(0, 65535),
    default=0,
    metavar="PORT",
    help="UDP port of its beacons: try them too. All nodes on the network hear these probes.",
)
@click.option("--bind", "address", metavar="IP", help="Address of this machine that it can connect to.")
@click.option(
    "--timeout",
    type=click.FloatRange(0.05, 60),
    default=2.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for an answer.",
)
@click.option("--all", "deadly", is_flag=True, help="Play also the probes that are known to kill some implementations.")
@click.option(
    "--probe",
    "names",
    multiple=True,
    type=click.Choice([probe.name for probe in PROBES]),
    metavar="NAME",
    help="Only this probe; may be given several times.",
)
@json_option
def conform(
    endpoint: str,
    uuid: str | None,
    beacon_port: int,
    address: str | None,
    timeout: float,
    deadly: bool,
    names: tuple[str, ...],
    as_json: bool,
) -> None:
    """Try the node at ENDPOINT, such as tcp://192.168.1.7:49152, against 36/ZRE, rule by rule.

    Meets it as one peer after the other, and shows what it does right and wrong. Its application sees these peers come
    and go. Exit code 1 if something is wrong, 3 if nobody answers there.
    """
    kit = Kit(
        endpoint,
        uuid=None if uuid is None else PeerId.parse(uuid).octets,
        beacon_port=beacon_port,
        address=address,
        patience=timeout,
        deadly=deadly,
        probes=[probe for probe in PROBES if not names or probe.name in names],
    )
    kit.meet()
    if as_json:
        results = _print_json(kit)
    else:
        results = list(kit.run())
        _print_table(results)
    _judge(kit, results)


def _print_json(kit: Kit) -> list[Result]:
    output, results = JsonOutput(), []
    for result in kit.run():
        results.append(result)
        probe = result.probe
        output.write(
            {
                "type": "probe",
                "time": timestamp(),
                "probe": probe.name,
                "section": probe.section,
                "severity": probe.severity.value,
                "sent": probe.sent,
                "expected": probe.expected,
                "outcome": str(result.outcome),
                "detail": result.detail,
            }
        )
    return results


def _print_table(results: list[Result]) -> None:
    from rich.text import Text

    from zyre.cli.console import make_console, make_table

    table = make_table("probe", "36/ZRE", "sent", "expected", "outcome", "what it does")
    for probe, outcome, detail in results:
        style = _STYLES[outcome]
        table.add_row(
            probe.name, probe.section, probe.sent, probe.expected, Text(outcome.value, style=style), safe(detail)
        )
    make_console().print(table)


def _judge(kit: Kit, results: list[Result]) -> None:
    wrong = [result.probe.name for result in results if result.outcome in (Outcome.WRONG, Outcome.DIED)]
    untried = len(kit.probes) - len(results)
    if wrong:
        rest = f"; {untried} probes were not tried" if untried else ""
        raise NotDone(f"{len(wrong)} of {len(results)} probes found a deviation: {', '.join(wrong)}{rest}")
