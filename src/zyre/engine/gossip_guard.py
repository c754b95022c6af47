"""Who may connect to a gossip hub, and the keys of both ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import zmq

from zyre.config import Limits
from zyre.endpoint import Endpoint
from zyre.engine import clock
from zyre.engine.auth import Protection
from zyre.engine.keyring import new_pair
from zyre.engine.tries import Tries
from zyre.engine.zap import shared_zap_handler
from zyre.security.keys import KeyPair, encode_key
from zyre.wire.zap import ZapRequest

__all__ = ["HubSecurity", "guard_remote"]

_Judge: TypeAlias = Callable[[str, str], object | None]


class HubSecurity:
    """What secures a service: ``protection`` has the keys of its hub, and those that it shows to other hubs, which may
    become others at any time. ``judge(address, public key)`` says why somebody may not connect, or None; and
    ``judge_from_memory`` the same without a look at any file, where ``handshakes`` of one address were refused lately.
    """

    def __init__(
        self, protection: Protection, judge: _Judge, judge_from_memory: _Judge, handshakes: float = Limits().handshakes
    ) -> None:
        self._protection = protection
        self._judge = judge
        self._judge_from_memory = judge_from_memory
        self._tries = Tries(handshakes)

    def guard(self, router: zmq.Socket[bytes], domain: str) -> None:
        """Let nobody in but those who prove to own a key that may; to be called before the hub is bound."""
        shared_zap_handler().enlist(domain, self._answer)
        router.setsockopt_string(zmq.ZAP_DOMAIN, domain)
        router.setsockopt(zmq.ZAP_ENFORCE_DOMAIN, 1)
        self.put_keys(router)
        router.curve_server = 1

    def put_keys(self, router: zmq.Socket[bytes]) -> None:
        """Who connects to where the hub is bound from now on must know the keys that are valid now."""
        keys = self._protection.hub_keys
        router.curve_publickey, router.curve_secretkey = keys.public.encode(), keys.secret.encode()

    @property
    def link_keys(self) -> KeyPair:
        """Those that are shown to other hubs."""
        return self._protection.link_keys

    def hub_key_at(self, endpoint: str) -> str | None:
        """The key of the hub there, if all of this cluster have the same."""
        return None if self._protection.needs_keys else self._protection.hub_key_at(Endpoint.parse(endpoint))

    def _answer(self, request: ZapRequest) -> str | None:
        key = encode_key(request.key) if request.key else ""
        now = clock.now()
        quiet = self._tries.are_too_many(request.address, now)
        judge = self._judge_from_memory if quiet else self._judge
        if key and judge(request.address, key) is None:
            return key
        if not quiet:
            self._tries.add(request.address, now)
        return None


def guard_remote(
    dealer: zmq.Socket[bytes], endpoint: str, public_key: str | None, security: HubSecurity | None
) -> None:
    """Talk to nobody but the owner of that key; without one, to the hub of our cluster, or to anybody."""
    key = public_key if public_key is not None or security is None else security.hub_key_at(endpoint)
    if key is None:
        return
    pair = new_pair() if security is None else security.link_keys
    dealer.curve_serverkey = key.encode()
    dealer.curve_publickey, dealer.curve_secretkey = pair.public.encode(), pair.secret.encode()
