"""A part of a node: what it takes in, so that the node routes by tables and knows no part's business.

A part owns its state and says by return values which peers came into groups or went out of them. Everything else that
follows from an input goes where all parts put it: messages to Delivery, events and deadlines into the node's lists.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from zyre.core.locality import Locality
from zyre.core.peer import PeerRecord
from zyre.identity import PeerId

__all__ = ["Arrival", "Departure", "Follower", "Handler", "Moves", "Part", "Question", "Verb"]


class Arrival(NamedTuple):
    """A peer came into a group, or we did (None)."""

    group: str
    peer: PeerId | None


class Departure(NamedTuple):
    """A peer went out of a group, or away altogether."""

    group: str
    peer: PeerId


Moves: TypeAlias = tuple[Arrival | Departure, ...]

#: Takes one message of a READY peer: ``(record, frames, now)``; ``frames[1]`` begins with the header. A DecodeError
#: that it raises is counted.
Handler: TypeAlias = Callable[[PeerRecord, Sequence[bytes], float], Moves]
#: Takes a report, or the subject of a deadline that has come: ``(what, now)``.
Follower: TypeAlias = Callable[[Any, float], Moves]
#: Takes its arguments, which are what JSON can carry, and ``now``.
Verb: TypeAlias = Callable[..., Moves]
#: Takes its arguments, and changes nothing.
Question: TypeAlias = Callable[..., Any]


class Part:
    """What one part adds to its node's tables, and hears of its life: nothing, unless it says otherwise.

    The values are methods of the part, never lambdas: a checkpoint writes them down by name.
    """

    __slots__ = ("await_entries",)

    await_entries: Callable[[Part], None]
    """Given by the node, once all parts are there. A part calls it when ``entered`` has something to do from now on:
    with a thousand peers most parts have nothing to say to most of them."""

    def start(self, locality: Locality, now: float) -> Moves:
        """The node begins, and may send from now on."""
        return ()

    def stop(self) -> None:
        """The node has said its last words; no deadline of this part will come."""

    def entered(self, record: PeerRecord, now: float) -> Moves:
        """A peer said HELLO: it entered, its events are made, its groups are known. Told once the part awaits it."""
        return ()

    def left(self, record: PeerRecord) -> None:
        """A peer that had entered is gone."""

    def take_leave(self, record: PeerRecord) -> None:
        """The node is about to say goodbye to a peer, and takes nothing more from it."""

    def handlers(self) -> Mapping[int, Handler]:
        """By message id."""
        return {}

    def reports(self) -> Mapping[type, Follower]:
        """By the class of report."""
        return {}

    def subjects(self) -> Mapping[type, Follower]:
        """By the class of what a deadline is about."""
        return {}

    def verbs(self) -> Mapping[str, Verb]:
        """By name: a face calls ``Host.change(name, ...)``."""
        return {}

    def questions(self) -> Mapping[str, Question]:
        """By name: a face calls ``Host.ask(name, ...)``."""
        return {}
