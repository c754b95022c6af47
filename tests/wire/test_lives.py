from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.strategies import STRING, mutated
from zyre.errors import DecodeError
from zyre.wire import lives, zre

RIVALS = st.builds(lives.Rival, st.integers(0, 2**64 - 1), STRING, STRING)


@given(RIVALS)
def test_what_is_written_is_read(rival: lives.Rival) -> None:
    assert lives.decode_collision(zre.pack_header(lives.COLLISION, 1) + lives.encode_collision(rival)) == rival
    assert lives.decode_twin(zre.pack_header(lives.TWIN, 1) + lives.encode_twin(rival.endpoint)) == rival.endpoint


@given(st.binary(max_size=40) | mutated(RIVALS.map(lives.encode_collision)))
def test_garbage_is_read_or_refused(fields: bytes) -> None:
    for decode in (lives.decode_collision, lives.decode_twin):
        try:
            decode(zre.pack_header(lives.COLLISION, 1) + fields)
        except DecodeError:
            pass


@given(st.integers(1, 2**64 - 1), st.booleans())
def test_the_header_says_which_life(incarnation: int, answer: bool) -> None:
    headers = {lives.INCARNATION_HEADER: lives.format_incarnation(incarnation, answer=answer)}
    assert lives.read_incarnation(headers) == (incarnation, answer)


@pytest.mark.parametrize(
    "value", ["", "x", "17a3", "-7a3f09c11d4a2b1", "0" * 16, "0" * 16 + " answer", "+" * 16, "1" * 17]
)
def test_another_value_says_nothing(value: str) -> None:
    assert lives.read_incarnation({lives.INCARNATION_HEADER: value}) == (0, False)


@pytest.mark.parametrize("more", ["", " ", " question", " answers"])
def test_only_answer_is_an_answer(more: str) -> None:
    assert lives.read_incarnation({lives.INCARNATION_HEADER: "17a3f09c11d4a2b1" + more}) == (0x17A3F09C11D4A2B1, False)


def test_who_says_nothing_has_no_lives() -> None:
    assert lives.read_incarnation({}) == (0, False)
