"""Who reads a node's inbox: the engine thread, or the thread that waits for events anyway.

A message that the engine thread reads wakes the engine, then the waiting reader, and the two fight for the interpreter;
a reader that reads for itself is woken once. So a thread that finds the mailbox empty takes the lead: it receives,
steps the machine, and goes home with the first event. The engine stops watching the inbox meanwhile, and for a lease
beyond, because most readers come right back; if none does, an alarm gives the inbox back to the engine, so heartbeats
wait two leases at most. Leases become longer as long as readers come back often.

    engine watches ──a reader leads──> led ──it has its event──> leased ──nobody came back──> engine watches
                                        ^───────────comes back──────┘

Only one thread leads; others wait in the mailbox. A task of asyncio or trio cannot lead, for it may not block: the
engine lends the inbox to its loop, until the loop has read nothing for a lease, be it that nothing came or that it does
not get to it. Whoever waits in another way (streams in threads, a descriptor) is never made to wait for a lease: the
inbox goes back to the engine at once.
"""

from __future__ import annotations

import select
import threading
import time
from collections.abc import Callable

from zyre.core.host import Empty
from zyre.core.timers import NEVER
from zyre.engine import clock
from zyre.engine.engine import Engine, EngineAlarm
from zyre.engine.loan import Loan, lend_to_loop_here
from zyre.engine.mailbox import Mailbox
from zyre.engine.signal import Signal
from zyre.events import Event

__all__ = ["Lead"]

#: How long the engine leaves the inbox alone after a reader went home, in seconds; and after each such time in which
#: readers came back twice as long, up to this: an engine that wakes beside a flood costs it its caches.
_LEASE = 0.01
_LONGEST_LEASE = 0.08
#: A reader who comes back so often in a lease is busy, though it may wait just when that ends.
_OFTEN = 2
#: A wait longer than this is waited in parts.
_LONGEST_WAIT_MS = 3_600_000


class Lead:
    """The reading of one inbox.

    ``take_in(limit)`` receives up to so many messages and hands them to the machine; it returns how many there were.
    It is called by whoever holds ``reading``, and by nobody else.
    """

    #: Where descriptors cannot be polled by any thread, the engine reads alone.
    POSSIBLE = hasattr(select, "poll")

    def __init__(self, mailbox: Mailbox, take_in: Callable[[int], int], batch: int) -> None:
        self.reading = threading.Lock()
        self.alarm = EngineAlarm(self._on_lease_over)
        self.before_wait: Callable[[], object] = bool
        """Called by whoever finds the mailbox empty, before they wait."""
        self._engine: Engine
        self._leader = 0
        self._mailbox = mailbox
        self._take_in = take_in
        self._batch = batch
        self._taken = 0
        """Messages since the last wait of a leader."""
        self._descriptor = -1
        self._on_readable: Callable[[], bool] = lambda: False
        self._muted = False
        self._watched = False
        """Whether the engine watches, in fact; its thread alone knows."""
        self._loan: Loan | None = None
        self._lease = _LEASE
        self._visits = 0
        """How often somebody has read in this lease."""
        self._open = False
        self._shared = False
        self._signal: Signal | None = None
        self._poll: select.poll | None = None

    # -- in the engine thread ------------------------------------------------------------------------------------

    def open(self, engine: Engine, descriptor: int, on_readable: Callable[[], bool]) -> None:
        """The inbox is there: the engine watches it."""
        self._engine = engine
        self._descriptor = descriptor
        self._on_readable = on_readable
        self._open = True
        self._watch()

    def _watch(self) -> None:
        """Have the engine look into the inbox now, and whenever something comes."""
        if self._watched:  # a reader was here and gone before the engine came to leave the inbox to it
            self._engine.poke(self._descriptor)
        else:
            self._watched = True
            self._engine.watch(self._descriptor, self._on_readable)

    def close(self) -> None:
        """The engine watches no more, and nobody will lead."""
        if self._open:
            self._open = False
            self._unwatch()
            self._end_loan()

    def release(self) -> None:
        """Give back what leading needed; nobody will lead any more."""
        if self._signal is not None:
            self._signal.close()

    def abandon(self) -> None:
        """In a child after a fork: the inbox is the parent's, and what wakes its readers is shared with it."""
        self._open = False
        self.reading = threading.Lock()  # a thread that does not exist here may have held it

    def nudge(self) -> None:
        """Have whoever reads look into the inbox, though nothing may have come."""
        if not self._open:
            return
        if not self.reading.locked():
            self._on_readable()
        elif self._signal is not None:
            with self._mailbox.mutex:
                self._signal.set()

    def _on_lease_over(self) -> None:
        visits, self._visits = self._visits, 0
        if self._leader and visits < _OFTEN:  # whoever leads makes a new lease when they go home
            self._lease = _LEASE
            self._end_loan()
        elif visits or self.reading.locked():
            self._lease = min(2 * self._lease, _LONGEST_LEASE)
            self.alarm.set(clock.now() + self._lease)
        else:
            self._lease = _LEASE
            self._give_back()

    def _mute(self) -> None:
        if self._muted:
            self._unwatch()

    def _unwatch(self) -> None:
        self._watched = False
        self._engine.unwatch(self._descriptor)

    def _give_back(self) -> None:
        if self._muted and self._open and not self.reading.locked():
            self._muted = False
            self._end_loan()
            self._watch()

    def _end_loan(self) -> None:
        loan, self._loan = self._loan, None
        if loan is not None:
            loan.end()

    # -- in any thread -------------------------------------------------------------------------------------------

    def on_wait(self) -> None:
        """Somebody waits who does not lead: their loop must read, or the engine, unless a reader does just now."""
        if self._loan is not None and self._loan.is_here:
            return
        if self._loan is None and self._lend():
            return
        if self._muted and not self.reading.locked():
            self._engine.call_soon(self._give_back)

    def _lend(self) -> bool:
        if not self._open or self._mailbox.has_descriptor or not self.reading.acquire(False):
            return False
        try:
            self._loan = lend_to_loop_here(self._descriptor, self._on_loan_readable)
            if self._loan is None:
                return False
            self._mute_engine()
            self._visits += 1
            if self.alarm.deadline == NEVER:
                self.alarm.set(clock.now() + _LEASE)
            return True
        finally:
            self.reading.release()

    def _on_loan_readable(self) -> bool:
        """In the loop."""
        if self._loan is None or not self._loan.is_here:  # it has just been ended
            return False
        if self._mailbox.full:  # nothing will be read, and a loop would look again and again
            self._end_loan()
            self._engine.call_soon(self._give_back)
            return False
        self._visits += 1
        return self._on_readable()

    def share(self) -> None:
        """What comes is not for readers alone from now on: the engine reads whenever none of them does."""
        self._shared = True
        self.on_wait()

    def get(self, timeout: float | None) -> Event:
        """The next event; see Mailbox.get. Leads if nobody does."""
        event = self._mailbox.poll()
        if event is not None:
            return event
        self.before_wait()
        if not self._open or not self.POSSIBLE or self._mailbox.has_descriptor or not self.reading.acquire(False):
            return self._mailbox.get(timeout)
        self._leader = threading.get_ident()
        try:
            return self._lead(None if timeout is None else time.monotonic() + timeout)
        except BaseException:  # its time is over, or Ctrl-C came
            self._mailbox.leader = None
            self._mailbox.pass_on()
            raise
        finally:
            self._leader = 0
            self.reading.release()
            self._go_home()

    def finish(self, stopper: int, timeout: float) -> None:
        """Wait until nobody reads any more. The thread ``stopper`` may itself be the one that leads: stopping the node
        from a signal handler, while it waits."""
        if self._leader != stopper and self.reading.acquire(timeout=timeout):
            self.reading.release()

    def _go_home(self) -> None:
        self._visits += 1
        if self._shared or self._mailbox.is_waited_for:
            self.on_wait()
        elif self.alarm.deadline == NEVER:
            self._visits = 0  # from now on: one who does not come back need not be waited for twice
            self.alarm.set(clock.now() + _LEASE)

    def _mute_engine(self) -> None:
        """Whoever calls this holds ``reading``."""
        if not self._muted:
            self._muted = True
            self._engine.call_soon(self._mute)

    def _lead(self, deadline: float | None) -> Event:
        self._mute_engine()
        while True:
            if not self._read(self._batch):
                # One that comes alone is read alone: the next can wait until its answer is on its way.
                alone, self._taken = self._taken <= 1, 0
                if self._wait(deadline):
                    self._read(1 if alone else self._batch)
            event = self._mailbox.poll()  # none came of heartbeats and the like
            if event is not None:
                return event
            if deadline is not None and not time.monotonic() < deadline:
                raise Empty

    def _read(self, limit: int) -> bool:
        taken = self._take_in(limit) if self._open else 0
        self._taken += taken
        return taken > 0

    def _wait(self, deadline: float | None) -> bool:
        """Wait for the inbox, or for an event from elsewhere; True if the inbox is readable."""
        if self._poll is None or self._signal is None:
            self._signal = Signal()
            self._poll = select.poll()
            self._poll.register(self._descriptor, select.POLLIN)
            self._poll.register(self._signal.fileno(), select.POLLIN)
        if not self._open or not self._mailbox.park_leader(self._signal.set):
            return False
        ready = self._poll.poll(None if deadline is None else _milliseconds_until(deadline))
        self._mailbox.leader = None
        if len(ready) == 1 and ready[0][0] == self._descriptor:
            return True
        with self._mailbox.mutex:
            self._signal.clear()
        return bool(ready)  # both of them, or the signal alone: a look into the inbox costs little


def _milliseconds_until(deadline: float) -> float:
    """Rounded up, so that the time is over when the wait is; and no more than poll can count."""
    return min(max(0.0, deadline - time.monotonic()) * 1000 + 1, _LONGEST_WAIT_MS)
