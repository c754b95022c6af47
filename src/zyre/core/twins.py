"""Two nodes of one identity at once: they find each other, and the one that was started last keeps it.

A node that starts anew replaces its earlier life everywhere. If that one is still alive (a copy of a virtual machine, a
replacement that was started too early, the same settings on two hosts) the two would take each other's place for ever.
So whoever hears its own identity from elsewhere, by beacon or because a peer says so, says HELLO there. Of two lives
the one with the higher incarnation keeps the identity: it is the one that all others take for the present one after any
restart, so nobody must be told who it is. It goes on, and tells its peers of the Collision. The other one tells its
application, and falls silent without a goodbye, which would be taken for the winner's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from zyre.core.admission import Greeting
from zyre.core.delivery import Delivery
from zyre.core.directory import Directory
from zyre.core.part import Follower, Handler, Moves, Part
from zyre.core.peer import PeerRecord
from zyre.core.portrait import PUBLIC_KEY_HEADER, Portrait
from zyre.core.profile import NodeProfile
from zyre.core.tables import PeerState
from zyre.core.timers import Deadlines
from zyre.endpoint import Endpoint
from zyre.errors import DecodeError, InvalidEndpoint
from zyre.events import Collision, Event
from zyre.identity import PeerId
from zyre.wire import lives

__all__ = ["Contact", "Twins"]

#: Twins that are contacted, and collisions that are remembered, at a time: more are a flood, not a mistake.
_MOST: Final = 16


class Contact(NamedTuple):
    """The timer of a link on which HELLO was said to somebody with our identity."""

    record: PeerRecord


class Twins(Part):
    """``retire`` lets the node fall silent, with an Exit for every peer."""

    def __init__(
        self,
        profile: NodeProfile,
        *,
        portrait: Portrait,
        directory: Directory,
        delivery: Delivery,
        timers: Deadlines[object],
        events: list[Event],
        retire: Callable[[], None],
    ) -> None:
        self._incarnation = profile.incarnation if "incarnation" in profile.extensions else 0
        self._own = profile.identity
        self._name = profile.name
        self._handshake = profile.config.timing.handshake
        self._remembered = profile.config.timing.expired
        self._portrait = portrait
        self._directory = directory
        self._delivery = delivery
        self._timers = timers
        self._events = events
        self._retire = retire
        self._met: lives.Rival | None = None
        self._met_until = 0.0
        self._contacts: dict[Endpoint, PeerRecord] = {}
        self._told: dict[tuple[PeerId, int], None] = {}

    def handlers(self) -> Mapping[int, Handler]:
        """What peers say about twins, if this node tells its lives apart."""
        return {lives.TWIN: self._on_twin, lives.COLLISION: self._on_collision} if self._incarnation else {}

    def subjects(self) -> Mapping[type, Follower]:
        """The end of a contact."""
        return {Contact: self._on_over}

    def suspect(self, endpoint: Endpoint, now: float) -> None:
        """Somebody with our identity may be there: say HELLO, and see who answers."""
        if not self._incarnation or endpoint in self._contacts or len(self._contacts) >= _MOST:
            return
        locality = self._portrait.locality
        if locality is None or (not endpoint.is_tcp and locality.bound.is_tcp) or not endpoint.is_reachable:
            return
        key = self._portrait.headers.get(PUBLIC_KEY_HEADER, "")
        target = endpoint.with_key(key) if key else endpoint
        record = self._contacts[endpoint] = PeerRecord(None, target, self._delivery.new_link(), "twin")
        self._delivery.greet(record, self._portrait.hello_to(target))
        self._timers.add(now + self._handshake, Contact(record))

    def _on_over(self, contact: Contact, now: float) -> Moves:
        record = contact.record
        self._contacts = {place: other for place, other in self._contacts.items() if other is not record}
        self._delivery.close(record)
        return ()

    def on_hello(self, greeting: Greeting, now: float) -> None:
        """Somebody greets with our own identity: ourselves, over a detour, or a twin."""
        speech = greeting.speech
        if not self._incarnation or speech.incarnation == self._incarnation:
            return
        assert self._portrait.locality is not None, "nobody hears before the start"
        ours = self._portrait.locality.toward(speech.endpoint)
        theirs = lives.Rival(speech.incarnation, str(speech.endpoint), speech.name)
        self.suspect(speech.endpoint, now)  # so that it learns of us, too
        keeps = self._incarnation > speech.incarnation
        mine, rival = (self._name, ours), (theirs.name, theirs.endpoint)
        if not keeps:
            self._events.append(Collision(self._own, *rival, *mine, lost=True))
            self._fall_silent(now)
        elif self._is_news(self._own, theirs.incarnation):
            self._events.append(Collision(self._own, *mine, *rival))
            self._met = theirs
            self._met_until = now + self._remembered
            self.await_entries(self)
            for record in self._directory.ready():
                self._tell(record)

    def _tell(self, record: PeerRecord) -> None:
        if self._met is not None and "incarnation" in record.extensions:
            self._delivery.send(record, lives.COLLISION, lives.encode_collision(self._met))

    def entered(self, record: PeerRecord, now: float) -> Moves:
        """A peer that may have known the other one enters."""
        if now < self._met_until:
            self._tell(record)
        return ()

    def _fall_silent(self, now: float) -> None:
        self._retire()
        for record in self._contacts.values():  # what was said there may still be on its way
            self._timers.add(now + self._handshake, Contact(record))

    def _is_news(self, peer: PeerId, incarnation: int) -> bool:
        if (peer, incarnation) in self._told:
            return False
        self._told[peer, incarnation] = None
        if len(self._told) > _MOST:
            del self._told[next(iter(self._told))]
        return True

    def superseded(self, record: PeerRecord, greeting: Greeting) -> None:
        """An earlier life of a peer greets while a later one is here: that one had better know."""
        if "incarnation" in record.extensions and record.state is PeerState.READY:
            endpoint = str(greeting.speech.endpoint)
            self._delivery.send(record, lives.TWIN, lives.encode_twin(endpoint))

    # -- messages ------------------------------------------------------------------------------------------------

    def _on_twin(self, record: PeerRecord, frames: Sequence[bytes], now: float) -> Moves:
        try:
            endpoint = Endpoint.parse(lives.decode_twin(frames[1]))
        except InvalidEndpoint:
            raise DecodeError("a twin is said to be where nobody can be") from None
        self.suspect(endpoint, now)
        return ()

    def _on_collision(self, record: PeerRecord, frames: Sequence[bytes], now: float) -> Moves:
        rival = lives.decode_collision(frames[1])
        if self._is_news(record.peer, rival.incarnation):
            address = str(record.endpoint)
            self._events.append(Collision(record.peer, record.name, address, rival.name, rival.endpoint))
        return ()
