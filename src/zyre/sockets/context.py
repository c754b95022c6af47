"""The context that sockets share: made for the first, collected after the last.

libzmq's context owns the I/O threads and the names of inproc. Its end waits until closed sockets have sent
what they had left, or until their linger is over, so it is brought about on a thread of its own: ``close()``
never waits, and an event loop never stops for it. The interpreter joins that thread before it exits, so what
was sent is delivered.

After a fork, the child has none of the parent's I/O threads: its first socket makes a context of its own.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import zmq

__all__ = ["Lease", "lease_context", "shared_context"]


class Lease:
    """The right to use ``context`` until ``release()``; the shared context ends with its last lease."""

    __slots__ = ("_give_back", "context")

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], give_back: Callable[[], None]) -> None:
        self.context = context
        self._give_back = give_back

    def release(self) -> None:
        """Give the lease back; once."""
        self._give_back()


class _Shared:
    """The one context that is shared at the moment, and how many lean on it."""

    def __init__(self) -> None:
        # Reentrant, since the garbage collector may close a socket while this thread is in here for another.
        self.lock = threading.RLock()
        self.context: zmq.Context[zmq.Socket[bytes]] | None = None
        self.leases = 0

    def lease(self) -> Lease:
        with self.lock:
            if self.context is None:
                self.context = zmq.Context()
            self.leases += 1
            return Lease(self.context, self._give_back)

    def _give_back(self) -> None:
        with self.lock:
            self.leases -= 1
            if self.leases or self.context is None:
                return
            ended, self.context = self.context, None
        _in_background(ended.term)


_shared = _Shared()
#: Contexts of a parent process: kept, because there is nothing in them that a child could end.
_orphans: list[zmq.Context[zmq.Socket[bytes]]] = []


def lease_context(context: zmq.Context[zmq.Socket[bytes]] | None = None) -> Lease:
    """A lease on the shared context, or on ``context``, whose end then is the business of whoever made it."""
    return _shared.lease() if context is None else Lease(context, _nothing)


@contextmanager
def shared_context() -> Iterator[zmq.Context[zmq.Socket[bytes]]]:
    """The context of sockets made without ``context=``, alive at least until the block ends.

    For libraries that take a ``zmq.Context`` and are to reach this process' inproc names.
    """
    lease = _shared.lease()
    try:
        yield lease.context
    finally:
        lease.release()


def _nothing() -> None:
    """A borrowed context is not ours to end."""


def _in_background(job: Callable[[], object]) -> None:
    monkey = sys.modules.get("gevent.monkey")
    if monkey is not None and monkey.is_module_patched("threading"):
        # A patched Thread is a greenlet, and would stop all others until the context has ended.
        sys.modules["gevent"].get_hub().threadpool.spawn(job)
        return
    try:
        threading.Thread(target=job, name="zyre-sockets-context").start()
    except RuntimeError:  # the interpreter is on its way out and starts no more threads
        job()


def _forget_parent() -> None:
    if _shared.context is not None:
        _orphans.append(_shared.context)
    _shared.__init__()  # type: ignore[misc]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_parent)
