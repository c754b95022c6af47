"""Watchers: parts of a program that follow some of a node's events beside its readers, from one moment on.

A watcher begins with what the machine answers to a question, and then hears every event. Both happen under the node's
lock, where state and events change together, so there is neither a hole nor an overlap between the two.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any, Protocol

__all__ = ["Watcher", "Watching"]


class Watcher(Protocol):
    """Called under the node's lock: it neither waits nor sends."""

    def begin(self, answer: Any) -> None:
        """What the machine said; everything that is heard comes after that."""

    def hear(self, events: list[Any]) -> None:
        """Events, and what only watchers are told, as they are delivered; joins and leaves of this node itself, too."""

    def ended(self, defect: BaseException | None) -> None:
        """There will be no more; ``defect`` is what broke the node, if it was not stopped."""


class Watching:
    """The watchers of a node. One that nobody holds any more is forgotten."""

    __slots__ = ("watchers",)

    def __init__(self) -> None:
        self.watchers: tuple[weakref.ref[Watcher], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.watchers)

    def add(self, watcher: Watcher) -> None:
        """Tell it everything from now on."""
        self.watchers = (*(ref for ref in self.watchers if ref() is not None), weakref.ref(watcher))

    def remove(self, watcher: Watcher) -> None:
        """Tell it nothing more."""
        self.watchers = tuple(ref for ref in self.watchers if ref() not in (None, watcher))

    def tell(self, events: Sequence[Any]) -> None:
        """There are events."""
        for ref in self.watchers:
            if (watcher := ref()) is not None:
                watcher.hear(list(events))

    def end(self, defect: BaseException | None) -> None:
        """The node is over."""
        watchers, self.watchers = self.watchers, ()
        for ref in watchers:
            if (watcher := ref()) is not None:
                watcher.ended(defect)
