"""The elections of all groups, by name."""

from __future__ import annotations

from collections.abc import Collection

from zyre.core.election import Election
from zyre.identity import PeerId

__all__ = ["Elections"]


class Elections:
    """An Election for each group in which one was held or wanted."""

    __slots__ = ("_by_group", "_own")

    def __init__(self, own: PeerId) -> None:
        self._own = own
        self._by_group: dict[str, Election] = {}

    def of(self, group: str) -> Election:
        """The election of a group, made when first asked for."""
        election = self._by_group.get(group)
        if election is None:
            election = self._by_group[group] = Election(self._own)
        return election

    def known(self, group: str) -> Election | None:
        """The election of a group, if there ever was one."""
        return self._by_group.get(group)

    def forget(self, group: str) -> None:
        """Withdraw from a group's election."""
        self._by_group.pop(group, None)

    def tidy(self, group: str, members: Collection[PeerId]) -> None:
        """Forget a group that has no peers left and in which we do not stand: peers name groups as they like."""
        election = self._by_group.get(group)
        if election is not None and not members and not election.candidate:
            del self._by_group[group]

    def leader(self, group: str) -> PeerId | None:
        """Who leads a group, as far as we know."""
        election = self._by_group.get(group)
        return None if election is None else election.leader
