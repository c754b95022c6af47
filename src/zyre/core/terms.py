"""The terms of leaders whom a wave elected: numbers that rise, and of which no two leaders have the same.

The wave itself (core/election.py) knows nothing of this, so plain peers take part in it as ever. What is added among
nodes of our own kind, with the extension ``terms``:

- who answers a wave first tells its candidate the highest term that it has heard of (SEEN);
- who wins takes a higher one, and says it before it says that it leads (TERM);
- who has heard of a higher term after all believes nothing yet and says so: the leader takes one above that.

A term is a count with the leader's mark below it. The count is no lower than the time of day in milliseconds, so that
it rises although nobody keeps it on a disk; the mark makes the terms of two leaders differ who cannot hear each other,
on two sides of a partition. A leader that is elected again keeps its term, unless somebody has heard of a higher one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from zyre.core.delivery import Delivery
from zyre.core.directory import Directory
from zyre.core.groups import Groups
from zyre.core.lease import count_of, token_of
from zyre.core.locality import Locality
from zyre.core.part import Follower, Handler, Moves, Part
from zyre.core.peer import PeerRecord
from zyre.core.profile import NodeProfile
from zyre.core.tables import PeerState
from zyre.core.timers import Deadlines
from zyre.events import Event, Leader
from zyre.identity import PeerId
from zyre.roster import Leadership
from zyre.wire import terms, zre

__all__ = ["Reign", "Terms"]

_FEATURE: Final = "terms"
#: Terms beyond this are no terms: so there is always a higher one that is.
_MOST: Final = 1 << 62


@dataclass(slots=True, eq=False)
class Reign:
    """Who leads one group, in which term, and what we have heard of terms there."""

    leader: PeerId | None = None
    term: int | None = None
    """None as long as the leader has not said it, or said one that is too low."""
    highest: int = 0
    said: dict[PeerId, int] = field(default_factory=dict)
    """In which term each peer says that it leads, or led."""
    asked: bool = False
    """Whether a timer runs for a leader's term."""


class _Ask(NamedTuple):
    """The timer of a leader whose term we do not know."""

    group: str
    reign: Reign


class Terms(Part):
    """Gives a leader its term, and tells the application of a leader when its term is known."""

    def __init__(
        self,
        profile: NodeProfile,
        *,
        groups: Groups,
        directory: Directory,
        delivery: Delivery,
        timers: Deadlines[object],
        events: list[Event],
    ) -> None:
        self._wanted = _FEATURE in profile.extensions
        self._own = profile.identity
        self._name = profile.name
        self._born = profile.incarnation / 1e6
        self._patience = profile.config.timing.alone
        self._started_at = 0.0
        self._groups = groups
        self._directory = directory
        self._delivery = delivery
        self._timers = timers
        self._events = events
        self._reigns: dict[str, Reign] = {}

    def start(self, locality: Locality, now: float) -> Moves:
        """The time of day goes on from here."""
        self._started_at = now
        return ()

    def handlers(self) -> Mapping[int, Handler]:
        """What our own kind says of terms."""
        return {terms.TERM: self._on_term, terms.SEEN: self._on_seen} if self._wanted else {}

    def subjects(self) -> Mapping[type, Follower]:
        """Terms that have not been told."""
        return {_Ask: self._on_ask}

    def leadership(self, group: str) -> Leadership | None:
        """Who leads a group; None until its term is known."""
        reign = self._reigns.get(group)
        if reign is None or reign.leader is None or reign.term is None:
            return None
        return Leadership(reign.leader, self._name_of(reign.leader), reign.term, reign.term)

    def time_of_day(self, now: float) -> int:
        """In milliseconds, as it was at the start and monotonic since: no earlier life counted further than this."""
        return int(self._born + (now - self._started_at) * 1000)

    def _name_of(self, peer: PeerId) -> str:
        record = self._directory.by_id.get(peer)
        return self._name if record is None else record.name

    def _of(self, group: str) -> Reign:
        reign = self._reigns.get(group)
        if reign is None:
            reign = self._reigns[group] = Reign()
        return reign

    # -- what the wave decides -----------------------------------------------------------------------------------

    def lead(self, group: str, now: float) -> None:
        """We were elected, once more or for the first time."""
        reign = self._of(group)
        if reign.leader == self._own and reign.term is not None and reign.highest <= reign.term:
            return
        reign.leader = self._own
        if not self._wanted:
            self._tell(group, reign, 0)
            return
        reign.highest = token_of(max(self.time_of_day(now), count_of(reign.highest) + 1), self._own)
        self._tell(group, reign, reign.highest)

    def elected(self, group: str, record: PeerRecord, now: float) -> None:
        """A peer says that it leads."""
        reign = self._of(group)
        reign.leader, reign.term = record.peer, None
        term = reign.said.get(record.peer)
        if _FEATURE not in record.extensions:
            self._tell(group, reign, 0)
        elif term is not None and term >= reign.highest:
            self._tell(group, reign, term)
        else:
            self._be_told(group, reign, now)

    def depose(self, group: str, peer: PeerId) -> None:
        """A peer went out of a group, or away."""
        reign = self._reigns.get(group)
        if reign is not None:
            reign.said.pop(peer, None)
            if reign.leader == peer:
                reign.leader = reign.term = None

    def forget(self, group: str) -> None:
        """A group is none of our business any more."""
        self._reigns.pop(group, None)

    def preface(self, group: str, message_id: int, candidate: PeerId, record: PeerRecord) -> None:
        """What is said to a peer before a vote: to all our own term, and to a candidate what it has to exceed."""
        reign = self._reigns.get(group)
        if reign is None or _FEATURE not in record.extensions:
            return
        if message_id == zre.LEADER and candidate == self._own and reign.leader == self._own and reign.term:
            self._send(record, terms.TERM, group, reign.term)
        elif message_id == zre.ELECT and candidate == record.peer and reign.highest:
            self._send(record, terms.SEEN, group, reign.highest)

    # -- inputs --------------------------------------------------------------------------------------------------

    def _on_term(self, record: PeerRecord, frames: Sequence[bytes], now: float) -> Moves:
        group, term = terms.decode_term(frames[1])
        if not self._concerns(record, group, term):
            return ()
        reign = self._of(group)
        reign.said[record.peer] = term
        if term < reign.highest:
            self._send(record, terms.SEEN, group, reign.highest)
            return ()
        reign.highest = term
        if reign.leader == record.peer and reign.term != term:
            self._tell(group, reign, term)
        return ()

    def _on_seen(self, record: PeerRecord, frames: Sequence[bytes], now: float) -> Moves:
        group, term = terms.decode_term(frames[1])
        if not self._concerns(record, group, term):
            return ()
        reign = self._of(group)
        reign.highest = max(reign.highest, term)
        if reign.leader != self._own or reign.term is None or term == reign.term:
            return ()
        if term < reign.term:
            self._send(record, terms.TERM, group, reign.term)
            return ()
        self.lead(group, now)
        for member in self._groups.members(group).values():
            if _FEATURE in member.extensions:
                self._send(member, terms.TERM, group, reign.term)
        return ()

    def _concerns(self, record: PeerRecord, group: str, term: int) -> bool:
        """Whether it is about a group that we share, and a term."""
        return group in self._groups.own and group in record.groups and term < _MOST

    def _on_ask(self, subject: _Ask, now: float) -> Moves:
        group, reign = subject
        reign.asked = False
        if reign is self._reigns.get(group) and reign.leader is not None and reign.term is None:
            self._be_told(group, reign, now)
        return ()

    # -- what follows --------------------------------------------------------------------------------------------

    def _be_told(self, group: str, reign: Reign, now: float) -> None:
        """Ask a leader for its term, until we know one that is not too low."""
        record = None if reign.leader is None else self._directory.by_id.get(reign.leader)
        if record is None or record.state is not PeerState.READY:
            return
        self._send(record, terms.SEEN, group, reign.highest if record.peer in reign.said else 0)
        if not reign.asked:
            reign.asked = True
            self._timers.add(now + self._patience, _Ask(group, reign))

    def _tell(self, group: str, reign: Reign, term: int) -> None:
        leader = reign.leader
        if leader is not None:
            reign.term = term
            self._events.append(Leader(leader, self._name_of(leader), group, term, term))

    def _send(self, record: PeerRecord, message_id: int, group: str, term: int) -> None:
        self._delivery.send(record, message_id, terms.encode_term(group, term))
