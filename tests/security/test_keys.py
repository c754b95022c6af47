from __future__ import annotations

import pytest
import zmq
from hypothesis import given
from hypothesis import strategies as st
from zmq.utils import z85

from zyre.errors import InvalidKey
from zyre.security.keys import KeyPair, decode_key, encode_key, is_key, same

#: The test vector of libzmq's documentation (zmq_curve_keypair, zmq_z85_encode).
PUBLIC = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
SECRET = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"


@given(st.binary(min_size=32, max_size=32).filter(any))
def test_keys_are_written_as_libzmq_writes_them(octets: bytes) -> None:
    assert encode_key(octets) == z85.encode(octets).decode()
    assert decode_key(encode_key(octets)) == octets


def test_the_vector_of_32_z85() -> None:
    """864FD26F B559F75B is HelloWorld."""
    assert encode_key(bytes.fromhex("864fd26fb559f75b" * 4)) == "HelloWorld" * 4


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (PUBLIC[:-1], "39 characters"),
        (PUBLIC + "0", "41 characters"),
        (PUBLIC[:-1] + "é", "not of Z85"),
        (PUBLIC[:-1] + " ", "not of Z85"),
        ("%nSc0" + "#" * 35, "32 bits"),
        ("#" * 40, "32 bits"),
        ("0" * 40, "all zero"),
        (None, "NoneType"),
        (PUBLIC.encode(), "bytes"),
    ],
)
def test_what_is_no_key_is_refused_without_being_shown(text: str, why: str) -> None:
    with pytest.raises(InvalidKey) as caught:
        decode_key(text)
    assert why in str(caught.value)
    assert not isinstance(text, str) or text not in str(caught.value)
    assert not is_key(text) if isinstance(text, str) else True


def test_the_highest_group_is_a_key() -> None:
    assert decode_key("%nSc0" * 8) == b"\xff" * 32


def test_a_pair_does_not_show_its_secret() -> None:
    pair = KeyPair(PUBLIC, SECRET)
    assert zmq.curve_public(SECRET.encode()).decode() == pair.public
    assert SECRET not in repr(pair) + str(pair)
    with pytest.raises(InvalidKey, match="secret key"):
        KeyPair(PUBLIC, "short")


def test_sameness() -> None:
    assert same(PUBLIC, PUBLIC)
    assert not same(PUBLIC, SECRET)
    assert not same("é", "e")
