"""Waiting for the network, with an end: every wait of a command has a deadline or Ctrl-C."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import zyre

__all__ = ["deadline_after", "events_until", "let_it_leave", "wait_for"]

Found = TypeVar("Found")

#: How long a command that only sends stays after the last message. Its farewell goes by UDP, which may overtake the
#: messages, and some implementations drop what comes from a node that has left.
_FAREWELL_DELAY = 0.25


def deadline_after(seconds: float | None) -> float | None:
    """The moment that many seconds from now; None is never."""
    return None if seconds is None else time.monotonic() + seconds


def events_until(node: zyre.Node, deadline: float | None) -> Iterator[zyre.Event]:
    """The node's events until a moment of the monotonic clock, or for ever."""
    while True:
        left = None if deadline is None else deadline - time.monotonic()
        if left is not None and left <= 0:
            return
        try:
            event = node.recv(left)
        except zyre.RecvTimeout:
            return
        yield event


def wait_for(node: zyre.Node, find: Callable[[], Found | None], seconds: float) -> Found | None:
    """What ``find`` finds, tried again with every event, for that long at most; else None.

    The events are used up: this is for commands that care about state and not about events.
    """
    events = events_until(node, deadline_after(seconds))
    while True:
        found = find()
        if found is not None or next(events, None) is None:
            return found


def let_it_leave(node: zyre.Node) -> None:
    """Stay until what was sent is on its way; then the node may say goodbye."""
    for _ in events_until(node, deadline_after(_FAREWELL_DELAY)):
        pass
