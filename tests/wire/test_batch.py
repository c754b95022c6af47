from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zyre.errors import DecodeError
from zyre.wire import zre
from zyre.wire.batch import BATCH, Batch, decode_batch, encode_batch, first_of

HEADER = zre.pack_header(BATCH, 9)
U64 = st.integers(0, (1 << 63))
CONTENT = st.lists(st.binary(max_size=40), max_size=5).map(tuple)
Parcels = list[tuple[str, tuple[bytes, ...]]]
PARCELS = st.lists(st.tuples(st.sampled_from(["", "", "G", "H\u20ac"]), CONTENT), min_size=1, max_size=12)


@given(U64, U64, PARCELS)
def test_what_is_packed_is_what_comes_out(
    stream: int, first: int, parcels: list[tuple[str, tuple[bytes, ...]]]
) -> None:
    for prompt in (False, True):
        fields, *contents = encode_batch(stream, first, parcels, prompt)
        assert decode_batch(HEADER + fields, contents) == Batch(stream, first, parcels, prompt)
    assert first_of(HEADER + fields) == (stream, first)


def test_one_message_is_not_copied() -> None:
    frame = b"x" * 100
    _, *contents = encode_batch(1, 0, [("", (frame, b""))])
    assert contents[0] is frame


def test_many_small_ones_are_one_frame_and_large_ones_stay_apart() -> None:
    assert len(encode_batch(1, 0, [("", (b"x" * 100,))] * 100)) == 2
    assert len(encode_batch(1, 0, [("", (b"x" * 40_000,))] * 2)) == 3


def test_golden_octets() -> None:
    begin = f"{1:016x}{2:016x}{2:08x}"
    fields, body = encode_batch(1, 2, [("", (b"a",)), ("", (b"bc",))])
    assert (fields.hex(), body) == (f"00{begin}0000000100000002", b"abc")
    fields, body = encode_batch(1, 2, [("G", (b"a",)), ("", ())])
    assert (fields.hex(), body) == (f"01{begin}00010147000100010000000000000001", b"a")


@given(U64, PARCELS, st.data())
def test_what_is_broken_is_refused_or_holds_no_more_than_was_sent(
    first: int, parcels: list[tuple[str, tuple[bytes, ...]]], data: st.DataObject
) -> None:
    fields, *contents = encode_batch(1, first, parcels)
    octets = bytearray(HEADER + fields)
    position = data.draw(st.integers(6, len(octets) - 1))
    octets[position] ^= data.draw(st.integers(1, 255))
    broken = bytes(octets[: data.draw(st.integers(6, len(octets)))])
    try:
        batch = decode_batch(broken, contents)
    except DecodeError:
        return
    assert sum(len(frame) for _, content in batch.parcels for frame in content) == sum(map(len, contents))


@pytest.mark.parametrize(
    "fields",
    [
        "",
        "00" + "00" * 16 + "00000000",
        "08" + "00" * 16 + "00000001" + "00000000",
        "00" + "00" * 16 + "ffffffff",
        "01" + "00" * 16 + "ffffffff" + "0000",
        "01" + "00" * 16 + "00000001" + "0000" + "00010001" + "00000000",
        "00" + "00" * 8 + "ff" * 8 + "00000001" + "00000000",
    ],
)
def test_nonsense_is_refused(fields: str) -> None:
    with pytest.raises(DecodeError):
        decode_batch(HEADER + bytes.fromhex(fields), [b""])
