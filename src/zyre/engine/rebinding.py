"""Listening again at the same place, because the keys of a socket are those that it had when it began to listen.

libzmq closes a listening socket in its own time, a moment after it was told to, and with it the connections that were
made there.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Final

import zmq

__all__ = ["bind_again", "listen_again"]

#: So often it is tried, so many seconds apart: the system needs a moment, and whoever reads the inbox waits for it.
_TRIES: Final = 100
_PAUSE: Final = 0.002


def listen_again(inbox: zmq.Socket[bytes], place: str, links: Iterable[str]) -> bool:
    """Stop listening at these places, as LAST_ENDPOINT named them, and begin again with the keys that the socket has
    now; ``links`` are those of IPv6. False if not all can be had back yet."""
    outcomes = [bind_again(inbox, link, ipv6=True) for link in links]
    return all([bind_again(inbox, place, ipv6=False), *outcomes])


def bind_again(inbox: zmq.Socket[bytes], place: str, *, ipv6: bool) -> bool:
    """Stop listening at one place, and begin again; False if it cannot be had back yet."""
    try:
        inbox.unbind(place)
    except zmq.ZMQError:  # it was given up already
        pass
    inbox.ipv6 = ipv6
    try:
        for _ in range(_TRIES):
            try:
                inbox.bind(place)
            except zmq.ZMQError:
                time.sleep(_PAUSE)
            else:
                return True
        return False
    finally:
        inbox.ipv6 = False
