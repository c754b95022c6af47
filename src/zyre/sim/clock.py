"""Virtual time: one agenda for a world, and clocks that disagree with it as real ones do."""

from __future__ import annotations

import heapq
from collections.abc import Callable

from zyre.core.timers import NEVER

__all__ = ["Agenda", "BoxClock", "SimAlarm"]


_HAIR = 1e-9
_LAST = 1 << 62


class Agenda:
    """What is going to happen, in order. Of the same moment, alarms come first, in the order in which they were made,
    and then everything else in the order in which it was planned."""

    __slots__ = (
        "_alarms",
        "_heap",
        "_planned",
        "done",
        "time",
    )

    def __init__(self) -> None:
        self.done = 0
        """How many actions were done: the cost of a simulation is a multiple of it."""
        self.time = 0.0
        """Seconds since the world began; the same as now(), without the call."""
        self._heap: list[tuple[float, int, int, Callable[[], object]]] = []
        self._planned = 0
        self._alarms = 0

    def now(self) -> float:
        """Seconds since the world began."""
        return self.time

    def at(self, when: float, action: Callable[[], object], rank: int = _LAST) -> None:
        """Plan an action; what should have happened already happens next. ``rank`` is from ``new_rank``."""
        self._planned += 1
        heapq.heappush(self._heap, (when if when > self.time else self.time, rank, self._planned, action))

    def new_rank(self) -> int:
        """A place of its own among the things of the same moment: for alarms, because how often one was planned
        before must not matter."""
        self._alarms += 1
        return self._alarms

    @property
    def next_at(self) -> float:
        """When something happens next; infinity for never."""
        return self._heap[0][0] if self._heap else NEVER

    def step(self) -> None:
        """Do the next action, whenever it is."""
        self.time, _, _, action = heapq.heappop(self._heap)
        self.done += 1
        action()

    def run_until(self, end: float) -> None:
        """Do everything that is planned until ``end``, then let it be ``end``."""
        heap = self._heap
        while heap and not end < heap[0][0]:
            self.time, _, _, action = heapq.heappop(heap)
            self.done += 1
            action()
        self.time = max(self.time, end)


class BoxClock:
    """The monotonic clock of a simulated computer: begins anywhere, runs a little fast or slow, and may stand still
    while the computer is suspended. (A monotonic clock never goes back; jumps of the wall clock do not reach it.)"""

    __slots__ = (
        "_agenda",
        "alarms",
        "base",
        "before_change",
        "offset",
        "rate",
    )

    def __init__(self, agenda: Agenda, offset: float = 0.0, rate: float = 1.0) -> None:
        self._agenda = agenda
        self.offset = offset
        self.base = agenda.now()
        """When, in the world's time, it showed ``offset``."""
        self.rate = rate
        self.before_change: Callable[[], object] = lambda: None
        """Called before it shows anything but what follows from these three."""
        self.alarms: list[SimAlarm] = []
        """Those that go by it."""

    def now(self) -> float:
        """Seconds as this computer counts them."""
        return self.offset + (self._agenda.time - self.base) * self.rate

    def at(self, moment: float) -> float:
        """What it showed at a moment of the world's time since its last change."""
        return self.offset + (moment - self.base) * self.rate

    def to_world(self, deadline: float) -> float:
        """When, in the world's time, this clock will show ``deadline``."""
        if deadline == NEVER:
            return NEVER
        return self.base + (deadline - self.offset) / self.rate

    def set_rate(self, rate: float) -> None:
        """Run faster or slower from now on; no jump."""
        self.before_change()
        self._show(self.now(), rate)

    def _show(self, offset: float, rate: float) -> None:
        self.offset, self.base, self.rate = offset, self._agenda.now(), rate
        for alarm in self.alarms:
            alarm.plan_again()

    def jump(self, seconds: float) -> None:
        """Show a later time from now on, as after a suspend on systems whose clock counts that."""
        self.before_change()
        self._show(self.now() + seconds, self.rate)

    def stand_still_since(self, moment: float) -> None:
        """Take back what has passed in the world since ``moment``, as after a suspend on systems that do not."""
        self.before_change()
        self._show(self.at(moment), self.rate)


class SimAlarm:
    """The Alarm port on an agenda. An entry that was superseded does nothing when it comes up."""

    __slots__ = ("_agenda", "_clock", "_deadline", "_planned_at", "_rank", "_ring")

    def __init__(self, agenda: Agenda, clock: BoxClock, ring: Callable[[], None]) -> None:
        self._agenda = agenda
        self._rank = agenda.new_rank()
        self._clock = clock
        clock.alarms.append(self)
        self._ring = ring
        self._deadline = NEVER
        self._planned_at = NEVER

    def set(self, deadline: float) -> None:
        """Move the deadline. A later one is planned when the earlier entry comes up, so moving back costs nothing."""
        if deadline != self._deadline:
            self._deadline = deadline
            self.plan_again()

    def plan_again(self) -> None:
        """The deadline moved, or the clock was changed."""
        if self._deadline != NEVER:
            when = self._clock.to_world(self._deadline)
            if when < self._planned_at:
                self._plan(when)

    def _plan(self, when: float) -> None:
        # Never at this very moment: rounding could make the clock show a hair less than the deadline for ever.
        self._planned_at = max(when, self._agenda.time + _HAIR)
        self._agenda.at(self._planned_at, self._come_up, self._rank)

    def _come_up(self) -> None:
        if self._agenda.time < self._planned_at:  # an entry from before the deadline moved forward
            return
        self._planned_at = NEVER
        if self._deadline == NEVER:
            return
        when = self._clock.to_world(self._deadline)
        if when > self._agenda.time:
            self._plan(when)
            return
        self._deadline = NEVER
        self._ring()
