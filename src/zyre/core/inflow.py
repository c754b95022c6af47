"""The receiver's half of a reliable stream: which message is the next, and how far we let the sender go.

It keeps no messages: what does not come in order is not taken, and is sent again. So it costs a hundred octets, and can
be kept for as long as this node lives.
"""

from __future__ import annotations

from collections.abc import Sequence

from zyre.wire.batch import Batch, Parcel
from zyre.wire.reliable import FIRST_MESSAGES, FIRST_OCTETS

__all__ = ["Inflow"]


class Inflow:
    """One stream of one peer."""

    __slots__ = ("acked_at", "allowed", "credit", "expected", "gap_told", "octets", "owing", "stream")

    def __init__(self, stream: int, base: int, octets: int) -> None:
        self.stream = stream
        self.expected = base
        self.octets = octets
        """Octets of contents of all messages before ``expected``."""
        self.allowed = base + FIRST_MESSAGES
        self.credit = octets + FIRST_OCTETS
        self.acked_at = -1.0
        self.owing = False
        """Whether an acknowledgement is due soon."""
        self.gap_told = -1

    def take(self, batch: Batch) -> tuple[int, Sequence[Parcel]] | None:
        """The messages of a batch that are new, and the number of the first; None if something before it is missing."""
        skip = self.expected - batch.first
        if skip < 0:
            return None
        new = batch.parcels[skip:] if skip else batch.parcels
        first = self.expected
        self.expected += len(new)
        for _, content in new:
            self.octets += sum(map(len, content))
        return first, new

    def grant(self, messages: int, octets: int) -> None:
        """Let the sender go so far beyond what came; what was granted is never taken back."""
        self.allowed = max(self.allowed, self.expected + messages)
        self.credit = max(self.credit, self.octets + octets)
