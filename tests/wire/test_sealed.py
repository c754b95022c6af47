from __future__ import annotations

import pytest

from zyre.errors import DecodeError
from zyre.wire.sealed import PROOF_SIZE, decode_sealed, encode_unsealed, sealed_time, sealed_uuid

BODY = b"u" * 16 + b"\xc0\x00" + b"k" * 32
PROOF = b"p" * PROOF_SIZE
#: A golden sealed beacon, up to its proof.
UNSEALED = b"ZYR\x01" + BODY + bytes.fromhex("0000018bcfe56800 02 04 0a4d0001 10 fe800000000000000000000000000001")


def test_golden_octets() -> None:
    assert encode_unsealed(BODY, 1_700_000_000_000, ["10.77.0.1", "fe80::1%eth0"]) == UNSEALED
    sealed = decode_sealed(UNSEALED + PROOF)
    assert (sealed.body, sealed.milliseconds, sealed.proven, sealed.proof) == (BODY, 1_700_000_000_000, UNSEALED, PROOF)
    assert {len(address) for address in sealed.addresses} == {4, 16}


@pytest.mark.parametrize(
    "data",
    [b"", b"ZYR\x01", UNSEALED, UNSEALED + PROOF[1:], UNSEALED + PROOF + b"x", b"ZRE\x03" + UNSEALED[4:] + PROOF,
     UNSEALED[:62] + b"\x03" + UNSEALED[63:] + PROOF, UNSEALED[:62] + b"\xff" + UNSEALED[63:] + PROOF,
     UNSEALED[:63] + b"\x05" + UNSEALED[64:] + PROOF],
)  # fmt: skip
def test_what_is_broken_is_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        decode_sealed(data)


def test_when_it_says_to_have_been_made() -> None:
    assert sealed_time(UNSEALED + PROOF) == 1_700_000_000_000
    assert sealed_time(UNSEALED[:60]) == sealed_time(b"ZRE\x03" + UNSEALED[4:]) == 0


def test_who_it_says_to_be_from_is_seen_even_if_it_is_cut() -> None:
    assert sealed_uuid(UNSEALED + PROOF) == sealed_uuid(UNSEALED[:55]) == b"u" * 16
    assert sealed_uuid(b"ZYR\x01u") is None
    assert sealed_uuid(b"ZRE\x01" + BODY) is None
