from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.strategies import DICTIONARY, LONGSTR, STRING
from zyre.errors import DecodeError
from zyre.wire.primitives import Cursor, pack_dictionary, pack_longstr, pack_string, pack_strings


@given(STRING)
def test_string_round_trips(text: str) -> None:
    assert Cursor(pack_string(text)).string("field") == text


@given(LONGSTR)
def test_longstr_round_trips(text: str) -> None:
    assert Cursor(pack_longstr(text)).longstr("field") == text


@given(st.lists(LONGSTR, max_size=6))
def test_strings_round_trip_in_order(texts: list[str]) -> None:
    assert Cursor(pack_strings(texts)).strings("field") == texts


@given(DICTIONARY)
def test_dictionary_round_trips_in_order(items: dict[str, str]) -> None:
    assert list(Cursor(pack_dictionary(items)).dictionary("field").items()) == list(items.items())


def test_fields_are_laid_out_as_the_rfc_says() -> None:
    assert pack_string("ab") == b"\x02ab"
    assert pack_longstr("ab") == b"\0\0\0\x02ab"
    assert pack_strings(["a", ""]) == b"\0\0\0\x02\0\0\0\x01a\0\0\0\0"
    assert pack_dictionary({"k": "v"}) == b"\0\0\0\x01\x01k\0\0\0\x01v"


def test_numbers_are_big_endian_and_read_one_after_the_other() -> None:
    cursor = Cursor(bytes(range(1, 8)))
    assert (cursor.number1("a"), cursor.number2("b"), cursor.number4("c")) == (0x01, 0x0203, 0x04050607)


def test_reading_begins_at_the_given_position() -> None:
    assert Cursor(b"skip\x01x", 4).string("field") == "x"


def test_text_that_is_no_utf8_is_replaced_not_refused() -> None:
    assert Cursor(b"\x05pyre\xc3").string("name") == "pyre\ufffd"


def test_of_equal_keys_the_first_counts_as_in_libzyre() -> None:
    pair = b"\x01k\0\0\0\x01"
    assert Cursor(b"\0\0\0\x02" + pair + b"1" + pair + b"2").dictionary("headers") == {"k": "1"}


@pytest.mark.parametrize("read", ["number1", "number2", "number4", "string", "longstr", "strings", "dictionary"])
def test_every_field_says_its_name_when_it_is_truncated(read: str) -> None:
    with pytest.raises(DecodeError, match="the field"):
        getattr(Cursor(b""), read)("the field")


@pytest.mark.parametrize(("read", "least"), [("strings", 4), ("dictionary", 5)])
def test_a_forged_count_is_refused_before_anything_is_read(read: str, least: int) -> None:
    class Unread(Cursor):
        __slots__ = ()

        def longstr(self, field: str) -> str:
            raise AssertionError("an element was read")

        string = longstr

    for count in (0xFFFFFFFF, 10):
        with pytest.raises(DecodeError, match="more elements"):
            getattr(Unread(count.to_bytes(4, "big") + bytes(10 * least - 1)), read)("field")


@given(st.binary(max_size=200), st.sampled_from(["string", "longstr", "strings", "dictionary"]))
def test_any_octets_are_a_field_or_a_decode_error(data: bytes, read: str) -> None:
    """Invariant: a reader returns or raises DecodeError, and returns no more text than there were octets."""
    try:
        value = getattr(Cursor(data), read)("field")
    except DecodeError:
        return
    texts = [value] if isinstance(value, str) else [*value, *(value.values() if isinstance(value, dict) else ())]
    assert sum(map(len, texts)) <= len(data)
