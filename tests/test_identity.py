from __future__ import annotations

import pickle
import uuid
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zyre.errors import InvalidFrame, InvalidName, InvalidPeer
from zyre.events import Evasive
from zyre.identity import PeerId, check_group, check_header, check_headers, check_name, encode_frames

TEXT = "0123456789ABCDEF0123456789ABCDEF"
PEER = PeerId(TEXT)


@given(st.binary(min_size=16, max_size=16))
def test_octets_round_trip(octets: bytes) -> None:
    assert PeerId.parse(octets).octets == octets


@pytest.mark.parametrize(
    "value",
    [
        PEER,
        TEXT,
        TEXT.lower(),
        str(uuid.UUID(TEXT)),
        uuid.UUID(TEXT),
        bytes.fromhex(TEXT),
        bytearray.fromhex(TEXT),
        Evasive(PEER, "alice"),
        SimpleNamespace(uuid=PEER),
        SimpleNamespace(peer=None, uuid=uuid.UUID(TEXT)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_whatever_denotes_a_peer_is_accepted(value: object) -> None:
    assert PeerId.parse(value) == PEER
    assert type(PeerId.parse(value)) is PeerId


@pytest.mark.parametrize(
    "value",
    [
        "",
        "alice",
        TEXT[:-1],
        TEXT + "0",
        TEXT + "\n",
        TEXT.replace("0", "g"),
        b"",
        b"x" * 15,
        7,
        None,
        object(),
        "É" * 32,
    ],
)
def test_anything_else_is_refused_with_what_would_do(value: object) -> None:
    with pytest.raises(InvalidPeer, match="32 hexadecimal digits"):
        PeerId.parse(value)


@given(st.text() | st.binary() | st.integers() | st.none())
def test_any_value_is_an_identity_or_invalid_peer(value: object) -> None:
    """Invariant: parse returns 32 upper-case digits or raises InvalidPeer."""
    try:
        peer = PeerId.parse(value)
    except InvalidPeer:
        return
    assert len(peer) == 32
    assert set(peer) <= set("0123456789ABCDEF")


def test_it_is_text_in_every_respect() -> None:
    assert {TEXT: 1}[PEER] == 1
    assert f"{PEER}" == TEXT
    assert repr(PEER) == f"PeerId('{TEXT}')"
    assert PEER.short == TEXT[:6]


def test_it_survives_pickling() -> None:
    copy = pickle.loads(pickle.dumps(PEER))
    assert type(copy) is PeerId
    assert copy == PEER


@pytest.mark.parametrize("check", [check_name, check_group])
@pytest.mark.parametrize("value", ["a", "x" * 255, "é" * 127, "with blanks", "GLOBAL"])
def test_what_the_wire_can_carry_is_returned(check, value: str) -> None:  # type: ignore[no-untyped-def]
    assert check(value) == value


@pytest.mark.parametrize("check", [check_name, check_group])
@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("", "empty"),
        ("x" * 256, "256 octets in UTF-8; the limit is 255"),
        ("é" * 128, "256 octets"),
        ("a\0b", "NUL"),
        ("\ud800", "surrogates"),
        (b"bytes", "not bytes"),
        (None, "not NoneType"),
    ],
)
def test_what_it_cannot_carry_is_refused_with_the_rule(check, value: object, why: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InvalidName, match=why):
        check(value)


def test_a_header_may_have_an_empty_value_and_a_long_one_up_to_the_limit() -> None:
    assert check_header("name", "", 10) == ("name", "")
    assert check_header("name", "v" * 10, 10) == ("name", "v" * 10)
    with pytest.raises(InvalidName, match="limit is 10"):
        check_header("name", "v" * 11, 10)
    with pytest.raises(InvalidName, match="header name"):
        check_header("", "v", 10)


def test_all_headers_are_checked() -> None:
    assert check_headers({"a": "1", "b": "2"}, 10) == {"a": "1", "b": "2"}
    with pytest.raises(InvalidName):
        check_headers({"a": "1", "b": "2\0"}, 10)


def test_bytes_are_passed_on_untouched() -> None:
    frames = (b"a", b"")
    assert encode_frames(frames) is frames


def test_text_and_views_become_bytes() -> None:
    assert encode_frames(("é", bytearray(b"b"), memoryview(b"c"), b"d")) == ("é".encode(), b"b", b"c", b"d")


def test_text_from_the_file_system_keeps_its_octets() -> None:
    assert encode_frames((b"caf\xe9".decode("utf-8", "surrogateescape"),)) == (b"caf\xe9",)


@pytest.mark.parametrize("value", [1, None, {"a": 1}, ["x"]])
def test_any_other_frame_is_refused_with_its_place(value: object) -> None:
    with pytest.raises(InvalidFrame) as caught:
        encode_frames((b"first", value))  # type: ignore[arg-type]
    assert (caught.value.index, caught.value.value) == (1, value)
