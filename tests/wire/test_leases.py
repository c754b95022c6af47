from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.strategies import STRING, mutated
from zyre.errors import DecodeError
from zyre.wire import leases, zre

U32, U64 = st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1)
CLAIMS = st.builds(leases.Claim, STRING, STRING, U64, U32, U32)
VOTES = st.builds(leases.Vote, STRING, STRING, U64, U32, st.booleans(), U64)
RELEASES = st.builds(leases.Release, STRING, STRING, U64)
FORMS: list[tuple[st.SearchStrategy[object], Callable[..., bytes], Callable[[bytes], object]]] = [
    (CLAIMS, leases.encode_claim, leases.decode_claim),
    (VOTES, leases.encode_vote, leases.decode_vote),
    (RELEASES, leases.encode_release, leases.decode_release),
]


@pytest.mark.parametrize("form", FORMS, ids=["claim", "vote", "release"])
@given(st.data())
def test_what_is_written_is_read_and_garbage_is_read_or_refused(form: tuple, data: st.DataObject) -> None:  # type: ignore[type-arg]
    values, encode, decode = form
    value = data.draw(values)
    header = zre.pack_header(leases.CLAIM, 1)
    assert decode(header + encode(value)) == value
    try:
        decode(header + data.draw(st.binary(max_size=40) | mutated(st.just(encode(value)))))
    except DecodeError:
        pass
