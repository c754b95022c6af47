"""Messages with large frames, which stay where they came until somebody wants them as ``bytes``.

To the application they are a Whisper and a Shout: of subclasses of those that hold views of memory that is not ours to
change. ``content`` makes bytes of them, once, when it is asked for; ``view`` shows them as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

from zyre import events
from zyre.identity import PeerId

__all__ = ["LARGE", "LARGE_FROM", "Frames", "LargeFrames", "Shout", "Whisper", "frames_of"]

#: Octets of the smallest frame that is not copied. The copy of a smaller one costs less than what saves it.
LARGE_FROM: Final = 65536

#: A frame is bytes, or a view that nobody can write to.
Frames: TypeAlias = "Sequence[bytes | memoryview]"

_set: Final = object.__setattr__


class LargeFrames(list[Any]):
    """A whisper or shout as it came, of whose frames some are views."""


class _Large:
    """What the two have in common."""

    __slots__ = ()
    frames: list[bytes | memoryview] | tuple[bytes, ...]

    @property
    def content(self) -> tuple[bytes, ...]:
        """The frames as bytes; from now on as nothing else. Where two threads want that at once, both make the same."""
        frames = self.frames
        if not isinstance(frames, tuple):
            frames = tuple(map(bytes, frames))
            _set(self, "frames", frames)
        return frames

    @property
    def view(self) -> tuple[memoryview, ...]:
        """See Payload."""
        return tuple(map(memoryview, self.frames))

    def __eq__(self, other: object) -> bool:
        return _plain(self) == _plain(other)

    def __hash__(self) -> int:
        return hash(_plain(self))


class Whisper(_Large, events.Whisper):  # type: ignore[override]  # content is no longer what it was made of
    """A Whisper of which a frame is large."""

    __slots__ = ("frames",)

    def __init__(self, peer: PeerId, name: str, content: list[bytes | memoryview]) -> None:
        _set(self, "peer", peer)
        _set(self, "name", name)
        _set(self, "frames", content)

    def __reduce__(self) -> tuple[Any, ...]:
        return events.Whisper, (self.peer, self.name, self.content)


class Shout(_Large, events.Shout):  # type: ignore[override]
    """A Shout of which a frame is large."""

    __slots__ = ("frames",)

    def __init__(self, peer: PeerId, name: str, group: str, content: list[bytes | memoryview]) -> None:
        _set(self, "peer", peer)
        _set(self, "name", name)
        _set(self, "group", group)
        _set(self, "frames", content)

    def __reduce__(self) -> tuple[Any, ...]:
        return events.Shout, (self.peer, self.name, self.group, self.content)


LARGE: Final = (Whisper, Shout)


def _plain(event: object) -> object:
    """The same as an event that holds bytes."""
    if not isinstance(event, LARGE):
        return event
    made, arguments = event.__reduce__()
    return made(*arguments)


def frames_of(event: events.Whisper | events.Shout) -> Frames:
    """The frames of a message, as they are: nothing is made of them."""
    return event.frames if isinstance(event, LARGE) else event.content
