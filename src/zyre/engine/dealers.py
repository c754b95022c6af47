"""The links of one node: a DEALER for each peer, which only sends.

Frames up to a threshold are copied into libzmq, which is faster than sharing them; larger ones are shared (freight.py).
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import zmq

from zyre.config import NodeConfig
from zyre.core.outqueue import share_of_link
from zyre.endpoint import Endpoint
from zyre.engine.context import shared_context
from zyre.engine.descriptors import LINK, budget
from zyre.engine.freight import COUNTED_FROM, LAST, MORE, Freight
from zyre.refusals import RefusalCode

if TYPE_CHECKING:
    from zyre.engine.auth import Protection

__all__ = ["FLUSH_MS", "Dealers"]

#: How long what is queued for one peer may still leave when its link alone is closed, in milliseconds; and at least,
#: when the node stops.
FLUSH_MS = 500


class Dealers:
    """The DEALERs by link, for a transport: see there of the callbacks."""

    def __init__(
        self,
        identity: bytes,
        config: NodeConfig,
        protection: Protection | None,
        *,
        on_blocked: Callable[[int, int], None],
        on_closed: Callable[[int], None],
        on_less: Callable[[int], None],
        on_refused: Callable[[RefusalCode, str], None],
    ) -> None:
        self.flush_ms = FLUSH_MS
        self._identity = identity
        self._protection = protection
        self._handshake_ms = round(config.timing.handshake * 1000)
        self._share = share_of_link(config.limits)
        self._on_blocked = on_blocked
        self._on_closed = on_closed
        self._on_less = on_less
        self._on_refused = on_refused
        self._links: dict[int, zmq.Socket[bytes]] = {}
        self._senders: dict[int, Callable[..., object]] = {}
        """Each link's compiled send, without the Python method that pyzmq puts before it."""
        self._freights: dict[int, Freight] = {}
        """Of the links that large messages were sent on."""

    def open(self, link: int, target: Endpoint) -> bool:
        """A DEALER that connects, now or later, under our identity."""
        dealer = self._new_dealer()
        if dealer is None:
            self._on_refused("no descriptors", target.host)
            return False
        dealer.linger = 0
        dealer.ipv6 = ":" in target.host
        dealer.sndhwm = self._share[0]
        dealer.routing_id = self._identity
        # Else libzmq waits half a minute for the greeting of a connection that died unseen while it was being made.
        dealer.handshake_ivl = self._handshake_ms
        try:
            if self._protection is not None and not self._protection.guard_link(dealer, target):
                raise zmq.ZMQError(errno.EACCES)
            dealer.connect(str(target))
        except zmq.ZMQError:
            dealer.close(0)
            return False
        self._links[link] = dealer
        self._senders[link] = super(zmq.Socket, dealer).send
        return True

    def _new_dealer(self) -> zmq.Socket[bytes] | None:
        """None if there are too few descriptors left, or libzmq's own number of sockets is used up."""
        try:
            return shared_context().socket(zmq.DEALER) if budget.take(LINK) else None
        except zmq.ZMQError:
            return None

    def send(self, link: int, frames: Sequence[bytes]) -> bool:
        """Queue a whole message. libzmq refuses at message boundaries only, so it is all or nothing.

        What is still on its way to a link that could not be opened counts as sent: the failure has been reported.
        """
        send = self._senders.get(link)
        if send is None:
            return True
        last = frames[-1]
        if len(last) >= COUNTED_FROM or len(frames) > 2:
            return self._send_large(link, send, frames)
        try:
            for frame in frames[:-1]:
                send(frame, MORE)
            send(last, LAST)
        except zmq.Again:
            self._on_blocked(link, int(self._links[link].get(zmq.FD)))
            return False
        return True

    def _send_large(self, link: int, send: Callable[..., object], frames: Sequence[bytes]) -> bool:
        freight = self._freights.get(link)
        if freight is None:
            freight = self._freights[link] = Freight(self._share[1], partial(self._on_less, link))
        if not freight.send(send, frames):
            self._on_blocked(link, int(self._links[link].get(zmq.FD)))
            return False
        return True

    def is_writable(self, link: int) -> bool | None:
        """Whether a DEALER has room; None if it is closed."""
        dealer, freight = self._links.get(link), self._freights.get(link)
        if dealer is None:
            return None
        has_room = bool(int(dealer.get(zmq.EVENTS)) & zmq.POLLOUT)
        return has_room and (freight is None or freight.has_eased())

    def place_of(self, link: int) -> str | None:
        """Where a DEALER leads; None if it is closed."""
        dealer = self._links.get(link)
        return None if dealer is None else dealer.get_string(zmq.LAST_ENDPOINT).rstrip("\0")

    def close(self, link: int, flush: bool) -> None:
        """Close a DEALER; with ``flush`` what it holds may leave for a moment."""
        dealer = self._links.pop(link, None)
        self._senders.pop(link, None)
        self._freights.pop(link, None)
        if dealer is not None:
            budget.give(LINK)
            self._on_closed(link)
            dealer.close(self.flush_ms if flush else 0)

    def close_all(self) -> None:
        """Close them; they lose what they hold."""
        for link in list(self._links):
            self.close(link, flush=False)
