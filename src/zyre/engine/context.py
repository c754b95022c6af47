"""The libzmq context of this process: inproc endpoints are shared in it, and its I/O thread moves every byte."""

from __future__ import annotations

import os
import threading

import zmq
from zmq.backend import Socket as BareSocket

__all__ = ["BareSocket", "close_bare", "destroy_context", "new_bare", "shared_context", "terminate_context"]

#: Sockets per process: libzmq's default of 1023 is one cluster of a thousand.
_MAX_SOCKETS = 16384

_context: zmq.Context[zmq.Socket[bytes]] | None = None
_guard = threading.Lock()
_bare: set[BareSocket] = set()
"""Those that are open."""


def shared_context() -> zmq.Context[zmq.Socket[bytes]]:
    """The context, made when first asked for."""
    global _context
    with _guard:
        if _context is None or _context.closed:
            _context = zmq.Context()
            _context.set(zmq.MAX_SOCKETS, _MAX_SOCKETS)
        return _context


def new_bare(kind: int) -> BareSocket:
    """A socket without the Python that pyzmq puts around it, whose price where nothing is in a cache is twice that of
    libzmq's own work. Raises ZMQError if libzmq's number of sockets is used up."""
    bare = BareSocket(shared_context(), kind)
    _bare.add(bare)
    return bare


def close_bare(bare: BareSocket, linger: int) -> None:
    """Close one; what it holds may leave for so many milliseconds."""
    _bare.discard(bare)
    bare.close(linger)


def terminate_context() -> None:
    """Let what closed sockets still hold leave. Waits for every socket to be closed, and then for its linger time."""
    context = _take_context()
    if context is not None:
        context.term()


def destroy_context() -> None:
    """The same where no thread uses a socket any more: one that is open yet, because Ctrl-C came while it was being
    opened, is closed, or the end of the program would wait for it for ever."""
    context = _take_context()
    if context is not None:
        for bare in tuple(_bare):
            close_bare(bare, 0)
        context.destroy(linger=0)


def _take_context() -> zmq.Context[zmq.Socket[bytes]] | None:
    global _context
    with _guard:
        context, _context = _context, None
    return None if context is None or context.closed else context


def _forget_after_fork() -> None:
    """libzmq does not survive a fork: a child makes a context of its own, and leaves the parent's alone."""
    global _context, _guard
    _context = None
    _guard = threading.Lock()
    _bare.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)
