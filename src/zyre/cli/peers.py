"""``zyre peers``: who is on the network."""

from __future__ import annotations

import click

import zyre
from zyre.cli.exits import NotDone
from zyre.cli.options import SECONDS, NodeSettings, node_options
from zyre.cli.output import JsonOutput, safe
from zyre.cli.records import peer_record, timestamp
from zyre.cli.waiting import deadline_after, events_until

__all__ = ["peers"]


@click.command()
@click.option("--group", metavar="GROUP", help="Only those in this group.")
@click.option(
    "--wait",
    type=SECONDS,
    default=1.5,
    show_default=True,
    metavar="SECONDS",
    help="How long to listen: nodes send one beacon per second.",
)
@node_options
def peers(settings: NodeSettings, group: str | None, wait: float, as_json: bool) -> None:
    """Show who is on the network: name, uuid, address, groups, headers, and how it was found.

    Exit code 1 if nobody is there.
    """
    with settings.node("peers") as node:
        refused = [event for event in events_until(node, deadline_after(wait)) if isinstance(event, zyre.Refused)]
        here = sorted(node.peers if group is None else node.peers_in(group), key=lambda peer: peer.name)
    if as_json:
        _print_json(here)
    elif here:
        _print_table(here)
    if not here:
        place = f"in group {group!r}" if group is not None else f"on UDP port {settings.port}"
        if refused:
            raise NotDone(f"nobody was let in; {safe(refused[0].address)}: {refused[0].explanation}")
        raise NotDone(f"nobody was heard {place} in {wait:g} s; `zyre peers --wait 5` listens longer")


def _print_json(here: list[zyre.Peer]) -> None:
    output = JsonOutput()
    for peer in here:
        output.write({"type": "peer", "time": timestamp(), **peer_record(peer)})


def _print_table(here: list[zyre.Peer]) -> None:
    from zyre.cli.console import make_console, make_table

    table = make_table("name", "uuid", "address", "groups", "headers", "found by")
    table.columns[2].no_wrap = True  # a folded address cannot be copied
    for peer in here:
        table.add_row(
            safe(peer.name),
            peer.uuid.short,
            safe(peer.address),
            safe(", ".join(sorted(peer.groups))),
            safe(", ".join(f"{name}={value}" for name, value in sorted(peer.headers.items()))),
            peer.found_by,
        )
    make_console().print(table)
