"""Peers that read too slowly: which links are full, and who waits for room in them.

libzmq tells by a link's descriptor when to look again; the engine watches it for as long as the link is full.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

from zyre.core.host import Waker
from zyre.engine.engine import Engine

__all__ = ["Congestion"]


class Congestion:
    """The full links of one node, by number, with their descriptors. Methods are called under the node's ``lock``,
    except where they say so.

    ``relieve(link)`` is called under it when there is room: True if the link was there and is full no longer.
    """

    def __init__(self, lock: threading.Lock, relieve: Callable[[int], bool]) -> None:
        self.links: dict[int, int] = {}
        self.wakers: list[Waker] = []
        self.engine: Engine
        self._lock = lock
        self._room = threading.Condition(lock)
        self._relieve = relieve
        self._looked_at = 0
        """The link that is being relieved; there is none of that number."""

    def on_blocked(self, link: int, descriptor: int) -> None:
        """A link is full: look for room whenever its descriptor says so."""
        if link not in self.links:
            self.links[link] = descriptor
            if link != self._looked_at:
                self.engine.call_soon(partial(self._watch, link))

    def _watch(self, link: int) -> None:
        """In the engine thread; the link may have been closed before."""
        with self._lock:
            descriptor = self.links.get(link)
            if descriptor is not None:
                self.engine.unwatch(descriptor)  # it may have had room, and been filled again, before the first look
                self.engine.watch(descriptor, partial(self._look, link))

    def _look(self, link: int) -> bool:
        """In the engine thread: the descriptor of a full link is readable, or large messages have left it."""
        with self._lock:
            descriptor = self.links.pop(link, None)
            if descriptor is None:
                return False
            self._looked_at = link
            relieved = self._relieve(link)
            self._looked_at = 0
            if not relieved:
                self.links[link] = descriptor
            elif link in self.links:  # full again of what was waiting: still watched, and an edge may have passed
                self.engine.poke(descriptor)
            else:
                self.engine.unwatch(descriptor)
        return False

    def on_less(self, link: int) -> None:
        """In any thread: large messages have left a link that had no room for more."""
        self.engine.call_soon(partial(self._look, link))

    def on_closed(self, link: int) -> None:
        """A link is being closed: its descriptor may be somebody else's at once, and nobody need wait for it."""
        descriptor = self.links.pop(link, None)
        if descriptor is not None:
            self.engine.call_soon(partial(self.engine.unwatch, descriptor))
            self.release()
            self.engine.call_soon(self.wake)

    def unwatch(self) -> None:
        """In the engine thread: watch no link any more."""
        for descriptor in self.links.values():
            self.engine.unwatch(descriptor)

    def wait(self, timeout: float | None) -> bool:
        """Give the lock away until there may be room somewhere; False if ``timeout`` seconds passed first."""
        return self._room.wait(timeout)

    def on_settled(self) -> None:
        """A queue is half empty, or the fates of some messages are known: there may be room for others."""
        self.release()
        if self.wakers:
            self.engine.call_soon(self.wake)

    def release(self) -> None:
        """End all waiting of threads."""
        self._room.notify_all()

    def wake(self) -> None:
        """End all waiting of others, such as async tasks. Not under the lock."""
        with self._lock:
            wakers, self.wakers = self.wakers, []
        for waker in wakers:
            waker()
