"""When a node reads its beacons: at once where few come, and a handful at a time where many do.

Each beacon that wakes the engine costs a hundred times what it costs to read one more. So where they follow each other
closely the node dozes for a moment after each reading; what comes meanwhile waits in the kernel.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

from zyre.core.timers import NEVER
from zyre.engine import clock
from zyre.engine.engine import Engine, EngineAlarm

__all__ = ["Ears"]

#: So many readings in this time, in seconds, are too many: those of forty nodes, or of a dozen that are heard in more
#: ways than one. A few nodes that start at the same moment are fewer, and are to meet at once.
_MANY: Final = 20
_SOON: Final = 0.5
#: So long the next one waits then, in seconds. Nobody is found later by more than this.
_DOZE: Final = 0.08


class Ears:
    """The listening of one node, in the engine thread. ``take_in()`` reads ``batch`` or a little more from all of its
    descriptors, and returns how many."""

    def __init__(self, take_in: Callable[[], int], batch: int) -> None:
        self.alarm = EngineAlarm(self._on_doze_over)
        self._take_in = take_in
        self._batch = batch
        self._engine: Engine | None = None
        self._descriptors: tuple[int, ...] = ()
        self._readings: deque[float] = deque((-NEVER,) * _MANY, _MANY)
        """When the last ones were."""

    def open(self, engine: Engine, descriptors: Iterable[int]) -> None:
        """Begin to listen."""
        self._engine = engine
        self._descriptors = tuple(descriptors)
        self._watch()

    def _watch(self) -> None:
        if self._engine is not None:
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

    def _on_readable(self) -> bool:
        taken = self._take_in()
        if taken >= self._batch:
            return True
        if not taken:
            return False
        now = clock.now()
        self._readings.append(now)
        if self._engine is not None and now < self._readings[0] + _SOON:
            self._unwatch()
            self.alarm.set(now + _DOZE)
        return False

    def _on_doze_over(self) -> None:
        """Read, and doze on if that was worth while. What is left after a full batch is read with the next turn."""
        if self._engine is None:
            return
        taken = self._take_in()
        if 0 < taken < self._batch:
            self.alarm.set(clock.now() + _DOZE)
        else:
            self._watch()
