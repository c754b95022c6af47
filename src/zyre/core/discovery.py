"""Discovery by UDP beacon: what ours says, and what is to be made of another's (36/ZRE and 43/ZRE, "beacon")."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from zyre.core.locality import Locality, is_loopback, without_scope
from zyre.core.tables import Violation
from zyre.endpoint import Endpoint
from zyre.errors import DecodeError
from zyre.identity import NOBODY, PeerId
from zyre.refusals import RefusalCode
from zyre.security.keys import decode_key, encode_key
from zyre.wire.beacon import Beacon, decode_beacon, encode_beacon
from zyre.wire.envelope import envelope_of, open_envelope
from zyre.wire.sealed import sealed_uuid

__all__ = ["BeaconDiscovery", "Farewell", "Found", "OwnEcho", "Source", "Unwelcome", "Verdict", "beacon_of"]

#: Address and UDP port of a datagram's sender.
Source: TypeAlias = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Found:
    """A node is reached at ``endpoint``. ``odd_source``: its beacon came from another UDP port than it went to."""

    peer: PeerId
    endpoint: Endpoint
    odd_source: bool = False

    @property
    def key(self) -> str:
        """The public key that the beacon carries, in Z85."""
        return self.endpoint.key


@dataclass(frozen=True, slots=True)
class Farewell:
    """A node says that it leaves. ``key`` is its public key, if the beacon carries one."""

    peer: PeerId
    key: str = ""


@dataclass(frozen=True, slots=True)
class OwnEcho:
    """Our own beacon, heard back."""


@dataclass(frozen=True, slots=True)
class Unwelcome:
    """A node that cannot be met: one of us demands CURVE, and the other does not."""

    peer: PeerId
    code: RefusalCode


Verdict: TypeAlias = Found | Farewell | OwnEcho | Unwelcome | Violation


@lru_cache(maxsize=4096)
def beacon_of(peer: PeerId, port: int, key: str = "", envelope: bytes = b"") -> bytes:
    """The beacon by which a node says that it listens on a TCP port; with ``key``, the Z85 of its public key."""
    return envelope + encode_beacon(Beacon(peer.octets, port, decode_key(key) if key else None))


@lru_cache(maxsize=4096)
def _found(peer: PeerId, address: str, port: int, key: str, odd_source: bool) -> Found:
    """One object for all nodes of this process that hear of it, which makes it quickly found in their tables."""
    return Found(peer, Endpoint("tcp", address, port, key), odd_source)


class _Contents(NamedTuple):
    """What a datagram says to everybody: a sealed beacon, to those who do not know the secret, no more than whose it
    is. ``beacon`` is None if it is none."""

    envelope: bytes
    is_sealed: bool
    beacon: Beacon | None
    peer: PeerId


def _read(data: bytes) -> _Contents:
    envelope, data = open_envelope(data)
    sealed = sealed_uuid(data)
    try:
        beacon = decode_beacon(data) if sealed is None else Beacon(sealed, 0)
    except DecodeError:
        return _Contents(envelope, False, None, NOBODY)
    return _Contents(envelope, sealed is not None, beacon, PeerId.parse(beacon.uuid))


#: Each says the same again and again, and a process with many nodes hears it many times.
_read_again = lru_cache(maxsize=4096)(_read)
_REMEMBERED_SIZE = 128


class BeaconDiscovery:
    """Makes our beacons and judges others'; stateless but for who we are. With a public key ours are those of
    43/ZRE, and others' must be; in a named ``cluster`` all are in its envelope."""

    __slots__ = ("_envelope", "_key", "_octets", "_port")

    def __init__(self, identity: PeerId, port: int, public_key: str = "", cluster: str = "") -> None:
        self._envelope = envelope_of(cluster)
        self._octets = identity.octets
        self._port = port
        self._key = decode_key(public_key) if public_key else None

    def rekey(self, public_key: str) -> None:
        """Announce another key."""
        self._key = decode_key(public_key)

    def announcement(self, port: int) -> bytes:
        """The datagram that says where we are; with port 0, that we leave."""
        return self._envelope + encode_beacon(Beacon(self._octets, port, self._key))

    def judge(self, data: bytes, source: Source, locality: Locality) -> Verdict:
        """What a datagram from ``source`` means.

        The endpoint is made of the source address: beacons name a port only, and that address is the one by which
        the peer is reached from here, whatever others it has. Of our own identity only another node can be Found.
        """
        contents = _read(data) if len(data) > _REMEMBERED_SIZE else _read_again(data)
        envelope, is_sealed, beacon, peer = contents
        if beacon is None:
            return Violation.BEACON_MALFORMED
        if envelope != self._envelope:
            return Unwelcome(peer, "other cluster")
        if is_sealed:
            return Unwelcome(peer, "wrong secret" if self._key else "secured peer")
        if beacon.uuid == self._octets and _is_echo(beacon.port, source[0], locality):
            return OwnEcho()
        if (beacon.key is None) != (self._key is None):
            return Unwelcome(peer, "secured peer" if self._key is None else "open peer")
        address, port = source
        if locality.scope != "any" and not locality.admits(address):
            return Unwelcome(peer, "out of scope")
        if locality.restricted and not locality.covers(address):
            return Violation.BEACON_ELSEWHERE
        key = "" if beacon.key is None else encode_key(beacon.key)
        if beacon.port == 0:
            return Farewell(peer, key)
        return _found(peer, address, beacon.port, key, port != self._port)


def _is_echo(port: int, address: str, locality: Locality) -> bool:
    """Whether a beacon of our identity is our own: it names our port and comes from us. A farewell of another node with
    our identity means nothing to us either."""
    own = locality.own_addresses
    here = without_scope(address) in own or is_loopback(address) or not own
    return port == 0 or (port == locality.beacon_port and here)
