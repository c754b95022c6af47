"""Publishers: of whom a sign of life was heard, and when. Their tuples live on that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from zyre.wire.gossip import Beat

__all__ = ["Leases"]

_NOT_HEARD: Final = float("-inf")


@dataclass(slots=True)
class _Owner:
    """``number`` of its latest beat that is known, and when that was new by our clock."""

    number: int
    heard: float


class Leases:
    """Owners by their 16 octets; at most ``limit`` of them."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._owners: dict[bytes, _Owner] = {}

    def heard_at(self, owner: bytes) -> float:
        """When a sign of life of an owner was new; long ago if there was none."""
        known = self._owners.get(owner)
        return _NOT_HEARD if known is None else known.heard

    def note(self, owner: bytes, heard: float) -> None:
        """A tuple came that says when its owner was last heard."""
        known = self._owners.get(owner)
        if known is not None:
            known.heard = max(known.heard, heard)
        elif len(self._owners) < self._limit:
            self._owners[owner] = _Owner(0, heard)

    def take(self, beat: Beat, now: float) -> bool:
        """A beat came; whether it is news."""
        known = self._owners.get(beat.owner)
        if known is None:
            if len(self._owners) >= self._limit:
                return False
            known = self._owners[beat.owner] = _Owner(0, _NOT_HEARD)
        if beat.number <= known.number:
            return False
        known.number = beat.number
        known.heard = max(known.heard, now - beat.age)
        return True

    def beat_of(self, owner: bytes, now: float) -> Beat | None:
        """The latest beat of an owner, as it is passed on."""
        known = self._owners.get(owner)
        return None if known is None or not known.number else Beat(owner, known.number, max(0.0, now - known.heard))

    def recent(self, now: float, within: float) -> Iterator[Beat]:
        """The latest beats of all owners that were heard ``within`` so many seconds."""
        for owner in self._owners:
            beat = self.beat_of(owner, now)
            if beat is not None and beat.age <= within:
                yield beat

    def forget_before(self, moment: float, keep: set[bytes]) -> None:
        """Forget who was not heard since, unless it is to be kept."""
        stale = [name for name, owner in self._owners.items() if owner.heard < moment and name not in keep]
        for name in stale:
            del self._owners[name]

    def __len__(self) -> int:
        return len(self._owners)
