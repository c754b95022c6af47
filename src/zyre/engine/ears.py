"""When a node reads its beacons: at once where few come, and a handful at a time where many do.

Each beacon that wakes the engine costs a hundred times what it costs to read one more. So where they follow each other
closely the node dozes for a moment after each reading; what comes meanwhile waits in the kernel.

Where the kernel tells news from what is expected (see sieve.py), only news wakes the engine. The rest says that those
who are here are still here: it is read now and then, and before anybody's silence is looked at.

News of one is news to all, and each of them answers it by a connection and a HELLO. So that these do not come to a
newcomer all at once, nor all at once take a computer that they share, those who are many read news one after the other:
each knows its turn by how many beacons come before its own in alphabetical order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

from zyre.core.timers import NEVER
from zyre.engine import clock
from zyre.engine.engine import Engine, EngineAlarm

__all__ = ["Ears", "delay_of", "patience_of"]

#: So many datagrams in this time, in seconds, are too many: those of forty nodes, or of fewer that are heard in more
#: ways than one. A few nodes that start at the same moment are fewer, and are to meet at once.
_MANY: Final = 40
_SOON: Final = 1.0
#: So long the next one waits then, in seconds. Nobody is found later by more than this.
_DOZE: Final = 0.08
#: Expected beacons wait for this share of the time after which who is silent is asked: one may be lost without that.
_SHARE_OF_ASK: Final = 0.4
#: So many of them may wait, and no more: the kernel's buffer has room for twice as many, however large their frames.
_MOST_WAITING: Final = 100
#: What was read within this share of that time is recent enough to look at somebody's silence.
_RECENT: Final = 0.5
#: Seconds between the answers of two to the same news: about what one of them takes a busy computer of two cores.
_TURN: Final = 0.0009
#: In seconds, all of them together, at the most; and what is shorter than the least is not waited for.
_MOST_DELAY: Final = 0.08
_LEAST_DELAY: Final = 0.002


def patience_of(ask: float, beacon: float, peers: int) -> float:
    """How long expected beacons may wait, in seconds: each of so many peers says one in ``beacon``, and is asked after
    ``ask`` of silence."""
    return min(_SHARE_OF_ASK * ask, beacon * _MOST_WAITING / max(1, peers))


def delay_of(peers: int, before: int) -> float:
    """How long news waits at a node with so many peers, of whom so many answer before it, in seconds."""
    delay = min(_TURN * peers, _MOST_DELAY) * before / max(1, peers)
    return 0.0 if delay < _LEAST_DELAY else delay


class Ears:
    """The listening of one node, in the engine thread. ``take_in()`` reads ``batch`` or a little more from all of its
    descriptors, and returns how many of them were news."""

    def __init__(self, take_in: Callable[[], int], batch: int) -> None:
        self.alarm = EngineAlarm(self._on_alarm)
        self.patience = NEVER
        """What no descriptor tells of is read at least once in this time, in seconds."""
        self.delay = 0.0
        """So long news waits, in seconds, until it is our turn."""
        self._take_in = take_in
        self._batch = batch
        self._engine: Engine | None = None
        self._descriptors: tuple[int, ...] = ()
        self._dozing = False
        self._unasked = 0
        """So many of the next calls come because we watch anew, and not because there is anything to read."""
        self._read_at = -NEVER
        self._heard: deque[float] = deque((-NEVER,) * _MANY, _MANY)
        """When the last news was read."""

    def open(self, engine: Engine, descriptors: Iterable[int]) -> None:
        """Begin to listen."""
        self._engine = engine
        self._descriptors = tuple(descriptors)
        self._watch()

    def use(self, descriptors: Iterable[int]) -> None:
        """Listen at these from now on."""
        if self._engine is not None and self._descriptors != tuple(descriptors):
            self._unwatch()
            self._descriptors = tuple(descriptors)
            self._watch()

    def _watch(self) -> None:
        self._dozing = False
        self.alarm.set(clock.now() + self.patience)
        if self._engine is not None:
            self._unasked = len(self._descriptors)
            for descriptor in self._descriptors:
                self._engine.watch(descriptor, self._on_readable)

    def _unwatch(self) -> None:
        if self._engine is not None:
            for descriptor in self._descriptors:
                self._engine.unwatch(descriptor)

    def close(self) -> None:
        """Listen no more."""
        self.alarm.set(NEVER)
        self._unwatch()
        self._engine = None

    def catch_up(self) -> None:
        """Somebody's silence may be looked at now: read what was said, if that was not done a moment ago."""
        if self._engine is not None and not clock.now() < self._read_at + _RECENT * self.patience:
            self._read()
            if not self._dozing:
                self.alarm.set(self._read_at + self.patience)

    def _on_readable(self) -> bool:
        if self._unasked:
            self._unasked -= 1
            return False
        if self._dozing:  # the news of another descriptor has come with that of the one before
            return False
        if self.delay:
            self._unwatch()
            self._doze(clock.now() + self.delay)
            return False
        taken = self._read()
        if taken >= self._batch:
            return True
        if taken and self._is_busy:
            self._unwatch()
            self._doze(self._read_at + _DOZE)
        else:
            self.alarm.set(self._read_at + self.patience)
        return False

    @property
    def _is_busy(self) -> bool:
        """Whether much has come lately."""
        return self._engine is not None and self._read_at < self._heard[0] + _SOON

    def _read(self) -> int:
        taken = self._take_in()
        self._read_at = clock.now()
        self._heard.extend((self._read_at,) * min(taken, _MANY))
        return taken

    def _doze(self, until: float) -> None:
        self._dozing = True
        self.alarm.set(min(until, self._read_at + self.patience))

    def _on_alarm(self) -> None:
        """Read, and doze on if much comes. What is left after a full batch is read with the next turn."""
        if self._engine is None:
            return
        taken = self._read()
        if not self._dozing:
            self.alarm.set(self._read_at + self.patience)
        elif 0 < taken < self._batch and self._is_busy:
            self._doze(self._read_at + _DOZE)
        else:
            self._watch()
