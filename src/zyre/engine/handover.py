"""One durable message on its way to a reader, who has taken it when somebody comes for more."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from zyre.events import DurableShout, DurableWhisper, Event

__all__ = ["Handover"]


class Handover:
    """An iterator over one durable message, which knows when its reader comes back for more."""

    __slots__ = ("_hooks", "_left")

    def __init__(self, event: DurableWhisper | DurableShout, taken: Callable[[Event], object]) -> None:
        self._left: list[Event] = [event]
        self._hooks: list[Callable[[], object]] = [partial(taken, event)]

    def __iter__(self) -> Handover:
        return self

    def __next__(self) -> Event:
        try:
            return self._left.pop()
        except IndexError:
            self.finish()
            raise StopIteration from None

    def finish(self) -> None:
        """Whoever was given it has taken it; told once, whichever thread comes first."""
        try:
            hook = self._hooks.pop()
        except IndexError:
            return
        hook()

    def withdraw(self) -> None:
        """Give it to nobody."""
        self._hooks.clear()
        self._left.clear()

    @property
    def begun(self) -> bool:
        """Whether somebody was given it."""
        return not self._left

    @property
    def unfinished(self) -> bool:
        """Whether nobody has come back for more."""
        return bool(self._hooks)

    def __length_hint__(self) -> int:
        return len(self._left)
