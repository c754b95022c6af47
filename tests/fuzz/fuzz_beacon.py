"""Invariant: a datagram is a beacon that encodes to the same octets, or raises DecodeError; judging it never raises."""

from __future__ import annotations

from tests.fuzz.guided import fuzz, instrumented
from tests.fuzz.seeds import BEACONS

with instrumented():
    from zyre.core.discovery import BeaconDiscovery
    from zyre.core.locality import Interface, Locality
    from zyre.endpoint import Endpoint
    from zyre.errors import DecodeError
    from zyre.identity import PeerId
    from zyre.wire.beacon import MAX_SIZE, decode_beacon, encode_beacon

LOCALITY = Locality(Endpoint("tcp", "10.0.0.1", 5), (Interface("eth0", "10.0.0.1", 24, "10.0.0.255"),), None, True)
DISCOVERY = BeaconDiscovery(PeerId("5" * 32), 5670)


def one_input(data: bytes) -> None:
    DISCOVERY.judge(data, ("10.0.0.9", 5670), LOCALITY)
    try:
        beacon = decode_beacon(data)
    except DecodeError:
        return
    assert data.startswith(encode_beacon(beacon))
    assert len(data) <= MAX_SIZE


if __name__ == "__main__":
    fuzz(one_input, BEACONS)
