"""What happens to nodes that nobody stopped when the program ends."""

from __future__ import annotations

import atexit
import os
import weakref
from typing import Protocol

from zyre.engine.context import terminate_context

__all__ = ["register", "unregister"]

#: How long the end of a program may be held up to say goodbye to the peers.
_FAREWELL = 0.7


class _Stoppable(Protocol):
    def stop(self, timeout: float) -> None: ...

    def abandon(self) -> None: ...


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


def _abandon_after_fork() -> None:
    """The nodes are the parent's: a child that ends must not say goodbye for them."""
    hosts = list(_running)
    _running.clear()
    for host in hosts:
        host.abandon()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_abandon_after_fork)
