"""What lazy streams are made of: sources, and steps that items pass.

A source is asked without waiting: ``poll`` gives an item, or raises NotYet or Ended. Whoever wants to wait parks a
waker with it, and looks again when woken or at ``next_at``. So every combination, merges and time limits too, is
written once, and threads and async loops differ only in how they wait.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, Protocol, TypeVar

from zyre.core.host import Host, Parker, Waker
from zyre.engine.parking import ThreadParker
from zyre.errors import NodeStopped, RecvTimeout, WouldBlock
from zyre.events import Event

__all__ = [
    "Ended",
    "Every",
    "Limited",
    "Merged",
    "NodeSource",
    "NotYet",
    "RealTime",
    "Source",
    "Step",
    "Stepped",
    "Timekeeper",
]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

NEVER = float("inf")

#: So many items may be filtered out before a poll says NotYet although there are more: time limits must be looked at
#: and other tasks get a turn, also in a flood of which nothing is wanted.
_PATIENCE = 64


class NotYet(Exception):
    """There is nothing now; there may be later."""


class Ended(Exception):
    """There is nothing, and there will not be."""


class Timekeeper(Protocol):
    """The time of the world that a source lives in, real or simulated, and how a thread waits in it."""

    def now(self) -> float:
        """Seconds since some fixed moment."""

    def new_parker(self) -> Parker:
        """A way to wait in the calling thread."""


class RealTime:
    """The time of this machine, for sources that belong to no node."""

    now = staticmethod(time.monotonic)
    new_parker = ThreadParker


class Source(Protocol[T_co]):
    """Where items come from."""

    time: Timekeeper

    def poll(self) -> T_co:
        """The next item. Raises NotYet, or Ended; RecvTimeout where a time limit asks for it."""

    def park(self, waker: Waker) -> bool:
        """Have ``waker`` called once when there may be something; False if there may be already."""

    def unpark(self, waker: Waker) -> None:
        """Wait no longer."""

    def next_at(self) -> float:
        """When to poll again even without a wake-up, on the monotonic clock; infinity for never."""


class NodeSource:
    """The events of a node. Each event goes to one reader: two streams over one node share them out."""

    def __init__(self, read: Callable[[], Event], host: Host) -> None:
        self.time: Timekeeper = host
        self._read = read
        self._mailbox = host.mailbox

    def poll(self) -> Event:
        try:
            return self._read()
        except WouldBlock:
            raise NotYet from None
        except NodeStopped:
            raise Ended from None

    def park(self, waker: Waker) -> bool:
        return self._mailbox.park(waker)

    def unpark(self, waker: Waker) -> None:
        self._mailbox.unpark(waker)

    def next_at(self) -> float:
        return NEVER


class Every:
    """A tick each ``seconds``; the item is how many there have been. Ticks that nobody asked for are left out."""

    def __init__(self, seconds: float, clock: Timekeeper) -> None:
        self.time = clock
        self._seconds = seconds
        self._at = clock.now() + seconds
        self._ticks = 0

    def poll(self) -> int:
        now = self.time.now()
        if now < self._at:
            raise NotYet
        self._at += self._seconds * (1 + (now - self._at) // self._seconds)
        self._ticks += 1
        return self._ticks

    def park(self, waker: Waker) -> bool:
        return True

    def unpark(self, waker: Waker) -> None:
        pass

    def next_at(self) -> float:
        return self._at


class Limited(Generic[T]):
    """A source with a time limit, which begins to run when an item is first asked for.

    ``renewed``: the limit holds for each item instead of for all of them. ``error``: running out of time raises
    RecvTimeout instead of ending the stream.
    """

    def __init__(self, source: Source[T], seconds: float, *, renewed: bool, error: bool) -> None:
        self.time = source.time
        self._source = source
        self._seconds = seconds
        self._renewed = renewed
        self._error = error
        self._end: float | None = None

    def poll(self) -> T:
        now = self.time.now()
        if self._end is None:
            self._end = now + self._seconds
        if not self._renewed and not now < self._end:
            raise Ended
        try:
            item = self._source.poll()
        except NotYet:
            if now < self._end:
                raise
            if self._error:
                self._end = None
                raise RecvTimeout(self._seconds) from None
            raise Ended from None
        if self._renewed:
            self._end = None
        return item

    def park(self, waker: Waker) -> bool:
        return self._source.park(waker)

    def unpark(self, waker: Waker) -> None:
        self._source.unpark(waker)

    def next_at(self) -> float:
        return min(self._source.next_at(), NEVER if self._end is None else self._end)


class Merged(Generic[T]):
    """Several sources in one, asked in turn so that none starves another. Ends when all have ended."""

    def __init__(self, sources: Iterable[Source[T]]) -> None:
        self._sources = deque(sources)
        self.time: Timekeeper = self._sources[0].time if self._sources else RealTime()

    def poll(self) -> T:
        for _ in range(len(self._sources)):
            source = self._sources[0]
            try:
                item = source.poll()
            except NotYet:
                self._sources.rotate(-1)
            except Ended:
                self._sources.popleft()
            else:
                self._sources.rotate(-1)
                return item
        raise NotYet if self._sources else Ended

    def park(self, waker: Waker) -> bool:
        once = _Once(waker)
        parked: list[Source[T]] = []
        for source in self._sources:
            if not source.park(once):
                for other in parked:
                    other.unpark(once)
                return False
            parked.append(source)
        return True

    def unpark(self, waker: Waker) -> None:
        for source in self._sources:
            source.unpark(_Once(waker))

    def next_at(self) -> float:
        return min((source.next_at() for source in self._sources), default=NEVER)


class _Once:
    """A waker given to several sources; however many call it, the one behind it is called once.

    Equal to any other wrapping of the same waker, so that it can be found again to be unparked.
    """

    def __init__(self, waker: Waker) -> None:
        self._waker = waker
        self._left = [None]

    def __call__(self) -> None:
        try:
            self._left.pop()  # atomic: one caller gets it
        except IndexError:
            return
        self._waker()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Once) and other._waker == self._waker

    def __hash__(self) -> int:
        return hash(self._waker)


class Step:
    """One thing done to each item: what comes out, none, one or several; ``done`` when nothing ever will again."""

    done = False

    def feed(self, item: Any) -> Sequence[Any]:
        """What becomes of an item."""
        raise NotImplementedError


class Map(Step):
    def __init__(self, function: Callable[[Any], Any]) -> None:
        self._function = function

    def feed(self, item: Any) -> Sequence[Any]:
        return (self._function(item),)


class FlatMap(Step):
    def __init__(self, function: Callable[[Any], Iterable[Any]]) -> None:
        self._function = function

    def feed(self, item: Any) -> Sequence[Any]:
        return tuple(self._function(item))


class Filter(Step):
    def __init__(self, wanted: Callable[[Any], object]) -> None:
        self._wanted = wanted

    def feed(self, item: Any) -> Sequence[Any]:
        return (item,) if self._wanted(item) else ()


class Tap(Step):
    def __init__(self, look: Callable[[Any], object]) -> None:
        self._look = look

    def feed(self, item: Any) -> Sequence[Any]:
        self._look(item)
        return (item,)


class Take(Step):
    def __init__(self, count: int) -> None:
        self._left = count
        self.done = count <= 0

    def feed(self, item: Any) -> Sequence[Any]:
        self._left -= 1
        self.done = self._left <= 0
        return (item,)


class TakeWhile(Step):
    def __init__(self, wanted: Callable[[Any], object]) -> None:
        self._wanted = wanted

    def feed(self, item: Any) -> Sequence[Any]:
        if self._wanted(item):
            return (item,)
        self.done = True
        return ()


class Scan(Step):
    def __init__(self, function: Callable[[Any, Any], Any], state: Any) -> None:
        self._function = function
        self._state = state

    def feed(self, item: Any) -> Sequence[Any]:
        self._state = self._function(self._state, item)
        return (self._state,)


class Stepped(Generic[T]):
    """A source whose items pass through steps."""

    def __init__(self, source: Source[Any], steps: Sequence[Step]) -> None:
        self.time = source.time
        self._source = source
        self._steps = steps
        self._ready: deque[T] = deque()

    def poll(self) -> T:
        looked = 0
        while not self._ready:
            if any(step.done for step in self._steps):
                raise Ended
            if looked == _PATIENCE:
                raise NotYet
            looked += 1
            self._feed(self._source.poll(), self._steps)
        return self._ready.popleft()

    def _feed(self, item: Any, steps: Sequence[Step]) -> None:
        """Depth first, so that a step that is done lets nothing pass after it."""
        if not steps:
            self._ready.append(item)
            return
        first, *rest = steps
        if first.done:
            return
        for output in first.feed(item):
            self._feed(output, rest)

    def park(self, waker: Waker) -> bool:
        return not self._ready and self._source.park(waker)

    def unpark(self, waker: Waker) -> None:
        self._source.unpark(waker)

    def next_at(self) -> float:
        return self._source.next_at()
