from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zyre.errors import DecodeError
from zyre.wire import tally, zre

U32 = st.integers(0, (1 << 32) - 1)
U64 = st.integers(0, (1 << 64) - 1)


@given(U32, U64)
def test_a_question_is_read_as_it_was_asked(link: int, sent: int) -> None:
    frame = zre.pack_header(tally.TALLY, 7) + tally.encode_tally(link, sent)
    assert tally.decode_tally(frame) == (link, sent)


@given(st.builds(tally.Tallied, U32, U64, U64, U64))
def test_an_answer_is_read_as_it_was_given(answer: tally.Tallied) -> None:
    assert tally.decode_tallied(zre.pack_header(tally.TALLIED, 7) + tally.encode_tallied(answer)) == answer


@pytest.mark.parametrize("octets", [0, 6, 17, 19, 33, 35, 100])
def test_another_length_is_no_tally(octets: int) -> None:
    for decode in (tally.decode_tally, tally.decode_tallied):
        with pytest.raises(DecodeError):
            decode(bytes(octets))


def test_golden_octets() -> None:
    assert tally.encode_tally(3, 258).hex() == "000000030000000000000102"
    assert tally.encode_tallied(tally.Tallied(1, 2, 0, 2)).hex() == "00000001" + f"{2:016x}{0:016x}{2:016x}"
