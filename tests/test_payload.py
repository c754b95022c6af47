from __future__ import annotations

import math
import pickle
import sys
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import zyre
from tests.support.nodes import expect, meeting
from zyre.events import Shout, Whisper, new_shout, new_whisper
from zyre.identity import PeerId
from zyre.payload import codec_of, encode_objects

PEER = PeerId(bytes(range(16)))
CODECS = ["json", "msgpack"]

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=20,
)  # fmt: skip


def message(*frames: bytes) -> Whisper:
    return new_whisper(PEER, "bob", frames)


@pytest.fixture(params=CODECS)
def codec(request: pytest.FixtureRequest) -> str:
    if request.param == "msgpack":
        pytest.importorskip("msgspec", reason="MessagePack is an extra")
    return str(request.param)


class TestRoundTrip:
    def test_every_value_comes_back(self, codec: str) -> None:
        @given(values, values)
        def check(one: Any, other: Any) -> None:
            event = message(*encode_objects(codec, (one, other)))
            assert (event.decode(codec), event.decode(codec, 1)) == (one, other)

        check()

    def test_msgpack_carries_octets(self) -> None:
        pytest.importorskip("msgspec")
        assert message(*encode_objects("msgpack", [{"b": b"\0\xff"}])).decode("msgpack") == {"b": b"\0\xff"}

    def test_json_is_plain_utf_8(self) -> None:
        assert encode_objects("json", [{"k": "é"}]) == ('{"k":"é"}'.encode(),)

    def test_one_of_my_own(self) -> None:
        class Repr:
            name = "repr"

            def encode(self, value: object) -> bytes:
                return repr(value).encode()

            def decode(self, frame: bytes) -> object:
                return frame.decode().strip("'")

        assert message(*encode_objects(Repr(), ["x"])).decode(Repr()) == "x"

    @pytest.mark.parametrize("make", [new_whisper, Whisper])
    def test_an_event_is_the_same_however_it_was_made(self, make: Any) -> None:
        assert make(PEER, "bob", (b"[1]",)).json() == [1]
        assert pickle.loads(pickle.dumps(make(PEER, "bob", (b"1",)))).json() == 1
        assert new_shout(PEER, "bob", "G", (b"1",)) == Shout(PEER, "bob", "G", (b"1",))


class TestRefusals:
    @pytest.mark.parametrize(
        "frame",
        [
            b"",
            b"{",
            b"NaN",
            b"[Infinity]",
            b"\xff",
            b"[" * 100_000,
            b"1" * 5000,
            b"\xef\xbb\xbf1",
            "1".encode("utf-16"),
        ],
    )
    def test_what_a_peer_sent_that_is_no_json(self, frame: bytes) -> None:
        with pytest.raises(zyre.PayloadError) as caught:
            message(frame).json()
        assert (caught.value.codec, caught.value.frame, caught.value.peer) == ("json", 0, PEER)
        assert caught.value.why

    def test_anything_at_all_is_a_value_or_the_error(self, codec: str) -> None:
        @given(st.binary())
        def check(frame: bytes) -> None:
            try:
                message(frame).decode(codec)
            except zyre.PayloadError:
                pass

        check()

    @pytest.mark.parametrize("index", [1, -1])
    def test_a_frame_that_is_not_there(self, index: int) -> None:
        with pytest.raises(zyre.PayloadError, match="1 frames"):
            message(b"1").json(index)

    def test_deep_msgpack(self) -> None:
        pytest.importorskip("msgspec")
        with pytest.raises(zyre.PayloadError):
            message(b"\x91" * 1_000_000).decode("msgpack")

    @pytest.mark.parametrize("value", [{1, 2}, math.nan, {"x": math.inf}, "\ud800", object()])
    def test_what_json_cannot_say(self, value: object) -> None:
        with pytest.raises(zyre.InvalidPayload) as caught:
            encode_objects("json", [1, value])
        assert (caught.value.codec, caught.value.index) == ("json", 1)

    @pytest.mark.parametrize("codec", ["pickle", object()])
    def test_no_codec(self, codec: Any) -> None:
        with pytest.raises(zyre.InvalidConfig, match="codec"):
            codec_of(codec)

    def test_without_msgspec_it_says_what_to_install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("zyre.payload._made", {})
        monkeypatch.setitem(sys.modules, "msgspec", ModuleType("msgspec"))
        monkeypatch.setitem(sys.modules, "msgspec.msgpack", None)  # type: ignore[arg-type]
        with pytest.raises(zyre.InvalidConfig, match=r"zyre\[codecs\]"):
            codec_of("msgpack")


@pytest.mark.lan
def test_between_nodes(codec: str) -> None:
    with meeting("alice", "bob", groups=["G"]) as (alice, bob):
        assert alice.whisper(bob, {"a": [1, 2.5, None]}, "two", codec=codec)
        event = expect(bob, Whisper)
        assert (event.decode(codec), event.decode(codec, 1)) == ({"a": [1, 2.5, None]}, "two")
        assert alice.shout("G", [1], codec=codec) == 1
        assert expect(bob, Shout).decode(codec) == [1]
