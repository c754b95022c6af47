"""What a command of ZGOSSIP leads to, by who sent it and in which state he is: data that the machine obeys.

The hub's side is CZMQ's, but for a second HELLO: there it is an error, and here a wish to be told everything again.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Final

from zyre.wire.zgossip import HELLO, INVALID, PING, PONG, PUBLISH

__all__ = ["CLIENT_RULES", "HUB_RULES", "Action", "Phase"]


class Phase(Enum):
    """How far two neighbours are."""

    START = auto()
    """Nothing was said yet that counts; at a client: HELLO and PING are sent, and the answers on their way."""
    COMPARING = auto()
    """At a client of our own kind's hub: the tables are being compared. What is published meanwhile waits, lest it
    overtake what was published before."""
    CONNECTED = auto()
    """Tuples flow both ways."""


class Action(Enum):
    """What is to be done."""

    GREET = auto()
    """The hub: send everything."""
    PONG = auto()
    TAKE = auto()
    """Take the tuple."""
    REFUSE = auto()
    """The hub: say INVALID and forget the client."""
    SETTLE = auto()
    """The client: the hub has told everything, now send what it lacks."""
    GREET_AGAIN = auto()
    """The client: the hub does not know us; begin anew."""
    IGNORE = auto()


#: What a hub does about a client's command.
HUB_RULES: Final = {
    (Phase.START, HELLO): Action.GREET,
    (Phase.START, PUBLISH): Action.REFUSE,
    (Phase.START, PING): Action.PONG,
    (Phase.START, PONG): Action.REFUSE,
    (Phase.START, INVALID): Action.REFUSE,
    (Phase.COMPARING, HELLO): Action.GREET,
    (Phase.COMPARING, PUBLISH): Action.REFUSE,
    (Phase.COMPARING, PING): Action.PONG,
    (Phase.COMPARING, PONG): Action.REFUSE,
    (Phase.COMPARING, INVALID): Action.REFUSE,
    (Phase.CONNECTED, HELLO): Action.GREET,
    (Phase.CONNECTED, PUBLISH): Action.TAKE,
    (Phase.CONNECTED, PING): Action.PONG,
    (Phase.CONNECTED, PONG): Action.REFUSE,
    (Phase.CONNECTED, INVALID): Action.REFUSE,
}

#: What a client does about a hub's command.
CLIENT_RULES: Final = {
    (Phase.START, HELLO): Action.IGNORE,
    (Phase.START, PUBLISH): Action.TAKE,
    (Phase.START, PING): Action.IGNORE,
    (Phase.START, PONG): Action.SETTLE,
    (Phase.START, INVALID): Action.GREET_AGAIN,
    (Phase.COMPARING, HELLO): Action.IGNORE,
    (Phase.COMPARING, PUBLISH): Action.TAKE,
    (Phase.COMPARING, PING): Action.IGNORE,
    (Phase.COMPARING, PONG): Action.IGNORE,
    (Phase.COMPARING, INVALID): Action.GREET_AGAIN,
    (Phase.CONNECTED, HELLO): Action.IGNORE,
    (Phase.CONNECTED, PUBLISH): Action.TAKE,
    (Phase.CONNECTED, PING): Action.IGNORE,
    (Phase.CONNECTED, PONG): Action.IGNORE,
    (Phase.CONNECTED, INVALID): Action.GREET_AGAIN,
}
