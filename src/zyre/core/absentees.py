"""Who went out of a group without a word, and may still be counted as a member there by libzyre.

libzyre takes 30 s to notice that a process died. It compares the number of votes that it gets with the number of
members, so until then a wave lacks the votes of the dead at each of its nodes. Those that stand begin anew when they
notice; those that do not would be without a leader for good. So whoever stands sends them its votes once more for each
of the dead.
"""

from __future__ import annotations

from typing import Final

from zyre.identity import PeerId

__all__ = ["Absentees"]

#: After so many seconds without a sign of life libzyre counts nobody.
_COUNTED: Final = 30.0
#: Of so many in a group it is remembered.
_MOST: Final = 64


class Absentees:
    """By group, who is missing there."""

    __slots__ = ("_until",)

    def __init__(self) -> None:
        self._until: dict[str, dict[PeerId, float]] = {}

    def miss(self, group: str, peer: PeerId, now: float) -> None:
        """A member went without a word."""
        missing = self._until.setdefault(group, {})
        if len(missing) < _MOST:
            missing[peer] = now + _COUNTED

    def welcome(self, group: str, peer: PeerId | None) -> None:
        """A member came, or came back."""
        if (missing := self._until.get(group)) is not None and peer is not None:
            missing.pop(peer, None)

    def forget(self, group: str) -> None:
        """A group is none of our business any more."""
        self._until.pop(group, None)

    def count(self, group: str, now: float) -> int:
        """How many may still be counted there."""
        missing = self._until.get(group)
        if missing is None:
            return 0
        left = self._until[group] = {peer: until for peer, until in missing.items() if now < until}
        return len(left)
