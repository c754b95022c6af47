"""A modelled disk for durable messages: what is committed outlives the node, what is on its way does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from zyre.core.effects import Discard, Keep, KeptLetter, Mark, NotPersisted, Persisted, Restored
from zyre.identity import PeerId
from zyre.sim.clock import Agenda

__all__ = ["SimStore"]

_Written: TypeAlias = Keep | Discard | Mark

#: Seconds that a commit takes, as on a disk that turns.
_COMMIT: Final = 0.004


class SimStore:
    """See zyre.core.machine.Store. ``broken`` is why it takes nothing, as when the disk is full; "" if it does."""

    def __init__(self, agenda: Agenda) -> None:
        self.broken = ""
        self.commits = 0
        self._agenda = agenda
        self._report: Callable[[Persisted | NotPersisted], object] | None = None
        self._queue: list[_Written] = []
        self._life = 0
        self._letters: dict[tuple[PeerId, int], tuple[Keep, float]] = {}
        self._streams: dict[PeerId, tuple[int, int]] = {}
        self._taken: dict[PeerId, tuple[int, int]] = {}

    def open(self, report: Callable[[Persisted | NotPersisted], object]) -> Restored:
        """A life begins: what earlier ones have left."""
        self._report = report
        self._life += 1
        now = self._agenda.now()
        letters = tuple(
            KeptLetter(peer, number, keep.group, keep.content, max(0.0, until - now))
            for (peer, number), (keep, until) in sorted(self._letters.items())
        )
        streams = tuple((peer, *place) for peer, place in self._streams.items())
        return Restored(letters, streams, tuple((peer, *place) for peer, place in self._taken.items()))

    def contents(self) -> frozenset[tuple[bytes, ...]]:
        """What is on it."""
        return frozenset(keep.content for keep, _ in self._letters.values())

    def addressees(self) -> list[PeerId]:
        """For whom it has something, once for each message."""
        return [peer for peer, _ in self._letters]

    def write(self, effect: _Written) -> None:
        """Have it written."""
        self._queue.append(effect)
        if len(self._queue) == 1:
            life = self._life
            self._agenda.at(self._agenda.now() + _COMMIT, lambda: self._commit() if life == self._life else None)

    def flush(self) -> None:
        """A life ends politely: write what is there."""
        while self._queue:
            self._commit()
        self.crash()

    def crash(self) -> None:
        """A life is over; what was not committed is gone."""
        self._life += 1
        self._queue.clear()
        self._report = None

    def _commit(self) -> None:
        queue, self._queue = self._queue, []
        if not queue:
            return
        serial = queue[-1].serial
        if not self.broken:
            self.commits += 1
            for effect in queue:
                self._apply(effect)
        if self._report is not None:
            self._report(NotPersisted(serial, self.broken) if self.broken else Persisted(serial))

    def _apply(self, effect: _Written) -> None:
        if isinstance(effect, Keep):
            self._letters[effect.peer, effect.number] = effect, self._agenda.now() + effect.left
            self._streams[effect.peer] = effect.stream, effect.number + 1
        elif isinstance(effect, Mark):
            self._taken[effect.peer] = effect.stream, effect.number
        else:
            gone = [
                (peer, number)
                for peer, number in self._letters
                if peer == effect.peer and (number < effect.below or number in effect.numbers)
            ]
            for key in gone:
                del self._letters[key]
