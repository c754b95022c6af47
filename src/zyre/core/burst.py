"""A burst: messages of one peer that came together, and become events one by one when somebody reads them.

Made when they are read, events are hot in the processor's caches, and die before the garbage collector sees them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from zyre.events import Event, new_shout, new_whisper
from zyre.identity import PeerId
from zyre.wire.bundle import Bundle, Content

__all__ = ["Burst", "expand"]


class Burst:
    """The messages of one bundle."""

    __slots__ = ("bundle", "name", "peer")

    def __init__(self, peer: PeerId, name: str, bundle: Bundle) -> None:
        self.peer = peer
        self.name = name
        self.bundle = bundle

    @property
    def messages(self) -> int:
        """How many events there will be."""
        return self.bundle.messages

    @property
    def frames(self) -> int:
        """How many frames they have, all together."""
        return self.bundle.messages * self.bundle.frames

    @property
    def octets(self) -> int:
        """Octets of all contents."""
        return len(self.bundle.body)

    def open(self) -> tuple[Iterator[Event], Iterator[Content]]:
        """The events, which are made as they are asked for, and what they are made of, which tells how many are left.
        Several threads may share the two: there is no Python frame in them that one could be in when another comes."""
        contents = self.bundle.contents()
        if self.bundle.group:
            return map(partial(new_shout, self.peer, self.name, self.bundle.group), contents), contents
        return map(partial(new_whisper, self.peer, self.name), contents), contents


def expand(happenings: Iterable[Any]) -> list[Event]:
    """Events, each by itself, of events and bursts."""
    events: list[Event] = []
    for happening in happenings:
        if type(happening) is Burst:
            events.extend(happening.open()[0])
        else:
            events.append(happening)
    return events
