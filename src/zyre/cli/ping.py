"""``zyre ping``: the classic zpinger, which greets everyone and logs what it sees.

Works together with libzyre's zpinger: both join GLOBAL, whisper "Hello" to whoever enters, and answer that whisper
with a "Hello" shouted to GLOBAL.
"""

from __future__ import annotations

import click

import zyre
from zyre.cli.exits import NotDone
from zyre.cli.options import NodeSettings, ending_options, node_options
from zyre.cli.output import Output, make_output
from zyre.cli.waiting import deadline_after, events_until

__all__ = ["ping"]

GROUP = "GLOBAL"
HELLO = b"Hello"


@click.command()
@ending_options
@node_options
def ping(settings: NodeSettings, count: int | None, seconds: float | None, as_json: bool) -> None:
    """Greet everyone on the network, and log every enter, exit, join, leave and message.

    Joins GLOBAL, whispers "Hello" to everyone who enters, and answers a whispered "Hello" with a "Hello" shouted to
    GLOBAL: run it on two machines to see whether they can talk. Runs until Ctrl-C, or as long as --count and --for
    say.
    """
    output = make_output(as_json)
    with settings.node("ping", [GROUP]) as node:
        output.result(
            "started",
            f"{node.name} at {node.endpoint}, uuid {node.uuid}, is in {GROUP}",
            name=node.name,
            uuid=str(node.uuid),
            address=node.endpoint,
            group=GROUP,
        )
        output.hint("Ctrl-C ends it")
        heard = _ping(node, output, count, deadline_after(seconds))
    if count is not None and heard < count:
        raise NotDone(f"{heard} of {count} messages came within {seconds:g} s")


def _ping(node: zyre.Node, output: Output, count: int | None, deadline: float | None) -> int:
    """Log events and answer them; how many messages came."""
    addresses: dict[zyre.PeerId, str] = {}
    heard = 0
    for event in events_until(node, deadline):
        _log(output, event, addresses)
        _answer(node, event)
        heard += isinstance(event, (zyre.Whisper, zyre.Shout))
        if heard == count:
            break
    return heard


def _answer(node: zyre.Node, event: zyre.Event) -> None:
    match event:
        case zyre.Enter(peer=peer):
            node.whisper(peer, HELLO)
        case zyre.Whisper(content=(b"Hello",)):
            node.shout(GROUP, HELLO)


def _log(output: Output, event: zyre.Event, addresses: dict[zyre.PeerId, str]) -> None:
    """Print an event with the address that its Enter told, since only that one carries it."""
    if isinstance(event, zyre.Enter):
        addresses[event.peer] = event.address
        output.event(event)
    else:
        output.event(event, addresses.get(event.peer, ""))
    if isinstance(event, zyre.Exit):
        addresses.pop(event.peer, None)
