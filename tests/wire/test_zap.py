from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zyre.errors import DecodeError
from zyre.wire.zap import ALLOWED, DENIED, ZapRequest, decode_zap_request, encode_zap_reply

#: As libzmq asks for a CURVE client.
ASKED = [b"1.0", b"1", b"global", b"10.77.0.1", b"", b"CURVE", b"k" * 32]


def test_a_request_of_a_curve_client() -> None:
    assert decode_zap_request(ASKED) == ZapRequest(b"1", "global", "10.77.0.1", "CURVE", b"k" * 32)


def test_a_request_of_an_open_client_has_no_credentials() -> None:
    assert decode_zap_request([*ASKED[:5], b"NULL"]).mechanism == "NULL"
    assert decode_zap_request([*ASKED[:5], b"PLAIN", b"user", b"password"]).key == b""


@pytest.mark.parametrize(
    "frames",
    [[], ASKED[:5], [b"2.0", *ASKED[1:]], ASKED[:6], [*ASKED[:6], b"k" * 31], [*ASKED, b"more"],
     [*ASKED[:3], b"x" * 256, *ASKED[4:]]],
)  # fmt: skip
def test_what_is_no_request_is_refused(frames: list[bytes]) -> None:
    with pytest.raises(DecodeError):
        decode_zap_request(frames)


@given(st.lists(st.binary(max_size=40), max_size=9))
def test_nothing_else_is_raised(frames: list[bytes]) -> None:
    try:
        decode_zap_request(frames)
    except DecodeError:
        pass


def test_replies() -> None:
    assert encode_zap_reply(b"1", ALLOWED, "alice") == [b"1.0", b"1", b"200", b"OK", b"alice", b""]
    assert encode_zap_reply(b"1", DENIED, "alice") == [b"1.0", b"1", b"400", b"No access", b"", b""]
