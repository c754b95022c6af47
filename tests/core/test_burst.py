from __future__ import annotations

import operator

from tests.core.rig import peer_id
from zyre.core.burst import Burst, expand
from zyre.events import Shout, Silent, Whisper
from zyre.wire import zre
from zyre.wire.bundle import BUNDLE, Content, decode_bundle, encode_bundle

PEER = peer_id(1)


def burst(group: str, *contents: Content) -> Burst:
    fields, body = encode_bundle(group, contents)
    return Burst(PEER, "bob", decode_bundle(zre.pack_header(BUNDLE, 1) + fields, [body]))


def test_whispers_and_shouts_are_made_in_order() -> None:
    events, _ = burst("", (b"a",), (b"bc",)).open()
    assert list(events) == [Whisper(PEER, "bob", (b"a",)), Whisper(PEER, "bob", (b"bc",))]
    events, _ = burst("G", (b"a", b"1"), (b"b", b"2")).open()
    assert list(events) == [Shout(PEER, "bob", "G", (b"a", b"1")), Shout(PEER, "bob", "G", (b"b", b"2"))]


def test_what_is_left_shows_without_making_it() -> None:
    for contents in [((b"a",), (b"b",)), ((b"a",), (b"bc",))]:
        events, left = burst("", *contents).open()
        assert operator.length_hint(left) == 2
        next(events)
        assert operator.length_hint(left) == 1


def test_it_says_what_it_holds() -> None:
    two = burst("", (b"a", b"bcd"), (b"", b"e"))
    assert (two.messages, two.frames, two.octets) == (2, 4, 5)


def test_bursts_among_events_are_expanded_where_they_stand() -> None:
    silent = Silent(PEER, "bob")
    one = Whisper(PEER, "bob", (b"a",))
    assert expand([silent, burst("", (b"a",), (b"a",)), silent]) == [silent, one, one, silent]
