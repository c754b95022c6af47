"""Functions registered for events: which of them an event concerns."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from zyre.events import Event
from zyre.identity import PeerId

__all__ = ["Handlers"]


class _Registration(NamedTuple):
    handler: Callable[..., object]
    kinds: tuple[type, ...]
    group: str | None
    peer: PeerId | None

    def concerns(self, event: Event) -> bool:
        return (
            isinstance(event, self.kinds)
            and (self.group is None or getattr(event, "group", None) == self.group)
            and (self.peer is None or event.peer == self.peer)
        )


class Handlers:
    """Registered functions, called in the order of their registration. May be changed while being called."""

    __slots__ = ("_registered",)

    def __init__(self) -> None:
        self._registered: tuple[_Registration, ...] = ()

    def add(
        self, handler: Callable[..., object], kinds: tuple[type, ...], group: str | None, peer: PeerId | None
    ) -> None:
        """Register a function."""
        self._registered += (_Registration(handler, kinds, group, peer),)

    def remove(self, handler: Callable[..., object]) -> None:
        """Forget a function, however often it was registered."""
        self._registered = tuple(entry for entry in self._registered if entry.handler is not handler)

    def matching(self, event: Event) -> list[Callable[..., object]]:
        """The functions that an event concerns."""
        return [entry.handler for entry in self._registered if entry.concerns(event)]

    def dispatch(self, event: Event) -> None:
        """Call them."""
        for handler in self.matching(event):
            handler(event)

    def __bool__(self) -> bool:
        return bool(self._registered)
