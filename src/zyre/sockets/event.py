"""Events that can be waited for together with sockets."""

from __future__ import annotations

import threading
import weakref
from inspect import iscoroutinefunction
from typing import Final

from zyre.sockets.errors import Fault, WrongUse
from zyre.sockets.waiting import Source, Waiter

__all__ = ["Event", "as_source"]


class Event(threading.Event):
    """A ``threading.Event`` that ``select`` and ``proxy`` can wait for beside sockets, at no cost."""

    def __init__(self) -> None:
        super().__init__()
        self._parked: dict[Waiter, None] = {}
        self._guard = threading.Lock()

    def set(self) -> None:
        """Set the flag, and wake everybody who waits for it."""
        super().set()
        with self._guard:
            parked = list(self._parked)
        for waiter in parked:
            waiter.wake()

    def _enlist(self, waiter: Waiter, interest: int) -> bool:
        with self._guard:
            self._parked[waiter] = None
        return self.is_set()  # after enlisting: a set() in between has woken the waiter

    def _delist(self, waiter: Waiter) -> None:
        with self._guard:
            self._parked.pop(waiter, None)

    def _descriptors(self) -> tuple[int, ...]:
        return ()


#: What stands in for events of other makes, as long as those live.
_stand_ins: Final[weakref.WeakKeyDictionary[threading.Event, Event]] = weakref.WeakKeyDictionary()
_stand_ins_guard: Final = threading.Lock()


def as_source(event: threading.Event) -> Source:
    """``event`` as something that can be waited for together with sockets.

    A plain ``threading.Event`` cannot tell anybody but threads inside its ``wait()``, so one daemon thread
    parks there on our behalf, until the event is set; a second wait for the same event shares it.
    """
    if isinstance(event, Event):
        return event
    if iscoroutinefunction(event.wait):
        why = "events of asyncio and trio wake tasks only: use zyre.sockets.Event, or cancel the task that waits"
        raise WrongUse(Fault("wait", strerror=why))
    with _stand_ins_guard:
        stand_in = _stand_ins.get(event)
        if stand_in is None or stand_in.is_set():  # set once, and perhaps cleared since
            stand_in = _stand_ins[event] = Event()
            if event.is_set():
                stand_in.set()
            else:
                _relay(event, stand_in)
    return stand_in


def _relay(event: threading.Event, stand_in: Event) -> None:
    link = getattr(event, "rawlink", None)
    if link is not None:  # gevent's: calls back by itself
        link(lambda _: stand_in.set())
        return

    def relay() -> None:
        event.wait()
        stand_in.set()

    threading.Thread(target=relay, name="zyre-sockets-event", daemon=True).start()
