"""Discovery by UDP beacon: what ours says, and what is to be made of another's (36/ZRE and 43/ZRE, "beacon")."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from zyre.core.locality import Locality
from zyre.core.tables import Violation
from zyre.endpoint import Endpoint
from zyre.errors import DecodeError
from zyre.identity import PeerId
from zyre.wire.beacon import Beacon, decode_beacon, encode_beacon

__all__ = ["BeaconDiscovery", "Farewell", "Found", "OwnEcho", "Source", "Verdict", "beacon_of"]

#: Address and UDP port of a datagram's sender.
Source: TypeAlias = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Found:
    """A node is reached at ``endpoint``. ``odd_source``: its beacon came from another UDP port than it went to."""

    peer: PeerId
    endpoint: Endpoint
    odd_source: bool = False


@dataclass(frozen=True, slots=True)
class Farewell:
    """A node says that it leaves."""

    peer: PeerId


@dataclass(frozen=True, slots=True)
class OwnEcho:
    """Our own beacon, heard back."""


Verdict: TypeAlias = Found | Farewell | OwnEcho | Violation


@lru_cache(maxsize=4096)
def beacon_of(peer: PeerId, port: int) -> bytes:
    """The beacon by which a node without CURVE says that it listens on a TCP port."""
    return encode_beacon(Beacon(peer.octets, port))


class BeaconDiscovery:
    """Makes our beacons and judges others'; stateless but for who we are."""

    __slots__ = ("_octets", "_port")

    def __init__(self, identity: PeerId, port: int) -> None:
        self._octets = identity.octets
        self._port = port

    def announcement(self, port: int) -> bytes:
        """The datagram that says where we are; with port 0, that we leave."""
        return encode_beacon(Beacon(self._octets, port))

    def judge(self, data: bytes, source: Source, locality: Locality) -> Verdict:
        """What a datagram from ``source`` means.

        The endpoint is made of the source address: beacons name a port only, and that address is the one by which
        the peer is reached from here, whatever others it has.
        """
        try:
            beacon = decode_beacon(data)
        except DecodeError:
            return Violation.BEACON_MALFORMED
        if beacon.uuid == self._octets:
            return OwnEcho()
        if beacon.key is not None:
            return Violation.BEACON_SECURED
        address, port = source
        if not locality.covers(address):
            return Violation.BEACON_ELSEWHERE
        peer = PeerId.parse(beacon.uuid)
        if beacon.port == 0:
            return Farewell(peer)
        return Found(peer, Endpoint("tcp", address, beacon.port), port != self._port)
