"""A link of the modelled network: a DEALER over TCP.

It queues while it is not connected, keeps order, and loses nothing but what is in flight when its connection is reset.
It tries again by itself. A receiver that does not read fills its inbox, then the sender's queue.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from zyre.core.effects import LinkWritable
from zyre.endpoint import Endpoint
from zyre.wire import zre

if TYPE_CHECKING:
    from zyre.sim.box import Box, Port
    from zyre.sim.transport import SimTransport

__all__ = ["SimLink", "Way"]

#: libzmq tries again after this long to connect to a computer that refuses, and a sender here to a full receiver.
RETRY = 0.1
#: TCP sends again what nobody acknowledges after this long, and after twice as long each time (RFC 6298, in Linux's
#: numbers): so a path that was cut for a while carries messages again only up to as long after it was mended.
RETRANSMIT = 0.2
#: The same for a connection that is not there yet.
RETRANSMIT_OPENING = 1.0
RETRANSMIT_MOST = 120.0
RETRANSMIT_HASTENED = 1.0

_HELLO = bytes((zre.HELLO,))
_NOTHING: Final[tuple[()]] = ()


class Way:
    """From one node to one endpoint."""

    __slots__ = ("endpoint", "sender")

    def __init__(self, sender: SimTransport, endpoint: Endpoint) -> None:
        self.sender = sender
        self.endpoint = endpoint

    def end(self, connected: bool) -> Port | None:
        """The interface that it leads to, if anything gets there and back. A new connection wants a receiver that is
        not hidden."""
        network, box = self.sender.network, self.sender.box
        there = network.at.get(self.endpoint.host)
        if there is None or not there.up:
            return None
        if there.box is box:
            return there
        if there.box.hidden and not connected:
            return None
        return there if box.leads_to(there.segment) and network.passes_both_ways(box, there.box) else None


class SimLink(Way):
    """A DEALER: a queue toward one endpoint, and what is on its way there."""

    __slots__ = (
        "_connected",
        "_departed",
        "_flight",
        "_last_arrival",
        "_longest_patience",
        "_number",
        "_patience",
        "_queue",
        "_reached",
        "_refused",
        "_waiting",
        "open",
    )

    def __init__(self, sender: SimTransport, number: int, endpoint: Endpoint) -> None:
        self.sender = sender
        self.endpoint = endpoint
        self.open = True
        self._number = number
        self._queue: Sequence[Sequence[bytes]] = _NOTHING
        self._flight = 0
        """Raised by a reset, so that what was in flight before does not arrive."""
        self._departed = 0
        """How many of the queue are on their way."""
        self._reached: SimTransport | None = None
        """Whom the connection leads to; its end breaks the connection."""
        self._connected = False
        self._waiting = False
        self._refused = False
        self._last_arrival = 0.0
        self._patience = 0.0
        """How long TCP waits before it sends again into the void; 0 while nothing is amiss."""
        self._longest_patience = RETRANSMIT_MOST

    def push(self, frames: Sequence[bytes]) -> bool:
        """Queue a message, unless the queue is full."""
        queue = self._queue
        if not queue:
            self._queue = (frames,)  # which is enough for most: a link that is idle has no list
        elif len(queue) >= self.sender.most_queued:
            self._refused = True
            return False
        elif isinstance(queue, list):
            queue.append(frames)
        else:
            self._queue = [*queue, frames]
        self.sender.network.queued += 1
        if not self._waiting:
            self._depart()
        return True

    def _depart(self) -> None:
        """Send off what is queued; it arrives after the latency, and behind everything sent before."""
        network = self.sender.network
        agenda = network.agenda
        arrival = agenda.time + (network.delay() if self._connected else network.delay_to_connect())
        if arrival > self._last_arrival:
            self._last_arrival = arrival
        self._waiting = True
        self._departed = len(self._queue)
        agenda.at(self._last_arrival, partial(self._arrive, self._flight))

    def _arrive(self, flight: int) -> None:
        if flight != self._flight:
            return
        self._waiting = False
        if self._reached is not None and self._reached.closed:
            self._lose(self._departed)
            self._connected, self._reached = False, None
        if not self._queue:
            self._end_if_closed()
            return
        end = self.end(self._connected)
        target = None if end is None else end.box.inboxes.get(self.endpoint.port)
        room = 0 if target is None else target.room
        if target is not None and not self._connected and not target.host.ready:
            room = 0  # the kernel takes the connection, but nobody there shakes hands
        if end is None or target is None or not room:
            self._retry(answered=end is not None)
        else:
            self._hand_over(target, end, room)

    def _hand_over(self, target: SimTransport, end: Port, room: int) -> None:
        """What is queued arrives, as far as there is room for it."""
        self._connected, self._reached, self._departed, self._patience = True, target, 0, 0.0
        sender, arrived = self.sender, self._queue
        if len(arrived) > room:
            arrived, self._queue = arrived[:room], arrived[room:]
        else:
            self._queue = _NOTHING
        sender.network.queued -= len(arrived)
        if sender.network.watcher is not None:
            sender.network.watcher(sender, target, arrived)
        for frames in arrived:
            if frames[0][2:3] == _HELLO:
                target.host.on_greeter(sender.greeter_in(end.segment))
        target.take(sender.identity, arrived, self)
        if self._refused:
            self._tell_of_room()
        if self._queue and not self._waiting:
            self._depart()
        if not self.open:
            self._end_if_closed()

    def _retry(self, answered: bool) -> None:
        if not self.open:
            self._lose(len(self._queue))
            return
        if answered:
            self._patience = 0.0
        elif self._patience:
            longest = self._longest_patience if self._connected else RETRANSMIT_MOST
            self._patience = min(2 * self._patience, longest)
        else:
            self._patience = RETRANSMIT if self._connected else RETRANSMIT_OPENING
        self._waiting = True
        agenda = self.sender.network.agenda
        agenda.at(agenda.now() + (self._patience or RETRY), partial(self._arrive, self._flight))

    def hasten(self) -> None:
        """From the next time on TCP tries again at least so often."""
        self._longest_patience = RETRANSMIT_HASTENED

    def close(self, flush: bool) -> None:
        """No more; with ``flush`` after what is queued has left."""
        self.open = False
        if flush and self._waiting:
            return
        self.reset(told=True)

    def _end_if_closed(self) -> None:
        if not self.open and not self._queue:
            self._tell_of_end()

    def _tell_of_end(self) -> None:
        """The kernel ends the connection, so the other end knows, if anything gets there."""
        reached, self._reached = self._reached, None
        if reached is None or self.end(connected=True) is None:
            return

        def arrive() -> None:
            if self.end(connected=True) is not None:
                reached.on_end(self.sender.identity, self)

        self.sender.network.after_delay(arrive)

    def reset(self, *, told: bool = False) -> None:
        """The connection breaks; what is in flight is lost, and it connects again by itself. ``told``: the other end
        is told, as it is by a RST or FIN, rather than by an address that is there no more."""
        if told:
            self._tell_of_end()
        if self._waiting:
            self._lose(len(self._queue))
        self._flight += 1
        self._waiting = False
        self._connected, self._reached, self._patience = False, None, 0.0

    def _lose(self, count: int) -> None:
        lost, self._queue = self._queue[:count], self._queue[count:]
        self._departed = 0
        if lost:
            network = self.sender.network
            network.queued -= len(lost)
            network.on_lost(self.sender, lost)
            network.agenda.at(network.agenda.now(), self._tell_of_room)

    def _tell_of_room(self) -> None:
        """Let the sender know when a queue that was full is not any more."""
        if self._refused and self.open and len(self._queue) <= self.sender.most_queued // 2:
            self._refused = False
            self.sender.host.on_report(LinkWritable(self._number))

    def leads_to(self, box: Box) -> bool:
        """Whether the link's endpoint is on that computer."""
        return box.has_address(self.endpoint.host)
