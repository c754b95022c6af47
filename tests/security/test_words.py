from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zyre.errors import InvalidConfig
from zyre.security.words import MOST_NUMBER, WORDS, make_code, read_code


def test_there_are_as_many_words_as_one_octet_tells_apart() -> None:
    assert len(set(WORDS)) == len(WORDS) == 256
    assert all(word.isalpha() and word.islower() and 4 <= len(word) <= 8 for word in WORDS)


@given(st.integers(0, (1 << 64) - 1))
def test_a_code_is_read_again(chance: int) -> None:
    number, code = make_code(chance)
    assert read_code(code) == read_code(f"  {code.upper().replace('-', ' ')} \n") == (number, code)
    assert 1 <= number <= MOST_NUMBER


def test_each_word_is_as_likely_as_the_others() -> None:
    codes = {make_code(chance)[1].split("-", 1)[1] for chance in range(1 << 16)}
    assert len(codes) == 1 << 16


@pytest.mark.parametrize(
    "text", ["", "7", "7-walnut", "walnut-copper", "0-walnut-copper", "100-walnut-copper", "²-a-b"]
)
def test_what_is_no_code_is_told(text: str) -> None:
    with pytest.raises(InvalidConfig, match="a number and two words"):
        read_code(text)


def test_a_word_that_was_heard_wrongly_is_told_and_costs_no_try() -> None:
    with pytest.raises(InvalidConfig, match="heard rightly") as caught:
        read_code("7-walnut-whatever")
    assert "whatever" not in str(caught.value)
