"""One name that a member of a group can hold for a while: what a voter remembers of it, and what a claimant does.

Raft's election, reduced to what a lease needs, with terms in memory only. A voter grants a name to one claimant at a
time, for so many seconds by its own clock, and only in a term higher than any it has granted before. A claimant that
has the votes of a majority holds the name for those seconds, counted from before it asked and shortened by a tenth,
because clocks differ. Two majorities have a member in common, so no two hold the name at once, and none holds it in a
term that is not higher than the one before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from zyre.core.timers import NEVER
from zyre.identity import PeerId

__all__ = ["Claim", "Seat", "count_of", "token_of"]

#: A claimant holds for this share of what voters granted: their clocks may run so much faster than its own.
_CERTAIN: Final = 0.9
#: Bits of the claimant's identity in a token.
_MARK_BITS: Final = 19
#: Terms beyond this are no terms: it leaves room for the mark in 63 bits.
MOST_TERM: Final = 1 << 44


def token_of(term: int, holder: PeerId) -> int:
    """A number for one holding of a name: it rises with the terms, fits in 63 bits, and differs between claimants."""
    return term << _MARK_BITS | int(holder[:8], 16) >> (32 - _MARK_BITS)


def count_of(token: int) -> int:
    """The term of which a token was made."""
    return token >> _MARK_BITS


@dataclass(slots=True, eq=False)
class Seat:
    """A voter's memory of one name."""

    highest: int = 0
    """The term of the last vote."""
    seen: int = 0
    """The highest term that was heard of. It can still be voted for, if nobody was in that term."""
    holder: PeerId | None = None
    until: float = 0.0

    def vote(self, claimant: PeerId, term: int, seconds: float, now: float, may_vote: bool) -> bool:
        """Whether the claimant gets the name, in that term, for so many seconds from now on."""
        again = self.holder == claimant and term == self.highest
        held = self.holder not in (None, claimant) and now < self.until
        if not again and (term <= self.highest or held or not may_vote):
            return False
        self.highest, self.holder, self.until = term, claimant, now + seconds
        return True

    def release(self, holder: PeerId, term: int) -> bool:
        """The holder says that it has the name no longer; whether it had."""
        if self.holder != holder or term < self.highest:
            return False
        self.holder, self.until = None, 0.0
        return True


@dataclass(slots=True, eq=False)
class Claim:
    """A claimant's way to a name, and its holding of it."""

    group: str
    name: str
    seconds: float
    size: int
    """Members that the group has at most, as the application says; 0 if it does not."""
    term: int = 0
    attempt: int = 0
    asked_at: float = 0.0
    granted: set[PeerId] = field(default_factory=set)
    held_until: float = -NEVER
    held: bool = False
    resting: bool = False
    """Whether an attempt has failed: others may have our vote before we ask again."""
    over: bool = False

    def ask(self, term: int, now: float) -> None:
        """Begin an attempt, in that term."""
        self.term = term
        self.attempt += 1
        self.resting = False
        self.asked_at = now
        self.granted = set()

    def give_up(self) -> None:
        """What is still on its way to this attempt counts for nothing."""
        self.attempt += 1
        self.resting = True
        self.granted = set()

    def needed(self, present: int) -> int:
        """How many votes are a majority, if so many are present."""
        return max(self.size, present) // 2 + 1

    def count(self, voter: PeerId, present: int) -> bool:
        """A voter grants this attempt; whether the name is held by that, once more or for the first time."""
        self.granted.add(voter)
        if len(self.granted) < self.needed(present):
            return False
        self.held_until = self.asked_at + self.seconds * _CERTAIN
        return True
