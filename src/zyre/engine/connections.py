"""Whose connection to the inbox ended: libzmq tells by descriptor, and a message by which descriptor it came.

One monitor for the one socket that receives, so what has to be watched does not grow with the peers.
"""

from __future__ import annotations

import itertools
import struct
from typing import Final

import zmq

from zyre.core.effects import LinkLost
from zyre.engine.borrowed import number_of
from zyre.engine.context import shared_context
from zyre.engine.overtaken import dismiss

__all__ = ["Connections"]

_EVENT = struct.Struct("=hi")
#: Events that may wait to be read. A full queue would hold up libzmq's I/O thread, and every node of the process.
_MOST_WAITING = 100_000

_NOBODY: Final[tuple[bytes, int]] = b"", 0
_SRCFD: Final = int(zmq.SRCFD)

_numbers = itertools.count(1)


class Connections:
    """The connections by which peers reach one inbox.

    ``note`` is called by whoever reads the inbox, the others in the engine thread.
    """

    def __init__(self, inbox: zmq.Socket[bytes], *, count_strangers: bool = False) -> None:
        self._inbox = inbox
        self._strangers: set[int] | None = set() if count_strangers else None
        """Connections by which nobody has shown yet who they are."""
        self._shown: set[int] = set()
        """Those by which that was done before the news was read that they are there."""
        self._by_identity: dict[bytes, int] = {}
        self._by_descriptor: dict[int, tuple[bytes, int]] = {}
        """Who comes by it, and which socket of all that ever had that number it is."""
        self._overtaken: list[LinkLost] = []
        """Those whose descriptor is somebody else's already, before the news of their end was read."""
        endpoint = f"inproc://zyre-connections-{next(_numbers)}"
        news = zmq.EVENT_DISCONNECTED | (zmq.EVENT_ACCEPTED if count_strangers else 0)
        inbox.monitor(endpoint, news)
        self._events = shared_context().socket(zmq.PAIR)
        self._events.linger = 0
        self._events.rcvhwm = _MOST_WAITING
        self._events.connect(endpoint)

    def fileno(self) -> int:
        """libzmq's edge-triggered descriptor of the events."""
        return int(self._events.get(zmq.FD))

    def note(self, identity: bytes, frame: zmq.Frame) -> None:
        """Somebody's message came by this connection. Those within the process (inproc) have none."""
        try:
            descriptor = int(frame.get(_SRCFD))
        except (zmq.ZMQError, TypeError, ValueError):
            return
        before = self._by_identity.get(identity)
        if descriptor < 0 or before == descriptor:
            return
        if before is not None:
            _, number = self._by_descriptor.pop(before, _NOBODY)
            if number:
                dismiss(before, number)
        former, _ = self._by_descriptor.get(descriptor, _NOBODY)
        if former:
            self._by_identity.pop(former, None)
            self._overtaken.append(LinkLost(former))
        self._by_identity[identity] = descriptor
        self._by_descriptor[descriptor] = identity, number_of(descriptor)

    def take_lost(self, limit: int) -> tuple[list[LinkLost], bool]:
        """Those that ended, and whether there may be more. A descriptor may be somebody else's by now, whose word was
        read before this news: then that one is named, and is asked for nothing. (Not every end is news: a connection
        whose place another one of the same identity has taken ends without.)"""
        lost, self._overtaken = self._overtaken, []
        for _ in range(limit):
            try:
                event = self._events.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return lost, False
            kind, descriptor = _EVENT.unpack_from(event[0])
            if self._strangers is not None and self._follow_stranger(self._strangers, kind, descriptor):
                continue
            identity, _ = self._by_descriptor.pop(descriptor, _NOBODY)
            if identity:
                self._by_identity.pop(identity, None)
                lost.append(LinkLost(identity))
        return lost, True

    @property
    def strangers(self) -> int:
        """By how many connections nobody has shown yet who they are: half-open ones are among them."""
        return len(self._strangers or ())

    def show(self, frame: zmq.Frame) -> None:
        """Whoever said this has shown who they are."""
        try:
            descriptor = int(frame.get(_SRCFD))
        except (zmq.ZMQError, TypeError, ValueError):
            return
        if self._strangers is not None and descriptor not in self._strangers:
            self._shown.add(descriptor)
        elif self._strangers is not None:
            self._strangers.discard(descriptor)

    def _follow_stranger(self, strangers: set[int], kind: int, descriptor: int) -> bool:
        """Count connections; whether the news was no more than that."""
        if kind != zmq.EVENT_ACCEPTED:
            strangers.discard(descriptor)
            self._shown.discard(descriptor)
            return False
        if descriptor in self._shown:
            self._shown.discard(descriptor)
        else:
            strangers.add(descriptor)
        return True

    def close(self) -> None:
        """Before the inbox is closed."""
        if not self._inbox.closed:
            self._inbox.disable_monitor()
        self._events.close(0)
