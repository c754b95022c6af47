"""The large messages in libzmq's hands: how many octets of them there are, which libzmq itself bounds by nothing.

libzmq tells nobody what it has sent, but it gives back the memory of a frame that was shared with it. So every so many
octets one frame is shared, whatever its size, and when that is given back all before it have left, too. Messages too
small to be counted here are bounded by their number.
"""

from __future__ import annotations

import time
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

import zmq

from zyre.views import LARGE_FROM

__all__ = ["COUNTED_FROM", "LAST", "MORE", "Freight"]

# Plain numbers: on the way of every message the enumerations of pyzmq cost more than the call that they are for.
MORE: Final = int(zmq.SNDMORE | zmq.NOBLOCK)
LAST: Final = int(zmq.NOBLOCK)

#: Octets of the smallest frame that makes its message one that is counted.
COUNTED_FROM: Final = 1024
#: From this size on a frame is shared with libzmq instead of copied (where pyzmq's own threshold lies as well).
_SHARE_FROM: Final = LARGE_FROM
#: One frame in so many octets is shared and watched for, which costs as much as copying a tenth of them; fewer where
#: this many of them are enough to tell how full a link is.
_MARK_EVERY: Final = 65536
_MARKS: Final = 16
#: A link is swift from which half of what it may have leaves within this time, in seconds: nobody waits for long behind
#: the other half, and the sender need not be woken for each megabyte.
_SWIFT: Final = 0.02


class Freight:
    """What one link has of large messages: at most ``share`` octets while it is swift, else half of them. ``on_less``
    is called, once and in any thread, when half of that is free after ``has_eased`` said that it was not."""

    __slots__ = (
        "_awaited",
        "_full_since",
        "_mark_every",
        "_marked",
        "_marks",
        "_most",
        "_on_less",
        "_share",
        "_unmarked",
    )

    def __init__(self, share: int, on_less: Callable[[], object]) -> None:
        self._share = share
        self._most = share - share // 2
        self._on_less = on_less
        self._marks: deque[tuple[weakref.ref[memoryview], int]] = deque()
        """Frames to be given back, and the octets up to each."""
        self._marked = 0
        self._unmarked = 0
        self._mark_every = max(_MARK_EVERY, share // _MARKS)
        self._awaited: weakref.ref[memoryview] | None = None
        """The frame with which half of it is free."""
        self._full_since = 0.0

    def send(self, send: Callable[..., object], frames: Sequence[bytes]) -> bool:
        """Give a message to libzmq by ``send``, if there is room for it there; one message of any size may be there, if
        there are no others."""
        octets = sum(map(len, frames))
        *others, last = frames
        if not self._fits(octets):
            return False
        try:
            for frame in others:
                send(frame, MORE, len(frame) < _SHARE_FROM)
            marked = self._load(octets, last) if others else last  # once one frame is taken, all are
            send(marked, LAST, marked is last and len(last) < _SHARE_FROM)
        except zmq.Again:
            return False
        return True

    def has_eased(self) -> bool:
        """Whether half of it is free; if not, ``on_less`` is called when to look again."""
        while not self._fits(self._most - self._most // 2):
            self._full_since = self._full_since or time.monotonic()
            awaited = self._awaited = self._easing()
            if awaited() is not None:  # else nobody is told: it was given back before it was known to be awaited
                return False
        self._awaited = None
        if self._full_since:
            swift = time.monotonic() < self._full_since + _SWIFT
            self._most = self._share if swift else self._share - self._share // 2
            self._full_since = 0.0
        return True

    def _fits(self, octets: int) -> bool:
        marks = self._marks
        while marks and marks[0][0]() is None:
            self._marked -= marks.popleft()[1]
        return not marks or self._marked + self._unmarked + octets <= self._most

    def _easing(self) -> weakref.ref[memoryview]:
        """The frame with which half will be free: the first such, or the last of all."""
        left = self._marked + self._unmarked
        for mark, octets in self._marks:
            left -= octets
            if left <= self._most // 2:
                return mark
        return self._marks[-1][0]

    def _load(self, octets: int, last: bytes) -> bytes | zmq.Frame:
        """So many octets are about to be given to libzmq, of which ``last`` is the last frame: as what to send that."""
        self._unmarked += octets
        if self._unmarked < self._mark_every:
            return last
        view = memoryview(last)
        self._marks.append((weakref.ref(view, self._on_given_back), self._unmarked))
        self._marked += self._unmarked
        self._unmarked = 0
        return zmq.Frame(view, copy=False)

    def _on_given_back(self, mark: object) -> None:
        """In the thread in which pyzmq collects frames."""
        if mark is self._awaited:
            self._on_less()
