"""Messages out: in the caller's own thread, under the node's lock, waiting for room where a peer's queue is full."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Final

from zyre.core.driver import Driver, Sink
from zyre.core.host import Life, why_not
from zyre.core.outcome import Outcome
from zyre.engine import clock
from zyre.engine.congestion import Congestion
from zyre.engine.engine import EngineAlarm
from zyre.engine.lanes import Lane, Lanes
from zyre.identity import PeerId
from zyre.wire.bundle import Content

__all__ = ["Sending"]

# Names of this module: on the way of every message, looking a member up in its enumeration shows.
_RUNNING: Final = Life.RUNNING
_SENT: Final = Outcome.SENT
_BLOCKED: Final = Outcome.BLOCKED

#: What waits for room when a node stops may still get some, in seconds; longer if the program says so.
_DRAIN: Final = 0.5
#: What else there is to do when a node stops has this long, in seconds.
_REST: Final = 0.1
#: So often it looks whether that has left, in seconds.
_LOOK: Final = 0.01


class Sending:
    """The sends of one node. Its host says by ``life`` whether they are possible, under the ``lock``.

    What is in the lanes was said before whatever comes next, so it leaves first.
    """

    def __init__(self, lock: threading.Lock, driver: Driver, congestion: Congestion, patience: float) -> None:
        self.life = Life.NEW
        self.patience = patience
        self.congestion = congestion
        self.alarm = EngineAlarm(self.on_alarm)
        self.lanes = Lanes(driver, self.alarm, self._on_closed_meanwhile)
        self.open_lanes, self.group_lanes = self.lanes.open, self.lanes.groups
        self._lock = lock
        self._driver = driver

    def abandon(self, lock: threading.Lock, congestion: Congestion) -> None:
        """In a child after a fork: nobody there holds the new lock, or waits."""
        self._lock = lock
        self.congestion = congestion
        self.open_lanes.clear()
        self.group_lanes.clear()

    def _require_running(self, verb: str) -> None:
        if self.life is not _RUNNING:
            raise why_not(self.life, verb)

    # -- lanes ---------------------------------------------------------------------------------------------------

    def empty_lanes(self) -> None:
        """Whoever waits from now on waits for answers to what is in the lanes, too."""
        if self.open_lanes or self.group_lanes:
            with self._lock:
                self.lanes.empty_all()

    @contextmanager
    def in_order(self) -> Iterator[None]:
        """Hold the lock, with the lanes empty: what is done now follows what was said before."""
        with self._lock:
            self.lanes.empty_all()
            yield

    def on_alarm(self) -> bool:
        """In the engine thread: what is in the lanes has waited for long enough."""
        with self._lock:
            if self.life is _RUNNING:
                self.lanes.look()
        return False

    def _on_closed_meanwhile(self, lane: Lane) -> None:
        with self._lock:
            if self.life is _RUNNING:
                self.lanes.empty(lane)
            else:  # the node was stopped just then
                self._driver.machine.counters.ledger.refuse(len(lane.pending))
                lane.pending.clear()

    # -- one message ---------------------------------------------------------------------------------------------

    def _whisper(self, peer: PeerId, content: Content) -> Outcome:
        """Under the lock."""
        lane = self.open_lanes.get(peer)
        if lane is not None:
            if lane.take(content):
                return _SENT
            if not self.lanes.empty(lane):
                return _BLOCKED
            if lane.take(content):
                return _SENT
        elif self.group_lanes and not self.lanes.clear(peer):
            return _BLOCKED
        outcome = self._driver.whisper(peer, content)
        if lane is None and outcome is _SENT:
            self.lanes.notice(peer, content)
        return outcome

    def whisper_nowait(self, peer: PeerId, content: Content) -> Outcome:
        """Send to one peer, or say why not."""
        with self._lock:
            if self.life is not _RUNNING:
                self._require_running("whisper")
            return self._whisper(peer, content)

    def whisper(self, peer: PeerId, content: Content) -> bool:
        """Send to one peer, waiting for room in its queue; whether it was taken."""
        with self._lock:
            if self.life is not _RUNNING:
                self._require_running("whisper")
            outcome = self._whisper(peer, content)
        if outcome is _SENT:
            return True
        if outcome is _BLOCKED:
            outcome = self._retry(peer, partial(self._whisper, peer, content))
        return outcome is _SENT

    def shout_nowait(self, group: str, content: Content) -> tuple[int, tuple[PeerId, ...]]:
        """Send to a group: how many were sent to, and whose queues were full."""
        with self._lock:
            self._require_running("shout")
            lane = self.group_lanes.get(group)
            if lane is not None and (lane.take(content) or (self.lanes.empty(lane) and lane.take(content))):
                return lane.members, ()
            began = clock.now()
            if self.open_lanes or self.group_lanes:
                self.lanes.empty_all()
            if self.group_lanes:
                sent, behind = self.lanes.shout_past(group, [content])
                return sent, tuple(peer for peer, _ in behind)
            reached = self._driver.shout(group, content)
            self.lanes.notice_shout(group, content, began)
            return reached

    def _shout_to(self, peer: PeerId, group: str, content: Content) -> Outcome:
        """Under the lock."""
        if not self.lanes.clear(peer):
            return _BLOCKED
        return self._driver.shout_to(peer, group, content)

    def shout_to_nowait(self, peer: PeerId, group: str, content: Content) -> Outcome:
        """Send a shout to one member whose queue was full."""
        with self._lock:
            self._require_running("shout")
            return self._shout_to(peer, group, content)

    def shout(self, group: str, content: Content) -> int:
        """Send to a group, waiting for room in each member's queue; to how many it was sent."""
        sent, blocked = self.shout_nowait(group, content)
        for peer in blocked:
            outcome = self._retry(peer, partial(self._shout_to, peer, group, content))
            sent += outcome is _SENT
        return sent

    # -- many ----------------------------------------------------------------------------------------------------

    def bundle_nowait(self, peer: PeerId, group: str, contents: Sequence[Content]) -> tuple[int, int]:
        """Send many messages to one peer; see zyre.core.host.Host."""
        with self._lock:
            self._require_running("shout" if group else "whisper")
            if not self.lanes.clear(peer):
                return 0, 0
            return self._driver.bundle(peer, group, contents)

    def shout_many_nowait(self, group: str, contents: Sequence[Content]) -> tuple[int, list[tuple[PeerId, int]]]:
        """Send many messages to a group; see zyre.core.host.Host."""
        with self._lock:
            self._require_running("shout")
            self.lanes.empty_all()
            if self.group_lanes:
                return self.lanes.shout_past(group, contents)
            return self._driver.shout_many(group, contents)

    # -- for sure ------------------------------------------------------------------------------------------------

    def post_nowait(self, peer: PeerId, group: str, content: Content, sink: Sink) -> Outcome:
        """Send to one peer for sure, a whisper or (with a ``group``) a shout, or say why not."""
        with self._lock:
            self._require_running("shout" if group else "whisper")
            return self._driver.post(peer, group, content, sink)

    def post(self, peer: PeerId, group: str, content: Content, sink: Sink) -> Outcome:
        """The same, waiting for room for as long as the peer is here: nobody's patience ends what is to be reliable."""
        with self._lock:
            while True:
                self._require_running("shout" if group else "whisper")
                outcome = self._driver.post(peer, group, content, sink)
                if outcome is not _BLOCKED:
                    return outcome
                self.congestion.wait(None)

    def keep(self, peer: PeerId, group: str, content: tuple[bytes, ...], ttl: float, sink: Sink) -> Outcome:
        """Send to one peer, and keep that on disk until its program has taken it."""
        with self._lock:
            self._require_running("shout" if group else "whisper")
            return self._driver.keep(peer, group, content, ttl, sink)

    # -- waiting for room ----------------------------------------------------------------------------------------

    def drain(self, seconds: float, deadline: float) -> None:
        """The node is about to stop: wait until what waits here for room is in libzmq's hands; for so many seconds, and
        a little at least, but not to the ``deadline``."""
        deadline = min(deadline - _REST, time.monotonic() + max(seconds, _DRAIN))
        with self.in_order():
            while self._driver.machine.has_queued and (left := deadline - time.monotonic()) > 0:
                self.congestion.wait(min(left, _LOOK))  # nobody tells that a queue is empty

    def _retry(self, peer: PeerId, send: Callable[[], Outcome]) -> Outcome:
        deadline = time.monotonic() + self.patience
        with self._lock:
            while self.life is _RUNNING:
                outcome = send()
                if outcome is not _BLOCKED:
                    return outcome
                if (left := deadline - time.monotonic()) > 0:
                    self.congestion.wait(left)  # nobody is woken for less than half a queue, so look again in any case
                else:
                    self._driver.shed(peer)
        return Outcome.ABSENT

    def shed(self, peer: PeerId) -> None:
        """Patience with a peer's full queue is over."""
        with self._lock:
            self._driver.shed(peer)

    def on_room(self, waker: Callable[[], object]) -> None:
        """Have ``waker`` called once, when some full queue has room again or the node stops."""
        with self._lock:
            self.congestion.wakers.append(waker)
            running = self.life is _RUNNING
        if not running:
            self.congestion.wake()
