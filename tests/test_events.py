from __future__ import annotations

import dataclasses
import pickle
import typing

import pytest

from zyre import events
from zyre.events import Enter, Event, Exit, Gap, Join, Leader, Shout, Whisper
from zyre.identity import PeerId

PEER = PeerId("A" * 32)
KINDS = typing.get_args(Event)


def make(kind: type) -> typing.Any:
    values = {
        "peer": PEER,
        "name": "alice",
        "address": "tcp://10.0.0.2:49152",
        "headers": {"a": "1"},
        "groups": frozenset({"G"}),
        "group": "G",
        "content": (b"x", b""),
        "reason": "left",
        "missed": 3,
        "term": 7,
        "token": 8,
        "appeared": ("10.0.0.9",),
        "vanished": (),
        "code": "unknown key",
        "changed": {"a": "2"},
        "rival_name": "alice",
        "rival_address": "tcp://10.0.0.3:49152",
        "lost": False,
        "removed": frozenset({"b"}),
        "number": 7,
        "stream": 8,
    }
    return kind(**{field.name: values[field.name] for field in dataclasses.fields(kind)})


@pytest.mark.parametrize("kind", KINDS)
def test_every_event_begins_with_peer_and_name(kind: type) -> None:
    assert [field.name for field in dataclasses.fields(kind)][:2] == ["peer", "name"]
    assert PeerId.parse(make(kind)) == PEER, "an event is accepted wherever a peer is asked for"


@pytest.mark.parametrize("kind", KINDS)
def test_an_event_cannot_be_changed(kind: type) -> None:
    event = make(kind)
    with pytest.raises(dataclasses.FrozenInstanceError):
        event.name = "bob"
    assert not hasattr(event, "__dict__")


@pytest.mark.parametrize("kind", KINDS)
def test_events_compare_by_value_and_survive_pickling(kind: type) -> None:
    assert make(kind) == make(kind) == pickle.loads(pickle.dumps(make(kind)))


def test_the_union_holds_every_kind_and_all_names_them() -> None:
    assert {kind.__name__ for kind in KINDS} | {"Event", "ExitReason"} == set(events.__all__)


def test_one_word_has_one_meaning_in_all_events() -> None:
    assert {kind for kind in KINDS if "group" in kind.__slots__} == {
        Join,
        events.Leave,
        Shout,
        Leader,
        events.Leaderless,
    }
    assert {kind for kind in KINDS if "content" in kind.__slots__} == {Whisper, Shout}
    assert [kind for kind in KINDS if "reason" in kind.__slots__] == [Exit]


def test_they_are_made_for_match() -> None:
    match make(Shout):
        case Shout(group="G", content=(text, b"")):
            assert text == b"x"
        case _:
            pytest.fail("it did not match")


def test_groups_of_enter_may_be_left_out() -> None:
    assert Enter(PEER, "alice", "tcp://h:1", {}).groups == frozenset()


def test_reasons_are_a_closed_set() -> None:
    known = {"left", "crashed", "expired", "replaced", "unreachable", "collision", "revoked"}
    assert set(typing.get_args(events.ExitReason)) == known
    assert Gap(PEER, "alice", 2).missed == 2
