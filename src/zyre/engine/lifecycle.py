"""The life of a node's host, and what happens to those that nobody stopped when the program ends."""

from __future__ import annotations

import atexit
import weakref
from enum import Enum, auto
from typing import Protocol

from zyre.engine.context import terminate_context

__all__ = ["Life", "register", "unregister"]

#: How long the end of a program may be held up to say goodbye to the peers.
_FAREWELL = 0.7


class Life(Enum):
    """A node runs once."""

    NEW = auto()
    RUNNING = auto()
    STOPPED = auto()


class _Stoppable(Protocol):
    def stop(self, timeout: float) -> None: ...


_running: weakref.WeakSet[_Stoppable] = weakref.WeakSet()


def register(host: _Stoppable) -> None:
    """Stop this host at the end of the program, unless it is unregistered before."""
    _running.add(host)


def unregister(host: _Stoppable) -> None:
    """It was stopped."""
    _running.discard(host)


@atexit.register
def _stop_all() -> None:
    for host in list(_running):
        host.stop(_FAREWELL)
    terminate_context(_FAREWELL)
