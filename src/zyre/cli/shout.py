"""``zyre shout``: a message to everybody in a group."""

from __future__ import annotations

from functools import partial

import click

import zyre
from zyre.cli.exits import NotDone
from zyre.cli.options import NodeSettings, node_options, timeout_option
from zyre.cli.output import make_output
from zyre.cli.sending import send_all, sending_config
from zyre.cli.waiting import deadline_after, events_until, let_it_leave, wait_for
from zyre.identity import check_group

__all__ = ["shout"]

#: After enough members were found, others get this long to be found too: on one network all answer a beacon at once.
_SETTLE = 0.3


@click.command()
@click.argument("group")
@click.argument("texts", nargs=-1, metavar="[TEXT]...")
@click.option(
    "--members",
    "wanted",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    metavar="N",
    help="Wait until that many are in the group.",
)
@timeout_option
@node_options
def shout(
    settings: NodeSettings, group: str, texts: tuple[str, ...], wanted: int, timeout: float, as_json: bool
) -> None:
    """Send a message to everybody in GROUP; each TEXT is one frame of it.

    Without TEXT, or with `-`, every line of standard input is a message. Exit code 1 if nobody is in the group.
    """
    output = make_output(as_json)
    check_group(group)
    with settings.node("shout", config=sending_config(timeout)) as node:
        if wait_for(node, partial(_members, node, group, wanted), timeout) is None:
            raise NotDone(_missing(node, group, wanted, timeout))
        for _ in events_until(node, deadline_after(_SETTLE)):
            pass
        members = len(node.peers_in(group))
        sent, complete = send_all(node, texts, partial(node.shout, group))
        let_it_leave(node)
    if not complete:
        raise NotDone(f"everybody left {group!r}; {sent} messages were sent before")
    what = "1 message" if sent == 1 else f"{sent} messages"
    whom = "1 node" if members == 1 else f"{members} nodes"
    output.result("sent", f"{what} to {whom} in {group}", verb="shout", group=group, messages=sent, peers=members)


def _members(node: zyre.Node, group: str, wanted: int) -> zyre.Roster | None:
    members = node.peers_in(group)
    return members if len(members) >= wanted else None


def _missing(node: zyre.Node, group: str, wanted: int, timeout: float) -> str:
    found = len(node.peers_in(group))
    if found:
        return f"only {found} of {wanted} were in {group!r} within {timeout:g} s; nothing was sent"
    groups = ", ".join(sorted(node.peer_groups))
    if groups:
        others = f"the groups here are: {groups}"
    else:
        others = f"{len(node.peers)} here, in no group at all" if node.peers else "nobody else is here either"
    return f"nobody was in {group!r} within {timeout:g} s; {others}"
