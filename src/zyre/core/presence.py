"""How long a peer has been quiet, and what follows: evasive, silent, expired.

Every sign of life sets one attribute, ``record.quiet_at``: the moment at which the peer becomes evasive. The later
phases are fixed distances behind it. The peer's one entry among the node's deadlines comes up when the next phase
could begin, and is put back if a sign of life moved that.
"""

from __future__ import annotations

from dataclasses import dataclass

from zyre.config import Timing
from zyre.core.peer import PeerRecord
from zyre.core.tables import Phase

__all__ = ["Presence", "Silence"]


@dataclass(frozen=True, slots=True)
class Silence:
    """What a look at a quiet peer found: the phase it ``entered`` (None: still the same one), whether to ``ping`` it,
    and when to look again."""

    entered: Phase | None
    ping: bool
    look_again_at: float


class Presence:
    """Turns silence into phases; knows the timing, and nothing about any peer but what its record says."""

    __slots__ = ("_after_quiet", "_ping", "evasive")

    def __init__(self, timing: Timing) -> None:
        self.evasive = timing.evasive
        self._ping = timing.ping
        self._after_quiet = {
            Phase.EVASIVE: 0.0,
            Phase.SILENT: timing.silent - timing.evasive,
            Phase.EXPIRED: timing.expired - timing.evasive,
        }

    def heard(self, record: PeerRecord, now: float) -> bool:
        """Note a sign of life; True if the peer had been evasive or silent."""
        record.quiet_at = now + self.evasive
        if record.phase is Phase.ALIVE:
            return False
        record.phase = Phase.ALIVE
        return True

    def begins_at(self, record: PeerRecord, phase: Phase) -> float:
        """When a phase begins if the peer stays quiet."""
        return record.quiet_at + self._after_quiet[phase]

    def look(self, record: PeerRecord, now: float) -> Silence:
        """What the silence of a peer amounts to at ``now``; moves its record to the phase that has begun."""
        entered = None
        while record.phase is not Phase.EXPIRED:
            following = Phase(record.phase + 1)
            begins_at = self.begins_at(record, following)
            if now < begins_at:
                break
            entered = record.phase = following
        if record.phase is Phase.EXPIRED:
            return Silence(entered, ping=False, look_again_at=now)
        if record.phase is Phase.ALIVE:
            return Silence(None, ping=False, look_again_at=begins_at)
        return Silence(entered, ping=True, look_again_at=min(begins_at, now + self._ping))
