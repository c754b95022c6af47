"""Leader election per group: libzyre's echo wave, so that mixed groups agree.

Every candidate starts a wave that carries its id; a lower id drowns a higher one; when the echoes of all members are
back at its candidate, that one tells everybody. Ids are compared as their 32 upper-case digits, which is what
libzyre's strcmp does. Members that are no candidates take part in the waves as well. (libzyre's source is the only
specification; ELECT and LEADER stand in no RFC.)

Two differences that peers cannot see: a candidate that joins a group with members starts a wave itself, so that the
lowest id wins whoever came first; and a wave is given up when a member leaves, so that a dead candidate's low id
cannot block the next one.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

from zyre.identity import PeerId
from zyre.wire import zre

__all__ = ["Ballot", "Election"]


class Ballot(NamedTuple):
    """What follows from one input: messages to send as ``(message id, candidate, to whom)``, and who was elected."""

    messages: tuple[tuple[int, PeerId, tuple[PeerId, ...]], ...] = ()
    elected: PeerId | None = None


_NOTHING = Ballot()


@dataclass(slots=True)
class Wave:
    """The strongest wave seen: whose it is, who brought it, and how many echoes and results came back."""

    candidate: PeerId
    father: PeerId | None = None
    echoes: int = 0
    results: int = 0


@dataclass(slots=True)
class Election:
    """The election of one group as seen by the node ``own``. ``members`` are always its peers in the group."""

    own: PeerId
    candidate: bool = False
    leader: PeerId | None = None
    wave: Wave | None = None

    def start(self, members: Collection[PeerId]) -> Ballot:
        """Run for leader: send our wave to everybody. Without members we wait to be joined."""
        if not self.candidate or not members:
            return _NOTHING
        self.wave = Wave(self.own)
        return Ballot(((zre.ELECT, self.own, tuple(members)),))

    def on_elect(self, sender: PeerId, candidate: PeerId, members: Collection[PeerId]) -> Ballot:
        """A wave arrived: pass a stronger one on, count the echo of the one we carry."""
        messages = []
        if self.wave is None or candidate < self.wave.candidate:
            self.wave = Wave(candidate, father=sender)
            others = tuple(member for member in members if member != sender)
            if others:
                messages.append((zre.ELECT, candidate, others))
        wave = self.wave
        if candidate != wave.candidate:
            return Ballot(tuple(messages))
        wave.echoes += 1
        if wave.echoes == len(members):
            if wave.candidate == self.own:
                messages.append((zre.LEADER, self.own, tuple(members)))
            elif wave.father is not None:
                messages.append((zre.ELECT, candidate, (wave.father,)))
        return Ballot(tuple(messages))

    def on_leader(self, leader: PeerId, members: Collection[PeerId]) -> Ballot:
        """A result arrived: pass it on once, and believe it when everybody has said so."""
        wave = self.wave
        if wave is None:
            return _NOTHING
        messages: tuple[tuple[int, PeerId, tuple[PeerId, ...]], ...] = ()
        if leader != self.own and wave.results == 0:
            messages = ((zre.LEADER, wave.candidate, tuple(members)),)
        wave.results += 1
        if wave.results < len(members):
            return Ballot(messages)
        self.wave = None
        return self._elect(leader, messages)

    def on_arrival(self, members: Collection[PeerId]) -> Ballot:
        """A peer came into the group, or we did."""
        return self.start(members)

    def on_departure(self, peer: PeerId, members: Collection[PeerId]) -> Ballot:
        """A peer left the group; if it led, or an election was under way, the rest elects anew."""
        if peer != self.leader and self.wave is None:
            return _NOTHING
        self.wave = None
        if peer == self.leader:
            self.leader = None
        if not members:
            return self.lead_alone(members)
        return self.start(members)

    def lead_alone(self, members: Collection[PeerId]) -> Ballot:
        """Nobody else is in the group: a candidate leads it."""
        if members or not self.candidate:
            return _NOTHING
        self.wave = None
        return self._elect(self.own, ())

    def _elect(self, leader: PeerId, messages: tuple[tuple[int, PeerId, tuple[PeerId, ...]], ...]) -> Ballot:
        if leader == self.leader:
            return Ballot(messages)
        self.leader = leader
        return Ballot(messages, elected=leader)
