"""The engine: the one background thread of a process, which waits for sockets and alarms of all its nodes.

It knows nothing of nodes: a source is a descriptor with a callback, an alarm a deadline with a callback. libzmq's
descriptors are edge-triggered, so a callback that has not taken everything says so by returning True and is called
again on the next turn, without waiting. The thread runs while anything is registered, and is a daemon: a program
may end without stopping its nodes.
"""

from __future__ import annotations

import os
import selectors
import socket
import threading
from collections import deque
from collections.abc import Callable
from typing import TypeAlias

from zyre.core.timers import NEVER
from zyre.engine import clock

__all__ = ["Engine", "EngineAlarm", "shared_engine"]

#: Called when a descriptor is readable; True if there is more to take.
Callback: TypeAlias = Callable[[], int]

#: The engine looks around this often in any case: a bound on what a lost wake-up could cost.
_LONGEST_SLEEP = 60.0


class EngineAlarm:
    """The Alarm port: rings once at its deadline, in the thread of the engine that was told of it by ``acquire``."""

    __slots__ = ("deadline", "engine", "ring")

    def __init__(self, ring: Callable[[], object]) -> None:
        self.engine: Engine | None = None
        self.ring = ring
        self.deadline = NEVER

    def set(self, deadline: float) -> None:
        """Move the deadline; may be called from any thread."""
        if deadline == self.deadline:
            return
        self.deadline = deadline
        if self.engine is not None and deadline < self.engine.sleeping_until:
            self.engine.wake()


class Engine:
    """One thread, one selector. Registration happens in that thread, so that nothing changes under the selector."""

    def __init__(self) -> None:
        self.sleeping_until = -NEVER
        """Until when the thread sleeps; whoever wants something earlier wakes it. Minus infinity: it is awake."""
        self._selector = selectors.DefaultSelector()
        self._wake_out, self._wake_in = socket.socketpair()
        self._wake_out.setblocking(False)
        self._wake_in.setblocking(False)
        self._selector.register(self._wake_out, selectors.EVENT_READ, self._on_wake)
        self._calls: deque[Callable[[], object]] = deque()
        self._alarms: frozenset[EngineAlarm] = frozenset()
        self._busy: dict[int, Callback] = {}
        self._users = 0
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None

    # -- called from any thread ----------------------------------------------------------------------------------

    # A garbage collector may drop a node while its thread is in here, so nothing that a finalizer calls may take the
    # guard: stop_soon uses call_soon, which does not.

    def acquire(self, *alarms: EngineAlarm) -> None:
        """Keep the thread running for one more user, who has these alarms."""
        with self._guard:
            for alarm in alarms:
                alarm.engine = self
            self._alarms |= set(alarms)  # replaced, not changed: the engine thread may be iterating
            self._users += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="zyre-engine", daemon=True)
                self._thread.start()
        self.wake()

    def release(self, *alarms: EngineAlarm) -> None:
        """One user less, and these alarms; with the last user the thread ends."""
        with self._guard:
            self._alarms -= set(alarms)
            self._users -= 1
        self.wake()

    def wake(self) -> None:
        """Make the thread look around."""
        try:
            self._wake_in.send(b"\0")
        except BlockingIOError:  # it has been woken often enough
            pass
        except OSError:  # the interpreter is going down
            pass

    def call_soon(self, action: Callable[[], object]) -> None:
        """Run something in the engine thread, soon."""
        self._calls.append(action)
        if self._thread is not threading.current_thread():  # which looks at what is to be called before it sleeps
            self.wake()

    def run_soon(self, action: Callable[[], object]) -> None:
        """Run something in the engine thread: at once if this is that thread, else soon."""
        if self._thread is threading.current_thread():
            action()
        else:
            self.call_soon(action)

    def call(self, action: Callable[[], object], timeout: float = 5.0) -> None:
        """Run something in the engine thread and wait until it is done.

        Never call it while holding a node's lock: the engine thread may be waiting for that.
        """
        done = threading.Event()

        def run() -> None:
            try:
                action()
            finally:
                done.set()

        with self._guard:  # the thread decides under the guard to end, and not with calls left
            elsewhere = self._thread is not None and self._thread is not threading.current_thread()
            if elsewhere:
                self._calls.append(run)
        if not elsewhere:
            action()
            return
        self.wake()
        done.wait(timeout)

    # -- called in the engine thread, or by way of call() -----------------------------------------------------------

    def watch(self, descriptor: int, callback: Callback) -> None:
        """Call back when a descriptor is readable, and once at once: an edge may have passed already."""
        self._selector.register(descriptor, selectors.EVENT_READ, callback)
        self._busy[descriptor] = callback

    def unwatch(self, descriptor: int) -> None:
        """Stop calling back; nothing happens if the descriptor is not watched."""
        self._busy.pop(descriptor, None)
        try:
            self._selector.unregister(descriptor)
        except (KeyError, ValueError):
            pass

    def poke(self, descriptor: int) -> None:
        """Call a descriptor's callback again on the next turn, as if it were readable."""
        try:
            key = self._selector.get_key(descriptor)
        except (KeyError, ValueError):
            return
        self._busy[descriptor] = key.data

    # -- the thread ----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while self._turn():
            pass

    def _turn(self) -> bool:
        for key, _ in self._selector.select(self._sleep()):
            self._busy[key.fd] = key.data
        self.sleeping_until = -NEVER
        while self._calls:
            self._calls.popleft()()
        busy, self._busy = self._busy, {}
        for descriptor, callback in busy.items():
            if callback():
                self._busy[descriptor] = callback
        self._ring_alarms()
        with self._guard:
            if self._users or self._calls:
                return True
            self._thread = None
            return False

    def _sleep(self) -> float:
        """How long to sleep. Whoever sets an alarm while this is worked out sees infinity, and wakes us."""
        if self._busy or self._calls:
            return 0.0
        self.sleeping_until = NEVER
        deadline = min((alarm.deadline for alarm in self._alarms), default=NEVER)
        self.sleeping_until = deadline
        if self._calls:
            return 0.0
        return max(0.0, min(deadline - clock.now(), _LONGEST_SLEEP))

    def _ring_alarms(self) -> None:
        now = clock.now()
        for alarm in self._alarms:
            if not now < alarm.deadline:
                alarm.deadline = NEVER
                alarm.ring()

    def _on_wake(self) -> bool:
        try:
            self._wake_out.recv(4096)  # if there is more, the next turn comes at once
        except BlockingIOError:
            pass
        return False


_shared: Engine | None = None
_shared_guard = threading.Lock()


def shared_engine() -> Engine:
    """The engine of this process."""
    global _shared
    with _shared_guard:
        if _shared is None:
            _shared = Engine()
        return _shared


def _forget_after_fork() -> None:
    """A child has none of the parent's threads, and must not touch its descriptors."""
    global _shared, _shared_guard
    _shared = None
    _shared_guard = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)
