"""``zyre listen``: what happens, as it happens."""

from __future__ import annotations

import click

import zyre
from zyre.cli.exits import NotDone
from zyre.cli.options import NodeSettings, ending_options, node_options
from zyre.cli.output import Output, make_output
from zyre.cli.waiting import deadline_after, events_until

__all__ = ["listen"]

MESSAGES = (zyre.Whisper, zyre.Shout)


@click.command()
@click.argument("groups", nargs=-1, metavar="[GROUP]...")
@click.option("--messages", "only_messages", is_flag=True, help="Only messages: nothing about who comes and goes.")
@ending_options
@node_options
def listen(
    settings: NodeSettings,
    groups: tuple[str, ...],
    only_messages: bool,
    count: int | None,
    seconds: float | None,
    as_json: bool,
) -> None:
    """Join GROUPs and print their messages, whispers to this node, and who comes and goes.

    Runs until Ctrl-C, or as long as --count and --for say.
    """
    output = make_output(as_json)
    with settings.node("listen", groups) as node:
        places = ", ".join(groups) or "whispers and presence"
        output.hint(f"{node.name} listens to {places}; Ctrl-C ends it")
        heard = _listen(node, output, only_messages, count, deadline_after(seconds))
    if count is not None and heard < count:
        raise NotDone(f"{heard} of {count} messages came within {seconds:g} s")


def _listen(node: zyre.Node, output: Output, only_messages: bool, count: int | None, deadline: float | None) -> int:
    """Print events; how many messages were among them."""
    heard = 0
    for event in events_until(node, deadline):
        is_message = isinstance(event, MESSAGES)
        if is_message or not only_messages:
            output.event(event)
        heard += is_message
        if heard == count:
            break
    return heard
