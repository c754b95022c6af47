"""The connections that were overtaken: by another one of the same identity.

libzmq's ROUTER lets the new one take over and forgets the old one, which nobody reads any more: it lives until it ends
by itself, and if anything comes on it before that, for good. (What it brings can go nowhere, so libzmq stops listening
to it, and never hears of its end.) That is how it goes after an outage, when what was on its way meanwhile arrives: a
descriptor for each peer that had to connect anew.

So the kernel is told to drop whatever comes on such a connection, and to ask whether anybody is there. The answers are
dropped, too, and after a few of them it gives the connection up, which libzmq hears of. By then its owner has closed
it; and if not, connects again.
"""

from __future__ import annotations

import contextlib
import socket
from typing import Final

from zyre.engine.borrowed import borrow, number_of, peer_address
from zyre.engine.sieve import deafen

__all__ = ["SETTLING", "dismiss"]

_IDLE: Final = 1
_INTERVAL: Final = 1
_QUESTIONS: Final = 3
#: So long after it was overtaken a connection is gone, in seconds: long enough for its owner, who closes it within half
#: a second, even if the answer has to be sent again.
SETTLING: Final = _IDLE + _INTERVAL * _QUESTIONS

_ASK: Final = tuple(
    (getattr(socket, name), value)
    for name, value in (("TCP_KEEPIDLE", _IDLE), ("TCP_KEEPINTVL", _INTERVAL), ("TCP_KEEPCNT", _QUESTIONS))
    if hasattr(socket, name)
)


def dismiss(descriptor: int, number: int) -> bool:
    """Let the connection end that has this number among all sockets, unless the descriptor is somebody else's by now;
    whether the kernel does that here."""
    with borrow(descriptor) as connection:
        if connection is None or number_of(connection.fileno()) != number:
            return False
        if peer_address(connection) is None or not deafen(connection):
            return False
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for option, value in _ASK:
                connection.setsockopt(socket.IPPROTO_TCP, option, value)
        return True
