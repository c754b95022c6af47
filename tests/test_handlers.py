from __future__ import annotations

from zyre.events import Evasive, Event, Join, Shout, Whisper
from zyre.handlers import Handlers
from zyre.identity import PeerId

ALICE, BOB = PeerId("A" * 32), PeerId("B" * 32)
WHISPER = Whisper(ALICE, "alice", (b"x",))
SHOUT = Shout(ALICE, "alice", "CHAT", (b"x",))


def test_nothing_registered_is_false_and_matches_nothing() -> None:
    handlers = Handlers()
    assert not handlers
    assert handlers.matching(WHISPER) == []
    handlers.dispatch(WHISPER)


def test_an_event_concerns_those_of_its_kind_group_and_peer() -> None:
    handlers = Handlers()
    seen: list[str] = []

    def add(label: str, kinds: tuple[type, ...], group: str | None = None, peer: PeerId | None = None) -> None:
        handlers.add(lambda event: seen.append(label), kinds, group, peer)

    add("shouts", (Shout,))
    add("whispers", (Whisper,))
    add("either", (Shout, Whisper))
    add("in CHAT", (Shout, Join), "CHAT")
    add("in DEV", (Shout,), "DEV")
    add("of alice", (Shout,), None, ALICE)
    add("of bob", (Shout,), None, BOB)
    add("a group, but whispers have none", (Whisper,), "CHAT")
    handlers.dispatch(SHOUT)
    assert seen == ["shouts", "either", "in CHAT", "of alice"]
    assert handlers


def test_they_are_called_in_the_order_of_registration_and_as_often() -> None:
    handlers, seen = Handlers(), []
    first, second = (lambda event: seen.append(1)), (lambda event: seen.append(2))
    for handler in (first, second, first):
        handlers.add(handler, (Whisper,), None, None)
    handlers.dispatch(WHISPER)
    assert seen == [1, 2, 1]


def test_a_handler_is_forgotten_however_often_it_was_registered() -> None:
    handlers, seen = Handlers(), []

    def handler(event: Event) -> None:
        seen.append(event)

    handlers.add(handler, (Whisper,), None, None)
    handlers.add(handler, (Shout,), None, None)
    handlers.remove(handler)
    handlers.remove(handler)
    handlers.dispatch(WHISPER)
    assert not handlers
    assert seen == []


def test_handlers_may_be_added_and_removed_while_being_called() -> None:
    handlers, seen = Handlers(), []

    def late(event: Event) -> None:
        seen.append("late")

    def once(event: Event) -> None:
        seen.append("once")
        handlers.remove(once)
        handlers.add(late, (Whisper,), None, None)

    handlers.add(once, (Whisper,), None, None)
    handlers.dispatch(WHISPER)
    assert seen == ["once"]
    handlers.dispatch(WHISPER)
    assert seen == ["once", "late"]


def test_other_kinds_pass_by() -> None:
    handlers = Handlers()
    handlers.add(lambda event: 1 / 0, (Whisper,), None, None)
    handlers.dispatch(Evasive(ALICE, "alice"))
