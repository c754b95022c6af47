"""Messages out: in the caller's own thread, under the node's lock, waiting for room where a peer's queue is full."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Final

from zyre.core.driver import Driver, Sink
from zyre.core.host import Life, why_not
from zyre.core.outcome import Outcome
from zyre.engine.congestion import Congestion
from zyre.identity import PeerId

__all__ = ["Sending"]

# Names of this module: on the way of every message, looking a member up in its enumeration shows.
_RUNNING: Final = Life.RUNNING
_SENT: Final = Outcome.SENT
_BLOCKED: Final = Outcome.BLOCKED


class Sending:
    """The sends of one node. Its host says by ``life`` whether they are possible, under the ``lock``."""

    def __init__(self, lock: threading.Lock, driver: Driver, congestion: Congestion, patience: float) -> None:
        self.life = Life.NEW
        self.patience = patience
        self.congestion = congestion
        self._lock = lock
        self._driver = driver

    def abandon(self, lock: threading.Lock, congestion: Congestion) -> None:
        """In a child after a fork: nobody there holds the new lock, or waits."""
        self._lock = lock
        self.congestion = congestion

    def _require_running(self, verb: str) -> None:
        if self.life is not _RUNNING:
            raise why_not(self.life, verb)

    def whisper_nowait(self, peer: PeerId, content: tuple[bytes, ...]) -> Outcome:
        """Send to one peer, or say why not."""
        with self._lock:
            if self.life is not _RUNNING:
                self._require_running("whisper")
            return self._driver.whisper(peer, content)

    def whisper(self, peer: PeerId, content: tuple[bytes, ...]) -> bool:
        """Send to one peer, waiting for room in its queue; whether it was taken."""
        with self._lock:
            if self.life is not _RUNNING:
                self._require_running("whisper")
            outcome = self._driver.whisper(peer, content)
        if outcome is _SENT:
            return True
        if outcome is _BLOCKED:
            outcome = self._retry(peer, partial(self._driver.whisper, peer, content))
        return outcome is _SENT

    def shout_nowait(self, group: str, content: tuple[bytes, ...]) -> tuple[int, tuple[PeerId, ...]]:
        """Send to a group: how many were sent to, and whose queues were full."""
        with self._lock:
            self._require_running("shout")
            return self._driver.shout(group, content)

    def shout_to_nowait(self, peer: PeerId, group: str, content: tuple[bytes, ...]) -> Outcome:
        """Send a shout to one member whose queue was full."""
        with self._lock:
            self._require_running("shout")
            return self._driver.shout_to(peer, group, content)

    def shout(self, group: str, content: tuple[bytes, ...]) -> int:
        """Send to a group, waiting for room in each member's queue; to how many it was sent."""
        sent, blocked = self.shout_nowait(group, content)
        for peer in blocked:
            outcome = self._retry(peer, partial(self._driver.shout_to, peer, group, content))
            sent += outcome is _SENT
        return sent

    def post_nowait(self, peer: PeerId, group: str, content: tuple[bytes, ...], sink: Sink) -> Outcome:
        """Send to one peer for sure, a whisper or (with a ``group``) a shout, or say why not."""
        with self._lock:
            self._require_running("shout" if group else "whisper")
            return self._driver.post(peer, group, content, sink)

    def post(self, peer: PeerId, group: str, content: tuple[bytes, ...], sink: Sink) -> Outcome:
        """The same, waiting for room for as long as the peer is here: nobody's patience ends what is to be reliable."""
        with self._lock:
            while True:
                self._require_running("shout" if group else "whisper")
                outcome = self._driver.post(peer, group, content, sink)
                if outcome is not _BLOCKED:
                    return outcome
                self.congestion.wait(None)

    def _retry(self, peer: PeerId, send: Callable[[], Outcome]) -> Outcome:
        deadline = time.monotonic() + self.patience
        with self._lock:
            while self.life is _RUNNING:
                outcome = send()
                if outcome is not _BLOCKED:
                    return outcome
                left = deadline - time.monotonic()
                if left <= 0 or not self.congestion.wait(left):
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
