"""How long a peer has been quiet, and what follows: asked, evasive, silent, expired.

Every sign of life sets one attribute, ``record.quiet_at``: the moment at which the peer becomes evasive. The other
phases are fixed distances before and behind it. The peer's one entry among the node's deadlines comes up when the next
phase could begin, and is put back if a sign of life moved that.

    heard ────ask────────evasive─────silent─────expired─ ─ ─ ─ ─ ─ ─ ─unreachable
               pings, of which nobody is told    └ held back while others hear the peer, or its host answers for it
"""

from __future__ import annotations

from dataclasses import dataclass

from zyre.config import Timing
from zyre.core.peer import PeerRecord
from zyre.core.tables import ALIVE, Phase
from zyre.core.timers import NEVER

__all__ = ["Presence", "Silence"]


@dataclass(frozen=True, slots=True)
class Silence:
    """What a look at a quiet peer found: the phase it ``entered`` (None: still the same one), whether to ``ping`` it,
    when to look again, and whether it lives but is ``beyond`` our reach."""

    entered: Phase | None
    ping: bool
    look_again_at: float
    beyond: bool = False


class Presence:
    """Turns silence into phases; knows the timing, and nothing about any peer but what its record says."""

    __slots__ = ("_after_quiet", "_longest", "_ping", "evasive", "expired", "lead")

    def __init__(self, timing: Timing) -> None:
        self.evasive = timing.evasive
        self.expired = timing.expired
        self._ping = timing.ping
        self.lead = timing.evasive - min(timing.ask, timing.evasive)
        """How long before it becomes evasive a peer is asked."""
        self._longest = max(timing.unreachable, timing.expired) - timing.evasive
        self._after_quiet = {
            Phase.EVASIVE: 0.0,
            Phase.SILENT: timing.silent - timing.evasive,
            Phase.EXPIRED: timing.expired - timing.evasive,
        }

    def heard(self, record: PeerRecord, now: float) -> bool:
        """Note a sign of life; True if the peer had been evasive or silent."""
        record.quiet_at = now + self.evasive
        if record.phase is ALIVE:
            return False
        record.phase = ALIVE
        return True

    def last_heard(self, record: PeerRecord) -> float:
        """When the last sign of life came; minus infinity for one whose silence was made to begin later."""
        return -NEVER if record.quiet_at == record.presumed_at else record.quiet_at - self.evasive

    def is_recent(self, record: PeerRecord, heard_at: float) -> bool:
        """Whether a sign of life came not long before the last one of all: that may be long ago, if we have slept."""
        return heard_at >= self.last_heard(record) - self.evasive

    def asks_at(self, record: PeerRecord) -> float:
        """When the peer is asked for a sign of life, if it stays quiet."""
        return record.quiet_at - self.lead

    def begins_at(self, record: PeerRecord, phase: Phase) -> float:
        """When a phase begins if the peer stays quiet. What others say of a peer, or its host, holds its expiry back as
        if we had heard it ourselves, but not for ever."""
        after = self._after_quiet[phase]
        begins_at = record.quiet_at + after
        if phase is not Phase.EXPIRED:
            return begins_at
        held_until = max(record.answered_at + after, record.vouched_at + self.expired)
        return min(max(begins_at, held_until), record.quiet_at + self._longest)

    def look(self, record: PeerRecord, now: float) -> Silence:
        """What the silence of a peer amounts to at ``now``; moves its record to the phase that has begun. Nobody is
        judged who was not asked: if it is we who look too late, its silence begins now."""
        if record.phase is ALIVE and not now < self.begins_at(record, Phase.SILENT):
            record.quiet_at = record.presumed_at = now
        entered = None
        while record.phase is not Phase.EXPIRED:
            following = Phase(record.phase + 1)
            begins_at = self.begins_at(record, following)
            if now < begins_at:
                break
            entered = record.phase = following
        if record.phase is Phase.EXPIRED:
            held = self._longest > self._after_quiet[Phase.EXPIRED]
            beyond = held and not self.begins_at(record, Phase.EXPIRED) < record.quiet_at + self._longest
            return Silence(entered, ping=False, look_again_at=now, beyond=beyond)
        asks_at = self.asks_at(record)
        if record.phase is ALIVE and now < asks_at:
            return Silence(None, ping=False, look_again_at=asks_at)
        return Silence(entered, ping=True, look_again_at=min(begins_at, now + self._ping))

    def forgive(self, record: PeerRecord, late: float, now: float, *, anew: bool) -> None:
        """We ourselves stood still for ``late`` seconds, in which nobody could be heard: they count for nothing. With
        ``anew`` the phase that the peer is in begins once more."""
        latest = now + self.evasive
        record.proven_at = min(record.proven_at + late, now)
        record.greet_again_at += late
        if anew:
            record.quiet_at = latest if record.phase is ALIVE else now
        else:
            record.quiet_at = min(record.quiet_at + late, latest)
        record.presumed_at = record.quiet_at
