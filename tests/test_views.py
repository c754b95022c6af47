"""Large frames stay where they came until somebody asks for bytes, and nobody else can tell."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from typing import Any

import pytest

import zyre
from tests.support.nodes import expect, meeting
from zyre import views
from zyre.core.journal import EventDigest
from zyre.engine.mailbox import Mailbox
from zyre.engine.weights import weight_of
from zyre.identity import PeerId
from zyre.views import LARGE_FROM

PEER = PeerId("1" * 32)
CONTENT = (b"small", b"x" * LARGE_FROM, b"")


def frames() -> list[Any]:
    return [CONTENT[0], memoryview(CONTENT[1]), CONTENT[2]]


def large(kind: type) -> Any:
    """A message as it comes, not yet looked into."""
    if kind is zyre.Whisper:
        return views.Whisper(PEER, "alice", frames())
    return views.Shout(PEER, "alice", "G", frames())


def plain(kind: type) -> Any:
    return zyre.Whisper(PEER, "alice", CONTENT) if kind is zyre.Whisper else zyre.Shout(PEER, "alice", "G", CONTENT)


@pytest.mark.parametrize("kind", [zyre.Whisper, zyre.Shout])
class TestTheSameAsAnyOther:
    def test_as_a_value(self, kind: type) -> None:
        event, other = large(kind), plain(kind)
        assert isinstance(event, kind)
        assert event == other == large(kind)
        assert event != dataclasses.replace(other, content=(b"",))
        assert event != 1
        assert (hash(event), repr(event)) == (hash(other), repr(other))

    def test_as_a_pattern(self, kind: type) -> None:
        match large(kind):
            case zyre.Whisper(content=(_, found, _)) | zyre.Shout(group="G", content=(_, found, _)):
                assert found == CONTENT[1]
            case _:
                pytest.fail("it was not recognised")

    @pytest.mark.parametrize(
        "made_of",
        [copy.copy, copy.deepcopy, lambda event: pickle.loads(pickle.dumps(event))],
        ids=["copy", "deepcopy", "pickle"],
    )
    def test_as_a_copy_it_is_an_ordinary_one(self, kind: type, made_of: Any) -> None:
        made = made_of(large(kind))
        assert type(made) is kind
        assert made == plain(kind)

    def test_with_something_else_in_it(self, kind: type) -> None:
        assert dataclasses.replace(large(kind), name="bob") == dataclasses.replace(plain(kind), name="bob")

    def test_nothing_of_it_can_be_changed(self, kind: type) -> None:
        event = large(kind)
        for name in ("name", "content", "view", "other"):
            with pytest.raises((AttributeError, TypeError)):
                setattr(event, name, ())

    def test_in_a_journal_and_a_mailbox_and_without_a_copy(self, kind: type) -> None:
        event, box, digests = large(kind), Mailbox(zyre.Limits(), lambda: None), (EventDigest(True), EventDigest(True))
        assert weight_of(event) == weight_of(plain(kind))
        box.put([event])
        assert box._octets == weight_of(event)
        digests[0].add([event])
        digests[1].add([plain(kind)])
        assert digests[0].value == digests[1].value
        assert isinstance(event.frames, list), "nobody has asked for its content"

    def test_it_is_dropped_like_any_other(self, kind: type) -> None:
        box = Mailbox(zyre.Limits(mailbox_bytes=3 * LARGE_FROM), lambda: None)
        box.shedding = box.sheds_oldest = True
        events = [large(kind) for _ in range(5)]
        for event in events:
            box.put([event])
        assert box.dropped == 3
        assert [box.get_nowait() for _ in range(2)] == events[3:]
        box.sheds_oldest = False
        for event in events:
            box.put([event])
        assert box.dropped == 6
        assert box.get_nowait() is events[0]


def test_bytes_are_made_once() -> None:
    event = large(zyre.Whisper)
    assert event.view == CONTENT
    assert event.content is event.content
    assert event.content == CONTENT
    assert event.view == CONTENT


def test_a_small_one_can_be_viewed_as_well() -> None:
    assert zyre.Whisper(PEER, "alice", (b"x", b"")).view == (b"x", b"")


@pytest.mark.lan
@pytest.mark.parametrize("options", [{}, {"extensions": ()}], ids=["own kind", "plain"])
def test_between_nodes(options: dict[str, Any]) -> None:
    with meeting("alice", "bob", groups=["G"], **options) as (alice, bob):
        assert alice.whisper(bob, *CONTENT)
        assert alice.shout("G", *CONTENT) == 1
        came = [expect(bob, zyre.Whisper), expect(bob, zyre.Shout)]
        for event in came:
            assert isinstance(event, views.LARGE)
            assert isinstance(event.frames, list)
            assert event.view == CONTENT
            assert all(view.readonly for view in event.view)
            assert alice.whisper(bob, *event.view), "what came can be sent on"
            came = [*came, expect(bob, zyre.Whisper)]
    assert [event.content for event in came] == [CONTENT] * 4, "they outlive their node"
