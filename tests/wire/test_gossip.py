from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.strategies import STRING, mutated, text
from zyre.errors import DecodeError
from zyre.wire import gossip, zgossip
from zyre.wire.gossip import Beat, Entry, Listing, Stamp, State, Tuple

U64 = st.integers(0, (1 << 64) - 1)
NODES = st.binary(min_size=16, max_size=16)
STAMPS = st.builds(Stamp, st.integers(0, 1 << 62), NODES)
SECONDS = st.integers(0, 1 << 31).map(lambda milliseconds: milliseconds / 1000)
TUPLES = st.builds(
    Tuple, STRING, text(400), STAMPS, st.sampled_from(sorted(State.ALL)), SECONDS, SECONDS, st.booleans()
)
ENTRIES = st.builds(Entry, STRING, STAMPS, st.booleans())
LISTINGS = st.builds(
    Listing, st.frozensets(st.integers(0, gossip.BUCKETS - 1)), st.lists(ENTRIES, max_size=4).map(tuple), st.booleans()
)
BEATS = st.lists(st.builds(Beat, NODES, U64, SECONDS), max_size=4)

DECODERS: dict[int, Callable[[bytes], Any]] = {
    gossip.WELCOME: gossip.decode_welcome,
    gossip.PULSE: gossip.decode_root,
    gossip.ECHO: gossip.decode_root,
    gossip.SUMMARY: gossip.decode_summary,
    gossip.LISTING: gossip.decode_listing,
    gossip.WANT: gossip.decode_want,
    gossip.TUPLES: gossip.decode_tuples,
    gossip.BEATS: gossip.decode_beats,
}
FRAMES = (
    st.builds(gossip.encode_welcome, NODES, U64)
    | st.lists(TUPLES, max_size=3).map(gossip.encode_tuples)
    | LISTINGS.map(gossip.encode_listing)
    | BEATS.map(gossip.encode_beats)
    | st.lists(STRING, max_size=3).map(gossip.encode_want)
)


@given(st.lists(TUPLES, max_size=4))
def test_tuples_round_trip(tuples: list[Tuple]) -> None:
    assert gossip.decode_tuples(gossip.encode_tuples(tuples)) == tuples


@given(LISTINGS)
def test_a_listing_round_trips(listing: Listing) -> None:
    assert gossip.decode_listing(gossip.encode_listing(listing)) == listing


@given(BEATS, st.lists(STRING, max_size=4), NODES, U64)
def test_the_others_round_trip(beats: list[Beat], keys: list[str], node: bytes, root: int) -> None:
    assert gossip.decode_beats(gossip.encode_beats(beats)) == beats
    assert gossip.decode_want(gossip.encode_want(keys)) == tuple(keys)
    assert gossip.decode_welcome(gossip.encode_welcome(node, root)) == (node, root)
    assert gossip.decode_root(gossip.encode_root(gossip.PULSE, root)) == root
    assert gossip.decode_summary(gossip.encode_summary([root] * gossip.BUCKETS)) == (root,) * gossip.BUCKETS


def test_a_time_that_is_not_over_is_not_sent_as_never() -> None:
    item = Tuple("k", "v", Stamp(1, bytes(16)), left=0.0001)
    assert gossip.decode_tuples(gossip.encode_tuples([item]))[0].left > 0


@given(FRAMES)
def test_the_two_protocols_cannot_be_mistaken(frame: bytes) -> None:
    assert gossip.is_own(frame)
    with pytest.raises(DecodeError):
        zgossip.read_command(frame)
    plain = zgossip.encode_command(zgossip.HELLO)
    assert not gossip.is_own(plain)
    with pytest.raises(DecodeError):
        gossip.read_message(plain)


def test_a_forged_count_costs_nothing() -> None:
    forged = gossip.encode_tuples([])[:4] + b"\xff\xff\xff\xff"
    with pytest.raises(DecodeError, match="more elements"):
        gossip.decode_tuples(forged)


@given(st.binary(max_size=60) | st.binary(max_size=60).map(b"\xaa\xa2\x07\x01".__add__) | mutated(FRAMES))
def test_any_frame_is_a_message_or_a_decode_error(frame: bytes) -> None:
    """Invariant: decoding returns a value, or raises DecodeError."""
    try:
        DECODERS[gossip.read_message(frame)](frame)
    except DecodeError:
        return


def test_a_version_after_which_none_could_follow_is_refused() -> None:
    with pytest.raises(DecodeError, match="too high"):
        gossip.decode_tuples(gossip.encode_tuples([Tuple("k", "v", Stamp((1 << 64) - 1, bytes(16)))]))


def test_every_message_can_be_read() -> None:
    assert set(DECODERS) == gossip.MESSAGES
