"""The elections of all groups: who stands where, the votes that come and go, and the time that an election has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from zyre.core.absentees import Absentees
from zyre.core.delivery import Delivery
from zyre.core.directory import Directory
from zyre.core.election import Ballot, Election
from zyre.core.groups import Groups
from zyre.core.locality import Locality
from zyre.core.part import Arrival, Follower, Handler, Moves, Part
from zyre.core.peer import PeerRecord
from zyre.core.profile import NodeProfile
from zyre.core.terms import Terms
from zyre.core.timers import Deadlines
from zyre.errors import DecodeError, InvalidPeer
from zyre.events import Event
from zyre.identity import PeerId
from zyre.wire import zre

__all__ = ["Elections", "Patience"]


_GOODBYE: Final = "goodbye"


class Patience(NamedTuple):
    """The timer of one candidature: who withdraws and stands again has its whole time again."""

    group: str
    election: Election


class Elections(Part):
    """An Election for each group in which one was held or wanted."""

    __slots__ = (
        "_absentees",
        "_by_group",
        "_delivery",
        "_directory",
        "_groups",
        "_own",
        "_patience",
        "_started",
        "_timers",
        "terms",
    )

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
        self.terms = Terms(profile, groups=groups, directory=directory, delivery=delivery, timers=timers, events=events)
        self._own = profile.identity
        self._patience = profile.config.timing.alone
        self._groups = groups
        self._directory = directory
        self._delivery = delivery
        self._timers = timers
        self._started = False
        self._by_group: dict[str, Election] = {}
        self._absentees = Absentees()

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

    def abdicate(self) -> None:
        """We are about to say goodbye: plain peers are told first that we leave the groups that elect, because they are
        told goodbye last. libzyre counts the votes of a wave against the members that it knows just then; a wave that
        came while it still counts us would leave it without a leader for good."""
        for group, status in self._groups.farewells(self._by_group):
            fields = zre.encode_group_change(group, status)
            for record in self._directory.ready():
                if _GOODBYE not in record.extensions:
                    self._delivery.send(record, zre.LEAVE, fields)

    def withdraw(self, group: str) -> None:
        """Have nothing to do with a group's election any more."""
        self._by_group.pop(group, None)
        self._absentees.forget(group)
        self.terms.forget(group)

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
        if not self._by_group:  # as with most nodes
            return
        for move in moves:
            election = self._by_group.get(move.group)
            if election is None:
                continue
            members = self._groups.members(move.group)
            if isinstance(move, Arrival):
                self._absentees.welcome(move.group, move.peer)
                self._count(move.group, election, election.on_arrival(move.peer, members), now)
            else:
                if self._directory.misses(move.peer):
                    self._absentees.miss(move.group, move.peer, now)
                self.terms.depose(move.group, move.peer)
                self._count(move.group, election, election.on_departure(move.peer, members), now)
                if not members and not election.candidate:  # peers name groups as they like
                    self.withdraw(move.group)

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
        if ballot.elected == self._own or any(vote[:2] == (zre.LEADER, self._own) for vote in ballot.messages):
            self.terms.lead(group, now)
        for message_id, candidate, voters in ballot.messages:
            again = self._absentees.count(group, now) if candidate == self._own else 0
            fields = zre.encode_vote(group, candidate)
            for peer in voters:
                record = self._directory.by_id.get(peer)
                if record is not None:
                    self.terms.preface(group, message_id, candidate, record)
                    for _ in range(1 if record.is_own_kind or peer in election.rivals else 1 + again):
                        self._delivery.send(record, message_id, fields)
        if ballot.elected is not None and ballot.elected != self._own:
            self.terms.elected(group, self._directory.by_id[ballot.elected], now)
