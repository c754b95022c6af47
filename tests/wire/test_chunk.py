"""Pieces of large messages, there and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zyre.errors import DecodeError
from zyre.wire import chunk, zre

U64 = st.integers(0, (1 << 64) - 1)


def read(fields: bytes, *contents: bytes) -> chunk.Chunk:
    return chunk.decode_chunk(zre.pack_header(chunk.CHUNK, 1) + fields, contents)


@given(U64, st.integers(1, (1 << 64) - 1), st.binary(min_size=1))
def test_a_later_piece_is_read_as_it_was_said(transfer: int, offset: int, octets: bytes) -> None:
    piece = chunk.Chunk(transfer, offset, octets)
    assert read(*chunk.encode_chunk(piece)) == piece
    assert chunk.transfer_of(zre.pack_header(chunk.CHUNK, 1) + chunk.encode_chunk(piece)[0]) == (transfer, offset)


@given(U64, st.binary(min_size=1, max_size=20), st.lists(st.integers(0, 1000), min_size=1, max_size=30))
def test_the_first_piece_says_what_it_is(transfer: int, head: bytes, plan: list[int]) -> None:
    plan.append(1)
    piece = chunk.Chunk(transfer, 0, bytes(sum(plan)), head, tuple(plan))
    assert read(*chunk.encode_chunk(piece)) == piece


@given(st.integers(0, 255), U64, U64)
def test_how_far_it_is_is_read_as_it_was_said(flags: int, transfer: int, octets: int) -> None:
    told = chunk.Chunked(flags, transfer, octets)
    assert chunk.decode_chunked(zre.pack_header(chunk.CHUNKED, 1) + chunk.encode_chunked(told)) == told


@pytest.mark.parametrize(
    ("piece", "octets"),
    [
        (chunk.Chunk(1, 0, b"x", b"", (1,)), b"x"),
        (chunk.Chunk(1, 0, b"x", b"h", ()), b"x"),
        (chunk.Chunk(1, 0, b"xy", b"h", (1,)), b"xy"),
        (chunk.Chunk(1, 0, b"x", b"h", (1 << 63,)), b"x"),
        (chunk.Chunk(1, 5, b""), b""),
    ],
)
def test_what_is_no_piece_is_refused(piece: chunk.Chunk, octets: bytes) -> None:
    with pytest.raises(DecodeError):
        read(chunk.encode_chunk(piece)[0], octets)


def test_one_frame_of_octets_belongs_to_it() -> None:
    fields, octets = chunk.encode_chunk(chunk.Chunk(1, 5, b"x"))
    for contents in ((), (octets, octets)):
        with pytest.raises(DecodeError):
            read(fields, *contents)
    with pytest.raises(DecodeError):
        read(fields + b"more", octets)


@given(st.binary(max_size=80), st.binary(max_size=5))
def test_garbage_is_refused(data: bytes, octets: bytes) -> None:
    try:
        read(data, octets)
        chunk.decode_chunked(zre.pack_header(chunk.CHUNKED, 1) + data)
    except DecodeError:
        return
