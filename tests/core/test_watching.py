from __future__ import annotations

from typing import Any

from zyre.core.watching import Watching
from zyre.events import Event, Join
from zyre.identity import PeerId

EVENT = Join(PeerId("1" * 32), "x", "G")


class Watcher:
    def __init__(self) -> None:
        self.heard: list[Event] = []
        self.over: list[BaseException | None] = []

    def begin(self, answer: Any) -> None:
        pass

    def hear(self, events: list[Event]) -> None:
        self.heard += events

    def ended(self, defect: BaseException | None) -> None:
        self.over.append(defect)


def testwatchers_hear_until_they_are_removed_or_it_is_over() -> None:
    watching, one, other = Watching(), Watcher(), Watcher()
    assert not watching
    watching.add(one)
    watching.add(other)
    watching.tell([EVENT])
    watching.remove(one)
    watching.tell([EVENT])
    watching.end(None)
    watching.end(None)
    watching.tell([EVENT])
    assert (one.heard, other.heard) == ([EVENT], [EVENT, EVENT])
    assert (one.over, other.over) == ([], [None])


def test_one_that_nobody_holds_is_forgotten() -> None:
    watching, kept = Watching(), Watcher()
    watching.add(Watcher())
    watching.tell([EVENT])
    watching.add(kept)
    assert len(watching.watchers) == 1
    assert watching
