"""A node of a cluster that shares one secret (SecretProtection).

Whoever knows the secret has the members' CURVE key, by which every link shows itself; nobody else gets past a
handshake. The other end has a key of its own: a fresh one where the node took any free port, which peers learn from
its sealed beacon or its HELLO, so that a connection to one node leads to no other even if the network is in false
hands; and one that follows from the secret where the port was chosen, so that ``connect`` needs no key.
"""

from __future__ import annotations

import logging
import math
import secrets
import socket
import time
from collections.abc import Callable, Iterable
from typing import TypeAlias

from zyre.config import NodeConfig
from zyre.core.effects import PeerJudged
from zyre.core.locality import Interface
from zyre.core.timers import NEVER
from zyre.endpoint import Endpoint
from zyre.engine import clock
from zyre.engine.auth import LOOK_AGAIN, Protection, Standing
from zyre.engine.auth_need import SecretFile
from zyre.engine.keyring import new_pair, pair_from
from zyre.engine.rungs import Datagram, Rungs
from zyre.errors import DecodeError, InvalidConfig
from zyre.identity import PeerId
from zyre.refusals import RefusalCode
from zyre.roster import Peer
from zyre.security.keys import KeyPair, encode_key, same
from zyre.security.seal import BeaconSeal, SecretProof
from zyre.security.secret import ClusterKeys, cluster_keys
from zyre.wire.envelope import ENVELOPE_SIZE, open_envelope
from zyre.wire.sealed import MAX_SEALED, sealed_time
from zyre.wire.zre import identity_frame

__all__ = ["SealedBeacons", "SecretProtection"]

#: The place of all gossip hubs, among the places for which keys are made.
_HUB = "gossip"

#: Where they stand in a beacon of 43/ZRE.
_UUID = slice(4, 20)
_KEY = slice(22, 54)
#: Seconds after a change of keys in which others may still announce, or be announced, with the former ones.
_TRANSITION = 60.0

_log = logging.getLogger("zyre")

_OnRefused: TypeAlias = Callable[[RefusalCode, str], object]


class SecretProtection(Protection):
    """The keys of one member. ``identity`` is the node's UUID, in octets; ``envelope`` what beacons of its
    cluster are sent in."""

    needs_keys = False

    def __init__(
        self, clusters: tuple[ClusterKeys, ...], identity: bytes, config: NodeConfig, envelope: bytes = b""
    ) -> None:
        self._clusters = clusters
        self._envelope = envelope
        self._place = _place_of(config)
        super().__init__(new_pair() if self._place is None else _pair_at(clusters[0], self._place))
        self._members = [pair_from(cluster.member) for cluster in clusters]
        self._shown: dict[bytes, str] = {}
        """By which member's key each identity has greeted."""
        self._most = config.limits.peers
        self._changed_at = -math.inf
        self._used_at = (-math.inf, 0.0)
        """When the secrets were last replaced, by both clocks."""
        self.file: SecretFile | None = None
        """Where the secrets come from, if they are to be read again when it changes."""
        self._seal = BeaconSeal(
            SecretProof(*(cluster.beacon for cluster in clusters)),
            identity,
            config.limits.beacon_age,
            config.limits.peers,
        )

    @property
    def link_keys(self) -> KeyPair:
        """The members' key."""
        return self._members[0]

    @property
    def hub_keys(self) -> KeyPair:
        """All hubs of the cluster have the same, which members know."""
        return _pair_at(self._clusters[0], _HUB)

    def hub_key_at(self, endpoint: Endpoint) -> str | None:
        """The key that is given, or that of the cluster's hubs; as for nodes, of one of the secrets."""
        return endpoint.key or _pair_at(secrets.choice(self._clusters), _HUB).public

    def judge(self, address: str, key: str) -> RefusalCode | None:
        """Members only."""
        known = [same(key, member.public) for member in self._members]  # all of them, and in the same time
        return None if any(known) else "wrong secret"

    def key_at(self, endpoint: Endpoint) -> str | None:
        """The key that the node there told, or the one of the place; of one of the secrets while there are several:
        it is tried again."""
        return endpoint.key or _pair_at(secrets.choice(self._clusters), _name_of(endpoint)).public

    def greeted(self, address: str, key: str, identity: bytes, hello: bytes) -> Standing:
        """Somebody greets who was let in, perhaps long ago, by a secret that may be another by now."""
        if not key:  # over inproc there is none
            return Standing(None, None)
        refused = self.judge(address, key)
        before = self._shown.pop(identity, key)
        if refused is None:
            self._shown[identity] = key
            while len(self._shown) > self._most:
                del self._shown[next(iter(self._shown))]
        return Standing(refused, None, rekeyed=before != key)

    def use(self, clusters: tuple[ClusterKeys, ...]) -> None:
        """Speak by the first of these secrets from now on, and believe all of them; whoever has greeted by another has
        to go."""
        self._used_at = clock.now(), time.time()
        speaks_otherwise = clusters[0] is not self._clusters[0]
        self._clusters = clusters
        self._members = [pair_from(cluster.member) for cluster in clusters]
        self._seal.proof = SecretProof(*(cluster.beacon for cluster in clusters))
        if speaks_otherwise:
            self._changed_at = clock.now()
            if self._place is not None:
                self.rekey(_pair_at(clusters[0], self._place))
            else:
                self.tell_of_keys("", "")
        for peer, shown in self._shown_by_peers():
            if self.judge(peer.address, shown) is not None:
                self._report(PeerJudged(peer.uuid, "wrong secret", None))

    def lagging(self) -> tuple[Peer, ...]:
        """The peers that last greeted by another secret than the one that we speak by."""
        current = self.link_keys.public
        return tuple(peer for peer, shown in self._shown_by_peers() if shown != current)

    def _shown_by_peers(self) -> list[tuple[Peer, str]]:
        """The peers that are here, and by which member's key each has greeted; over inproc there is none."""
        shown = ((peer, self._shown.get(identity_frame(peer.uuid.octets))) for peer in self._roster())
        return [(peer, key) for peer, key in shown if key is not None]

    def _look(self) -> None:
        """Somebody may have written other secrets into the file."""
        if self.file is None:
            self.alarm.set(NEVER)
            return
        self.alarm.set(clock.now() + LOOK_AGAIN)
        secrets_now = self.file.changed()
        if secrets_now:
            try:
                self.use(tuple(map(cluster_keys, secrets_now)))
            except InvalidConfig as error:
                _log.warning("the secrets are as before: %s", error)

    def expects(self, peer: PeerId, key: str) -> bool:
        """Whether a proven beacon of a peer with that key means anything now: a moment after a change it may be older,
        or younger, than what the peer has greeted with."""
        known = self._roster().get(peer)
        return known is None or self.key_of(known) == key or clock.now() > self._changed_at + _TRANSITION

    def was_said_before(self, made: int) -> bool:
        """Whether a beacon of that time, in milliseconds since 1970, waited to be read while the secrets were replaced:
        then it is no stranger's, though it is believed no more."""
        ours, everybodys = self._used_at
        return 0 < made < everybodys * 1000 and clock.now() < ours + _TRANSITION

    def beacon_sockets(self, port: int, interfaces: Iterable[Interface]) -> Rungs:
        """Sockets that carry sealed beacons."""
        return SealedBeacons(
            port, interfaces, self._seal, self._envelope, self.refuse, self.expects, self.was_said_before
        )


class SealedBeacons(Rungs):
    """Beacon sockets whose beacons are sealed on the way out and opened on the way in. What is not believed goes no
    further; beacons of open nodes do, for the node to tell of them."""

    longest = MAX_SEALED + ENVELOPE_SIZE
    ringing = False

    def __init__(
        self,
        port: int,
        interfaces: Iterable[Interface],
        seal: BeaconSeal,
        envelope: bytes,
        on_refused: _OnRefused,
        expects: Callable[[PeerId, str], bool] = lambda peer, key: True,
        is_late: Callable[[int], bool] = lambda made: False,
    ) -> None:
        super().__init__(port, interfaces)
        self._envelope = envelope
        self._seal = seal
        self._on_refused = on_refused
        self._expects = expects
        self._is_late = is_late

    def wrap(self, beacon: bytes) -> bytes:
        """Seal a beacon; it names the addresses from which it is sent."""
        ways = (_source_toward(target, self.port) for target in self.targets)
        addresses = dict.fromkeys((*(interface.address for interface in self.interfaces), *filter(None, ways)))
        envelope, plain = open_envelope(beacon)
        return envelope + self._seal.seal(plain, tuple(addresses), time.time())

    def unwrap(self, arrived: list[Datagram]) -> list[Datagram]:
        """Those that are believed, by their times: an old beacon from one socket would look like a recording behind a
        new one of another."""
        arrived = sorted(arrived, key=lambda datagram: sealed_time(open_envelope(datagram[0])[1]))
        opened = ((self._open_one(data, source[0]), source) for data, source in arrived)
        return [(beacon, source) for beacon, source in opened if beacon is not None]

    def _open_one(self, data: bytes, source: str) -> bytes | None:
        """Open a beacon; None if it is not believed."""
        envelope, inner = open_envelope(data)
        if envelope != self._envelope:
            return data  # of another cluster, which the node tells of
        try:
            beacon = self._seal.unseal(inner, source, time.time())
        except DecodeError:
            return data  # what is broken is counted by the node
        if isinstance(beacon, str):
            if not self._is_late(sealed_time(inner)):
                self._on_refused(beacon, source)
            return None
        if len(beacon) > _KEY.start and not self._expects(PeerId.parse(beacon[_UUID]), encode_key(beacon[_KEY])):
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
