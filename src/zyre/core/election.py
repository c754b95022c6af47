"""Leader election per group: libzyre's echo wave, so that mixed groups agree.

Every candidate starts a wave that carries its id; a lower id drowns a higher one; when the echoes of all members are
back at its candidate, that one tells everybody. Ids are compared as their 32 upper-case digits, which is what
libzyre's strcmp does. Members that are no candidates take part in the waves as well. (libzyre's source is the only
specification; ELECT and LEADER stand in no RFC.)

libzyre counts echoes, so that a member who comes or goes meanwhile, or is not known to everybody yet, leaves its
count wrong for good. Here it is remembered who echoed, and what peers cannot see differs so that no election stalls:

- a candidate that joins a group with members starts a wave itself, and one that hears a weaker wave answers with its
  own: the lowest id wins, whoever came first;
- when a member goes, nobody waits for its echo any more; when the candidate of a wave goes, the wave is given up;
- a candidate's second ELECT begins its wave anew;
- who leads is believed when the leader itself says so, not when everybody has passed it on;
- a candidate whose echoes are still not complete after a while (a member that takes no part, as zeromq-pyre; a
  libzyre that lost count) leads without them, unless a lower id was heard.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from zyre.identity import PeerId
from zyre.wire import zre

__all__ = ["Ballot", "Election"]

Votes: TypeAlias = tuple[tuple[int, PeerId, tuple[PeerId, ...]], ...]


class Ballot(NamedTuple):
    """What follows from one input: messages to send as ``(message id, candidate, to whom)``, and who was elected."""

    messages: Votes = ()
    elected: PeerId | None = None


_NOTHING = Ballot()


@dataclass(slots=True)
class Wave:
    """The strongest wave seen: whose it is, who brought it, who echoed it, and what was done with it."""

    candidate: PeerId
    father: PeerId
    echoed: set[PeerId] = field(default_factory=set)
    returned: bool = False
    """Whether our own echo went back to the father."""
    passed_on: bool = False
    """Whether its success was told to everybody."""
    overdue: bool = False
    """Whether it was under way already when our patience was over before."""


@dataclass(slots=True)
class Election:
    """The election of one group as seen by the node ``own``. ``members`` are always its peers in the group."""

    own: PeerId
    candidate: bool = False
    leader: PeerId | None = None
    wave: Wave | None = None
    timed: bool = False
    """Whether the node has a timer at which it will ask `on_patience_over`."""
    rivals: set[PeerId] = field(default_factory=set)
    """The peers that stand, as far as we know."""

    @property
    def is_running(self) -> bool:
        """Whether our own wave is under way, which must not be waited for without end."""
        return self.wave is not None and self.wave.candidate == self.own

    def start(self, members: Collection[PeerId]) -> Ballot:
        """Run for leader: send our wave to everybody. Without members we wait to be joined."""
        if not self.candidate or not members:
            return _NOTHING
        self.wave = Wave(self.own, father=self.own)
        return Ballot(((zre.ELECT, self.own, tuple(members)),))

    # -- votes ---------------------------------------------------------------------------------------------------

    def on_elect(self, sender: PeerId, candidate: PeerId, members: Collection[PeerId]) -> Ballot:
        """A wave arrived: pass a stronger one on, note the echo of the one that we carry."""
        wave = self.wave
        if sender == candidate:
            self.rivals.add(sender)
        if wave is None and self.candidate and self.own < candidate:
            return self.start(members)
        if wave is not None and wave.candidate < candidate:
            return _NOTHING
        messages: Votes = ()
        again = wave is not None and sender == candidate and sender in wave.echoed
        if wave is None or candidate < wave.candidate or again:
            wave = self.wave = Wave(candidate, father=sender)
            others = tuple(member for member in members if member != sender)
            messages = ((zre.ELECT, candidate, others),) if others else ()
        wave.echoed.add(sender)
        return self._complete(wave, members, messages)

    def _complete(self, wave: Wave, members: Collection[PeerId], messages: Votes = ()) -> Ballot:
        """See whether everybody has echoed: then the candidate leads, and others tell who brought them the wave."""
        if not wave.echoed.issuperset(members):
            return Ballot(messages)
        if wave.candidate == self.own:
            return self.lead(members)
        if not wave.returned:
            wave.returned = True
            messages += ((zre.ELECT, wave.candidate, (wave.father,)),)
        return Ballot(messages)

    def on_leader(self, sender: PeerId, leader: PeerId, members: Collection[PeerId]) -> Ballot:
        """A result arrived: pass it on once, and believe it if it is the leader who says so.

        One that is weaker than the wave we carry is none: libzyre passes its own wave's candidate on. If we lead
        ourselves, and a weaker one has not heard of us in time, a new wave tells everybody who is the strongest: else
        two whose results cross would each believe the other to lead.
        """
        wave = self.wave
        if leader == self.own or (wave is not None and wave.candidate < leader):
            return _NOTHING
        if self.candidate and self.leader == self.own < leader == sender:
            return self.start(members)
        messages: Votes = ()
        if wave is not None and not wave.passed_on:
            wave.passed_on = True
            messages = ((zre.LEADER, leader, tuple(members)),)
        return self._elect(leader, messages) if sender == leader else Ballot(messages)

    # -- members -------------------------------------------------------------------------------------------------

    def on_arrival(self, peer: PeerId | None, members: Collection[PeerId]) -> Ballot:
        """A peer came into the group, or we did: the lowest candidate calls everybody to a wave that includes it.

        It may have heard of the wave that we carry from others, and then waits for our echo as well.
        """
        wave = self.wave
        if self.candidate and (wave is None or self.own <= wave.candidate):
            return self.start(members)
        if wave is None or peer is None:
            return _NOTHING
        return Ballot(((zre.ELECT, wave.candidate, (peer,)),))

    def on_departure(self, peer: PeerId, members: Collection[PeerId]) -> Ballot:
        """A peer left the group: if it led or would have led, the rest elects anew; else nobody waits for it."""
        self.rivals.discard(peer)
        led = peer == self.leader
        if led:
            self.leader = None
        wave = self.wave
        if wave is not None and wave.candidate == peer:
            wave = self.wave = None
            led = True
        if not members:
            return self.lead(members)
        if wave is None:
            return self.start(members) if led else _NOTHING
        if wave.candidate == self.own:
            return self.start(members)
        if wave.father == peer:
            wave.father = wave.candidate
        return self._complete(wave, members)

    # -- results -------------------------------------------------------------------------------------------------

    def on_patience_over(self, members: Collection[PeerId]) -> Ballot:
        """Nobody else is in the group, or the echoes are not complete: if we stand, we lead. A member that was late to
        learn that its candidate is gone may have brought us that one's wave again: it is given up. So is, one patience
        later, the wave of a candidate that is here and does not go on with it: it started anew and stands no more."""
        wave = self.wave
        if not members or self.is_running:
            return self.lead(members)
        if wave is None:
            return _NOTHING
        if wave.candidate in members and not wave.overdue:
            wave.overdue = True
            return _NOTHING
        self.wave = None
        return self.start(members)

    def lead(self, members: Collection[PeerId]) -> Ballot:
        """Tell everybody that we lead, if we stand."""
        if not self.candidate:
            self.wave = None
            return _NOTHING
        return self._elect(self.own, ((zre.LEADER, self.own, tuple(members)),) if members else ())

    def _elect(self, leader: PeerId, messages: Votes) -> Ballot:
        self.wave = None
        if leader == self.leader:
            return Ballot(messages)
        self.leader = leader
        return Ballot(messages, elected=leader)
