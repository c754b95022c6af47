"""What a node is born with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from zyre.config import DISCOVERY_PORT, ClusterConfig, NodeConfig, chosen_cluster, chosen_extensions, chosen_scope
from zyre.errors import InvalidConfig
from zyre.identity import PeerId, check_group, check_headers, check_name
from zyre.wire.extension import shared

__all__ = ["NodeProfile"]


class NodeProfile(NamedTuple):
    """Who a node is and how it is set: everything that a machine is born with."""

    identity: PeerId
    name: str
    headers: Mapping[str, str]
    groups: tuple[str, ...]
    cluster: ClusterConfig
    config: NodeConfig
    extensions: frozenset[str]
    public_key: str = ""
    """The CURVE public key of a node that demands CURVE, in Z85."""
    certificate: str = ""
    """What the node shows in its HELLO of a certificate that an authority has signed."""
    incarnation: int = 0
    """Which life of the identity this is; a later start has a higher number. 0: it does not say."""
    proven: bool = False
    """Whether the host puts the key that a sender has proven to own behind the identity of its messages."""

    @classmethod
    def make(
        cls,
        identity: PeerId,
        name: str | None = None,
        *,
        port: int = DISCOVERY_PORT,
        cluster: str | None = None,
        scope: str | None = None,
        headers: Mapping[str, str] | None = None,
        groups: Iterable[str] = (),
        extensions: Iterable[str] | None = None,
        config: NodeConfig | None = None,
        public_key: str = "",
        incarnation: int = 0,
        proven: bool = False,
        durable: bool = False,
    ) -> NodeProfile:
        """Check what an application says about its node. Only a ``durable`` one, which has a store, knows durable
        messages. Raises InvalidName, InvalidConfig."""
        config = NodeConfig() if config is None else config
        if not isinstance(config, NodeConfig):
            raise InvalidConfig(f"config is a zyre.NodeConfig, not {type(config).__name__}")
        config = chosen_scope(scope, config)
        if isinstance(groups, str):
            raise InvalidConfig(f"groups is a collection of names: write groups=[{groups!r}]")
        return cls(
            identity=identity,
            name=identity.short if name is None else check_name(name),
            headers=check_headers(headers or {}, config.limits.header_value),
            groups=tuple(dict.fromkeys(check_group(group) for group in groups)),
            cluster=ClusterConfig(port, chosen_cluster(cluster)),
            config=config,
            extensions=shared(chosen_extensions(extensions) - (frozenset() if durable else {"durable"})),
            public_key=public_key,
            incarnation=incarnation,
            proven=proven,
        )
