"""Who is here, and in which group: the life of every peer from the first sign of it to its exit.

Each input looks up the actions for the peer's state in the table and carries them out. What other parts must know,
that somebody came into a group or went out of one, is returned as moves; the node passes them to the elections.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import NamedTuple

from zyre.core.admission import Greeting, Speech
from zyre.core.counters import Counters
from zyre.core.delivery import Delivery
from zyre.core.dialling import Dial, Dialling
from zyre.core.directory import Directory
from zyre.core.discovery import Found
from zyre.core.effects import NameResolved, Probe
from zyre.core.gate import Gate
from zyre.core.groups import Groups
from zyre.core.hearsay import Hearsay
from zyre.core.locality import Locality
from zyre.core.part import Arrival, Departure, Follower, Moves, Part, Question
from zyre.core.peer import PeerRecord, common
from zyre.core.portrait import Portrait
from zyre.core.profile import NodeProfile
from zyre.core.tables import (
    ABSENT,
    ADMIT,
    GREET,
    ON_FOUND,
    ON_HELLO,
    READY,
    REASONS,
    TRANSITIONS,
    Action,
    Input,
    Violation,
)
from zyre.core.timers import NEVER, Deadlines
from zyre.core.verification import Verification
from zyre.core.vigil import Vigil
from zyre.core.witnesses import Witnesses
from zyre.endpoint import Endpoint
from zyre.events import Event, Exit, ExitReason
from zyre.identity import PeerId
from zyre.wire.envelope import envelope_of

__all__ = ["Leaving", "Membership", "Standing"]


class Leaving(NamedTuple):
    """The timer of a peer that said goodbye by beacon."""

    record: PeerRecord


class Standing(NamedTuple):
    """The peers in a group at one moment, with their names, and whether we are in it ourselves."""

    members: dict[PeerId, str]
    own: bool


class Membership(Part):
    """Directory, groups, presence and explicit connections of one node, and the table that moves peers through them.

    The HELLO that ``portrait`` makes differs by endpoint: each peer is told another address.
    """

    __slots__ = (
        "_counters", "_delivery", "_envelope", "_events", "_extensions", "_limits", "_parts", "_portrait",
        "_tell_of_entry", "_tell_of_exit", "_tells_lives", "_timers", "_timing", "dialling", "directory", "gate",
        "groups", "hearsay", "vigil", "watch",
    )  # fmt: skip

    def __init__(
        self,
        profile: NodeProfile,
        *,
        groups: Groups,
        delivery: Delivery,
        timers: Deadlines[object],
        counters: Counters,
        events: list[Event],
        portrait: Portrait,
        gate: Gate,
    ) -> None:
        timing, limits, extensions = profile.config.timing, profile.config.limits, profile.extensions
        self.gate = gate
        self.directory = Directory(limits.peers, proven=gate.proven)
        self.groups = groups
        self.dialling = Dialling()
        self._parts: tuple[Part, ...] = ()
        self._tell_of_entry: tuple[Callable[[PeerRecord, float], Moves], ...] = ()
        self._tell_of_exit: tuple[Callable[[PeerRecord], None], ...] = ()
        self.hearsay = Hearsay(
            limits, groups=groups, directory=self.directory, counters=counters, events=events, gate=gate
        )
        self._timing = timing
        self._limits = limits
        self._extensions = extensions
        self._envelope = envelope_of(profile.cluster.name)
        self._tells_lives = "incarnation" in extensions
        self._delivery = delivery
        self._timers = timers
        self._counters = counters
        self._events = events
        self._portrait = portrait
        witnesses = Witnesses(timing, extensions, directory=self.directory, delivery=delivery, timers=timers)
        self.vigil = Vigil(
            profile.identity,
            timing,
            directory=self.directory,
            delivery=delivery,
            timers=timers,
            events=events,
            ask_others=witnesses.ask,
            depart=self.depart,
        )
        verification = Verification(
            timing,
            directory=self.directory,
            delivery=delivery,
            timers=timers,
            vigil=self.vigil,
            depart=self.depart,
            portrait=portrait,
        )
        self.watch: tuple[Part, ...] = (self.vigil, verification, witnesses)
        """The parts that find out whether peers live."""

    def concern(self, parts: Iterable[Part]) -> None:
        """These are told when peers leave, and when they enter, as soon as they await that."""
        self._parts = tuple(parts)
        for part in self._parts:
            part.await_entries = self.tell_of_entries
        self._tell_of_exit = tuple(part.left for part in self._parts if type(part).left is not Part.left)

    def tell_of_entries(self, part: Part) -> None:
        """See Part.await_entries. Parts are told in the order in which the node has them."""
        if part.entered not in self._tell_of_entry:
            told = (*self._tell_of_entry, part.entered)
            self._tell_of_entry = tuple(one.entered for one in self._parts if one.entered in told)

    def everyone(self) -> Iterator[PeerRecord]:
        """Everybody to whom a HELLO is on its way or was said, anonymous ones included."""
        return chain(self.directory, self.dialling.anonymous())

    def start(self, locality: Locality, now: float) -> Moves:
        """Keep up the explicit connections."""
        for dial in self.dialling:
            self._timers.add(now, dial)
        return ()

    def questions(self) -> Mapping[str, Question]:
        """Who is in a group."""
        return {"standing": self._standing}

    def _standing(self, group: str) -> Standing:
        members = {record.peer: record.name for record in self.groups.members(group).values()}
        return Standing(members, group in self.groups.own)

    def subjects(self) -> Mapping[type, Follower]:
        """Explicit connections, and farewells by beacon."""
        return {Dial: self.dial, Leaving: self._on_left}

    def reports(self) -> Mapping[type, Follower]:
        """What was found out about a dialled host's name."""
        return {NameResolved: self._on_name_resolved}

    def _on_name_resolved(self, report: NameResolved, now: float) -> Moves:
        self.dialling.on_resolved(report.host, report.addresses)
        return ()

    # -- inputs --------------------------------------------------------------------------------------------------

    def remember(self, beacon: bytes, found: Found) -> None:
        """Know a READY peer's beacon again, if it leads to where the peer is reached."""
        record = self.directory.by_id.get(found.peer)
        if record is None or record.state is not READY or record.doubted:
            return
        if found.endpoint == record.endpoint:
            self.directory.remember(beacon, record)

    def expect(self, greeting: Greeting, locality: Locality | None) -> None:
        """Know the beacon of one of our own kind, who has just greeted, before it comes: it will say what we know."""
        record = self.directory.by_id.get(greeting.peer)
        if record is None or record.state is not READY or not record.is_own_kind:
            return
        endpoint = record.endpoint
        if locality is None or (locality.restricted and not locality.covers(endpoint.host)):
            return
        if endpoint.is_tcp and record.strayed_at == NEVER:
            self.directory.remember(greeting.beacon(endpoint, self._envelope), record)

    def on_found(self, found: Found, found_by: str, now: float) -> Moves:
        """A peer was found at an endpoint, by its beacon or because the application said so."""
        moves: Moves = ()
        peer, endpoint = found.peer, found.endpoint
        for action in ON_FOUND[self.directory.state_of(peer)]:
            if action is GREET:
                moves += self._greet(peer, endpoint, found_by, now)
            elif action is Action.REFRESH:
                moves += self._refresh(self.directory.by_id[peer], endpoint, now)
            elif action is Action.REGREET:
                record = self.directory.by_id[peer]
                moved = record.is_presumed and endpoint != record.endpoint
                if moved or not now < record.greet_again_at:
                    moves += self.remove(record, "replaced") + self._greet(peer, endpoint, found_by, now)
        if found.odd_source and (known := self.directory.by_id.get(peer)) is not None:
            known.dialect = known.dialect.learn(odd_source=True)
        return moves

    def _refresh(self, record: PeerRecord, endpoint: Endpoint, now: float) -> Moves:
        """A beacon proves that the peer lives, but only one from where our link leads proves that it is reached: after
        a change of address the link is dead, and must be let expire so that the peer is found anew. Also if messages
        still come, because its own link to us leads here as before; not if somebody answers there all the same."""
        if endpoint == record.endpoint:
            record.strayed_at = NEVER
            if not record.doubted:
                self.vigil.heard(record, now)
            elif record.verified_at != NEVER:  # a next life beacons as soon as it listens
                self._delivery.effects.append(Probe(record.link, str(record.endpoint)))
        elif self._is_cut_off(record, endpoint):
            record.relinked_until = now + self._timing.handshake
            return self.reopen(record, endpoint, answer=False)
        elif record.beacon or record.found_by == "beacon":
            moves = self._vacate(endpoint)  # its computer has several interfaces, and somebody was known by this one
            self.directory.hear_elsewhere(record, endpoint, now)
            record.strayed_at = min(record.strayed_at, now)
            if not now < record.strayed_at + self._timing.expired:
                return moves + self.depart(record, Input.OVERDUE) + self._greet(record.peer, endpoint, "beacon", now)
            if not now < record.strayed_at + self._timing.evasive:
                self._delivery.effects.append(Probe(record.link, str(record.endpoint)))
            return moves
        return ()

    def _is_cut_off(self, record: PeerRecord, endpoint: Endpoint) -> bool:
        """Whether a peer is known by an address of a network that we are not in any more, and beacons from one that we
        are in: both of us have moved."""
        locality = self._portrait.locality
        was_near = record.endpoint.is_tcp and record.endpoint.host != endpoint.host
        if locality is None or not was_near or record.found_by not in ("beacon", "hello"):
            return False
        return locality.is_attached_to(endpoint) and not locality.is_attached_to(record.endpoint)

    def may_connect(self, endpoint: Endpoint, locality: Locality | None) -> bool:
        """Whether to follow a HELLO to its endpoint. A stranger may not send us to the sockets of this host (ipc,
        inproc), unless we are reached by such ourselves, or the application asked for that one."""
        if endpoint.is_tcp:
            return True
        return (locality is not None and not locality.bound.is_tcp) or self.dialling.knows(endpoint)

    def on_hello(self, greeting: Greeting, previous: PeerRecord | None, source: str, now: float) -> Moves:
        """Whom we know as ``previous`` greets, over a connection from the address ``source`` ("" if unknown)."""
        moves: Moves = ()
        if previous is not None and previous.is_presumed and previous.endpoint != greeting.speech.endpoint:
            moves, previous = self.remove(previous, "replaced"), None
        state = ABSENT if previous is None else previous.state
        speech, again = greeting.speech, False
        life = speech.incarnation if self._tells_lives else 0
        if previous is not None and state is READY:
            if not life and (previous.replaced_often(now) or now < previous.relinked_until):
                return self._take_over(previous, speech, now)
            again = 0 < life == previous.incarnation
        for action in TRANSITIONS[state, Input.HELLO_AGAIN] if again else ON_HELLO[state]:
            if action is GREET:
                moves += self._greet(greeting.peer, speech.endpoint, "hello", now, source, answer=life > 0)
            elif action is ADMIT:
                moves += self._admit(greeting, previous, now)
            elif action is Action.REPLACE:
                moves += self._depart(greeting.peer, action)
            elif action is Action.RESUME and previous is not None:
                moves += self._resume(previous, speech, now, source)
        return moves

    def on_last_beacon(self, peer: PeerId, now: float) -> Moves:
        """A peer says by beacon that it leaves."""
        actions = TRANSITIONS[self.directory.state_of(peer), Input.LAST_BEACON]
        if Action.LINGER in actions:
            self._timers.add(now + self._timing.farewell, Leaving(self.directory.by_id[peer]))
        return self._depart(peer, *actions)

    def on_goodbye(self, record: PeerRecord) -> Moves:
        """A peer has said all that it had to say."""
        if record.state is ABSENT:
            return ()
        return self.depart(record, Input.GOODBYE)

    def on_stranger(self, peer: PeerId, now: float) -> Moves:
        """Somebody talks to us whom we do not know. If we gave it up while it slept, or could not be heard, it still
        knows us: so it is greeted where it was."""
        missed = self.directory.take_missed(peer)
        return () if missed is None else self.on_found(Found(peer, missed[0]), missed[1], now)

    def _on_left(self, subject: Leaving, now: float) -> Moves:
        return self.on_goodbye(subject.record)

    def dial(self, dial: Dial, now: float) -> Moves:
        """Greet whoever is at a dial's endpoint, unless that was done and there is still hope; look again later."""
        self._timers.add(max(now + self._timing.redial, dial.rest_until), dial)
        if now < dial.rest_until:
            return ()
        there = self.directory.at_endpoint(dial.endpoint, self.vigil.presence.is_recent)
        if dial.peer is not None:
            taken = there is not None and there.identity != dial.peer
            if taken or self.directory.state_of(dial.peer) is READY:
                return ()
            return self.on_found(Found(dial.peer, dial.endpoint), "connect", now)
        answered = dial.answered_by is not None and self.directory.state_of(dial.answered_by) is READY
        if there is not None or answered:
            return ()
        if dial.record is not None:
            if now < dial.record.greet_again_at:
                return ()
            self._delivery.close(dial.record)
        dial.record = self._open(None, dial.endpoint, "connect", now)
        return ()

    # -- actions -------------------------------------------------------------------------------------------------

    def _open(
        self, peer: PeerId | None, endpoint: Endpoint, found_by: str, now: float, *, answer: bool = False
    ) -> PeerRecord:
        record = PeerRecord(peer, endpoint, self._delivery.new_link(), found_by)
        record.greet_again_at = now + self._timing.handshake
        self.say_hello(record, answer)
        return record

    def say_hello(self, record: PeerRecord, answer: bool) -> None:
        """Open the link of a record, and say who we are."""
        record.confirmed = self._portrait.version
        record.told = self._portrait.where(record.endpoint)
        self._delivery.greet(record, self._portrait.hello(record.told, answer=answer))

    def _greet(
        self, peer: PeerId, endpoint: Endpoint, found_by: str, now: float, source: str = "", *, answer: bool = False
    ) -> Moves:
        """Open a link to a peer and say HELLO. Whoever was at that endpoint before is not any more."""
        if len(self.directory.by_id) >= self._limits.peers:
            self._counters.violations[Violation.PEERS_FULL] += 1
            return ()
        moves = self._vacate(endpoint, self.vigil.presence.is_recent)
        record = self.dialling.claim(peer, endpoint, source)
        if record is None:
            record = self._open(peer, endpoint, found_by, now, answer=answer)
        else:
            record.identify(peer)
        self.directory.add(record)
        self.vigil.begin(record, now)
        return moves

    def _admit(self, greeting: Greeting, previous: PeerRecord | None, now: float) -> Moves:
        """Take over what a HELLO says: the peer enters, and is in its groups."""
        record = self.directory.by_id.get(greeting.peer)
        if record is None:  # a limit kept it out
            return ()
        peer, speech = greeting.peer, greeting.speech
        record.state = READY
        record.name = speech.name or peer.short
        record.headers = speech.headers
        record.extensions = common(self._extensions, speech.extensions)
        record.permitted = greeting.permitted
        record.is_own_kind = speech.extensions is not None
        record.incarnation = speech.incarnation if self._tells_lives else 0
        record.received = record.proven = speech.sequence
        record.status = speech.status
        record.proven_at = now
        if previous is record:
            previous = None
        elif previous is not None:
            record.dialect = previous.dialect.of_next_life(previous)
        record.count_replacement(previous, now)
        self.groups.settle_in(record, speech.groups)
        self.vigil.presence.heard(record, now)
        self.directory.changed = True
        events, moves = greeting.entry(record.endpoint.text, record.groups)
        self._events += events
        for tell in self._tell_of_entry:
            moves += tell(record, now)
        return moves

    def _resume(self, record: PeerRecord, speech: Speech, now: float, source: str) -> Moves:
        """A peer that was here all the time had lost sight of us. To applications nothing has happened; elections count
        it as an arrival: it may have forgotten who leads. An answer is not answered, without end; but the link of an
        explicit connection that is answered is the peer's from now on: it counts what comes there."""
        moves = () if speech.is_answer else self.reopen(record, speech.endpoint, answer=True)
        if speech.is_answer and (dialled := self.dialling.claim(record.peer, speech.endpoint, source)) is not None:
            moves = self._relink(record, dialled.endpoint, dialled.link)
            record.adopt(dialled)
        record.former = record.received
        stayed = tuple(Arrival(group, record.peer) for group in sorted(record.groups.intersection(speech.groups)))
        return moves + self._take_over(record, speech, now) + stayed

    def reopen(self, record: PeerRecord, endpoint: Endpoint, *, answer: bool) -> Moves:
        """Say HELLO on a new link; ``answer`` tells one of our own kind that it need not do the same."""
        moves = self._relink(record, endpoint, self._delivery.new_link())
        self.say_hello(record, answer)
        return moves

    def _relink(self, record: PeerRecord, endpoint: Endpoint, link: int) -> Moves:
        self.directory.overlook(record)
        self.directory.remove(record)
        self._delivery.close(record)
        moves = self._vacate(endpoint)
        self.directory.changed |= record.endpoint != endpoint
        record.reopen(endpoint, link)
        self.directory.add(record)
        return moves

    def _take_over(self, record: PeerRecord, speech: Speech, now: float) -> Moves:
        """The peer is as it says. Two plain nodes that each take the other's HELLO for a new start answer each other
        without end, so after a few in a row the next is taken like this, too, and nothing is sent."""
        record.received = speech.sequence
        self.vigil.heard(record, now)
        self.hearsay.take_headers(record, speech.headers)
        return self.hearsay.take_groups(record, speech.groups, speech.status)

    def _vacate(self, endpoint: Endpoint, is_recent: Callable[[PeerRecord, float], bool] | None = None) -> Moves:
        """Whoever was at that endpoint is not any more."""
        previous = self.directory.at_endpoint(endpoint, is_recent)
        return () if previous is None else self.remove(previous, "replaced")

    def _depart(self, peer: PeerId, *actions: Action) -> Moves:
        moves: Moves = ()
        for action in actions:
            if action in REASONS:
                moves += self.remove(self.directory.by_id[peer], REASONS[action])
        return moves

    def depart(self, record: PeerRecord, why: Input) -> Moves:
        """Let go of a peer, as the table has it."""
        return self._depart(record.peer, *TRANSITIONS[record.state, why])

    def remove(self, record: PeerRecord, reason: ExitReason) -> Moves:
        """Forget a peer; whoever never entered goes without an event."""
        entered = record.state is READY
        record.state = ABSENT
        self.directory.remove(record)
        self._delivery.part(record, flush=reason == "revoked")
        groups = self.groups.remove(record)
        if entered:
            self.directory.miss(record, reason)
            self.directory.changed = True
            self._events.append(Exit(record.peer, record.name, reason))
            for tell in self._tell_of_exit:
                tell(record)
        return tuple(Departure(group, record.peer) for group in groups)
