"""Virtual time: an agenda of things to do, done in order; nobody waits for anything."""

from __future__ import annotations

import heapq
from collections.abc import Callable

from zyre.core.timers import NEVER

__all__ = ["Agenda", "SimAlarm"]


class Agenda:
    """The clock of a simulated world. Actions of the same moment are done in the order in which they were planned."""

    def __init__(self) -> None:
        self._now = 0.0
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._planned = 0

    def now(self) -> float:
        """Seconds since the world began."""
        return self._now

    def at(self, when: float, action: Callable[[], None]) -> None:
        """Plan an action."""
        self._planned += 1
        heapq.heappush(self._heap, (max(when, self._now), self._planned, action))

    def run_until(self, end: float) -> None:
        """Do everything that is planned until ``end``, then let it be ``end``."""
        while self._heap and not end < self._heap[0][0]:
            self._now, _, action = heapq.heappop(self._heap)
            action()
        self._now = end


class SimAlarm:
    """The Alarm port on an agenda. An entry that was superseded does nothing when it comes up."""

    def __init__(self, agenda: Agenda, ring: Callable[[], None]) -> None:
        self._agenda = agenda
        self._ring = ring
        self._deadline = NEVER

    def set(self, deadline: float) -> None:
        """Move the deadline."""
        if deadline == self._deadline:
            return
        self._deadline = deadline
        if deadline < NEVER:
            self._agenda.at(deadline, lambda: self._come_up(deadline))

    def _come_up(self, deadline: float) -> None:
        if deadline == self._deadline:
            self._deadline = NEVER
            self._ring()
