"""Sockets that libzmq owns, and that we know by their descriptors: looked at, and told what it has no option for.

A descriptor may be closed at any moment by libzmq's own thread, and be somebody else's a moment later. So each is used
by a copy, which stays what it is, and nothing is done to a socket whose addresses are not those that are meant.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Address", "borrow", "peer_address"]

#: Host and port, and for IPv6 two numbers more.
Address = tuple[object, ...]


@contextmanager
def borrow(descriptor: int) -> Iterator[socket.socket | None]:
    """The socket that has this descriptor now; None if it is none, or no descriptor any more."""
    try:
        copy = os.dup(descriptor)
    except OSError:
        yield None
        return
    try:
        borrowed = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0, copy)  # to be told the kind saves asking for it
    except OSError:
        os.close(copy)
        yield None
        return
    with borrowed:
        yield borrowed


def peer_address(borrowed: socket.socket) -> Address | None:
    """Where the other end of a TCP connection is; None if it is none, or is not connected."""
    try:
        address = borrowed.getpeername()
    except OSError:
        return None
    return address if isinstance(address, tuple) else None
