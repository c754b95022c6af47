from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zyre.errors import DecodeError
from zyre.wire import renewal, zre


@given(st.integers(0, (1 << 32) - 1))
def test_a_token_is_read_again(token: int) -> None:
    assert renewal.decode_token(zre.pack_header(renewal.PAUSE, 1) + renewal.encode_token(token)) == token


@given(st.binary(max_size=20))
def test_anything_else_is_refused(data: bytes) -> None:
    if len(data) != zre.HEADER_SIZE + 4:
        with pytest.raises(DecodeError):
            renewal.decode_token(data)
