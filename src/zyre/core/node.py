"""The node: routes what comes in to the parts that know what it means, and gathers what follows.

It owns no protocol state of its own. Membership holds the peers and groups, Elections the votes, Portrait what is said
of ourselves, and News sees to it that peers know it; Discovery and the Door judge; Delivery numbers and queues. What
each part takes in, it says itself (see part.py), and the node keeps the tables. A whisper goes out by ``whisper`` ->
Delivery.offer -> a Send effect, and comes in by ``receive_frames`` -> Conversation -> a Whisper event.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any, Final

from zyre.core.announcer import Announcer
from zyre.core.answers import Answers
from zyre.core.bulletin import Bulletins
from zyre.core.bundling import Bundling
from zyre.core.carrying import Carrying
from zyre.core.conversation import Conversation
from zyre.core.counters import Counters
from zyre.core.delivery import Delivery
from zyre.core.discovery import OwnEcho, Source
from zyre.core.door import Door
from zyre.core.durable import Durable
from zyre.core.effects import Effect, Report
from zyre.core.elections import Elections
from zyre.core.gate import Gate
from zyre.core.grapevine import Grapevine
from zyre.core.groups import Groups
from zyre.core.introductions import Introductions
from zyre.core.leases import Leases
from zyre.core.links import Links
from zyre.core.locality import Locality
from zyre.core.membership import Membership
from zyre.core.news import News
from zyre.core.outgoing import Outgoing
from zyre.core.part import Follower, Handler, Moves, Part, Question, Verb
from zyre.core.portrait import Portrait
from zyre.core.profile import NodeProfile
from zyre.core.reliable import Reliable
from zyre.core.renewal import Renewal
from zyre.core.second_choice import SecondChoice
from zyre.core.surroundings import Surroundings
from zyre.core.tables import ALIVE, READY, Violation
from zyre.core.tally import Tally
from zyre.core.timers import NEVER, Deadlines
from zyre.core.twins import Twins
from zyre.endpoint import Endpoint
from zyre.errors import DecodeError
from zyre.events import Event
from zyre.identity import PeerId
from zyre.wire import zre

__all__ = ["NodeMachine", "NodeProfile"]


_HELLO: Final = zre.kind_of(zre.HELLO)


class NodeMachine(Answers):
    """The protocol of one node (36/ZRE with libzyre's additions). See zyre.core.machine.Machine for the contract."""

    __slots__ = (
        "_announcer", "_by_kind", "_delivery", "_directory", "_door", "_elections", "_gate", "_groups", "_handlers",
        "_leases", "_membership", "_news", "_parts", "_portrait", "_profile", "_questions", "_reliable", "_reports",
        "_running", "_subjects", "_tally", "_timers", "_timing", "_verbs", "acquaintances", "asides", "bundle",
        "bundling", "carrying", "cluster", "counters", "deadlines", "durable", "effects", "events", "extensions",
        "fates", "greeters", "identity", "keep", "name", "on_greeter", "peer_at", "post", "settled", "shed", "shout",
        "shout_bundle", "shout_to", "take_expected", "vigil", "whisper",
    )  # fmt: skip

    def __init__(self, profile: NodeProfile) -> None:
        self.identity = profile.identity
        self.name, self.extensions = profile.name, profile.extensions
        self.cluster = profile.cluster.name
        self.counters = Counters()
        self._profile = profile
        self._timing = profile.config.timing
        self._running = False
        self.events: list[Event] = []
        """What the application should hear, until it is taken."""
        self.deadlines = self._timers = Deadlines[object]()
        self._groups = Groups()
        for group in profile.groups:
            self._groups.join(group)
        self._portrait = Portrait(profile, self._groups)
        self._delivery = Delivery(profile.config.limits, self.counters)
        self.effects = self._delivery.effects
        """What is to be done, until it is taken."""
        self._gate = Gate(profile, self.counters, self.events)
        self._membership = Membership(
            profile,
            groups=self._groups,
            delivery=self._delivery,
            timers=self._timers,
            counters=self.counters,
            events=self.events,
            portrait=self._portrait,
            gate=self._gate,
        )
        self._directory = self._membership.directory
        self.acquaintances = self._directory.acquaintances
        self.peer_at = self._directory.peer_at
        self.take_expected = self._directory.take_expected
        self.vigil = self._membership.vigil
        self._news = News(
            profile,
            portrait=self._portrait,
            groups=self._groups,
            directory=self._directory,
            hearsay=self._membership.hearsay,
            delivery=self._delivery,
            timers=self._timers,
            counters=self.counters,
            events=self.events,
        )
        self._elections = Elections(
            profile,
            groups=self._groups,
            directory=self._directory,
            delivery=self._delivery,
            timers=self._timers,
            events=self.events,
        )
        outgoing = Outgoing(self._directory, self._groups, self._delivery, self.counters)
        self.whisper, self.shed = outgoing.whisper, outgoing.shed
        self.shout, self.shout_to = outgoing.shout, outgoing.shout_to
        self._handlers: dict[int, Handler] = {}
        self._by_kind: dict[int, Handler] = {}
        """The same, by message id, signature and version at once."""
        self._reports: dict[type, Follower] = {}
        self._subjects: dict[type, Follower] = {}
        self._verbs: dict[str, Verb] = {}
        self._questions: dict[str, Question] = {}
        self._parts = self._make_parts()
        self._membership.concern(self._parts)
        self._fill_tables()

    def _fill_tables(self) -> None:
        self.on_greeter, self.greeters = self._door.on_greeter, self._door.greeters
        self.asides = self._leases.asides
        self.post = self._reliable.post
        self.keep, self.fates = self.durable.keep, self.carrying.fates
        self.settled = self._reliable.settled
        self.bundle, self.shout_bundle = self.bundling.bundle, self.bundling.shout_bundle
        for part in self._parts:
            self._handlers.update(part.handlers())
            self._reports.update(part.reports())
            self._subjects.update(part.subjects())
            self._verbs.update(part.verbs())
            self._questions.update(part.questions())
        self._by_kind.update((zre.kind_of(message_id), handler) for message_id, handler in self._handlers.items())

    def _make_door(self) -> tuple[Part, ...]:
        """The door, and who helps it to judge."""
        profile = self._profile
        twins = Twins(
            profile,
            portrait=self._portrait,
            directory=self._directory,
            delivery=self._delivery,
            timers=self._timers,
            events=self.events,
            retire=self._retire,
        )
        second_choice = SecondChoice(self._timing.beacon, profile.config.limits.peers, self._membership, self._timers)
        self._door = Door(
            profile,
            portrait=self._portrait,
            membership=self._membership,
            gate=self._gate,
            twins=twins,
            second_choice=second_choice,
            delivery=self._delivery,
            counters=self.counters,
        )
        return (second_choice, twins, self._door)

    def _make_parts(self) -> tuple[Part, ...]:
        """Who gets what in which order: the first to know are the first here."""
        profile, limits = self._profile, self._profile.config.limits
        self._leases = Leases(
            *(profile, self._elections.terms, self._groups),
            delivery=self._delivery,
            timers=self._timers,
            events=self.events,
        )
        self._announcer = Announcer(profile, self._delivery, self._timers, self._directory)
        self._tally = Tally(
            self._timing.tally,
            directory=self._directory,
            delivery=self._delivery,
            timers=self._timers,
            counters=self.counters,
            announcer=self._announcer,
        )
        self._reliable = Reliable(
            limits, self._timing, self._directory, self._delivery, self._timers, self.counters, self.events
        )
        self.bundling = Bundling(self._directory, self._groups, self._delivery, self.counters, self.events, self._gate)
        self.durable = Durable(
            profile, self._reliable, self._directory, self._delivery, self._timers, self.counters, self.events
        )
        self.carrying = Carrying(limits, self._directory, self._delivery, self.counters, self._handlers)
        self.carrying.on_through = (self._reliable.writable, self.durable.writable)
        self.carrying.fates_of_others = self.durable.fates
        self._tally.companions.append(self.carrying.look)
        links = Links(self._membership, self._delivery, self._reliable, self.durable, self.carrying, self.counters)
        return (
            Conversation(self._membership, self._delivery, self.events, self._gate),
            self._announcer,
            Surroundings(profile, self._portrait, self._membership, self._announcer.hurry, self.events),
            self._membership,
            links,
            *self._membership.watch,
            *(self._elections.terms, self._elections, self._leases),
            *self._make_door(),
            Introductions(profile.identity, self._membership, self._delivery, self._timers),
            Grapevine(profile, self._membership, self._timers),
            self._tally,
            self._gate,
            self._news,
            self._reliable,
            self.bundling,
            Renewal(profile, self._membership, self._portrait, self._announcer, links, self._delivery, self._timers),
            Bulletins(profile, directory=self._directory, delivery=self._delivery, timers=self._timers),
            *self.durable.parts,
            self.carrying,
        )

    # -- verbs ---------------------------------------------------------------------------------------------------

    def start(self, locality: Locality, now: float) -> None:
        """Begin to announce ourselves and to answer."""
        self._running = True
        self._portrait.move(locality)
        for part in self._parts:
            self._follow(part.start(locality, now), now)
        self.handle_timeout(now)

    def stop(self, now: float) -> None:
        """Say goodbye on the links, and be deaf from now on; ``farewell`` says it by beacon. Those who know GOODBYE are
        told so behind everything else, and those who were not met by beacon; others are not: zeromq-pyre would count
        it as a violation."""
        if not self._running:
            return
        self._elections.abdicate()
        for record in self._membership.everyone():
            for part in self._parts:
                part.take_leave(record)
            if not self._announcer.running or record.wants_goodbye:
                self._delivery.send(record, zre.GOODBYE)
            self._delivery.part(record, flush=True)
        self._end()

    def _retire(self) -> None:
        """Be deaf and silent from now on, without a goodbye: our identity is another's."""
        for record in list(self._membership.everyone()):
            if record.identity is None:
                self._delivery.close(record)
            else:
                self._membership.remove(record, "collision")
        self._announcer.fall_silent()
        self._end()

    def _end(self) -> None:
        self._running = False
        self._timers.clear()
        for part in self._parts:
            part.stop()

    def farewell(self, now: float) -> None:
        """Say goodbye by the beacon with port 0, which is all that libzyre listens to. It overtakes what is still on
        the links, so a host with plain peers lets a moment pass between ``stop`` and this."""
        self._announcer.farewell()

    @property
    def has_plain_peers(self) -> bool:
        """Whether somebody here does not know GOODBYE."""
        return any("goodbye" not in record.extensions for record in self._directory)

    @property
    def has_queued(self) -> bool:
        """Whether messages wait for room in somebody's link."""
        return any(record.queue and not record.on_hold for record in self._directory)

    def join(self, group: str, now: float) -> None:
        """Be in a group, and say so to everybody. Nothing happens if we are in already."""
        if self._groups.join(group):
            self._portrait.changed()
            self._announce(zre.JOIN, group)
            self._news.on_change(now)
            self._elections.stand(group, now)

    def leave(self, group: str, now: float) -> None:
        """Be out of a group, and say so to everybody. Ends a candidature there."""
        if self._groups.leave(group):
            self._portrait.changed()
            self._elections.withdraw(group)
            self._leases.withdraw(group, now)
            self._announce(zre.LEAVE, group)
            self._news.on_change(now)

    def contest(self, group: str, now: float) -> None:
        """Join a group and stand as a candidate for its leader (libzyre: set_contest_in_group)."""
        self._elections.enlist(group)
        if group in self._groups.own:
            self._elections.stand(group, now)
        else:
            self.join(group, now)

    def connect(self, endpoint: Endpoint, peer: PeerId | None, now: float) -> None:
        """Keep up a connection to whoever is at ``endpoint``; if given, ``peer`` says who that will be."""
        dial = self._membership.dialling.add(endpoint, peer)
        if dial is not None and self._running:
            self._follow(self._membership.dial(dial, now), now)

    def set_header(self, name: str, value: str, now: float) -> None:
        """Change a header; plain peers learn it from later HELLOs, as with libzyre."""
        self._news.set_header(name, value, now)

    # -- outputs -------------------------------------------------------------------------------------------------

    def next_timeout(self) -> float:
        """When handle_timeout wants to be called."""
        return self._timers.next_at

    def take_effects(self) -> list[Effect]:
        """What is to be done, in order."""
        taken = self.effects[:]
        self.effects.clear()
        return taken

    def take_events(self) -> list[Event]:
        """What the application should hear, in order."""
        return self.bundling.take_events()

    # -- inputs --------------------------------------------------------------------------------------------------

    def receive_datagram(self, data: bytes, source: Source, now: float) -> bool:
        """A datagram on the beacon port; False if nothing follows from it. Nearly all of them are the same beacon of a
        known peer, once more, from where it is reached: that costs one lookup, however many peers there are."""
        record = self._directory.by_beacon.get(data)
        if record is not None and record.phase is ALIVE and record.endpoint.host == source[0]:
            record.quiet_at = now + self._timing.evasive
            record.strayed_at = NEVER
            self.counters.beacons_received += 1
            self._directory.let_note(record)
            return False
        locality = self._portrait.locality
        if not self._running or locality is None:
            return False
        verdict = self._announcer.discovery.judge(data, source, locality)
        if isinstance(verdict, OwnEcho):
            return False
        moves = self._door.on_beacon(data, verdict, source[0], now)
        if moves:
            self._elections.follow(moves, now)
        return True

    def receive_frames(self, frames: Sequence[bytes], now: float) -> None:
        """A message from a peer. This is the hot path: a whisper passes here and Conversation, and is done."""
        if not self._running:
            return
        try:
            kind, sequence = zre.split_header(frames[1])
            handler = self._by_kind.get(kind)
            if handler is None:
                moves = self._door.on_hello(frames, now) if kind == _HELLO else self._door.on_other(frames[1])
                if moves:
                    self._elections.follow(moves, now)
                return
            record = self._directory.by_frame.get(frames[0])
            if record is None or record.state is not READY:
                message_id, _ = zre.unpack_header(frames[1])
                self._follow(self._door.on_stranger(message_id, frames[0], record, now), now)
                return
            if sequence == record.received + 1:
                record.received = sequence
            elif missed := record.missed_before(sequence):
                self._news.on_missed(record, missed, now)
            self.counters.received += 1
            if record.phase is ALIVE:
                record.quiet_at = now + self._timing.evasive
            else:
                self._membership.vigil.heard(record, now)
            moves = handler(record, frames, now)
            if moves:
                self._elections.follow(moves, now)
        except (DecodeError, struct.error):
            self.counters.violations[Violation.FRAME_MALFORMED] += 1

    def receive_report(self, report: Report, now: float) -> None:
        """How an effect fared, or what changed in the world."""
        moves = self._reports[type(report)](report, now)
        if moves:
            self._elections.follow(moves, now)

    def handle_timeout(self, now: float) -> None:
        """Do what is due; everything put back is due later than ``now``."""
        if self._membership.vigil.on_late(now - self._timers.next_at, now):
            self._announcer.hurry()
        for subject in self._timers.due(now):
            moves = self._subjects[type(subject)](subject, now)
            if moves:
                self._elections.follow(moves, now)

    def change(self, verb: str, arguments: Sequence[Any], now: float) -> None:
        """A verb of one of the parts."""
        self._follow(self._verbs[verb](*arguments, now), now)

    def _follow(self, moves: Moves, now: float) -> None:
        if moves:
            self._elections.follow(moves, now)

    # -- what follows ----------------------------------------------------------------------------------------------

    def _announce(self, message_id: int, group: str) -> None:
        fields = zre.encode_group_change(group, self._groups.status)
        for record in self._membership.everyone():
            self._delivery.send(record, message_id, fields)
