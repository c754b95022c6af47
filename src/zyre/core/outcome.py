"""What becomes of a message when it is handed over: all that a face knows of how messages are sent."""

from __future__ import annotations

from enum import Enum, auto

__all__ = ["Outcome"]


class Outcome(Enum):
    """What became of a message when it was handed over."""

    SENT = auto()
    """In the peer's queue."""
    ABSENT = auto()
    """The peer is not here."""
    BLOCKED = auto()
    """The peer's queue is full; nothing was taken."""
    PLAIN = auto()
    """The peer does not understand what this way of sending needs."""
    SHED = auto()
    """The peer's queue has been full for too long: dropped, and counted."""
    UNABLE = auto()
    """This node keeps nothing on disk."""
    BROKEN = auto()
    """Its disk takes nothing just now."""
