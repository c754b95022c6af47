from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.strategies import DICTIONARY, LONGSTR, OCTET, mutated
from zyre.errors import DecodeError
from zyre.wire import news, zre

VERSION = st.integers(0, 2**64 - 1)
DIGEST = st.binary(min_size=8, max_size=8)
STRINGS = st.lists(LONGSTR, max_size=5).map(tuple)
CHANGES = st.builds(news.Change, VERSION, DIGEST, DICTIONARY, STRINGS)
CHECKS = st.builds(news.Check, VERSION, DIGEST)
TELLS = st.builds(news.Tell, VERSION, OCTET, STRINGS, DICTIONARY)

FORMS: list[tuple[int, st.SearchStrategy[object], Callable[..., bytes], Callable[[bytes], object]]] = [
    (news.CHANGE, CHANGES, news.encode_change, news.decode_change),
    (news.CHECK, CHECKS, news.encode_check, news.decode_check),
    (news.CONFIRM, VERSION, news.encode_confirm, news.decode_confirm),
    (news.TELL, TELLS, news.encode_tell, news.decode_tell),
]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: news.MESSAGE_NAMES[form[0]])
@given(st.data())
def test_what_is_written_is_read(form: tuple, data: st.DataObject) -> None:  # type: ignore[type-arg]
    message_id, values, encode, decode = form
    value = data.draw(values)
    assert decode(zre.pack_header(message_id, 1) + encode(value)) == value


@pytest.mark.parametrize("form", FORMS, ids=lambda form: news.MESSAGE_NAMES[form[0]])
@given(st.data())
def test_garbage_is_read_or_refused(form: tuple, data: st.DataObject) -> None:  # type: ignore[type-arg]
    message_id, values, encode, decode = form
    fields = data.draw(st.binary(max_size=60) | mutated(values.map(encode)))
    try:
        decode(zre.pack_header(message_id, 1) + fields)
    except DecodeError:
        pass


def test_the_octets_are_those_of_the_table() -> None:
    head = zre.pack_header(news.CHANGE, 7)
    fields = news.encode_change(news.Change(3, b"12345678", {"load": "1"}, ("role",)))
    assert (head + fields).hex(" ") == (
        "aa a1 28 02 00 07 00 00 00 00 00 00 00 03 31 32 33 34 35 36 37 38"
        " 00 00 00 01 04 6c 6f 61 64 00 00 00 01 31 00 00 00 01 00 00 00 04 72 6f 6c 65"
    )
    assert news.encode_check(news.Check(1, b"12345678")).hex() == "0000000000000001" + b"12345678".hex()
    assert news.encode_confirm(258).hex() == "0000000000000102"
    tell = news.encode_tell(news.Tell(1, 2, ("G",), {}))
    assert tell.hex(" ", 1) == "00 00 00 00 00 00 00 01 02 00 00 00 01 00 00 00 01 47 00 00 00 00"


def test_a_digest_knows_no_order_and_confuses_nothing() -> None:
    assert news.digest_of(["a", "b"], {"x": "1", "y": "2"}) == news.digest_of(["b", "a"], {"y": "2", "x": "1"})
    different = [
        ([], {}),
        (["a"], {}),
        ([], {"a": ""}),
        (["ab"], {}),
        (["a", "b"], {}),
        ([], {"a": "b"}),
        ([], {"ab": ""}),
        ([], {"": "ab"}),
    ]
    assert len({news.digest_of(groups, headers) for groups, headers in different}) == len(different)
