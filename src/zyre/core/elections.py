"""The elections of all groups: who stands where, the votes that come and go, and the time that an election has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from zyre.core.delivery import Delivery
from zyre.core.directory import Directory
from zyre.core.election import Ballot, Election
from zyre.core.groups import Groups
from zyre.core.locality import Locality
from zyre.core.part import Arrival, Follower, Handler, Moves, Part
from zyre.core.peer import PeerRecord
from zyre.core.profile import NodeProfile
from zyre.core.timers import Deadlines
from zyre.errors import DecodeError, InvalidPeer
from zyre.events import Event, Leader
from zyre.identity import PeerId
from zyre.roster import Leadership
from zyre.wire import zre

__all__ = ["Elections", "Patience"]


class Patience(NamedTuple):
    """The timer of one candidature: who withdraws and stands again has its whole time again."""

    group: str
    election: Election


class Elections(Part):
    """An Election for each group in which one was held or wanted."""

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
        self._own = profile.identity
        self._name = profile.name
        self._patience = profile.config.timing.alone
        self._groups = groups
        self._directory = directory
        self._delivery = delivery
        self._timers = timers
        self._events = events
        self._started = False
        self._by_group: dict[str, Election] = {}

    # -- our own part --------------------------------------------------------------------------------------------

    def start(self, locality: Locality, now: float) -> Moves:
        """The node starts: stand wherever we want to."""
        self._started = True
        for group in self._groups.own:
            self.stand(group, now)
        return ()

    def enlist(self, group: str) -> None:
        """Want to be a candidate in a group."""
        self._of(group).candidate = True

    def stand(self, group: str, now: float) -> None:
        """We are in a group, and perhaps a candidate there."""
        election = self._by_group.get(group)
        if self._started and election is not None and election.candidate:
            self._be_patient(group, election, now)
            self.follow((Arrival(group, None),), now)

    def withdraw(self, group: str) -> None:
        """Have nothing to do with a group's election any more."""
        self._by_group.pop(group, None)

    def leader(self, group: str) -> PeerId | None:
        """Who leads a group, as far as we know."""
        election = self._by_group.get(group)
        return None if election is None else election.leader

    def leadership(self, group: str) -> Leadership | None:
        """The same, with a name."""
        leader = self.leader(group)
        if leader is None:
            return None
        record = self._directory.by_id.get(leader)
        return Leadership(leader, self._name if record is None else record.name, 0, 0)

    def _of(self, group: str) -> Election:
        election = self._by_group.get(group)
        if election is None:
            election = self._by_group[group] = Election(self._own)
        return election

    def handlers(self) -> Mapping[int, Handler]:
        """Votes."""
        return {zre.ELECT: self._on_vote, zre.LEADER: self._on_vote}

    def subjects(self) -> Mapping[type, Follower]:
        """The end of an election's time."""
        return {Patience: self.on_patience_over}

    # -- inputs --------------------------------------------------------------------------------------------------

    def _on_vote(self, record: PeerRecord, frames: Sequence[bytes], now: float) -> Moves:
        message_id, _ = zre.unpack_header(frames[1])
        self.on_vote(record, message_id, zre.decode_vote(frames[1]), now)
        return ()

    def on_vote(self, record: PeerRecord, message_id: int, vote: zre.Vote, now: float) -> None:
        """ELECT or LEADER. Raises DecodeError if it names nobody."""
        members = self._groups.members(vote.group)
        if record.peer not in members:
            return
        try:
            candidate = PeerId.parse(vote.candidate)
        except InvalidPeer:
            raise DecodeError("candidate is not a UUID") from None
        election = self._of(vote.group)
        if message_id == zre.ELECT:
            self._count(vote.group, election, election.on_elect(record.peer, candidate, members), now)
        else:
            self._count(vote.group, election, election.on_leader(record.peer, candidate, members), now)

    def follow(self, moves: Moves, now: float) -> None:
        """Peers came into groups or went out of them."""
        for move in moves:
            election = self._by_group.get(move.group)
            if election is None:
                continue
            members = self._groups.members(move.group)
            if isinstance(move, Arrival):
                self._count(move.group, election, election.on_arrival(move.peer, members), now)
            else:
                self._count(move.group, election, election.on_departure(move.peer, members), now)
                if not members and not election.candidate:  # peers name groups as they like
                    del self._by_group[move.group]

    def on_patience_over(self, patience: Patience, now: float) -> Moves:
        """The time of an election is over."""
        group, election = patience
        if election is self._by_group.get(group):
            election.timed = False
            self._count(group, election, election.on_patience_over(self._groups.members(group)), now)
        return ()

    # -- what follows --------------------------------------------------------------------------------------------

    def _be_patient(self, group: str, election: Election, now: float) -> None:
        """Give an election its time; that it begins anew meanwhile gives it no more."""
        if not election.timed:
            election.timed = True
            self._timers.add(now + self._patience, Patience(group, election))

    def _count(self, group: str, election: Election, ballot: Ballot, now: float) -> None:
        """Send the votes that follow from one, and say who was elected."""
        if election.wave is not None:
            self._be_patient(group, election, now)
        for message_id, candidate, voters in ballot.messages:
            fields = zre.encode_vote(group, candidate)
            for peer in voters:
                record = self._directory.by_id.get(peer)
                if record is not None:
                    self._delivery.send(record, message_id, fields)
        if ballot.elected is not None:
            elected = self._directory.by_id.get(ballot.elected)
            name = self._name if elected is None else elected.name
            self._events.append(Leader(ballot.elected, name, group))
