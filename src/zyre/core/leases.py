"""Names that one member of a group holds at a time, among nodes of our own kind: locks, and leaders with a term.

Every member that knows the extension ``leases`` is a voter; see core/lease.py for what a vote means. Terms are no lower
than the time of day, in milliseconds: so they rise even if voters that started anew have forgotten the last one. Who
has started votes only when it has run for as long as the lease that is asked for: whatever it granted in an earlier
life is over then. Plain peers are told nothing and have no vote.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from zyre.core.delivery import Delivery
from zyre.core.groups import Groups
from zyre.core.lease import MOST_TERM, Claim, Seat, token_of
from zyre.core.locality import Locality
from zyre.core.part import Follower, Handler, Moves, Part, Question, Verb
from zyre.core.peer import PeerRecord
from zyre.core.profile import NodeProfile
from zyre.core.tables import PeerState
from zyre.core.terms import Terms
from zyre.core.timers import Deadlines
from zyre.events import Event, Leader, Leaderless
from zyre.identity import PeerId
from zyre.roster import Leadership
from zyre.wire import leases

__all__ = ["LEADER", "Leases", "LockFreed", "LockTaken"]

_FEATURE: Final = "leases"
#: The name under which a group's leadership is held.
LEADER: Final = ""
#: Held names are asked for again this often within their time; so are those that others hold.
_PER_LEASE: Final = 3
#: Nobody waits longer than this for votes, whatever the lease: in seconds.
_PATIENCE: Final = 3.0
#: What is over has to be over for a moment.
_MOMENT: Final = 0.001
#: Names that are remembered; who asks for more is refused.
_MOST_NAMES: Final = 10_000


class LockTaken(NamedTuple):
    """For watchers: this node holds a name now."""

    group: str
    lock: str
    token: int


class LockFreed(NamedTuple):
    """For watchers: this node does not hold a name any more."""

    group: str
    lock: str


class _Due(NamedTuple):
    """The timer of a claim's attempt."""

    claim: Claim
    attempt: int


class _Over(NamedTuple):
    """The timer of a leader whom we heard of."""

    group: str
    leadership: Leadership


class Leases(Part):
    """Voter and claimant for all names of all groups. ``asides`` is what watchers are told, and no reader."""

    def __init__(
        self,
        profile: NodeProfile,
        waves: Terms,
        groups: Groups,
        *,
        delivery: Delivery,
        timers: Deadlines[object],
        events: list[Event],
    ) -> None:
        self._wanted = _FEATURE in profile.extensions
        self._own = profile.identity
        self._name = profile.name
        self._started_at = 0.0
        self._groups = groups
        self._waves = waves
        self._delivery = delivery
        self._timers = timers
        self._events = events
        self.asides: list[object] = []
        self._seats: dict[tuple[str, str], Seat] = {}
        self._claims: dict[tuple[str, str], Claim] = {}
        self._leaders: dict[str, Leadership] = {}
        self._led_until: dict[str, float] = {}
        self._last_term: dict[str, int] = {}
        """The term of the last leader that we knew of: what comes late must not bring back an earlier one."""

    def start(self, locality: Locality, now: float) -> Moves:
        """Begin to count how long we run; what was claimed before the start is asked for now."""
        self._started_at = now
        for claim in self._claims.values():
            self._ask(claim, now)
        return ()

    def handlers(self) -> Mapping[int, Handler]:
        """Claims, votes and what became of them."""
        if not self._wanted:
            return {}
        return {
            leases.CLAIM: self._on_claim,
            leases.VOTE: self._on_vote,
            leases.HELD: self._on_held,
            leases.RELEASE: self._on_release,
        }

    def subjects(self) -> Mapping[type, Follower]:
        """The end of an attempt, and of what others hold."""
        return {_Due: self._on_due, _Over: self._on_over}

    def verbs(self) -> Mapping[str, Verb]:
        """To want a name, and to want it no longer."""
        return {"claim": self._claim, "unclaim": self._unclaim}

    def questions(self) -> Mapping[str, Question]:
        """Who leads a group by a term, and whether we hold a name."""
        return {"leading": self.leading, "lock_token": self._lock_token}

    def leading(self, group: str) -> Leadership | None:
        """Who leads a group, by a majority's vote if there was one, else by the wave; None if nobody is known to."""
        return self._leaders.get(group) or self._waves.leadership(group)

    def _lock_token(self, group: str, name: str) -> int | None:
        claim = self._claims.get((group, name))
        return token_of(claim.term, self._own) if claim is not None and claim.held else None

    # -- claiming ------------------------------------------------------------------------------------------------

    def _claim(self, group: str, name: str, seconds: float, size: int, now: float) -> Moves:
        """Want a name until `_unclaim`, for so many seconds at a time; we are in the group already."""
        if self._wanted and (group, name) not in self._claims:
            claim = self._claims[group, name] = Claim(group, name, seconds, size)
            if self._started_at:
                self._ask(claim, now)
        return ()

    def _unclaim(self, group: str, name: str, now: float) -> Moves:
        claim = self._claims.pop((group, name), None)
        if claim is not None:
            claim.over = True
            self._free(claim)
            self._lose(claim)
        return ()

    def _free(self, claim: Claim) -> None:
        """Tell the voters, ourselves included, that they may vote for others."""
        self._seat(claim.group, claim.name).release(self._own, claim.term)
        fields = leases.encode_release(leases.Release(claim.group, claim.name, claim.term))
        for record in self._kin(claim.group):
            self._delivery.send(record, leases.RELEASE, fields)

    def withdraw(self, group: str, now: float) -> None:
        """We leave a group, and want nothing there any more."""
        for claimed, name in [key for key in self._claims if key[0] == group]:
            self._unclaim(claimed, name, now)

    def take_leave(self, record: PeerRecord) -> None:
        """We leave: what we hold is free."""
        for claim in self._claims.values():
            if record.state is PeerState.READY and _FEATURE in record.extensions:
                release = leases.Release(claim.group, claim.name, claim.term)
                self._delivery.send(record, leases.RELEASE, leases.encode_release(release))

    def _kin(self, group: str) -> Iterator[PeerRecord]:
        return (record for record in self._groups.members(group).values() if _FEATURE in record.extensions)

    def _seat(self, group: str, name: str) -> Seat:
        seat = self._seats.get((group, name))
        if seat is None:
            if len(self._seats) >= _MOST_NAMES:
                del self._seats[next(iter(self._seats))]
            seat = self._seats[group, name] = Seat()
        return seat

    def _ask(self, claim: Claim, now: float) -> None:
        """Begin an attempt, or renew what is held. Who has just given its own vote to another waits for that one."""
        seat = self._seat(claim.group, claim.name)
        if not claim.held and seat.holder not in (None, self._own) and now < seat.until:
            claim.give_up()
            self._timers.add(min(seat.until, now + self._spread(claim)) + _MOMENT, _Due(claim, claim.attempt))
            return
        term = (
            claim.term
            if claim.held
            else max(seat.highest + 1, seat.seen + 1, claim.term + 1, self._waves.time_of_day(now))
        )
        claim.ask(term, now)
        milliseconds = int(claim.seconds * 1000)
        fields = leases.encode_claim(leases.Claim(claim.group, claim.name, term, claim.attempt, milliseconds))
        for record in self._kin(claim.group):
            self._delivery.send(record, leases.CLAIM, fields)
        again_at = now + min(claim.seconds, _PATIENCE) / _PER_LEASE
        self._timers.add(min(again_at, claim.held_until) if claim.held else again_at, _Due(claim, claim.attempt))
        if seat.vote(self._own, term, claim.seconds, now, self._may_vote(claim.seconds, now)):
            self._count(claim, self._own, now)

    def _rest(self, claim: Claim, now: float) -> None:
        """An attempt has failed, or another claimant came first: free the votes, and ask again a little later. Those
        who lose to each other ask again at different times, or they would lose to each other for ever."""
        self._free(claim)
        claim.give_up()
        self._timers.add(now + self._spread(claim), _Due(claim, claim.attempt))

    def _spread(self, claim: Claim) -> float:
        mark = int(self._own[:8], 16) ^ (claim.attempt * 2_654_435_761)
        return (0.1 + 0.9 * (mark % 1009) / 1009) * min(claim.seconds, _PATIENCE) / _PER_LEASE

    def _may_vote(self, seconds: float, now: float) -> bool:
        return not now < self._started_at + seconds

    def _count(self, claim: Claim, voter: PeerId, now: float) -> None:
        present = 1 + sum(1 for _ in self._kin(claim.group))
        if claim.count(voter, present) and now < claim.held_until:
            self._win(claim, now)

    def _win(self, claim: Claim, now: float) -> None:
        milliseconds = int((claim.held_until - now) * 1000)
        held = leases.Claim(claim.group, claim.name, claim.term, claim.attempt, milliseconds)
        for record in self._kin(claim.group):
            self._delivery.send(record, leases.HELD, leases.encode_claim(held))
        if not claim.held:
            claim.held = True
            if claim.name == LEADER:
                self._led_by(claim.group, self._own, self._name, claim.term)
            else:
                self.asides.append(LockTaken(claim.group, claim.name, token_of(claim.term, self._own)))

    def _lose(self, claim: Claim) -> None:
        if claim.held:
            claim.held = False
            if claim.name == LEADER:
                self._led_no_more(claim.group, self._own)
            else:
                self.asides.append(LockFreed(claim.group, claim.name))

    def _on_due(self, due: _Due, now: float) -> Moves:
        """Time to ask again; or what we hold is over, because too few have renewed it."""
        claim = due.claim
        if claim.over or due.attempt != claim.attempt:
            return ()
        if claim.held and not now < claim.held_until:
            self._lose(claim)
            if claim.name != LEADER:  # who had a lock must not have it again without knowing
                return self._unclaim(claim.group, claim.name, now)
        if claim.held or claim.resting or claim.attempt == 0:
            self._ask(claim, now)
        else:
            self._rest(claim, now)
        return ()

    # -- voting --------------------------------------------------------------------------------------------------

    def _on_claim(self, record: PeerRecord, frames: Sequence[bytes], now: float) -> Moves:
        claim = leases.decode_claim(frames[1])
        if claim.group not in self._groups.own or claim.term >= MOST_TERM:
            return ()
        seat, seconds = self._seat(claim.group, claim.name), claim.milliseconds / 1000
        own = self._claims.get((claim.group, claim.name))
        if own is not None and not own.held and not own.resting and claim.term > seat.highest:
            self._rest(own, now)
        granted = seat.vote(record.peer, claim.term, seconds, now, self._may_vote(seconds, now))
        vote = leases.Vote(claim.group, claim.name, claim.term, claim.attempt, granted, seat.highest)
        self._delivery.send(record, leases.VOTE, leases.encode_vote(vote))
        return ()

    def _on_vote(self, record: PeerRecord, frames: Sequence[bytes], now: float) -> Moves:
        vote = leases.decode_vote(frames[1])
        claim = self._claims.get((vote.group, vote.name))
        if claim is None or vote.highest >= MOST_TERM:
            return ()
        if vote.granted and (vote.term, vote.attempt) == (claim.term, claim.attempt):
            if vote.group in record.groups:
                self._count(claim, record.peer, now)
        elif not claim.held:
            seat = self._seat(vote.group, vote.name)
            seat.seen = max(seat.seen, vote.highest)
        return ()

    def _on_held(self, record: PeerRecord, frames: Sequence[bytes], now: float) -> Moves:
        held = leases.decode_claim(frames[1])
        if held.term >= MOST_TERM or held.group not in record.groups:
            return ()
        seat = self._seat(held.group, held.name)
        seat.seen = max(seat.seen, held.term)
        if held.name == LEADER and self._last_term.get(held.group, 0) <= held.term:
            self._led_by(held.group, record.peer, record.name, held.term)
            self._led_until[held.group] = now + held.milliseconds / 1000
            self._timers.add(self._led_until[held.group], _Over(held.group, self._leaders[held.group]))
        return ()

    def _on_release(self, record: PeerRecord, frames: Sequence[bytes], now: float) -> Moves:
        release = leases.decode_release(frames[1])
        seat = self._seat(release.group, release.name)
        if seat.release(record.peer, release.term):
            claim = self._claims.get((release.group, release.name))
            if claim is not None and claim.resting:
                self._timers.add(now + 0.1 * self._spread(claim), _Due(claim, claim.attempt))
        if release.name == LEADER:
            self._led_no_more(release.group, record.peer)
        return ()

    # -- who leads -----------------------------------------------------------------------------------------------

    def _led_by(self, group: str, peer: PeerId, name: str, term: int) -> None:
        known = self._leaders.get(group)
        if known is None or (known.peer, known.term) != (peer, term):
            token = token_of(term, peer)
            self._leaders[group] = Leadership(peer, name, term, token)
            self._last_term[group] = term
            self._events.append(Leader(peer, name, group, term, token))

    def _led_no_more(self, group: str, peer: PeerId) -> None:
        known = self._leaders.get(group)
        if known is not None and known.peer == peer:
            del self._leaders[group]
            self._events.append(Leaderless(peer, known.name, group, known.term))

    def _on_over(self, over: _Over, now: float) -> Moves:
        known = self._leaders.get(over.group)
        if known == over.leadership and not now < self._led_until.get(over.group, now):
            self._led_no_more(over.group, known.peer)
        return ()

    def left(self, record: PeerRecord) -> None:
        """A peer is gone, and leads nobody here; that its Exit says."""
        if self._leaders:
            self._leaders = {group: known for group, known in self._leaders.items() if known.peer != record.peer}
