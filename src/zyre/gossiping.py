"""How a node meets others by gossip, beside its beacons or instead of them (``port=0``)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from zyre.endpoint import Endpoint
from zyre.engine.auth_need import target_of
from zyre.errors import UsageError
from zyre.identity import PeerId

if TYPE_CHECKING:
    from zyre.core.host import Host
    from zyre.engine.auth import Protection
    from zyre.engine.node_gossip import NodeGossip

__all__ = ["GossipVerbs"]


class GossipVerbs:
    """The verbs of a node that have to do with gossip."""

    _host: Host
    _protection: Protection | None

    def gossip_bind(self, endpoint: str) -> str:
        """Be a gossip hub as well, to which other nodes connect: they all meet. Works before the start, too.

        Returns the endpoint with its port, where ``*`` was given. Raises InvalidEndpoint, AddressInUse, NetworkError.
        """
        return str(self._gossip.bind(Endpoint.parse(endpoint)))

    def gossip_connect(self, endpoint: str, public_key: str | None = None) -> None:
        """Meet all nodes that a gossip hub, or another one behind it, knows; zyre's, ``zyre gossip`` or CZMQ's zgossip.

        May be called for several hubs, and before the start. ``public_key`` is that of a secured hub, in Z85; it may
        also follow the endpoint behind a ``|``. Raises InvalidEndpoint, InvalidKey.
        """
        self._gossip.connect(target_of(endpoint, public_key, self._protection))

    def gossip_unpublish(self, peer: object) -> bool:
        """Withdraw what gossip says of a node that is gone and could not do so itself; False if it says nothing.

        Nodes of this package do that when they stop, or are forgotten a minute after they died. Raises InvalidPeer.
        """
        return self._gossip.unpublish(PeerId.parse(peer))

    @property
    def _gossip(self) -> NodeGossip:
        from zyre.engine.host import NodeHost  # loaded by now, if the node has one

        if not isinstance(self._host, NodeHost):
            raise UsageError("gossip takes real sockets: this node lives in the simulator")
        return self._host.gossip

    def _begin_gossip(self, bind: str | Iterable[str], connect: str | Iterable[str]) -> None:
        for endpoint in (bind,) if isinstance(bind, str) else bind:
            self.gossip_bind(endpoint)
        for endpoint in (connect,) if isinstance(connect, str) else connect:
            self.gossip_connect(endpoint)
