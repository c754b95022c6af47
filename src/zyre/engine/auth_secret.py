"""A node of a cluster that shares one secret (SecretProtection).

Whoever knows the secret has the members' CURVE key, by which every link shows itself; nobody else gets past a
handshake. The other end has a key of its own: a fresh one where the node took any free port, which peers learn from
its sealed beacon or its HELLO, so that a connection to one node leads to no other even if the network is in false
hands; and one that follows from the secret where the port was chosen, so that ``connect`` needs no key.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterable
from typing import TypeAlias

from zyre.config import NodeConfig
from zyre.core.discovery import Source
from zyre.core.locality import Interface
from zyre.endpoint import Endpoint
from zyre.engine.auth import Protection
from zyre.engine.keyring import new_pair, pair_from
from zyre.engine.rungs import Rungs
from zyre.errors import DecodeError
from zyre.refusals import RefusalCode
from zyre.security.keys import KeyPair, same
from zyre.security.seal import BeaconSeal, SecretProof
from zyre.security.secret import ClusterKeys
from zyre.wire.envelope import ENVELOPE_SIZE, open_envelope
from zyre.wire.sealed import MAX_SEALED, sealed_time

__all__ = ["SealedBeacons", "SecretProtection"]

#: The place of all gossip hubs, among the places for which keys are made.
_HUB = "gossip"

_OnRefused: TypeAlias = Callable[[RefusalCode, str], object]


class SecretProtection(Protection):
    """The keys of one member. ``identity`` is the node's UUID, in octets; ``envelope`` what beacons of its
    cluster are sent in."""

    needs_keys = False

    def __init__(self, cluster: ClusterKeys, identity: bytes, config: NodeConfig, envelope: bytes = b"") -> None:
        self._cluster = cluster
        self._envelope = envelope
        place = _place_of(config)
        super().__init__(new_pair() if place is None else _pair_at(self._cluster, place))
        self._member = pair_from(self._cluster.member)
        self._seal = BeaconSeal(
            SecretProof(self._cluster.beacon), identity, config.limits.beacon_age, config.limits.peers
        )

    @property
    def link_keys(self) -> KeyPair:
        """The members' key."""
        return self._member

    @property
    def hub_keys(self) -> KeyPair:
        """All hubs of the cluster have the same, which members know."""
        return _pair_at(self._cluster, _HUB)

    def hub_key_at(self, endpoint: Endpoint) -> str | None:
        """The key that is given, or that of the cluster's hubs."""
        return endpoint.key or self.hub_keys.public

    def judge(self, address: str, key: str) -> RefusalCode | None:
        """Members only."""
        return None if same(key, self._member.public) else "wrong secret"

    def key_at(self, endpoint: Endpoint) -> str | None:
        """The key that the node there told, or the one of the place."""
        return endpoint.key or _pair_at(self._cluster, _name_of(endpoint)).public

    def beacon_sockets(self, port: int, interfaces: Iterable[Interface]) -> Rungs:
        """Sockets that carry sealed beacons."""
        return SealedBeacons(port, interfaces, self._seal, self._envelope, self.refuse)


class SealedBeacons(Rungs):
    """Beacon sockets whose beacons are sealed on the way out and opened on the way in. What is not believed goes no
    further; beacons of open nodes do, for the node to tell of them."""

    longest = MAX_SEALED + ENVELOPE_SIZE

    def __init__(
        self, port: int, interfaces: Iterable[Interface], seal: BeaconSeal, envelope: bytes, on_refused: _OnRefused
    ) -> None:
        super().__init__(port, interfaces)
        self._envelope = envelope
        self._seal = seal
        self._on_refused = on_refused

    def wrap(self, beacon: bytes) -> bytes:
        """Seal a beacon; it names the addresses from which it is sent."""
        ways = (_source_toward(target, self.port) for target in self.targets)
        addresses = dict.fromkeys((*(interface.address for interface in self.interfaces), *filter(None, ways)))
        envelope, plain = open_envelope(beacon)
        return envelope + self._seal.seal(plain, tuple(addresses), time.time())

    def in_order(self, arrived: list[tuple[bytes, Source]]) -> list[tuple[bytes, Source]]:
        """By their times, or an old beacon from one socket would look like a recording behind a new one of another."""
        return sorted(arrived, key=lambda datagram: sealed_time(open_envelope(datagram[0])[1]))

    def unwrap(self, data: bytes, source: str) -> bytes | None:
        """Open a beacon; None if it is not believed."""
        envelope, inner = open_envelope(data)
        if envelope != self._envelope:
            return data  # of another cluster, which the node tells of
        try:
            beacon = self._seal.unseal(inner, source, time.time())
        except DecodeError:
            return data  # what is broken is counted by the node
        if isinstance(beacon, str):
            self._on_refused(beacon, source)
            return None
        return envelope + beacon


def _source_toward(target: str, port: int) -> str:
    """The address from which this machine sends to a host; "" if it has no way there. Nothing is sent."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in target else socket.AF_INET, socket.SOCK_DGRAM) as asked:
            asked.connect((target, port))
            return str(asked.getsockname()[0])
    except OSError:
        return ""


def _place_of(config: NodeConfig) -> str | None:
    """The place where peers expect this node; None where it takes any free port."""
    if config.advertise is not None:
        return _name_of(Endpoint.parse(config.advertise))
    if config.endpoint is not None:
        endpoint = Endpoint.parse(config.endpoint)
        return None if endpoint.is_tcp and not endpoint.port else _name_of(endpoint)
    return _name_of(Endpoint("tcp", "*", config.peer_port)) if config.peer_port else None


def _name_of(endpoint: Endpoint) -> str:
    """What is the same for all who speak of a place, whatever they call its host."""
    return f"tcp:{endpoint.port}" if endpoint.is_tcp else f"{endpoint.transport}:{endpoint.host}"


def _pair_at(cluster: ClusterKeys, place: str) -> KeyPair:
    return pair_from(cluster.place(place))
