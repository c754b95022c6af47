"""Where the story plays: waits until something was seen by those on it, or says in a sentence what was not."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterable
from typing import TypeVar

from zyre.cli.demo.cast import Actor, Cast
from zyre.cli.demo.chronicle import Chronicle, Happening
from zyre.cli.demo.screen import Screen

__all__ = ["Expectation", "NotSeen", "Stage"]

Seen = TypeVar("Seen")

#: How long anything may take before the demo gives up on it. A busy machine starts four interpreters slowly.
_PATIENCE = 15.0

Expectation = tuple[str, Callable[[], Happening | None]]
"""What should be seen, as the end of a sentence ("ada saw ben"), and how to look for it."""


class NotSeen(Exception):
    """Something that should have been seen was not."""


class Stage:
    """Those who are alive (``actors``), what they reported, and the screen that shows it."""

    def __init__(self, cast: Cast, screen: Screen, pace: float) -> None:
        self.actors: list[Actor] = list(cast.actors)
        self._cast = cast
        self._screen = screen
        self._pace = pace
        self._chronicle = Chronicle()

    def began(self, name: str, verb: str) -> float:
        """When a node began what it was told to do."""
        self.require(lambda: self._chronicle.find(name, "did", text=verb), f"{name} reported its {verb}")
        return self._chronicle.moment(name, verb)

    def looker(
        self, who: Actor, kind: str, peer: Actor | None = None, since: float = 0.0
    ) -> Callable[[], Happening | None]:
        """A function that looks for the first event of that kind, about that peer, at that node."""
        name = "" if peer is None else peer.name
        return lambda: self._chronicle.find(who.name, kind, name, since=since)

    def expect_pairs(self, sentence: str, kind: str) -> list[tuple[str, str, Happening]]:
        """Everybody sees something of everybody else."""
        pairs = [(one, other) for one in self.actors for other in self.actors if one is not other]
        seen = self.expect(
            (f"{one.name} {sentence.format(other.name)}", self.looker(one, kind, other)) for one, other in pairs
        )
        return [(one.name, other.name, what) for (one, other), what in zip(pairs, seen, strict=True)]

    def expect_leader(self, since: float) -> list[Happening]:
        """Everybody on the stage names the one of the lowest uuid. (One who stands before it can lead for a moment.)"""
        strongest = min(self.actors, key=lambda actor: actor.uuid)

        def agreement() -> list[Happening] | None:
            named = [leader for actor in self.actors if (leader := self._chronicle.leader(actor.name, since))]
            complete = len(named) == len(self.actors)
            return named if complete and {leader.peer for leader in named} == {strongest.name} else None

        return self.require(agreement, "all agreed on one leader")

    def expect(self, expectations: Iterable[Expectation]) -> list[Happening]:
        """Wait until each was seen; NotSeen with the sentence of the first that is not in time."""
        return [self.require(look, sentence) for sentence, look in list(expectations)]

    def require(self, look: Callable[[], Seen | None], sentence: str) -> Seen:
        """Wait until it was seen; NotSeen with the sentence if it is not in time."""
        deadline = time.monotonic() + _PATIENCE
        while (seen := look()) is None:
            if not self._hear(deadline):
                raise NotSeen(f"it was not seen within {_PATIENCE:g} s that {sentence}")
        return seen

    def pause(self, share: float) -> None:
        """Let people look, and go on listening."""
        deadline = time.monotonic() + share * self._pace
        while self._hear(deadline):
            pass

    def _hear(self, deadline: float) -> bool:
        """Take in the next report; False if there is none until the deadline."""
        try:
            happening = self._cast.heard.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            return False
        self._chronicle.add(happening)
        self._screen.show(happening)
        if happening.kind in ("ended", "failed"):
            self._check_end(happening)
        return True

    def _check_end(self, happening: Happening) -> None:
        """Those still on the stage must not end by themselves."""
        for actor in self.actors:
            if actor.name == happening.who:
                why = happening.text or actor.last_words()
                if self._chronicle.find(actor.name, "did", text="stop") is None:
                    raise NotSeen(f"the process of {actor.name} ended by itself{': ' + why if why else ''}")
