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

#: So many datagrams in this time, in seconds, are too many: those of forty nodes, or of fewer that are heard in more
#: ways than one. A few nodes that start at the same moment are fewer, and are to meet at once.
_MANY: Final = 40
_SOON: Final = 1.0
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
        self._heard: deque[float] = deque((-NEVER,) * _MANY, _MANY)
        """When the last datagrams were read."""

    def open(self, engine: Engine, descriptors: Iterable[int]) -> None:
        """Begin to listen."""
        self._engine = engine
        self._descriptors = tuple(descriptors)
        self._watch()

    def use(self, descriptors: Iterable[int]) -> None:
        """Listen at these from now on."""
        if self._engine is not None and self._descriptors != tuple(descriptors):
            self._unwatch()
            self.alarm.set(NEVER)
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
        taken = self._read()
        if taken >= self._batch:
            return True
        if taken and self._engine is not None and clock.now() < self._heard[0] + _SOON:
            self._unwatch()
            self._doze()
        return False

    def _read(self) -> int:
        taken = self._take_in()
        self._heard.extend((clock.now(),) * min(taken, _MANY))
        return taken

    def _doze(self) -> None:
        self.alarm.set(clock.now() + _DOZE)

    def _on_doze_over(self) -> None:
        """Read, and doze on if that was worth while. What is left after a full batch is read with the next turn."""
        if self._engine is None:
            return
        if 0 < self._read() < self._batch:
            self._doze()
        else:
            self._watch()
