"""What becomes of a message: the ways in which each one ends, exactly once."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from enum import StrEnum

__all__ = ["Fate", "Fates", "MODES"]

#: How much is done for a message: sent once; kept in memory until the peer's node has it; kept on disk until the peer's
#: program has taken it.
MODES = ("best_effort", "reliable", "durable")


class Fate(StrEnum):
    """The end of one message for one peer."""

    DELIVERED = "delivered"
    """The peer's node has confirmed that it has it."""
    EXPIRED = "expired"
    """Its time was over before the peer had confirmed it."""
    REFUSED = "refused"
    """It never left: the peer was not here, took nothing for longer than our patience, or is of another kind."""
    LOST = "lost"
    """The peer's node has said that it never got it."""
    UNKNOWN = "unknown"
    """It left, and nobody can say: plain 36/ZRE peers confirm nothing, and who vanished cannot any more."""
    KEPT = "kept"
    """This node ended first. The message is on its disk, where the next life of this node goes on with it; so it is in
    flight still, and this is what receipts say, not the books."""


@dataclass(frozen=True, slots=True)
class Fates:
    """What became of the messages that this node was given to send: each ends in exactly one way.

    A whisper counts once, a shout once for each member of the group. ``offered`` is the sum of all others, always.
    """

    offered: int = 0
    """Messages that the application gave."""
    delivered: int = 0
    """The peer's node has confirmed that it has them."""
    expired: int = 0
    """Their time was over before the peer had confirmed them."""
    refused: int = 0
    """They never left: the peer was not here, took nothing for longer than our patience, or is of another kind."""
    lost: int = 0
    """The peer's node has said that it never got them."""
    unknown: int = 0
    """They left, and nobody can say: plain 36/ZRE peers confirm nothing, and who vanished cannot any more."""
    in_flight: int = 0
    """Kept for the peer, on their way, or arrived and not confirmed yet."""

    def __add__(self, other: Fates) -> Fates:
        return Fates(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))

    @property
    def balanced(self) -> bool:
        """Whether each has exactly one fate; anything else is a defect of this package."""
        ended = self.delivered + self.expired + self.refused + self.lost + self.unknown
        return self.offered == ended + self.in_flight
