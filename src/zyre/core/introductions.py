"""Introductions: who reached one node without beacons asks it whom it knows, and so meets everybody.

One known node is enough where beacons do not pass. Whoever met a peer in another way than by beacon asks it, and from
then on asks one such peer after the other, in turn: soon again while there is news, seldom when there is not.
A peer answers with others that have entered there, so the dead are not passed on for longer than they are believed to
live. Nobody is introduced to whom the way would lead through the answerer's own loopback.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Final

from zyre.core.delivery import Delivery
from zyre.core.directory import Directory
from zyre.core.discovery import Found
from zyre.core.locality import Locality, is_link_local, is_loopback
from zyre.core.membership import Membership
from zyre.core.part import Follower, Handler, Moves, Part, Question, Verb
from zyre.core.peer import PeerRecord
from zyre.core.timers import Deadlines
from zyre.endpoint import Endpoint
from zyre.errors import DecodeError, InvalidEndpoint
from zyre.identity import PeerId
from zyre.wire.introduce import ASK, INTRODUCE, MOST, Introduced, decode_introduce, encode_introduce

__all__ = ["EXTENSION", "Introductions"]

EXTENSION: Final = "introduce"


#: Seconds between questions while the answers bring news, and when they do not.
_SOON: Final = 1.0
_SELDOM: Final = 10.0
#: Where beacons pass everybody hears everybody, and needs no introductions.
_BY_BROADCAST: Final = ("beacon", "hello")


class _Question(Enum):
    """The timer for the next question."""

    DUE = "due"


class Introductions(Part):
    """The part of a node that asks, answers, and follows up."""

    def __init__(
        self,
        identity: PeerId,
        membership: Membership,
        delivery: Delivery,
        timers: Deadlines[object],
    ) -> None:
        self._identity = identity
        self._membership = membership
        self._directory: Directory = membership.directory
        self._delivery = delivery
        self._timers = timers
        self._asked: dict[PeerId, None] = {}
        """Whose answers are awaited: nobody may send us anywhere unasked."""
        self._helpers: dict[PeerId, None] = {}
        """Whom to ask, the next one first."""
        self._sought: frozenset[str] = frozenset()
        self._waiting = False
        self._turn = 0
        """Where the next answer begins, so that those who ask again hear of others."""

    def start(self, locality: Locality, now: float) -> Moves:
        """A life begins."""
        self.await_entries(self)
        return ()

    # -- asking --------------------------------------------------------------------------------------------------

    def entered(self, record: PeerRecord, now: float) -> Moves:
        """Ask a newcomer that broadcasts did not bring."""
        if not self._sought and record.found_by in _BY_BROADCAST:
            return ()
        sought = record.found_by == "hello" and record.endpoint.host in self._sought
        if EXTENSION in record.extensions and (sought or record.found_by not in _BY_BROADCAST):
            self._helpers[record.peer] = None
            self._ask(record)
            self._ask_later(now + _SOON)
        return ()

    def _seek(self, addresses: Sequence[str], now: float) -> Moves:
        """Hosts that get our beacons although no broadcast reaches them: who greets us from there is asked."""
        self._sought = frozenset(addresses)
        return ()

    def left(self, record: PeerRecord) -> None:
        """There is nobody to ask, or to wait for."""
        self._helpers.pop(record.peer, None)
        self._asked.pop(record.peer, None)

    def _ask(self, record: PeerRecord) -> None:
        self._asked[record.peer] = None
        self._delivery.send(record, ASK)

    def _ask_later(self, at: float) -> None:
        if not self._waiting:
            self._waiting = True
            self._timers.add(at, _Question.DUE)

    def _on_due(self, subject: _Question, now: float) -> Moves:
        self._waiting = False
        if self._helpers:
            helper = next(iter(self._helpers))
            self._helpers[helper] = self._helpers.pop(helper)  # to the end of the row
            self._ask(self._directory.by_id[helper])
            self._ask_later(now + _SELDOM)
        return ()

    def _on_introduce(self, record: PeerRecord, frames: Sequence[bytes], now: float) -> Moves:
        introduced = decode_introduce(frames[1])
        if record.peer not in self._asked:
            raise DecodeError("introductions that nobody asked for")
        del self._asked[record.peer]
        moves: Moves = ()
        news = False
        for one in introduced:
            peer = PeerId.parse(one.uuid)
            if peer == self._identity or peer in self._directory.by_id:
                continue
            try:
                endpoint = Endpoint.parse(one.endpoint)
            except InvalidEndpoint:
                raise DecodeError("an introduction to no endpoint") from None
            if endpoint.is_tcp and endpoint.is_reachable:
                news = True
                moves += self._membership.on_found(Found(peer, endpoint), "introduced", now)
        if news:
            self._ask_later(now + _SOON)
        return moves

    # -- answering -----------------------------------------------------------------------------------------------

    def _on_ask(self, record: PeerRecord, frames: Sequence[bytes], now: float) -> Moves:
        known = [other for other in self._directory.ready() if other is not record and _passable(other, record)]
        if len(known) > MOST:
            start = self._turn % len(known)
            self._turn = start + MOST
            known = (known[start:] + known[:start])[:MOST]
        answer = [Introduced(other.peer.octets, other.endpoint.contact) for other in known]
        self._delivery.send(record, INTRODUCE, encode_introduce(answer))
        return ()

    # -- tables --------------------------------------------------------------------------------------------------

    def handlers(self) -> Mapping[int, Handler]:
        """Questions and answers."""
        return {ASK: self._on_ask, INTRODUCE: self._on_introduce}

    def subjects(self) -> Mapping[type, Follower]:
        """The next question."""
        return {_Question: self._on_due}

    def verbs(self) -> Mapping[str, Verb]:
        """Where others are sought, and where they were in a former life."""
        return {"seek": self._seek, "recall": self._recall}

    def questions(self) -> Mapping[str, Question]:
        """Where those are who are here."""
        return {"contacts": self._contacts}

    def _recall(self, places: Sequence[Sequence[str]], now: float) -> Moves:
        """Somebody answers where those peers were: greet them, unless they are known. It may be another one by now."""
        moves: Moves = ()
        for uuid, contact in places:
            peer, endpoint = PeerId.parse(uuid), Endpoint.parse(contact)
            if peer != self._identity and peer not in self._directory.by_id:
                moves += self._membership.on_found(Found(peer, endpoint), "remembered", now)
        return moves

    def _contacts(self) -> list[tuple[PeerId, str]]:
        """UUID and endpoint, with its key, of each whom one can find there again."""
        known = ((record.peer, record.endpoint) for record in self._directory.ready())
        return [(peer, at.contact) for peer, at in known if at.is_tcp and not is_link_local(at.host)]


def _passable(other: PeerRecord, asker: PeerRecord) -> bool:
    """Whether the asker can reach that one where we do: loopback leads everybody to himself."""
    if not other.endpoint.is_tcp:
        return False
    return not is_loopback(other.endpoint.host) or is_loopback(asker.endpoint.host)
