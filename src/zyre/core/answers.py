"""What a node's machine is asked, and changes nothing: who is here, what is said of us, what was counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from zyre.core.counters import Counters
from zyre.core.directory import Directory
from zyre.core.groups import Groups
from zyre.core.leases import Leases
from zyre.core.membership import Membership
from zyre.core.part import Question
from zyre.core.portrait import Portrait
from zyre.core.tables import PeerState
from zyre.identity import PeerId
from zyre.roster import Roster
from zyre.statistics import Statistics

__all__ = ["Answers"]


class Answers:
    """The questions of a machine; the state is its parts'."""

    __slots__ = ()

    counters: Counters
    _directory: Directory
    _groups: Groups
    _leases: Leases
    _membership: Membership
    _portrait: Portrait
    _questions: dict[str, Question]

    @property
    def roster(self) -> Roster:
        """Everybody who entered."""
        return self._directory.roster()

    @property
    def roster_changed(self) -> bool:
        """Whether ``roster`` would be another one than when this was last set to False."""
        return self._directory.changed

    @roster_changed.setter
    def roster_changed(self, changed: bool) -> None:
        self._directory.changed = changed

    @property
    def endpoint(self) -> str:
        """Where this node is reached, as people would say it; peers are each told the address on their way."""
        return "" if (locality := self._portrait.locality) is None else locality.endpoint

    @property
    def headers(self) -> Mapping[str, str]:
        """What we say about ourselves."""
        return self._portrait.headers

    @property
    def own_groups(self) -> frozenset[str]:
        """The groups that we are in."""
        return frozenset(self._groups.own)

    @property
    def peer_groups(self) -> frozenset[str]:
        """The groups that peers are in."""
        return self._groups.all_known()

    @property
    def pending(self) -> int:
        """How many are known who have not said HELLO."""
        return sum(record.state is PeerState.PENDING for record in self._membership.everyone())

    def statistics(self, *, unread: int, mailbox_dropped: int, beacons_sent: int, beacons_failed: int) -> Statistics:
        """What was counted, together with what the host counted."""
        return self.counters.to_statistics(
            peers=list(self._directory.ready()),
            pending=self.pending,
            unread=unread,
            mailbox_dropped=mailbox_dropped,
            beacons_sent=beacons_sent,
            beacons_failed=beacons_failed,
        )

    def leader(self, group: str) -> PeerId | None:
        """Who leads a group, as far as we know."""
        return None if (leadership := self._leases.leading(group)) is None else leadership.peer

    def answer(self, question: str, arguments: Sequence[Any] = ()) -> Any:
        """A question by name: of one of the parts, an attribute, or a method with arguments."""
        if question in self._questions:
            return self._questions[question](*arguments)
        answer = getattr(self, question)
        return answer(*arguments) if callable(answer) else answer
