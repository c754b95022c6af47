"""The driver: performs what a machine wants done, on whatever host it stands.

Every input passes here, so a tap on it is a complete recording of a node. After each input the driver settles: it
performs the effects, hands over the events, and sets the alarm. Both hosts, the engine and the
simulator, run this very class; a host says when, never what.

Not thread-safe: the host holds the node's lock around every call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, Protocol, TypeAlias

from zyre.core.burst import expand
from zyre.core.discovery import Source
from zyre.core.effects import (
    AskRoom,
    Broadcast,
    CloseLink,
    Discard,
    Effect,
    Hasten,
    HelloFrom,
    Keep,
    LinkBlocked,
    LinkFailed,
    LinkWritable,
    ListenAnew,
    Mark,
    OpenLink,
    Probe,
    Report,
    Send,
)
from zyre.core.machine import Alarm, Clock, Store, Transport
from zyre.core.node import NodeMachine
from zyre.core.outcome import Outcome
from zyre.core.timers import NEVER
from zyre.core.watching import Watcher, Watching
from zyre.events import Event, Join, Leave
from zyre.fates import Fate
from zyre.identity import PeerId
from zyre.roster import Roster
from zyre.wire.bundle import Content

__all__ = ["Driver", "Sink", "Tap"]

#: Called with the time, the name of the input, and its arguments, before the machine sees it.
Tap: TypeAlias = Callable[[float, str, tuple[object, ...]], None]

# On the way of every message, looking a member up in its enumeration shows.
_SENT: Final = Outcome.SENT
_BLOCKED: Final = Outcome.BLOCKED


class Sink(Protocol):
    """Who wants to know what becomes of a message."""

    def settle(self, fate: Fate) -> None:
        """That became of it. Called once, under the node's lock."""

    def store(self) -> None:
        """It is on disk. Called at most once, and for a durable message only, likewise."""


class Driver:
    """One node on one host.

    ``deliver`` takes the events of one settling at a time, in order; with ``bursts``, messages that came in one bundle
    as one Burst.
    """

    __slots__ = (
        "_alarm",
        "_clock",
        "_deliver",
        "_roster",
        "_sinks",
        "_store",
        "_take_events",
        "_tap",
        "_tickets",
        "_transport",
        "machine",
        "on_settled",
        "watching",
    )

    def __init__(
        self,
        machine: NodeMachine,
        *,
        transport: Transport,
        clock: Clock,
        alarm: Alarm,
        deliver: Callable[[list[Event]], None],
        tap: Tap | None = None,
        bursts: bool = False,
        store: Store | None = None,
    ) -> None:
        self.machine = machine
        self._store = store
        self._take_events = machine.bundling.take_happenings if bursts else machine.bundling.take_events
        self._roster: Roster = machine.roster
        self._transport = transport
        self._clock = clock
        self._alarm = alarm
        self._deliver = deliver
        self._tap = tap
        self.on_settled: Callable[[], None] | None = None
        """Called after sinks were told."""
        self._tickets = 0
        self._sinks: dict[int, Sink] = {}
        self.watching = Watching()

    # -- life ----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Open the transport and let the node announce itself. Raises NetworkError, and then nothing is open."""
        locality = self._transport.open()
        self._input("start", locality)

    def stop(self) -> None:
        """Say goodbye on the links and take nothing more in; the transport is the host's to close."""
        self._input("stop")
        self._alarm.set(NEVER)

    def farewell(self) -> None:
        """Say goodbye by beacon: the last thing that a node does."""
        self._input("farewell")

    # -- what comes in -------------------------------------------------------------------------------------------

    def on_alarm(self) -> None:
        """The alarm went off; early is no harm."""
        now, deadlines = self._clock.now(), self.machine.deadlines
        if now < deadlines.next_at:
            self._alarm.set(deadlines.next_at)
            return
        self._input("handle_timeout")
        assert deadlines.next_at > now, "a deadline was put back without moving it"

    def on_messages(self, messages: Iterable[Sequence[bytes]]) -> None:
        """A batch of messages: one reading of the clock, one settling, one wake-up of the reader."""
        now = self._clock.now()
        receive = self.machine.receive_frames
        tap = self._tap
        for frames in messages:
            if tap is not None:
                tap(now, "receive_frames", (frames,))
            receive(frames, now)
        if self.machine.greeters:
            self.machine.greeters.clear()
        self._settle()

    def on_datagrams(self, datagrams: Iterable[tuple[bytes, Source]]) -> None:
        """A batch of UDP datagrams with their sources."""
        now = self._clock.now()
        receive, news = self.machine.receive_datagram, False
        for data, source in datagrams:
            if self._tap is not None:
                self._tap(now, "receive_datagram", (data, source))
            news |= receive(data, source, now)
        if news:
            self._settle()

    def on_unheard(self, beacon: bytes, heard_at: float) -> None:
        """The host notes a beacon no more, and heard it last then; see zyre.core.machine.Hearing. There is no tap: who
        records a node hands it each datagram."""
        self.machine.vigil.on_unheard(beacon, heard_at)
        self._alarm.set(self.machine.next_timeout())

    def on_report(self, report: Report) -> None:
        """The host reports how an effect fared, or a change of the world."""
        self._input("receive_report", report)

    def on_greeter(self, greeter: HelloFrom) -> None:
        """From where the next HELLO of somebody comes; nothing follows before it is there."""
        if self._tap is not None:
            self._tap(self._clock.now(), "receive_report", (greeter,))
        self.machine.on_greeter(greeter)

    # -- verbs ---------------------------------------------------------------------------------------------------

    def change(self, verb: str, *arguments: object) -> None:
        """A verb of the machine (join, leave, contest, connect), or of one of its parts."""
        before = self.machine.own_groups if self.watching else None
        if hasattr(self.machine, verb):
            self._input(verb, *arguments)
        else:
            self._input("change", verb, arguments)
        if before is not None:
            self._tell_own(before, self.machine.own_groups)

    def _tell_own(self, before: frozenset[str], after: frozenset[str]) -> None:
        """What this node does itself is no event, but watchers are told."""
        own, name = self.machine.identity, self.machine.name
        left = [Leave(own, name, group) for group in sorted(before - after)]
        self.watching.tell([*left, *(Join(own, name, group) for group in sorted(after - before))])

    def watch(self, watcher: Watcher, question: str, arguments: tuple[object, ...]) -> None:
        """Let it begin with the answer to a question, and hear everything from then on."""
        watcher.begin(self.machine.answer(question, arguments))
        self.watching.add(watcher)

    def whisper(self, peer: PeerId, content: tuple[bytes, ...]) -> Outcome:
        """Send to one peer. A send moves no deadline and makes no event, so it needs no full settling."""
        if self._tap is not None:
            self._tap(self._clock.now(), "whisper", (peer, content))
        outcome = self.machine.whisper(peer, content)
        self._perform()
        return outcome

    def shout(self, group: str, content: tuple[bytes, ...]) -> tuple[int, tuple[PeerId, ...]]:
        """Send to a group: how many were sent to, and whose queues were full."""
        if self._tap is not None:
            self._tap(self._clock.now(), "shout", (group, content))
        sent_and_blocked = self.machine.shout(group, content)
        self._perform()
        return sent_and_blocked

    def shout_to(self, peer: PeerId, group: str, content: tuple[bytes, ...]) -> Outcome:
        """Send a shout to one member whose queue was full."""
        if self._tap is not None:
            self._tap(self._clock.now(), "shout_to", (peer, group, content))
        outcome = self.machine.shout_to(peer, group, content)
        self._perform()
        return outcome

    def bundle(self, peer: PeerId, group: str, contents: Sequence[Content]) -> tuple[int, int]:
        """Send messages of equally many frames to one peer, whispers or (with a ``group``) shouts: in one frame, if it
        understands that. How many are settled, from the first on, and how many of those were sent; for the others there
        is no room."""
        if len(contents) > 1 and self.machine.bundling.takes(peer, contents):
            if self._tap is not None:
                self._tap(self._clock.now(), "bundle", (peer, group, contents))
            outcome = self.machine.bundle(peer, group, contents)
            self._perform()
            if outcome is _BLOCKED:
                return 0, 0
            return len(contents), len(contents) if outcome is _SENT else 0
        sent = 0
        for settled, content in enumerate(contents):
            outcome = self.shout_to(peer, group, content) if group else self.whisper(peer, content)
            if outcome is _BLOCKED:
                return settled, sent
            sent += outcome is _SENT
        return len(contents), sent

    def shout_many(self, group: str, contents: Sequence[Content]) -> tuple[int, list[tuple[PeerId, int]]]:
        """The same to all members of a group: how many messages were sent, and to whom only so many, from the first on,
        because their queues were full."""
        able, others = self.machine.bundling.members(group)
        sent, behind = 0, []
        if able and len(contents) > 1:
            members, blocked = self.shout_bundle(group, contents)
            sent = members * len(contents)
            behind = [(peer, 0) for peer in blocked]
        else:
            others += able
        for peer in others:
            settled, sent_here = self.bundle(peer, group, contents)
            sent += sent_here
            if settled < len(contents):
                behind.append((peer, settled))
        return sent, behind

    def shout_bundle(self, group: str, contents: Sequence[Content]) -> tuple[int, tuple[PeerId, ...]]:
        """The same, only to those who understand bundles: to how many members, and whose queues were full."""
        if self._tap is not None:
            self._tap(self._clock.now(), "shout_bundle", (group, contents))
        sent_and_blocked = self.machine.shout_bundle(group, contents)
        self._perform()
        return sent_and_blocked

    def post(self, peer: PeerId, group: str, content: tuple[bytes, ...], sink: Sink | None) -> Outcome:
        """Send to one peer for sure, a whisper or (with a ``group``) a shout; ``sink`` is told what becomes of it."""
        return self._entrust("post", self.machine.post, peer, (group, content), sink)

    def keep(self, peer: PeerId, group: str, content: tuple[bytes, ...], ttl: float, sink: Sink | None) -> Outcome:
        """Send to one peer and keep that on disk until its program has taken it, for ``ttl`` seconds at most."""
        return self._entrust("keep", self.machine.keep, peer, (group, content, ttl), sink)

    def _entrust(
        self, verb: str, send: Callable[..., Outcome], peer: PeerId, message: tuple[Any, ...], sink: Sink | None
    ) -> Outcome:
        ticket = 0
        if sink is not None:
            self._tickets += 1
            ticket = self._tickets
        now = self._clock.now()
        if self._tap is not None:
            self._tap(now, verb, (peer, ticket, *message))
        outcome = send(peer, ticket, *message, now)
        if sink is not None and outcome is Outcome.SENT:
            self._sinks[ticket] = sink
        self._settle()
        return outcome

    def shed(self, peer: PeerId) -> None:
        """See NodeMachine.shed."""
        if self._tap is not None:
            self._tap(self._clock.now(), "shed", (peer,))
        self.machine.shed(peer)

    # -- questions -----------------------------------------------------------------------------------------------

    @property
    def roster_if_current(self) -> Roster | None:
        """Who is here, if nobody came or went since ``roster`` was asked for; needs no lock."""
        return None if self.machine.roster_changed else self._roster

    @property
    def roster(self) -> Roster:
        """Who is here, as an immutable snapshot; made anew, when asked for, after a change only."""
        if self.machine.roster_changed:
            self._roster = self.machine.roster
            self.machine.roster_changed = False  # after it is there: readers without the lock look at this first
        return self._roster

    # -- settling ------------------------------------------------------------------------------------------------

    def _input(self, what: str, *arguments: object) -> None:
        now = self._clock.now()
        if self._tap is not None:
            self._tap(now, what, arguments)
        getattr(self.machine, what)(*arguments, now)
        self._settle()

    def _settle(self) -> None:
        machine = self.machine
        if machine.effects:
            self._perform()
        if machine.asides:
            asides = machine.asides[:]
            machine.asides.clear()
            self.watching.tell(asides)
        if machine.events:
            events = self._take_events()
            if self.watching.watchers:
                self.watching.tell(expand(events))
            self._deliver(events)
        if machine.settled:
            self._tell_fates()
        self._alarm.set(machine.deadlines.next_at)

    def _tell_fates(self) -> None:
        settled, self.machine.settled[:] = self.machine.settled[:], []
        for ticket, fate in settled:
            if fate is None:
                if (stored := self._sinks.get(ticket)) is not None:
                    stored.store()
                continue
            sink = self._sinks.pop(ticket, None)
            if sink is not None:
                sink.settle(fate)
        if self.on_settled is not None:
            self.on_settled()

    def _perform(self) -> None:
        """Perform effects until no more follow.

        Once a link has refused one, everything else for it in the same round is refused as well: libzmq may have
        made room meanwhile, and a later message must not overtake an earlier one.
        """
        machine, transport = self.machine, self._transport
        refused: set[int] = set()
        while machine.effects:
            effects = machine.effects[:]
            machine.effects.clear()
            for effect in effects:
                if type(effect) is Send:
                    link, frames = effect
                    if link in refused or not transport.send(link, frames):
                        refused.add(link)
                        machine.receive_report(LinkBlocked(link, frames), self._clock.now())
                elif type(effect) is OpenLink:
                    if not transport.open_link(effect.link, effect.endpoint):
                        refused.add(effect.link)  # its HELLO follows, and there is nothing to send it on
                        machine.receive_report(LinkFailed(effect.link), self._clock.now())
                elif type(effect) is AskRoom:
                    if effect.link not in refused:
                        machine.receive_report(LinkWritable(effect.link), self._clock.now())
                else:
                    self._perform_other(effect)

    def _perform_other(self, effect: Effect) -> None:
        if isinstance(effect, CloseLink):
            self._transport.close_link(effect.link, effect.flush)
        elif isinstance(effect, Probe):
            self._transport.probe(effect.link, effect.endpoint)
        elif isinstance(effect, Hasten):
            self._transport.hasten(effect.link)
        elif isinstance(effect, Broadcast):
            self._transport.broadcast(effect.payload)
        elif self._store is not None and isinstance(effect, (Keep, Discard, Mark)):
            self._store.write(effect)
        elif isinstance(effect, ListenAnew):
            self._transport.listen_anew()
