"""The mailbox between a node and the application: events go in by batches and come out one by one.

Any number of threads may read; each event goes to one of them. Readers that wait park a lock or a callback, and one
wake-up is given per batch and reader, not per event. What peers send (whispers and shouts) is bounded in number and
in octets; membership is not, because it is bounded by the peers themselves and must not be lost.
"""

from __future__ import annotations

import operator
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeAlias

from zyre.config import Limits
from zyre.core.burst import Burst, expand
from zyre.core.host import Closed, Empty, Interceptor, Waker
from zyre.engine.handover import Handover
from zyre.engine.parking import ThreadParker
from zyre.engine.signal import Signal
from zyre.engine.weights import FRAME, KEPT, MESSAGE, measure, weight_of
from zyre.errors import ForkedNodeError
from zyre.events import DurableShout, DurableWhisper, Event, Shout, Whisper
from zyre.views import LARGE

__all__ = ["Mailbox"]


#: Events that came together, how many of them are data, how much that is, and what knows whether some are left: an
#: iterator with a length hint. A tuple, because most messages that come alone make one.
_Batch: TypeAlias = tuple[Iterator[Event], int, int, Iterator[object]]
#: The part of Limits.mailbox_bytes that is left for what libzmq holds of messages on their way in: so that all of it
#: together is what was asked for, and not more than a tenth beyond.
_RESERVE: Final = 16


def _nothing() -> _Batch:
    nothing: Iterator[Event] = iter(())
    return nothing, 0, 0, nothing


def _batch_of(events: list[Event], messages: int, octets: int) -> _Batch:
    each = iter(events)
    return each, messages, octets, each


def _batches_of(happenings: list[Any]) -> list[_Batch]:
    """Bursts stay what they are until somebody reads them; what came between them is a batch as well."""
    batches: list[_Batch] = []
    between: list[Event] = []
    for happening in happenings:
        if type(happening) is not Burst:
            between.append(happening)
            continue
        if between:
            batches.append(_batch_of(between, *measure(between)))
            between = []
        events, left = happening.open()
        weight = happening.octets + happening.messages * MESSAGE + happening.frames * FRAME
        batches.append((events, happening.messages, weight, left))
    if between:
        batches.append(_batch_of(between, *measure(between)))
    return batches


class Mailbox:
    """A bounded queue of events for any number of readers.

    The limits are kept by who puts: when ``full`` says so it all but stops reading from the network for a while, and
    only if that does not help it sets ``shedding``. Until then what comes is taken, since it is in memory already, and
    ``reserve_used`` says how much of what was left for that. ``on_room``
    is called, by the reader that made it, when a full mailbox is half empty again, and ``on_relief`` when ``pressed``
    ends; ``on_wait`` whenever somebody begins to wait who does not receive for himself (see lead.py).
    """

    def __init__(
        self,
        limits: Limits,
        on_room: Callable[[], None],
        on_wait: Callable[[], None] = lambda: None,
        on_relief: Callable[[], None] = lambda: None,
    ) -> None:
        self.dropped = 0
        self.shedding = False
        self.sheds_oldest = False
        """Whether, while shedding, what has waited longest goes, rather than what comes."""
        self.full = False
        """Data has reached a limit, but for the reserve, and on_room has not been called since."""
        self.pressed = False
        """Data has reached half of a limit, and has not been below a quarter since."""
        self.leader: Waker | None = None
        """Wakes the reader that receives for itself. It goes back to None in that reader's thread, without the mutex: a
        call too many costs it one more look."""
        self.mutex = threading.Lock()
        """Held while a waker is called."""
        self.interceptor: Interceptor | None = None
        self.defect: BaseException | None = None
        self._limits = limits
        self._most_octets = limits.mailbox_bytes - limits.mailbox_bytes // _RESERVE
        self._reserve = int(limits.mailbox_messages * limits.mailbox_reserve)
        self._reserve_octets = int(limits.mailbox_bytes * limits.mailbox_reserve)
        self._on_room = on_room
        self._on_wait = on_wait
        self._on_relief = on_relief
        self._batches: deque[_Batch] = deque()
        self._current = _nothing()
        self._waiters: deque[Waker] = deque()
        self._messages = 0
        self._octets = 0
        self._closed = False
        self._signal: Signal | None = None

    # -- the node's side -----------------------------------------------------------------------------------------

    def put(self, happenings: list[Any]) -> None:
        """Deliver events, and bursts of them, in order. While shedding, data over the limits is dropped and counted."""
        if self.interceptor is not None and not (happenings := self.interceptor.take(expand(happenings))):
            return
        messages = octets = 0
        for event in happenings:  # as measure does, whose call would cost each lone message
            if type(event) is Whisper or type(event) is Shout or isinstance(event, KEPT):
                messages += 1
                for frame in event.content:
                    octets += len(frame) + FRAME
            elif type(event) is Burst:
                self._put_bursts(happenings)
                return
            elif isinstance(event, LARGE):
                messages += 1
                octets += weight_of(event) - MESSAGE
        each = iter(happenings)
        self._put((each, messages, octets + messages * MESSAGE, each))

    def _put_bursts(self, happenings: list[Any]) -> None:
        if self.shedding:
            self._put_by_handfuls(expand(happenings))
        else:
            for batch in _batches_of(happenings):
                self._put(batch)

    def _put_by_handfuls(self, events: list[Event]) -> None:
        """What goes, if there is no room, is to be old or new one by one, and not a whole burst."""
        for at in range(0, len(events), self._limits.batch):
            handful = events[at : at + self._limits.batch]
            self._put(_batch_of(handful, *measure(handful)))

    def _put(self, batch: _Batch) -> None:
        _, messages, octets, _ = batch
        if self.sheds_oldest and messages and not self._fits(messages, octets):
            self._drop_oldest(messages, octets)
        if self.shedding and messages and not self._fits(messages, octets):
            events, messages, octets = self._trim(list(batch[0]))
            if not events:
                return
            batch = _batch_of(events, messages, octets)
        self._append(batch)

    def hand(self, event: DurableWhisper | DurableShout, taken: Callable[[Event], object]) -> None:
        """Deliver a durable message by itself; ``taken`` is called, by the reader that does it, when somebody comes for
        what is behind it. Nobody intercepts it."""
        handover = Handover(event, taken)
        self._append((handover, 1, weight_of(event), handover))

    def _append(self, batch: _Batch) -> None:
        _, messages, octets, left = batch
        with self.mutex:
            self._messages += messages
            self._octets += octets
            if self._batches or operator.length_hint(self._current[3]) or self._is_handing():
                self._batches.append(batch)
            else:  # a reader is at the end, and need not ask for the next one
                _, read, read_octets, _ = self._current
                self._messages -= read
                self._octets -= read_octets
                self._current = batch
            if messages and not self._fits(1 + self._limits.mailbox_messages // 2, self._most_octets // 2):
                self.pressed = True
                self.full = self.full or not self._fits(1 + self._reserve, 1 + self._reserve_octets)
            if self.leader is not None or self._waiters or self._signal is not None:
                self._wake(operator.length_hint(left))

    def _is_handing(self) -> bool:
        current = self._current[0]
        return isinstance(current, Handover) and current.unfinished

    def finish(self) -> None:
        """The program has taken what it was given, though it does not come for more."""
        current = self._current[0]
        if isinstance(current, Handover) and current.begun:
            current.finish()

    def _fits(self, messages: int, octets: int) -> bool:
        return self._messages + messages <= self._limits.mailbox_messages and self._octets + octets <= self._most_octets

    @property
    def reserve_used(self) -> float:
        """How much of the reserve is used up: 0 to 1, and beyond."""
        messages = self._messages - (self._limits.mailbox_messages - self._reserve)
        octets = self._octets - (self._most_octets - self._reserve_octets)
        return max(0.0, messages / max(1, self._reserve), octets / max(1, self._reserve_octets))

    def _drop_oldest(self, messages: int, octets: int) -> None:
        """Make room for so much, if that is possible without dropping what must not be."""
        with self.mutex:
            self._take_back()
            passed: list[_Batch] = []
            while self._batches and not self._fits(messages, octets):
                batch = self._batches.popleft()
                passed.append(self._without_data(batch) if batch[1] else batch)
            self._batches.extendleft(reversed(passed))

    def _take_back(self) -> None:
        """What readers have left of the batch that they began is a batch like the others; they see it come to its end,
        and begin the next one."""
        events, messages, octets, _ = self._current
        if isinstance(events, Handover):
            return
        self._current = _nothing()
        left = list(events)
        data = [event for event in left if isinstance(event, (Whisper, Shout))]
        size = sum(map(weight_of, data))
        self._messages += len(data) - messages
        self._octets += size - octets
        if left:
            self._batches.appendleft(_batch_of(left, len(data), size))

    def _without_data(self, batch: _Batch) -> _Batch:
        events, messages, octets, _ = batch
        if isinstance(events, Handover):
            return batch
        kept: list[Event] = [
            event for event in events if isinstance(event, KEPT) or not isinstance(event, (Whisper, Shout))
        ]
        data = [event for event in kept if isinstance(event, KEPT)]
        left = sum(map(weight_of, data))
        self.dropped += messages - len(data)
        self._messages -= messages - len(data)
        self._octets -= octets - left
        return _batch_of(kept, len(data), left)

    def _trim(self, events: list[Event]) -> tuple[list[Event], int, int]:
        """Leave out the newest data, as much as does not fit."""
        kept: list[Event] = []
        messages = octets = 0
        for event in events:
            if isinstance(event, (Whisper, Shout)):
                size = weight_of(event)
                if type(event) not in KEPT and not self._fits(messages + 1, octets + size):
                    self.dropped += 1
                    continue
                messages += 1
                octets += size
            kept.append(event)
        return kept, messages, octets

    def close(self, defect: BaseException | None = None) -> None:
        """Nothing will come any more. What is there can still be read, but for durable messages: nobody would know that
        they were taken, so they stay where they are kept."""
        with self.mutex:
            self._closed = True
            batches, self._batches = self._batches, deque()
            for batch in batches:
                if isinstance(batch[0], Handover):
                    self._messages -= batch[1]
                    self._octets -= batch[2]
                else:
                    self._batches.append(batch)
            if isinstance(self._current[0], Handover) and not self._current[0].begun:
                self._current[0].withdraw()
            self.defect = self.defect or defect
            self._wake(len(self._waiters) + 1)

    # -- the application's side ----------------------------------------------------------------------------------

    def get_nowait(self) -> Event:
        """The next event. Raises Empty, or Closed."""
        event = self.poll()
        if event is None:
            raise Empty
        return event

    def poll(self) -> Event | None:
        """The next event; None if there is none yet. Raises Closed."""
        while True:
            batch = self._current
            for event in batch[0]:
                return event
            if not self._advance(batch):
                return None

    def at_hand(self) -> Iterator[Event]:
        """What came together with the event that was read last."""
        return self._current[0]

    def _advance(self, finished: _Batch) -> bool:
        """Begin the next batch, once, however many readers have come to the end of the finished one; False if there is
        none."""
        with self.mutex:
            if self._current is not finished:
                return True
            _, messages, octets, _ = finished
            self._messages -= messages
            self._octets -= octets
            room = self.full and self._fits(self._limits.mailbox_messages // 2, self._most_octets // 2)
            if room:
                self.full = False
            relief = False
            if self.pressed and self._fits(self._limits.mailbox_messages * 3 // 4, self._most_octets * 3 // 4):
                self.pressed, relief = False, True
            has_more = bool(self._batches)
            if has_more:
                self._current = self._batches.popleft()
            else:
                self._current = _nothing()
                if self._signal is not None and not self._closed:
                    self._signal.clear()
        if relief:
            self._on_relief()
        if room:
            self._on_room()
        if self._closed and not has_more:
            raise Closed(self.defect)
        return has_more

    def get(self, timeout: float | None = None) -> Event:
        """The next event, waiting up to ``timeout`` seconds (None: for ever). Raises Empty, or Closed."""
        try:
            return self.get_nowait()
        except Empty:
            pass
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            parker = ThreadParker()
            if self.park(parker.wake):
                woken = False
                try:
                    woken = parker.park(None if deadline is None else max(0.0, deadline - time.monotonic()))
                finally:
                    if not woken:
                        self.unpark(parker.wake)
            try:
                return self.get_nowait()
            except Empty:
                if deadline is not None and not time.monotonic() < deadline:
                    raise

    def park(self, waker: Waker) -> bool:
        """Have ``waker`` called once, when there is something; False, and no call, if there is already."""
        with self.mutex:
            if self._has_events() or self._closed:
                return False
            self._waiters.append(waker)
        self._on_wait()
        return True

    def park_leader(self, waker: Waker) -> bool:
        """The same for the one reader that receives for itself, and which sets ``leader`` to None when it is back."""
        with self.mutex:
            if self._has_events() or self._closed:
                return False
            self.leader = waker
        return True

    def pass_on(self) -> None:
        """Somebody who may have been woken will not read: wake somebody else."""
        with self.mutex:
            if self._has_events():
                self._wake(1)

    @property
    def has_descriptor(self) -> bool:
        """Whether somebody asked for the descriptor, and may wait for it at any time."""
        return self._signal is not None

    @property
    def is_waited_for(self) -> bool:
        """Whether somebody waits, or may do so unseen, by the descriptor."""
        return bool(self._waiters) or self._signal is not None

    def _has_events(self) -> bool:
        """Under the mutex. What another reader has left of the batch that it began counts, too."""
        return bool(self._batches) or operator.length_hint(self._current[3]) > 0

    def unpark(self, waker: Waker) -> None:
        """Wait no longer. If the waker was called meanwhile, its wake-up is passed to the next one waiting."""
        with self.mutex:
            try:
                self._waiters.remove(waker)
            except ValueError:
                if self._has_events():
                    self._wake(1)

    def _wake(self, readers: int) -> None:
        """Call as many wakers as there is work for; under the mutex."""
        leader, self.leader = self.leader, None
        if leader is not None:
            readers -= 1
            leader()
        while self._waiters and readers > 0:
            readers -= 1
            self._waiters.popleft()()
        if self._signal is not None:
            self._signal.set()

    def fileno(self) -> int:
        """A descriptor that is readable while there are events, for any loop that can wait for one."""
        with self.mutex:
            if self._signal is None:
                self._signal = Signal()
                if self._has_events() or self._closed:
                    self._signal.set()
            descriptor = self._signal.fileno()
        self._on_wait()
        return descriptor

    def abandon(self) -> None:
        """In a child after a fork: the descriptor's bytes are the parent's to read."""
        self.mutex = threading.Lock()  # a thread that does not exist here may have held it
        self._signal = None
        self._batches.clear()
        self._current = _nothing()
        self._waiters.clear()
        self._closed = True
        self.defect = ForkedNodeError("recv")

    def __len__(self) -> int:
        """Roughly how many data events are waiting."""
        return self._messages
