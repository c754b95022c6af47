"""The host of one simulated node: what engine/host.py is to a real one, without locks, because nothing is concurrent.

Faults of the process are here: it can stall (its clock runs on, it does nothing) and die.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any

from zyre.core.driver import Driver, Sink, Tap
from zyre.core.effects import LocalityChanged, Pressure, Report, Taken
from zyre.core.host import GroupLane, Interceptor, Lane, Life, Waker
from zyre.core.node import NodeMachine
from zyre.core.outcome import Outcome
from zyre.core.profile import NodeProfile
from zyre.core.watching import Watcher
from zyre.errors import NetworkError, NodeNotStarted, NodeStopped
from zyre.events import DurableShout, DurableWhisper, Event
from zyre.identity import PeerId
from zyre.roster import Roster
from zyre.sim.box import Box
from zyre.sim.clock import SimAlarm
from zyre.sim.hearing import Hearing
from zyre.sim.mailbox import SimMailbox
from zyre.sim.network import Network
from zyre.sim.store import SimStore
from zyre.sim.tasks import Baton, SimParker, Task
from zyre.sim.transport import SimTransport
from zyre.statistics import Statistics
from zyre.wire.bundle import Content

__all__ = ["SimHost"]


class SimHost:
    """See zyre.core.host.Host. ``on_events`` hears every event as it is delivered, before the application does."""

    __slots__ = (
        "_alarm_missed", "_baton", "_on_events", "_room_wakers", "_tasks", "box", "driver", "endpoint", "group_lanes",
        "lanes", "life", "machine", "mailbox", "name", "next_event", "on_datagrams", "on_greeter", "on_messages",
        "profile", "ready", "send_patience", "stalled", "store", "transport",
    )  # fmt: skip

    def __init__(
        self,
        network: Network,
        box: Box,
        baton: Baton,
        profile: NodeProfile,
        interface: str | None,
        on_events: Callable[[SimHost, list[Event]], None],
        tap: Tap | None = None,
        store: SimStore | None = None,
    ) -> None:
        self.store = store
        self.profile = profile
        self.name = profile.name
        self.box = box
        self.life = Life.NEW
        self.endpoint = ""
        self.send_patience = profile.config.timing.send_patience
        self.machine = NodeMachine(profile)
        self.stalled = False
        self.lanes: Mapping[PeerId, Lane] = MappingProxyType({})
        self.group_lanes: Mapping[str, GroupLane] = MappingProxyType({})
        self.ready = False
        """Whether the process takes anything in: it runs, and is not stalled."""
        self._baton = baton
        self._on_events = on_events
        self._room_wakers: list[Waker] = []
        self._tasks: list[Task] = []
        self.mailbox = SimMailbox(
            profile.config.limits, baton.agenda.now, baton.new_parker, self._on_pressure, self._on_taken
        )
        self.mailbox.sheds_oldest = profile.config.when_full == "drop_oldest"
        self.next_event = self.mailbox.get
        self.transport = SimTransport(
            network, box, profile.identity.octets, profile.config.limits, profile.cluster.port, interface
        )
        self.transport.host = self
        self.transport.wanted_port = profile.config.peer_port
        self.transport.advertise = profile.config.advertise
        if tap is None:  # nobody wants to see every datagram
            self.transport.hearing = Hearing(network, box, profile.cluster.port, profile.config.timing)
            self.machine.vigil.attend(self.transport.hearing)
        self._alarm_missed = False
        self.driver = Driver(
            self.machine,
            transport=self.transport,
            clock=box.clock,
            alarm=SimAlarm(baton.agenda, box.clock, self._on_alarm),
            deliver=self._deliver,
            tap=tap,
            store=store,
        )
        self.driver.on_settled = self._wake_room
        self.on_datagrams = self.driver.on_datagrams
        self.on_messages = self.driver.on_messages
        self.on_greeter = self.machine.on_greeter if tap is None else self.driver.on_greeter
        if self.transport.hearing is not None:
            self.transport.hearing.hand_back = self.driver.on_unheard

    def _deliver(self, events: list[Event]) -> None:
        self._on_events(self, events)
        self.mailbox.put(events)

    def hear_each(self) -> None:
        """Before the start: be handed every single beacon, because somebody wants to see the driver's inputs."""
        self.transport.hearing = None
        self.machine.vigil.attend(None)

    # -- life ----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Appear on the network."""
        if self.life is Life.STOPPED:
            raise NodeStopped("start")
        if self.life is Life.NEW:
            self.life = Life.RUNNING
            self.ready = not self.stalled
            try:
                if self.store is not None:
                    self.driver.on_report(self.store.open(self.on_report))
                self.driver.start()
            except NetworkError:  # nothing is open, and it may be tried again
                self.life, self.ready = Life.NEW, False
                raise
            self.endpoint = self.machine.endpoint

    def stop(self, timeout: float = 0.0, drain: float = 0.0) -> None:
        """Leave politely."""
        if self.life is Life.RUNNING:
            if self.store is not None:
                self.store.flush()
            self.life = Life.STOPPED
            self.driver.stop()
            self.driver.farewell()
            self.transport.close()
        self.life = Life.STOPPED
        self._end()

    def kill(self) -> None:
        """The process dies without a word, and with it what runs for it beside the programs."""
        for task in self._tasks:
            task.kill()
        if self.life is Life.RUNNING:
            self.transport.close()
        if self.store is not None:
            self.store.crash()
        self.life = Life.STOPPED
        self._end()

    def _end(self) -> None:
        self.ready = False
        self.mailbox.close()
        self._wake_room()
        self.driver.watching.end(None)
        if self.mailbox.interceptor is not None:
            self.mailbox.interceptor.ended(None)

    def intercept(self, interceptor: Interceptor) -> None:
        """Have one's own events taken out."""
        self.mailbox.interceptor = interceptor

    def watch(self, watcher: Watcher, question: str, *arguments: object) -> None:
        """Let a watcher begin."""
        self.driver.watch(watcher, question, arguments)
        if self.life is Life.STOPPED:
            self.driver.watching.end(None)

    def unwatch(self, watcher: Watcher) -> None:
        """Let it hear nothing more."""
        self.driver.watching.remove(watcher)

    def attend(self) -> None:
        """Somebody waits; what comes is taken in anyway."""

    def spawn(self, job: Callable[[], object]) -> bool:
        """Run something that may wait, in virtual time."""
        self._tasks = [task for task in self._tasks if not task.finished]
        self._tasks.append(self._baton.spawn(f"{self.name}-service", job))
        return True

    def stop_soon(self) -> None:
        """A simulated node that nobody holds any more goes on: the world holds it."""

    def stall(self) -> None:
        """The process does not run, as under SIGSTOP or a busy machine."""
        self.transport.settle()
        self.stalled = True
        self.ready = False

    def resume(self) -> None:
        """The process runs again, and takes in what has waited for it."""
        self.stalled = False
        if self.life is not Life.RUNNING:
            return
        self.ready = True
        self.transport.wake()
        if self._alarm_missed:
            self._alarm_missed = False
            self.driver.on_alarm()

    # -- what comes in -------------------------------------------------------------------------------------------

    def on_report(self, report: Report) -> None:
        """A link has room again."""
        if self.life is Life.RUNNING:
            self.driver.on_report(report)
            self._wake_room()

    def _on_pressure(self, high: bool) -> None:
        """The application reads too slowly, or does not any more; the driver may be at work just now."""
        agenda = self._baton.agenda
        agenda.at(agenda.now(), lambda: self.on_report(Pressure(high)))

    def _on_taken(self, event: DurableWhisper | DurableShout) -> None:
        self.on_report(Taken(event.peer, event.stream, event.number))

    def on_locality(self) -> None:
        """The box's addresses changed."""
        if self.life is Life.RUNNING:
            self.driver.on_report(LocalityChanged(self.transport.locality()))

    def _on_alarm(self) -> None:
        if self.ready:
            self.driver.on_alarm()
        else:
            self._alarm_missed = True

    # -- verbs ---------------------------------------------------------------------------------------------------

    def now(self) -> float:
        """The time of the world: an application's timeouts are not what a simulation is about."""
        return self._baton.agenda.now()

    def new_parker(self) -> SimParker:
        """A way to wait in virtual time."""
        return self._baton.new_parker()

    def _require_running(self, verb: str) -> None:
        if self.life is not Life.RUNNING:
            raise (NodeNotStarted if self.life is Life.NEW else NodeStopped)(verb)

    def change(self, verb: str, *arguments: object) -> None:
        """Join, leave, contest, connect, set_header, and what the parts offer."""
        if self.life is Life.STOPPED:
            raise NodeStopped(verb)
        self.driver.change(verb, *arguments)

    def whisper_nowait(self, peer: PeerId, content: tuple[bytes, ...]) -> Outcome:
        """Send to one peer, or say why not."""
        self._require_running("whisper")
        return self.driver.whisper(peer, content)

    def whisper(self, peer: PeerId, content: tuple[bytes, ...]) -> bool:
        """Send to one peer, waiting for room in virtual time; whether it was taken."""
        return self._retry(peer, partial(self.whisper_nowait, peer, content)) is Outcome.SENT

    def shout_nowait(self, group: str, content: tuple[bytes, ...]) -> tuple[int, tuple[PeerId, ...]]:
        """Send to a group: how many were sent to, and whose queues were full."""
        self._require_running("shout")
        return self.driver.shout(group, content)

    def shout_to_nowait(self, peer: PeerId, group: str, content: tuple[bytes, ...]) -> Outcome:
        """Send a shout to one member whose queue was full."""
        self._require_running("shout")
        return self.driver.shout_to(peer, group, content)

    def shout(self, group: str, content: tuple[bytes, ...]) -> int:
        """Send to a group, waiting for room; to how many it was sent."""
        sent, blocked = self.shout_nowait(group, content)
        for peer in blocked:
            sent += self._retry(peer, partial(self.shout_to_nowait, peer, group, content)) is Outcome.SENT
        return sent

    def bundle_nowait(self, peer: PeerId, group: str, contents: Sequence[Content]) -> tuple[int, int]:
        """Send many messages to one peer: see Driver.bundle."""
        self._require_running("shout" if group else "whisper")
        return self.driver.bundle(peer, group, contents)

    def shout_many_nowait(self, group: str, contents: Sequence[Content]) -> tuple[int, list[tuple[PeerId, int]]]:
        """Send many messages to a group: see Driver.shout_many."""
        self._require_running("shout")
        return self.driver.shout_many(group, contents)

    def post_nowait(self, peer: PeerId, group: str, content: tuple[bytes, ...], sink: Sink) -> Outcome:
        """Send to one peer for sure, or say why not."""
        self._require_running("whisper")
        return self.driver.post(peer, group, content, sink)

    def post(self, peer: PeerId, group: str, content: tuple[bytes, ...], sink: Sink) -> Outcome:
        """The same, waiting for room in virtual time for as long as the peer is here."""
        while (outcome := self.post_nowait(peer, group, content, sink)) is Outcome.BLOCKED:
            parker = self.new_parker()
            self.on_room(parker.wake)
            parker.park(None)
        return outcome

    def keep(self, peer: PeerId, group: str, content: tuple[bytes, ...], ttl: float, sink: Sink) -> Outcome:
        """Send to one peer, and keep that in the store until its program has taken it."""
        self._require_running("whisper")
        return self.driver.keep(peer, group, content, ttl, sink)

    def _retry(self, peer: PeerId, send: Callable[[], Outcome]) -> Outcome:
        end = self.now() + self.send_patience
        while (outcome := send()) is Outcome.BLOCKED:
            parker = self.new_parker()
            self.on_room(parker.wake)
            if not parker.park(max(0.0, end - self.now())):
                self.shed(peer)
        return outcome

    def shed(self, peer: PeerId) -> None:
        """Patience with a peer's full queue is over."""
        self.driver.shed(peer)

    def on_room(self, waker: Waker) -> None:
        """Have ``waker`` called once, when some full queue has room again or the node stops."""
        self._room_wakers.append(waker)

    def _wake_room(self) -> None:
        wakers, self._room_wakers = self._room_wakers, []
        for waker in wakers:
            waker()

    # -- questions -----------------------------------------------------------------------------------------------

    @property
    def roster(self) -> Roster:
        """Who is here."""
        return self.driver.roster

    def ask(self, question: str, *arguments: object) -> Any:
        """What the machine answers."""
        return self.machine.answer(question, arguments)

    def statistics(self) -> Statistics:
        """What was counted."""
        found = self.machine.statistics(
            unread=len(self.mailbox),
            mailbox_dropped=self.mailbox.dropped,
            beacons_sent=self.transport.beacons_sent,
            beacons_failed=0,
        )
        hearing = self.transport.hearing
        return found if hearing is None else replace(found, beacons_received=found.beacons_received + hearing.noted)
