from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.wire.strategies import STRING, mutated
from zyre.errors import DecodeError
from zyre.wire import terms, zre


@given(STRING, st.integers(0, 2**64 - 1), st.data())
def test_what_is_written_is_read_and_garbage_is_read_or_refused(group: str, term: int, data: st.DataObject) -> None:
    header, fields = zre.pack_header(terms.TERM, 1), terms.encode_term(group, term)
    assert terms.decode_term(header + fields) == (group, term)
    try:
        terms.decode_term(header + data.draw(st.binary(max_size=40) | mutated(st.just(fields))))
    except DecodeError:
        pass
