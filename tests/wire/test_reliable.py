from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zyre.errors import DecodeError
from zyre.wire import reliable, zre

U64 = st.integers(0, (1 << 64) - 1)


@given(U64, U64, U64)
def test_an_opening_is_read_as_it_was_said(stream: int, base: int, octets: int) -> None:
    frame = zre.pack_header(reliable.OPEN, 1) + reliable.encode_open(stream, base, octets)
    assert reliable.decode_open(frame) == (stream, base, octets)


@given(st.builds(reliable.Ack, st.integers(0, 7), U64, U64, U64, U64, U64))
def test_an_acknowledgement_is_read_as_it_was_said(ack: reliable.Ack) -> None:
    assert reliable.decode_ack(zre.pack_header(reliable.ACK, 1) + reliable.encode_ack(ack)) == ack


@pytest.mark.parametrize("octets", [0, 6, 29, 31, 46, 48])
def test_another_length_is_neither(octets: int) -> None:
    for decode in (reliable.decode_open, reliable.decode_ack):
        with pytest.raises(DecodeError):
            decode(bytes(octets))


def test_golden_octets() -> None:
    assert reliable.encode_open(1, 2, 3).hex() == f"{1:016x}{2:016x}{3:016x}"
    assert reliable.encode_ack(reliable.Ack(2, 1, 9, 3, 4, 5)).hex() == f"02{1:016x}{9:016x}{3:016x}{4:016x}{5:016x}"
