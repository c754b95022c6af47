"""Where a socket is reachable, and whom it reaches: bind, connect, and their opposites."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import zmq

from zyre.sockets.endpoint import Access
from zyre.sockets.errors import WrongUse
from zyre.sockets.guard import Guard, check
from zyre.sockets.handle import Handle
from zyre.sockets.message import FrameLike, as_frame

__all__ = ["EndpointVerbs"]

#: One step with the raw socket and an endpoint.
_Step: TypeAlias = Callable[[zmq.Socket[bytes], str], object]


class EndpointVerbs(Handle):
    """The part of a Socket that knows its endpoints."""

    __slots__ = ()

    #: For each of bind and connect: the endpoint as it was given, and as libzmq resolved it.
    _endpoints: dict[str, list[tuple[str, str]]]
    #: The guards that this socket was made under.
    _guards: tuple[Guard, ...]

    def bind(self, endpoint: str) -> str:
        """Be reachable at ``endpoint``; returns it with its wildcards resolved.

        Raises InvalidEndpoint, AccessRefused (a guard), AddressInUse, AddressNotAvailable, NoSuchInterface,
        ...
        """
        check("bind", endpoint, self._type, self._guards)
        return self.unsafe_bind(endpoint)

    def connect(self, endpoint: str) -> str:
        """Reach for ``endpoint``, now and whenever it is there; returns it. Nobody needs to be there yet."""
        check("connect", endpoint, self._type, self._guards)
        return self.unsafe_connect(endpoint)

    def unsafe_bind(self, endpoint: str) -> str:
        """``bind`` with no guard asked, and in any format that libzmq knows."""
        with self._using("bind", endpoint) as raw:
            raw.bind(endpoint)
            resolved = self._last_endpoint(endpoint)
            self._endpoints["bind"].append((endpoint, resolved))
            return resolved

    def unsafe_connect(self, endpoint: str) -> str:
        """``connect`` with no guard asked, and in any format that libzmq knows."""
        with self._using("connect", endpoint) as raw:
            raw.connect(endpoint)
            self._endpoints["connect"].append((endpoint, endpoint))
            return endpoint

    def unbind(self, endpoint: str) -> None:
        """Stop being reachable at ``endpoint``, as it was given to bind or as bind returned it."""
        self._let_go("bind", "unbind", endpoint, lambda raw, resolved: raw.unbind(resolved))

    def disconnect(self, endpoint: str) -> None:
        """Stop reaching for ``endpoint``."""
        self._let_go("connect", "disconnect", endpoint, lambda raw, resolved: raw.disconnect(resolved))

    def endpoints(self, mode: Access) -> list[str]:
        """What the socket is bound to, or connected to, as libzmq resolved it."""
        if mode not in ("bind", "connect"):
            raise WrongUse(self._fault("endpoints", f"the mode is 'bind' or 'connect', not {mode!r}"))
        return [resolved for _, resolved in self._endpoints[mode]]

    def subscribe(self, *topics: FrameLike) -> None:
        """(sub, xsub) Receive messages that start with one of ``topics``; all start with the empty one."""
        self._change_subscriptions("subscribe", topics)

    def unsubscribe(self, *topics: FrameLike) -> None:
        """(sub, xsub) Take ``subscribe`` back, as often as it was called."""
        self._change_subscriptions("unsubscribe", topics)

    def _change_subscriptions(self, verb: Literal["subscribe", "unsubscribe"], topics: tuple[FrameLike, ...]) -> None:
        prefixes = [as_frame(index, topic) for index, topic in enumerate(topics)]
        if self._type not in ("sub", "xsub"):
            raise WrongUse(self._fault(verb, "only sub and xsub sockets subscribe"))
        with self._using(verb) as raw:
            for prefix in prefixes:
                if self._type == "sub":
                    raw.set(zmq.SUBSCRIBE if verb == "subscribe" else zmq.UNSUBSCRIBE, prefix)
                else:  # an xsub sends its wishes as messages
                    raw.send((b"\1" if verb == "subscribe" else b"\0") + prefix, zmq.DONTWAIT)

    def _let_go(self, mode: Access, verb: str, endpoint: str, step: _Step) -> None:
        with self._using(verb, endpoint) as raw:
            known = self._endpoints[mode]
            pair = next((pair for pair in known if endpoint in pair), (endpoint, endpoint))
            step(raw, pair[1])
            if pair in known:
                known.remove(pair)

    def _last_endpoint(self, endpoint: str) -> str:
        last = self._get(zmq.LAST_ENDPOINT)
        return last.decode() if isinstance(last, bytes) and last else endpoint
