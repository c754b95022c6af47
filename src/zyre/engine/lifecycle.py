"""What happens to nodes that nobody stopped when the program ends."""

from __future__ import annotations

import atexit
import os
import weakref
from typing import Protocol

import zmq.utils.garbage  # noqa: F401  # before us, so that at the end it goes after us: it frees what is being sent

from zyre.engine.context import destroy_context, terminate_context
from zyre.engine.engine import shared_engine

__all__ = ["register", "unregister"]

#: How long the end of a program may be held up, in seconds, to say goodbye to the peers.
_FAREWELL = 0.7
#: And for libzmq to let go of what it was sending, which it does after the linger time: only on a machine that is busy
#: beyond measure this makes a difference. Memory that it still reads must not be freed.
_TERMINATION = 5.0


class _Stoppable(Protocol):
    def stop_at_exit(self, timeout: float) -> None: ...

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
    """No thread can be started any more (from Python 3.12 on), but the engine's still runs if any node does: it is
    kept, so that it can wait for libzmq while there is a limit to how long we wait for it."""
    hosts = list(_running)
    if not hosts:  # nothing runs, and what lingers has a limit
        destroy_context()
        return
    engine = shared_engine()
    engine.acquire()
    for host in hosts:
        host.stop_at_exit(_FAREWELL)
    engine.call(terminate_context, _TERMINATION)


def _abandon_after_fork() -> None:
    """The nodes are the parent's: a child that ends must not say goodbye for them."""
    hosts = list(_running)
    _running.clear()
    for host in hosts:
        host.abandon()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_abandon_after_fork)
