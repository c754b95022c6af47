"""The links of one node: a DEALER for each peer, which only sends.

Frames up to a threshold are copied into libzmq, which is faster than sharing them; larger ones are shared (freight.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import zmq

from zyre.config import NodeConfig
from zyre.core.outqueue import share_of_link
from zyre.endpoint import Endpoint
from zyre.engine.context import BareSocket, close_bare, new_bare
from zyre.engine.descriptors import INPROC_LINK, LINK, budget
from zyre.engine.freight import COUNTED_FROM, LAST, MORE, Freight
from zyre.refusals import RefusalCode

if TYPE_CHECKING:
    from zyre.engine.auth import Protection

__all__ = ["FLUSH_MS", "Dealers"]

#: How long what is queued for one peer may still leave when its link alone is closed, in milliseconds; and at least,
#: when the node stops.
FLUSH_MS = 500
# Plain numbers: see transport.py.
_DEALER = int(zmq.DEALER)
_LINGER, _IPV6, _SNDHWM = int(zmq.LINGER), int(zmq.IPV6), int(zmq.SNDHWM)
_ROUTING_ID, _HANDSHAKE_IVL = int(zmq.ROUTING_ID), int(zmq.HANDSHAKE_IVL)
_FD, _EVENTS, _LAST_ENDPOINT = int(zmq.FD), int(zmq.EVENTS), int(zmq.LAST_ENDPOINT)
_WRITABLE = int(zmq.POLLOUT)


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
        self._links: dict[int, BareSocket] = {}
        self._prices: dict[int, int] = {}
        """How many descriptors are taken for each."""
        self._senders: dict[int, Callable[..., object]] = {}
        """Each link's way to send, which would be made anew for each message."""
        self._freights: dict[int, Freight] = {}
        """Of the links that large messages were sent on."""

    def open(self, link: int, target: Endpoint) -> bool:
        """A DEALER that connects, now or later, under our identity."""
        price = INPROC_LINK if target.transport == "inproc" else LINK
        dealer = self._new_dealer(price)
        if dealer is None:
            self._on_refused("no descriptors", target.host)
            return False
        guarded = self._protection is None or self._protection.guard_link(dealer, target)
        if not guarded or not self._connect(dealer, target):
            budget.give(price)
            close_bare(dealer, 0)
            return False
        self._links[link] = dealer
        self._prices[link] = price
        self._senders[link] = dealer.send
        return True

    def _connect(self, dealer: BareSocket, target: Endpoint) -> bool:
        choose = dealer.set
        choose(_LINGER, 0)
        choose(_SNDHWM, self._share[0])
        choose(_ROUTING_ID, self._identity)
        # Else libzmq waits half a minute for the greeting of a connection that died unseen while it was being made.
        choose(_HANDSHAKE_IVL, self._handshake_ms)
        if target.is_ipv6:
            choose(_IPV6, 1)
        try:
            dealer.connect(target.text)
        except zmq.ZMQError:
            return False
        return True

    def _new_dealer(self, price: int) -> BareSocket | None:
        """None if there are too few descriptors left, or libzmq's own number of sockets is used up."""
        try:
            return new_bare(_DEALER) if budget.take(price) else None
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
            self._on_blocked(link, int(self._links[link].get(_FD)))
            return False
        return True

    def _send_large(self, link: int, send: Callable[..., object], frames: Sequence[bytes]) -> bool:
        freight = self._freights.get(link)
        if freight is None:
            freight = self._freights[link] = Freight(self._share[1], partial(self._on_less, link))
        if not freight.send(send, frames):
            self._on_blocked(link, int(self._links[link].get(_FD)))
            return False
        return True

    def is_writable(self, link: int) -> bool | None:
        """Whether a DEALER has room; None if it is closed."""
        dealer, freight = self._links.get(link), self._freights.get(link)
        if dealer is None:
            return None
        has_room = bool(int(dealer.get(_EVENTS)) & _WRITABLE)
        return has_room and (freight is None or freight.has_eased())

    def place_of(self, link: int) -> str | None:
        """Where a DEALER leads; None if it is closed."""
        dealer = self._links.get(link)
        if dealer is None:
            return None
        place = dealer.get(_LAST_ENDPOINT)
        assert isinstance(place, bytes)
        return place.rstrip(b"\0").decode()

    def close(self, link: int, flush: bool) -> None:
        """Close a DEALER; with ``flush`` what it holds may leave for a moment."""
        dealer = self._links.pop(link, None)
        self._senders.pop(link, None)
        self._freights.pop(link, None)
        if dealer is not None:
            budget.give(self._prices.pop(link))
            self._on_closed(link)
            close_bare(dealer, self.flush_ms if flush else 0)

    def close_all(self) -> None:
        """Close them; they lose what they hold."""
        for link in list(self._links):
            self.close(link, flush=False)
