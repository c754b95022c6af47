from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.security.test_keys import PUBLIC
from zyre.errors import DecodeError, InvalidConfig, InvalidKey
from zyre.security.keys import encode_key
from zyre.security.revocation import MOST_REVOKED, Revocations, read_revocations
from zyre.wire.zpl import format_zpl, parse_zpl

LIST = Revocations(7, frozenset((PUBLIC, encode_key(b"k" * 32))), b"s" * 64)


def test_a_list_goes_over_the_wire_and_into_a_file() -> None:
    assert Revocations.unpack(LIST.pack()) == LIST
    assert read_revocations(parse_zpl(format_zpl(LIST.settings()))) == LIST


def test_what_is_signed_is_all_but_the_signature() -> None:
    assert LIST.signed == LIST._replace(signature=b"").signed
    assert LIST.signed != LIST._replace(version=8).signed
    assert LIST.signed != LIST._replace(keys=frozenset((PUBLIC,))).signed


@given(st.binary(max_size=300))
def test_whatever_comes_is_read_or_refused(data: bytes) -> None:
    try:
        Revocations.unpack(data)
    except DecodeError:
        pass


def test_a_list_has_the_size_that_it_says() -> None:
    for broken in (LIST.pack()[:-1], LIST.pack() + b"x", b"", bytes(8) + (MOST_REVOKED + 1).to_bytes(4, "big")):
        with pytest.raises(DecodeError):
            Revocations.unpack(broken)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "revocations\n    version = x\n",
        "revocations\n    version = 1\n    key = short\n",
        "revocations\n    version = 0\n",
        "revocations\n    version = 1\n    signature = x\n",
    ],
)
def test_a_broken_file_is_refused(text: str) -> None:
    with pytest.raises((InvalidConfig, InvalidKey)):
        read_revocations(parse_zpl(text))
