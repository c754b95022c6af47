"""What is said about durable messages, there and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zyre.errors import DecodeError
from zyre.wire import durable, zre

PLACE = st.integers(0, 1 << 62)


@given(st.integers(0, 255), PLACE, PLACE, PLACE)
def test_an_offer_is_read_as_it_was_said(flags: int, stream: int, one: int, other: int) -> None:
    after, first = sorted((one, other))
    offer = durable.Offer(flags, stream, after, first)
    frame = zre.pack_header(durable.OFFER, 1) + durable.encode_offer(offer)
    if after == first:
        with pytest.raises(DecodeError):
            durable.decode_offer(frame)
    else:
        assert durable.decode_offer(frame) == offer


@given(st.integers(0, 255), PLACE, PLACE, PLACE, st.integers(0, (1 << 32) - 1), PLACE)
def test_an_account_is_read_as_it_was_said(
    flags: int, stream: int, one: int, other: int, messages: int, octets: int
) -> None:
    taken, arrived = sorted((one, other))
    have = durable.Have(flags, stream, arrived, taken, messages, octets)
    assert durable.decode_have(zre.pack_header(durable.HAVE, 1) + durable.encode_have(have)) == have


@pytest.mark.parametrize(
    "offer", [durable.Offer(0, 1, 0, 1 << 63), durable.Offer(0, 1 << 63, 0, 1), durable.Offer(0, 1, 2, 2)]
)
def test_numbers_that_no_store_has_are_refused(offer: durable.Offer) -> None:
    with pytest.raises(DecodeError):
        durable.decode_offer(zre.pack_header(durable.OFFER, 1) + durable.encode_offer(offer))


def test_more_taken_than_arrived_is_refused() -> None:
    with pytest.raises(DecodeError):
        durable.decode_have(zre.pack_header(durable.HAVE, 1) + durable.encode_have(durable.Have(0, 1, 2, 3, 4, 5)))


@given(st.binary(max_size=80))
def test_garbage_is_refused(data: bytes) -> None:
    for decode in (durable.decode_offer, durable.decode_have):
        try:
            decode(zre.pack_header(durable.OFFER, 1) + data)
        except DecodeError:
            continue


def test_the_octets_are_these() -> None:
    assert durable.encode_offer(durable.Offer(1, 2, 3, 4)).hex() == f"01{2:016x}{3:016x}{4:016x}"
    have = durable.encode_have(durable.Have(2, 1, 9, 3, 4, 5))
    assert have.hex() == f"02{1:016x}{9:016x}{3:016x}{4:08x}{5:016x}"
