from __future__ import annotations

import operator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zyre.errors import DecodeError
from zyre.wire import zre
from zyre.wire.bundle import BUNDLE, MOST_MESSAGES, Content, decode_bundle, encode_bundle, size_of

HEADER = zre.pack_header(BUNDLE, 9)
GROUP = st.sampled_from(["", "G", "H\u20ac"])


@st.composite
def contents_of_one_shape(draw: st.DrawFn) -> list[Content]:
    """Messages of equally many frames; in every other case all frames have the same size."""
    frames = draw(st.integers(1, 4))
    size = draw(st.one_of(st.none(), st.integers(0, 9)))
    frame = st.binary(max_size=40) if size is None else st.binary(min_size=size, max_size=size)
    return draw(st.lists(st.tuples(*[frame] * frames), min_size=1, max_size=12))


@given(GROUP, contents_of_one_shape())
def test_what_is_packed_is_what_comes_out(group: str, contents: list[Content]) -> None:
    fields, body = encode_bundle(group, contents)
    found = decode_bundle(HEADER + fields, [body])
    assert (found.group, found.messages, found.frames) == (group, len(contents), len(contents[0]))
    assert list(found.contents()) == contents
    assert size_of(HEADER + fields) == len(contents)


@given(contents_of_one_shape())
def test_it_is_known_how_many_are_left(contents: list[Content]) -> None:
    fields, body = encode_bundle("", contents)
    left = decode_bundle(HEADER + fields, [body]).contents()
    for number in range(len(contents), 0, -1):
        assert operator.length_hint(left) == number
        next(left)
    assert operator.length_hint(left) == 0


def test_golden_octets() -> None:
    fields, body = encode_bundle("", [(b"a",), (b"bc",)])
    assert (fields.hex(), body) == ("00" + "0001" + "00000002" + "00000001" + "00000002", b"abc")
    fields, body = encode_bundle("G", [(b"a", b"b"), (b"c", b"d")])
    assert (fields.hex(), body) == ("03" + "0002" + "00000002" + "0147" + "00000001", b"abcd")


def test_messages_of_one_size_cost_four_octets_together() -> None:
    fields, _ = encode_bundle("", [(b"32 octets in each of the messages",)] * 500)
    assert len(fields) < 12


@given(GROUP, contents_of_one_shape(), st.data())
def test_what_is_broken_is_refused_or_holds_no_more_than_was_sent(
    group: str, contents: list[Content], data: st.DataObject
) -> None:
    fields, body = encode_bundle(group, contents)
    octets = bytearray(HEADER + fields)
    position = data.draw(st.integers(6, len(octets) - 1))
    octets[position] ^= data.draw(st.integers(1, 255))
    try:
        found = decode_bundle(bytes(octets[: data.draw(st.integers(6, len(octets)))]), [body])
    except DecodeError:
        return
    assert b"".join(map(b"".join, found.contents())) == body
    assert found.messages <= MOST_MESSAGES


@pytest.mark.parametrize(
    "fields",
    [
        "",
        "00" + "0001" + "00000000",
        "00" + "0000" + "00000001" + "00000001",
        "04" + "0001" + "00000001" + "00000001",
        "00" + "0001" + "ffffffff" + "00000001",
        "02" + "0001" + "00000401" + "00000001",
        "00" + "0001" + "00000001" + "00000002",
        "00" + "0001" + "00000001" + "00000001" + "00",
        "02" + "0001" + "00000002" + "00000000",
        "01" + "0001" + "00000001" + "00" + "00000001",
        "00" + "ffff" + "00000001" + "00000001",
    ],
)
def test_nonsense_is_refused(fields: str) -> None:
    with pytest.raises(DecodeError):
        decode_bundle(HEADER + bytes.fromhex(fields), [b"x"])


@pytest.mark.parametrize("contents", [[], [b"x", b"y"]])
def test_the_contents_are_one_frame(contents: list[bytes]) -> None:
    fields, _ = encode_bundle("", [(b"x",)])
    with pytest.raises(DecodeError):
        decode_bundle(HEADER + fields, contents)
