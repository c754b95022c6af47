"""What is known of each neighbour: a client of our hub, or a hub that we are a client of.

A neighbour of CZMQ's sends every change on to everybody, also to whom it came from. Taken for news, an echo of what
we said a moment ago would undo what was said since, here and there, for ever: two CZMQ nodes that publish one key
at the same time do that to each other, thousands of times a second. So we remember what we told it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, TypeAlias

from zyre.core.gossip.rules import Phase

__all__ = ["Neighbour", "Place", "Told"]

#: A hub's client by the identity of its socket; a hub by the number of our link to it.
Place: TypeAlias = bytes | int

#: An echo comes within this many seconds, or it was none.
_ECHO_WITHIN: Final = 5.0
#: So many values of one key are remembered: more of them on their way are told apart from news by a later word.
_MOST_TOLD: Final = 8


@dataclass(slots=True)
class Told:
    """Values of one key that were sent and may come back, the oldest first."""

    values: list[str]
    until: float


@dataclass(slots=True)
class Neighbour:
    """One neighbour."""

    place: Place
    heard: float
    phase: Phase = Phase.START
    is_ours: bool = False
    """Whether it speaks what only services of this package do."""
    has: dict[str, str] = field(default_factory=dict)
    """The tuples that a CZMQ neighbour holds, as far as we know."""
    told: dict[str, Told] = field(default_factory=dict)
    backlog: set[str] = field(default_factory=set)
    """Keys to be sent when the tables have been compared."""
    suspected: tuple[int, int] | None = None
    """The roots, ours and its, that differed at the last pulse."""
    settled_on: tuple[int, int] | None = None
    """The roots with which the tables were compared last: doing it again would bring nothing more."""

    @property
    def takes_tuples(self) -> bool:
        """Whether a change is sent to it at once."""
        return self.phase is Phase.CONNECTED

    def tell(self, key: str, value: str, now: float) -> bool:
        """Note that a tuple is sent to a CZMQ neighbour; False if it has that already."""
        if self.has.get(key) == value:
            return False
        self.has[key] = value
        told = self.told.setdefault(key, Told([], 0.0))
        told.until = now + _ECHO_WITHIN
        told.values = [*told.values, value][-_MOST_TOLD:]
        return True

    def hear(self, key: str, value: str, now: float) -> bool:
        """Note that a CZMQ neighbour sent a tuple; False if it only repeats what we told it."""
        self.has[key] = value
        told = self.told.get(key)
        if told is None:
            return True
        if not now < told.until or value not in told.values:
            if not now < told.until:
                del self.told[key]
            return True
        del told.values[: told.values.index(value) + 1]
        if not told.values:
            del self.told[key]
        return False

    def forget(self) -> None:
        """Begin anew: what it has is to be heard from itself."""
        self.phase = Phase.START
        self.has.clear()
        self.told.clear()
        self.backlog.clear()
        self.settled_on = self.suspected = None
