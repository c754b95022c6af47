"""The mailbox of a simulated node: a queue with the bounds of the real one, and waiting in virtual time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Final

from zyre.config import Limits
from zyre.core.host import Closed, Empty, Interceptor, Parker, Waker
from zyre.errors import UsageError
from zyre.events import DurableShout, DurableWhisper, Event, ReliableShout, ReliableWhisper, Shout, Whisper

__all__ = ["SimMailbox"]


_DURABLE: Final = (DurableWhisper, DurableShout)
_KEPT: Final = (ReliableWhisper, ReliableShout, *_DURABLE)
_DATA: Final = frozenset((Whisper, Shout, *_KEPT))


class SimMailbox:
    """See zyre.core.host.Inbox."""

    __slots__ = (
        "_closed",
        "_data",
        "_events",
        "_handed",
        "_limits",
        "_new_parker",
        "_now",
        "_octets",
        "_on_pressure",
        "_on_taken",
        "_wakers",
        "dropped",
        "interceptor",
        "pressed",
        "sheds_oldest",
    )

    def __init__(
        self,
        limits: Limits,
        now: Callable[[], float],
        new_parker: Callable[[], Parker],
        on_pressure: Callable[[bool], None],
        on_taken: Callable[[DurableWhisper | DurableShout], None] = lambda event: None,
    ) -> None:
        self._on_taken = on_taken
        self._handed: DurableWhisper | DurableShout | None = None
        """The durable message that the program was given last, if it has not come back for more."""
        self.dropped = 0
        self.interceptor: Interceptor | None = None
        self.pressed = False
        self.sheds_oldest = False
        """Whether what has waited longest goes when it is full, rather than what comes."""
        self._on_pressure = on_pressure
        self._limits = limits
        self._now = now
        self._new_parker = new_parker
        self._events: deque[Event] = deque()
        self._data = 0
        self._octets = 0
        self._wakers: deque[Waker] = deque()
        self._closed = False

    def put(self, events: list[Event]) -> None:
        """Deliver events. Data over the limits is dropped and counted."""
        if self.interceptor is not None:
            events = self.interceptor.take(events)
        if _DATA.isdisjoint(map(type, events)):
            self._events.extend(events)
            events = []
        for event in events:
            if type(event) in _DATA and isinstance(event, (Whisper, Shout)):
                octets = sum(map(len, event.content))
                full = self._data >= self._limits.mailbox_messages or self._octets + octets > self._limits.mailbox_bytes
                if full and type(event) not in _KEPT and not (self.sheds_oldest and self._drop_oldest()):
                    self.dropped += 1
                    continue
                self._data += 1
                self._octets += octets
            self._events.append(event)
        if self._data and not self.pressed and self._is_over(2):
            self.pressed = True
            self._on_pressure(True)
        if self._wakers:
            for _ in range(min(len(self._wakers), len(self._events))):
                self._wakers.popleft()()

    def _drop_oldest(self) -> bool:
        for position, event in enumerate(self._events):
            if type(event) is Whisper or type(event) is Shout:
                del self._events[position]
                self.dropped += 1
                self._data -= 1
                self._octets -= sum(map(len, event.content))
                return True
        return False

    def close(self) -> None:
        """Nothing will come any more, and durable messages are read by the next life."""
        self._closed = True
        self._events = deque(event for event in self._events if not isinstance(event, _DURABLE))
        while self._wakers:
            self._wakers.popleft()()

    def get_nowait(self) -> Event:
        """The next event. Raises Empty, or Closed."""
        self.finish()
        if not self._events:
            raise Closed if self._closed else Empty
        event = self._events.popleft()
        if isinstance(event, _DURABLE):
            self._handed = event
        if isinstance(event, (Whisper, Shout)):
            self._data -= 1
            self._octets -= sum(map(len, event.content))
            if self.pressed and not self._is_over(4):
                self.pressed = False
                self._on_pressure(False)
        return event

    def at_hand(self) -> Iterator[Event]:
        """Each event is asked for by itself here."""
        return iter(())

    def finish(self) -> None:
        """The program has taken the durable message that it was given last."""
        handed, self._handed = self._handed, None
        if handed is not None and not self._closed:
            self._on_taken(handed)

    def _is_over(self, part: int) -> bool:
        """Whether there is more than that part of what there may be."""
        return self._data * part > self._limits.mailbox_messages or self._octets * part > self._limits.mailbox_bytes

    def get(self, timeout: float | None = None) -> Event:
        """The next event, waiting in virtual time. Raises Empty, or Closed."""
        end = float("inf") if timeout is None else self._now() + timeout
        while True:
            try:
                return self.get_nowait()
            except Empty:
                if not self._now() < end:
                    raise
            parker = self._new_parker()
            if self.park(parker.wake):
                try:
                    parker.park(None if timeout is None else end - self._now())
                finally:
                    self.unpark(parker.wake)

    def park(self, waker: Waker) -> bool:
        """Have ``waker`` called once, when there is something; False if there is already."""
        if self._events or self._closed:
            return False
        self._wakers.append(waker)
        return True

    def unpark(self, waker: Waker) -> None:
        """Wait no longer."""
        if waker in self._wakers:
            self._wakers.remove(waker)

    def fileno(self) -> int:
        """A simulated node has no descriptor."""
        raise UsageError("a simulated node has no descriptor: use recv, iteration or streams in a simulation")

    def __len__(self) -> int:
        return self._data
