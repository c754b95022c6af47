"""Proxies: two sockets, and everything that comes in at one goes out at the other.

A proxy is two pumps, one for each direction in which its sockets can go. A pump moves a message only when
everybody who is to get it has room for it, so a message that is in the proxy's hands is never one that it
cannot pass on, and a proxy that ends has lost nothing. ``Pump.step`` moves what can be moved and says what it
waits for next; that is all, so threads and tasks share it and differ in how they wait.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from zyre.sockets.errors import Fault, SocketClosed, WouldBlock, WrongUse
from zyre.sockets.handle import RECEIVE, SEND
from zyre.sockets.loops import park_task, pass_turn
from zyre.sockets.message import Message
from zyre.sockets.parking import park
from zyre.sockets.select import Selectable, descriptor_of, ready_of, wants_of
from zyre.sockets.socket import Socket
from zyre.sockets.waiting import Source

__all__ = ["Capture", "ProxyEnd", "aproxy", "proxy"]

#: Who is shown every message: a function of the socket it came from and the message, or a socket to send a
#: copy to.
Capture: TypeAlias = Callable[[Socket, Message], object] | Socket

#: How many messages a pump moves before the other has its turn.
_BURST: Final = 64
_CANNOT_RECEIVE: Final = frozenset({"pub", "push"})
_CANNOT_SEND: Final = frozenset({"sub", "pull"})


@dataclass(frozen=True, slots=True)
class ProxyEnd:
    """Why a proxy returned, and how many messages it had passed on by then."""

    reason: Literal["closed", "until"]
    a_to_b: int
    b_to_a: int


def proxy(a: Socket, b: Socket, *, capture: Capture | None = None, until: Selectable | None = None) -> ProxyEnd:
    """Pass messages between ``a`` and ``b``, both ways if they can, until one closes or ``until`` is ready.

    ``capture`` is called with the source and the message before the message is sent on, or is a socket (pub,
    push, pair, dealer) that gets a copy; while that has no room, the proxy waits for it. ``until`` is an
    event, or anything else that ``select`` takes. Closing any of the sockets, from any thread, ends the proxy
    without an exception.
    """
    run = _Run(a, b, capture)
    stops = () if until is None else (until,)
    descriptors = [] if until is None or wants_of(stops) else [descriptor_of(until)]
    with run.ending_when_closed():
        while not ready_of(stops):
            waits = run.step()
            if waits:
                park([*waits, *wants_of(stops)], None, descriptors)
        run.reason = "until"
    return run.end()


async def aproxy(
    a: Socket, b: Socket, *, capture: Capture | None = None, until: Socket | threading.Event | None = None
) -> ProxyEnd:
    """``proxy`` for a task. It can also just be cancelled: no message is in its hands while it waits."""
    run = _Run(a, b, capture)
    stops = () if until is None else (until,)
    with run.ending_when_closed():
        while not ready_of(stops):
            waits = run.step()
            if waits:
                await park_task([*waits, *wants_of(stops)])
            else:
                await pass_turn()
        run.reason = "until"
    return run.end()


class _Pump:
    """One direction."""

    def __init__(self, source: Socket, sink: Socket, capture: Capture | None) -> None:
        self.moved = 0
        self._source = source
        self._show = capture if callable(capture) else None
        self._sinks = [sink, capture] if isinstance(capture, Socket) else [sink]

    def step(self) -> list[tuple[Source, int]]:
        """Move a burst; what to wait for before the next, or nothing if there may be more at once."""
        for _ in range(_BURST):
            waits: list[tuple[Source, int]] = [(sink, SEND) for sink in self._sinks if not sink.writable]
            if waits:
                return waits
            try:
                message = self._source.recv_nowait()
            except WouldBlock:
                return [(self._source, RECEIVE)]
            self._pass_on(message)
        return []

    def _pass_on(self, message: Message) -> None:
        if self._show is not None:
            self._show(self._source, message)
        for sink in self._sinks:
            sink.send(message)  # writable a moment ago: this does not wait
        self.moved += 1


class _Run:
    """Both directions, from the first step to the end."""

    def __init__(self, a: Socket, b: Socket, capture: Capture | None) -> None:
        self.reason: Literal["closed", "until"] = "closed"
        self._sockets = [a, b, capture] if isinstance(capture, Socket) else [a, b]
        self._forward, self._backward = _pump(a, b, capture), _pump(b, a, capture)
        self._pumps = [pump for pump in (self._forward, self._backward if a is not b else None) if pump]
        if not self._pumps:
            raise WrongUse(Fault("proxy", strerror=f"nothing can go between a {a.type} and a {b.type}"))

    def step(self) -> list[tuple[Source, int]]:
        """One step of each pump; what all of them wait for, or nothing if one has more to do."""
        for socket in self._sockets:
            if socket.closed:  # a pump that waits for another of them would not notice
                raise SocketClosed(Fault("proxy", socket.type))
        waits = [pump.step() for pump in self._pumps]
        if not all(waits):
            return []
        # To be woken by the closing of each, also of one that no pump waits for just now.
        return [*(want for each in waits for want in each), *((socket, 0) for socket in self._sockets)]

    @contextmanager
    def ending_when_closed(self) -> Iterator[None]:
        """Take the closing of one of ours as the end, and everything else as what it is."""
        try:
            yield
        except SocketClosed:
            if not any(socket.closed for socket in self._sockets):
                raise

    def end(self) -> ProxyEnd:
        return ProxyEnd(
            self.reason,
            self._forward.moved if self._forward else 0,
            self._backward.moved if self._backward else 0,
        )


def _pump(source: Socket, sink: Socket, capture: Capture | None) -> _Pump | None:
    if source.type in _CANNOT_RECEIVE or sink.type in _CANNOT_SEND:
        return None
    return _Pump(source, sink, capture)
