"""What the four processes reported, in the order in which the demo heard it, and questions about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

__all__ = ["Chronicle", "Happening", "Measurement"]


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of one process: ``who`` reports that at the moment ``at`` there was a ``kind`` about ``peer``."""

    at: float
    who: str
    kind: str
    peer: str = ""
    group: str = ""
    reason: str = ""
    text: str = ""

    @classmethod
    def read(cls, who: str, record: dict[str, Any]) -> Happening:
        """Make one of a process's line."""
        return cls(
            at=record["at"],
            who=who,
            kind=record["type"],
            peer=record.get("name", ""),
            group=record.get("group", ""),
            reason=record.get("reason", ""),
            text=record.get("text") or record.get("verb") or " ".join(record.get("content", ())),
        )


@dataclass(frozen=True, slots=True)
class Measurement:
    """How long something took, as often as it was seen; in milliseconds."""

    step: str
    what: str
    times: tuple[float, ...]

    @property
    def typical(self) -> float:
        """The median."""
        return median(self.times)

    @property
    def slowest(self) -> float:
        """The worst case."""
        return max(self.times)

    @classmethod
    def of(cls, step: str, what: str, seconds: Iterable[float]) -> Measurement:
        """From seconds, which may be a hair below zero where two processes read the clock at once."""
        return cls(step, what, tuple(max(0.0, time * 1000) for time in seconds))


class Chronicle:
    """Everything that was reported so far."""

    def __init__(self) -> None:
        self._happenings: list[Happening] = []

    def add(self, happening: Happening) -> None:
        """Note one more."""
        self._happenings.append(happening)

    def __iter__(self) -> Iterator[Happening]:
        return iter(self._happenings)

    def find(self, who: str, kind: str, peer: str = "", text: str = "", since: float = 0.0) -> Happening | None:
        """The first happening of that kind; ``peer`` and ``text`` if they matter."""
        for happening in self._happenings:
            if (
                happening.who == who
                and happening.kind == kind
                and happening.at >= since
                and peer in ("", happening.peer)
                and text in ("", happening.text)
            ):
                return happening
        return None

    def moment(self, who: str, verb: str) -> float:
        """When a node began a verb; it must have."""
        did = self.find(who, "did", text=verb)
        assert did is not None, f"{who} did not {verb}"
        return did.at

    def leader(self, who: str, since: float = 0.0) -> Happening | None:
        """The last leader that a node heard of."""
        leaders = [
            happening
            for happening in self._happenings
            if happening.who == who and happening.kind == "leader" and happening.at >= since
        ]
        return leaders[-1] if leaders else None
