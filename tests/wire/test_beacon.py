from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.strategies import mutated
from zyre.errors import DecodeError
from zyre.wire.beacon import MAX_SIZE, Beacon, decode_beacon, encode_beacon

UUIDS = st.binary(min_size=16, max_size=16)
PORTS = st.integers(0, 65535)
KEYS = st.none() | st.binary(min_size=32, max_size=32).filter(any)
BEACONS = st.builds(Beacon, UUIDS, PORTS, KEYS)


@given(BEACONS)
def test_a_beacon_round_trips(beacon: Beacon) -> None:
    assert decode_beacon(encode_beacon(beacon)) == beacon


@given(BEACONS)
def test_sizes_are_22_and_54_exactly(beacon: Beacon) -> None:
    assert len(encode_beacon(beacon)) == (22 if beacon.key is None else 54)


@pytest.mark.parametrize("size", [size for size in range(256) if size not in (22, 54)])
def test_any_other_size_is_no_beacon(size: int) -> None:
    for start in (b"ZRE\x01", b"ZRE\x03"):
        with pytest.raises(DecodeError, match="size"):
            decode_beacon((start + bytes([7]) * 300)[:size])


def test_the_longest_beacon_is_54_octets() -> None:
    assert MAX_SIZE == 54


@pytest.mark.parametrize("start", [b"ZRE\x00", b"ZRE\x02", b"ZRE\x03", b"zre\x01", b"NOT\x01"])
def test_22_octets_are_a_beacon_of_version_1_or_none(start: bytes) -> None:
    with pytest.raises(DecodeError, match="version"):
        decode_beacon(start + bytes(18))


def test_version_1_with_54_octets_counts_as_22_as_in_libzyre() -> None:
    assert decode_beacon(b"ZRE\x01" + b"u" * 16 + b"\xc0\x00" + b"k" * 32) == Beacon(b"u" * 16, 49152)


def test_a_key_that_begins_with_zero_is_a_key() -> None:
    """libzyre tests the first octet only, and so refuses one good key in 256."""
    key = b"\0" * 31 + b"\x01"
    assert decode_beacon(b"ZRE\x03" + b"u" * 16 + b"\xc0\x00" + key).key == key


def test_a_key_of_zeros_only_is_none() -> None:
    with pytest.raises(DecodeError, match="key"):
        decode_beacon(b"ZRE\x03" + b"u" * 16 + b"\xc0\x00" + bytes(32))


@given(st.binary(max_size=80) | mutated(BEACONS.map(encode_beacon)))
def test_any_datagram_is_a_beacon_or_a_decode_error(data: bytes) -> None:
    """Invariant: decoding returns a beacon that encodes to the datagram it was in, or raises DecodeError."""
    try:
        beacon = decode_beacon(data)
    except DecodeError:
        return
    assert data.startswith(encode_beacon(beacon))
