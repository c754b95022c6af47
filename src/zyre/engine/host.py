"""The host of one node: its lock, its driver, its sockets, its mailbox.

    out:  host.whisper -> [lock] driver.whisper -> machine -> transport.send           all in the caller's thread
    in:   host._take_in -> [lock] driver.on_messages -> mailbox.put                    in the thread that waits in
          recv, and without one in the engine thread: see lead.py

The node's lock is held to step the machine or to touch a link, never while waiting for anything. The beacon socket is
read by the engine thread only.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from zyre.core.effects import LinkWritable, LocalityChanged, NameResolved, PeerRefused, Report
from zyre.core.host import GroupLane, Lane, Life, why_not
from zyre.core.node import NodeMachine
from zyre.core.profile import NodeProfile
from zyre.endpoint import Endpoint
from zyre.engine.congestion import Congestion
from zyre.engine.engine import EngineAlarm, shared_engine
from zyre.engine.hearing import Hearing
from zyre.engine.interfaces import Selection
from zyre.engine.lead import Lead
from zyre.engine.lifecycle import register, unregister
from zyre.engine.lookout import Lookout
from zyre.engine.names import look_up_beside
from zyre.engine.netnews import shared_news
from zyre.engine.node_gossip import NodeGossip
from zyre.engine.pacing import Pacing, one_of_each
from zyre.engine.parking import ThreadParker, spawn
from zyre.engine.probing import Prober
from zyre.engine.rendezvous import Meeting, Rendezvous
from zyre.engine.sending import Sending
from zyre.engine.transport import ZmqTransport
from zyre.engine.wiring import new_driver, new_keeping
from zyre.identity import PeerId
from zyre.roster import Roster
from zyre.statistics import Statistics

if TYPE_CHECKING:
    from zyre.engine.auth import Protection
    from zyre.engine.recorder import Recorder
    from zyre.engine.remembered import Remembered
    from zyre.engine.store import SqliteStore

__all__ = ["NodeHost"]

#: How far the last messages on the links may be ahead of the last beacon, in seconds, where peers do not know GOODBYE.
_HEAD_START = 0.02

_log = logging.getLogger("zyre")


class NodeHost:
    """The Host of one node on real sockets. Every method may be called from any thread.

    ``record`` makes the recorder of the machine's journal, if there is to be one; ``protection`` secures the node.
    """

    now = staticmethod(time.monotonic)
    new_parker = ThreadParker
    spawn = staticmethod(spawn)

    def __init__(
        self,
        profile: NodeProfile,
        interface: Selection,
        record: Callable[[NodeMachine], Recorder] | None = None,
        protection: Protection | None = None,
        join: tuple[Meeting, ...] = (),
        store: SqliteStore | None = None,
        remembered: Remembered | None = None,
    ) -> None:
        config = profile.config
        self.endpoint = ""
        self.machine = NodeMachine(profile)
        self._pacing = Pacing(config, self.attend, self._read_on, self._read, self._tell)
        self.mailbox = self._pacing.mailbox
        self._lead = Lead(self.mailbox, self._take_in, config.limits.batch)
        self.next_event = self._lead.get
        self._limits = config.limits
        self._lock = threading.Lock()
        self._congestion = Congestion(self._lock, self._relieve)
        self._prober = Prober(self._tell)
        self._inbox = -1
        self._watched: tuple[int, ...] = ()
        self._engine = shared_engine()
        self._alarm = EngineAlarm(partial(self._guarded, self._on_alarm))
        self.transport = ZmqTransport(
            profile.identity.octets,
            config,
            interface,
            profile.cluster.port,
            protection,
            on_blocked=self._congestion.on_blocked,
            on_closed=self._on_link_closed,
            on_less=self._congestion.on_less,
            on_moved=lambda locality: self._engine.call_soon(partial(self._follow, LocalityChanged(locality))),
            on_probe=self._prober.begin,
            on_refused=lambda code, address: self._report_soon(PeerRefused(code, address)),
        )
        if protection is not None:
            protection.attach(self._report_soon, lambda: self.roster)
        self.release_identity: Callable[[], object] | None = None
        self._rendezvous = Rendezvous(join, self.change, lambda: self.transport.beacons)
        self.gossip = NodeGossip(profile, protection, self.change)
        self._recorder = None if record is None else record(self.machine)
        self._keeping = new_keeping(store, self.mailbox, self._tell)
        self._driver = new_driver(self.machine, self.transport, self._alarm, self._keeping, self._recorder)
        self._driver.on_settled = self._congestion.on_settled
        self._hearing = Hearing(self._driver, self._lock, config, self._guarded)
        self._sending = Sending(self._lock, self._driver, self._congestion, config.timing.send_patience)
        self._lookout = Lookout(self._lock, self._driver, self._lead, self.mailbox)
        self._sending.alarm.ring = partial(self._guarded, self._sending.on_alarm)
        self._lead.before_wait = self._sending.empty_lanes
        timed = (self._pacing, self._lead, self._rendezvous, self._hearing.ears, self._sending)
        self._alarms = [self._alarm, *(part.alarm for part in timed), *self.transport.alarms]
        self._remembered = remembered
        if remembered is not None:
            self._alarms.append(remembered.attach(self.ask, self.change))
        if protection is not None:
            self._alarms.append(protection.alarm)
        self._lend_verbs()

    def _lend_verbs(self) -> None:
        """What others do for this host, under its name: a call through it would cost every message."""
        self.watch, self.unwatch = self._lookout.watch, self._lookout.unwatch
        self.intercept = self._lookout.intercept
        self.whisper = self._sending.whisper
        self.whisper_nowait = self._sending.whisper_nowait
        self.shout = self._sending.shout
        self.shout_nowait = self._sending.shout_nowait
        self.shout_to_nowait = self._sending.shout_to_nowait
        self.lanes: Mapping[PeerId, Lane] = self._sending.open_lanes
        self.group_lanes: Mapping[str, GroupLane] = self._sending.group_lanes
        self.bundle_nowait = self._sending.bundle_nowait
        self.shout_many_nowait = self._sending.shout_many_nowait
        self.post = self._sending.post
        self.post_nowait = self._sending.post_nowait
        self.keep = self._sending.keep
        self.shed = self._sending.shed
        self.on_room = self._sending.on_room

    # -- life ----------------------------------------------------------------------------------------------------

    @property
    def life(self) -> Life:
        """Whether it was started, and stopped."""
        return self._sending.life

    @property
    def send_patience(self) -> float:
        """Seconds that a send waits for room."""
        return self._sending.patience

    def start(self) -> None:
        """Open the sockets and announce the node. Raises NetworkError; the node is then as new."""
        with self._lock:
            if self.life is Life.RUNNING:
                return
            if self.life.over:
                raise why_not(self.life, "start")
            # Not the engine of a parent process, if the node was made before a fork.
            self._engine = self._congestion.engine = self._pacing.engine = self._prober.engine = shared_engine()
            self._engine.acquire(*self._alarms)
            try:
                self._keeping.open(self._driver.on_report)
                self._driver.start()
            except BaseException:  # Ctrl-C, too: an open socket would hold up the end of the program
                self.transport.close()
                self._keeping.close()
                self._engine.release(*self._alarms)
                raise
            self._sending.life = Life.RUNNING
            self.endpoint = self.machine.endpoint
        register(self)
        self._engine.call(self._watch)
        self._rendezvous.open(self._engine)
        if self._remembered is not None:
            self._remembered.open()
        self.gossip.announce(self.endpoint)

    def _watch(self) -> None:
        if self.life is not Life.RUNNING:
            return
        self._inbox = self.transport.inbox_descriptor
        self._lead.open(self._engine, self._inbox, self._on_inbox)
        connections = self.transport.connections
        if connections is not None:
            self._engine.watch(connections.fileno(), partial(self._guarded, self._on_connections))
            self._watched = (connections.fileno(),)
        self._hearing.open(self._engine, self.transport.beacons)
        news = shared_news(self._engine)
        news.add(self._look_around)
        self.transport.is_told = lambda: news.running

    def _look_around(self) -> None:
        """In the engine thread: this computer's networks have changed."""
        try:
            with self._lock:
                if self.life is Life.RUNNING:
                    self.transport.look_around()
        except Exception as defect:
            self._break(defect)

    def stop(self, timeout: float, drain: float = 0.0) -> None:
        """Say goodbye, close everything, end all waiting. Returns within ``timeout`` seconds; a second call is idle."""
        deadline = time.monotonic() + max(0.0, timeout)
        try:
            if self.life is Life.RUNNING:
                self._keeping.finish(timeout)
                self._sending.drain(drain, deadline)
        finally:  # also when Ctrl-C ends the waiting
            self._stop(deadline, drain)

    def _stop(self, deadline: float, drain: float) -> None:
        if self._remembered is not None:
            self._remembered.close()
        with self._lock:
            if (was := self.life) is not Life.FORKED:
                self._sending.life = Life.STOPPED
            overtaking = was is Life.RUNNING and self.machine.has_plain_peers
            if was is Life.RUNNING:
                self._sending.lanes.give_up()
                self.transport.flush_within(drain)
                self._driver.stop()
            self._congestion.release()
        self.mailbox.close()
        self._lookout.end(self.mailbox.defect)
        self._rendezvous.close()
        self.gossip.close(deadline - time.monotonic())
        if was is Life.RUNNING:
            unregister(self)
            try:
                self._engine.call(self._unwatch, deadline - time.monotonic())
                self._lead.finish(threading.get_ident(), max(0.0, deadline - time.monotonic()))
                if overtaking:
                    time.sleep(min(max(0.0, deadline - time.monotonic()), _HEAD_START))
            finally:  # also when Ctrl-C ends the waiting
                self._engine.call(self._close, deadline - time.monotonic())
                self._keeping.wait_closed(deadline - time.monotonic())
        elif was is Life.NEW:
            self._end_records()
        self._congestion.wake()

    def stop_at_exit(self, timeout: float) -> None:
        """Stop at the end of the program: only daemon threads may still wait here, and they are to end silently."""
        self.mailbox.close(SystemExit())
        self.stop(timeout)

    def _end_records(self) -> None:
        """Nothing more is written of this node, and its identity may be another's."""
        if self.release_identity is not None:
            self.release_identity()
        if self._recorder is not None:
            self._recorder.close()
        self._keeping.close()

    def _unwatch(self) -> None:
        self._lead.close()
        self._congestion.unwatch()
        self._prober.close()
        self._hearing.close()
        shared_news(self._engine).remove(self._look_around)
        for descriptor in self._watched:
            self._engine.unwatch(descriptor)

    def _close(self) -> None:
        """In the engine thread, however long ``stop`` could wait for it: nobody may read a socket that is being closed,
        and a descriptor must not be given back while it is watched, because it may be somebody else's soon."""
        with self._lock:
            self._driver.farewell()
            self.transport.close()
            self._lead.release()
            self._end_records()
        self._engine.release(*self._alarms)

    def stop_soon(self) -> None:
        """Stop without waiting, in the engine thread: for a garbage collector that may run anywhere."""
        if self.life is Life.RUNNING or self.gossip.running:
            self._engine.call_soon(partial(self.stop, 0.0))

    def abandon(self) -> None:
        """In a child after a fork: the node is the parent's. Nothing is said to its peers here, and nothing read."""
        self._sending.life = Life.FORKED
        self._lock = threading.Lock()  # a thread that does not exist here may have held it
        self._congestion = Congestion(self._lock, self._relieve)
        self._sending.abandon(self._lock, self._congestion)
        self._lead.abandon()
        self._lookout.abandon(self._lock)
        self.transport.abandon()
        self._prober.abandon()
        self.mailbox.abandon()
        if self._recorder is not None:
            self._recorder.abandon()
        self._keeping.abandon()

    def attend(self) -> None:
        """Somebody waits here: a loop reads for itself."""
        self._sending.empty_lanes()
        self._lead.on_wait()

    # -- verbs ---------------------------------------------------------------------------------------------------

    def change(self, verb: str, *arguments: object) -> None:
        """Join, leave, contest, connect, set_header, and what the parts offer. Allowed before the start, and then part
        of the first HELLO."""
        with self._sending.in_order():
            if self.life.over:
                raise why_not(self.life, verb)
            self._driver.change(verb, *arguments)
        if verb == "connect" and isinstance(arguments[0], Endpoint) and arguments[0].is_tcp:
            look_up_beside(arguments[0].host, lambda host, addresses: self._report(NameResolved(host, addresses)))

    def _report(self, report: Report) -> None:
        """Tell the machine what was found out beside it, unless it is too late."""
        with self._lock:
            if not self.life.over:
                self._driver.on_report(report)

    def _report_soon(self, report: Report) -> None:
        """In any thread, with or without the lock."""
        self._engine.call_soon(partial(self._report, report))

    def _follow(self, change: LocalityChanged) -> None:
        self._hearing.follow()
        self._report(change)
        self.endpoint = self.machine.endpoint
        self.gossip.announce(self.endpoint)
        self._lead.nudge()

    # -- questions -----------------------------------------------------------------------------------------------

    @property
    def roster(self) -> Roster:
        """Who is here; needs the lock only if somebody came or went since it was last asked."""
        if (current := self._driver.roster_if_current) is not None:
            return current
        with self._lock:
            return self._driver.roster

    def ask(self, question: str, *arguments: object) -> Any:
        """What the machine answers."""
        with self._sending.in_order():
            return self.machine.answer(question, arguments)

    def statistics(self) -> Statistics:
        """What was counted since the start."""
        beacons = self.transport.beacons
        with self._sending.in_order():
            counted = self.machine.statistics(
                unread=len(self.mailbox),
                mailbox_dropped=self.mailbox.dropped,
                beacons_sent=0 if beacons is None else beacons.sent,
                beacons_failed=0 if beacons is None else beacons.failed,
            )
        dropped = {"datagram": beacons.dropped} if beacons is not None and beacons.dropped else {}
        return replace(counted, failures={**counted.failures, **dropped})

    # -- in the engine thread ------------------------------------------------------------------------------------

    def _guarded(self, callback: Callable[[], int]) -> int:
        """A defect of ours ends this node, and tells its readers; the engine and the other nodes go on."""
        try:
            return callback()
        except Exception as defect:
            self._break(defect)
            return False

    def _break(self, defect: Exception) -> None:
        _log.exception("a defect of zyre broke the node %s", self.machine.name)
        self.mailbox.close(defect)
        self._engine.call_soon(partial(self.stop, 0.0))

    def _on_inbox(self) -> bool:
        """The inbox is readable; if a reader leads, it reads."""
        return not self._pacing.paused and self._read()

    def _read(self) -> bool:
        if self.life is not Life.RUNNING or not self._lead.reading.acquire(False):
            return False
        try:
            return self._take_in(self._limits.batch) > 0 and not self.transport.drained
        finally:
            self._lead.reading.release()

    def _take_in(self, limit: int) -> int:
        """Read messages and hand them in; by the engine thread, or by a reader that leads."""
        try:
            if self._pacing.paused:
                messages = one_of_each(self.transport.receive, limit, self._limits.batch_octets)
            else:
                messages = self.transport.receive(limit)
            if messages:
                greeters = self.transport.greeters
                with self._lock:
                    while greeters:
                        self._driver.on_greeter(greeters.pop(0))
                    self._driver.on_messages(messages)
                self._pacing.look()
            return len(messages)
        except Exception as defect:
            self._break(defect)
            return 0

    def _on_connections(self) -> bool:
        assert self.transport.connections is not None
        lost, more = self.transport.connections.take_lost(self._limits.batch)
        for report in lost:
            self._tell(report)
        return more

    def _tell(self, report: Report) -> None:
        try:
            self._report(report)
        except Exception as defect:
            self._break(defect)

    def _on_link_closed(self, link: int) -> None:
        self._congestion.on_closed(link)
        self._prober.forget(link)

    def _on_alarm(self) -> bool:
        self._hearing.ears.catch_up()
        with self._lock:
            if self.life is Life.RUNNING:
                self._driver.on_alarm()
        return False

    def _read_on(self) -> None:
        if self.life is Life.RUNNING:
            self._engine.poke(self._inbox)

    def _relieve(self, link: int) -> bool:
        """Under the lock: if a full link has room, tell the machine."""
        try:
            writable = bool(self.transport.is_writable(link))
            if writable:
                self._driver.on_report(LinkWritable(link))
            return writable
        except Exception as defect:
            self._break(defect)
            return False
