"""Introductions on the wire."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zyre.errors import DecodeError
from zyre.wire.introduce import INTRODUCE, MOST, Introduced, decode_introduce, encode_introduce
from zyre.wire.zre import pack_header

HEADER = pack_header(INTRODUCE, 7)
PEERS = st.builds(Introduced, st.binary(min_size=16, max_size=16), st.text(max_size=60))


@given(st.lists(PEERS, max_size=MOST))
def test_what_is_said_is_heard(peers: list[Introduced]) -> None:
    assert decode_introduce(HEADER + encode_introduce(peers)) == peers


@given(st.binary())
def test_garbage_is_one_error(data: bytes) -> None:
    try:
        assert len(decode_introduce(HEADER + data)) <= MOST
    except DecodeError:
        pass


def test_too_many() -> None:
    with pytest.raises(DecodeError, match="65 introductions"):
        decode_introduce(HEADER + encode_introduce([Introduced(bytes(16), "")] * 65))
