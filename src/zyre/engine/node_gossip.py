"""The gossip service of a node: it says where the node is, and tells the node where others are.

The tuple is libzyre's: the node's UUID, and its endpoint with, behind a ``|``, its public key if it has one; in a named
cluster the key says that, too. It goes when the node stops; libzyre's nodes and hubs cannot be told that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from zyre.config import GossipConfig
from zyre.core.profile import NodeProfile
from zyre.endpoint import Endpoint
from zyre.errors import NodeStopped
from zyre.identity import PeerId
from zyre.wire.envelope import gossip_key

if TYPE_CHECKING:
    from zyre.core.gossip.delivery import Delivery
    from zyre.engine.auth import Protection
    from zyre.engine.gossip import GossipHost

__all__ = ["NodeGossip"]


class NodeGossip:
    """Made with its node, and running from the first ``bind`` or ``connect`` until the node stops.

    ``tell(key, contact)`` hands in a tuple, in the engine's thread; the contact is empty if the tuple is gone.
    """

    def __init__(
        self, profile: NodeProfile, protection: Protection | None, tell: Callable[[str, str, str], object]
    ) -> None:
        self._cluster = profile.cluster.name
        self._identity = profile.identity
        self._name = profile.name
        self._protection = protection
        self._tell = tell
        self._handshakes = profile.config.limits.handshakes
        self._endpoint = ""
        self._closed = False
        self._host: GossipHost | None = None

    @property
    def running(self) -> bool:
        """Whether there is a service, which is to be closed."""
        return self._host is not None and not self._closed

    def bind(self, endpoint: Endpoint) -> Endpoint:
        """Be a hub, too. Raises AddressInUse, NetworkError, NodeStopped."""
        return self._service("gossip_bind").bind(endpoint)

    def connect(self, endpoint: Endpoint) -> None:
        """Be a client of a hub. A secured node knows the key of those that share its secret. Raises NodeStopped."""
        service = self._service("gossip_connect")
        by = self._protection
        key = by.hub_key_at(endpoint) if by is not None and by.needs_keys else endpoint.key or None
        service.step("connect", lambda machine, now: machine.connect(str(endpoint), now, key))

    def unpublish(self, peer: PeerId) -> bool:
        """Withdraw the tuple of a node which is gone, and could not do so. Raises NodeStopped."""
        key = gossip_key(self._cluster, peer)
        return self._service("gossip_unpublish").step("unpublish", lambda machine, now: machine.unpublish(key, now))

    def announce(self, endpoint: str) -> None:
        """Say where the node is, now or as soon as there is a service."""
        self._endpoint = endpoint
        if self._host is not None and not self._closed:
            self._publish(self._host)

    def close(self, timeout: float) -> None:
        """Withdraw what was said, and end."""
        self._closed = True
        if self._host is not None:
            self._host.close(timeout)

    def _service(self, verb: str) -> GossipHost:
        if self._closed:
            raise NodeStopped(verb)
        if self._host is None:
            from zyre.engine.gossip import GossipHost  # these, with the whole of core.gossip, most nodes never need
            from zyre.engine.gossip_guard import HubSecurity

            by = self._protection
            security = None
            if by is not None:
                security = HubSecurity(by, by.judge_client, by.judge_client_from_memory, self._handshakes)
                by.on_keys = self._on_keys
            self._host = GossipHost(self._name, GossipConfig(), security, self._on_delivered)
            self._publish(self._host)
        return self._host

    def _publish(self, service: GossipHost) -> None:
        if self._endpoint:
            key = gossip_key(self._cluster, self._identity)
            own = "" if self._protection is None else self._protection.public_key
            contact = f"{self._endpoint}|{own}" if own else self._endpoint
            service.step("publish", lambda machine, now: machine.publish(key, contact, now))

    def _on_keys(self) -> None:
        """The node has other keys, and so has its hub; others are told by which it is known."""
        if self._host is not None and not self._closed:
            self._host.listen_anew()
            self._publish(self._host)

    def _on_delivered(self, deliveries: list[Delivery]) -> None:
        for delivery in deliveries:
            try:
                self._tell("gossiped", delivery.key, delivery.value or "")
            except NodeStopped:
                return
