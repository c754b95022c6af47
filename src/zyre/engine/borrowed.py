"""Sockets that libzmq owns, and that we know by their descriptors: looked at, and told what it has no option for.

A descriptor may be closed at any moment by libzmq's own thread, and be somebody else's a moment later. So each is used
by a copy, which stays what it is, and nothing is done to a socket whose addresses are not those that are meant. Files
are not copied: to close a copy would end the locks that this process has on them.
"""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Address", "borrow", "number_of", "peer_address"]

#: Host and port, and for IPv6 two numbers more.
Address = tuple[object, ...]


@contextmanager
def borrow(descriptor: int) -> Iterator[socket.socket | None]:
    """The socket that has this descriptor now; None if it is none, or no descriptor any more."""
    try:
        is_socket = stat.S_ISSOCK(os.fstat(descriptor).st_mode)
        copy = os.dup(descriptor) if is_socket else None
    except OSError:
        copy = None
    if copy is None:
        yield None
        return
    with socket.socket(fileno=copy) as borrowed:
        yield borrowed


def peer_address(borrowed: socket.socket) -> Address | None:
    """Where the other end of a TCP connection is; None if it is none, or is not connected."""
    try:
        address = borrowed.getpeername()
    except OSError:
        return None
    return address if isinstance(address, tuple) else None


def number_of(descriptor: int) -> int:
    """Which socket has this descriptor now: no other one has the same number while that is open, nor for long after.
    0 if it is none, or no descriptor any more."""
    try:
        status = os.fstat(descriptor)
    except OSError:
        return 0
    return status.st_ino if stat.S_ISSOCK(status.st_mode) else 0
