"""Large messages in pieces, both ends: what is still to be sent of one, and what has come of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from io import BytesIO
from itertools import accumulate

from zyre.fates import Fates
from zyre.wire.chunk import Chunk

__all__ = ["Arriving", "Cargo", "Carriage"]


class Cargo:
    """One message on its way to one peer. ``kept``: it is kept elsewhere until it is confirmed there; nobody counts it
    here."""

    __slots__ = ("acked", "ends", "frames", "head", "kept", "number", "sent", "total")

    def __init__(self, number: int, head: bytes, frames: Sequence[bytes], *, kept: bool) -> None:
        self.number = number
        self.head = head
        self.frames = tuple(frames)
        self.ends = list(accumulate(map(len, frames)))
        self.total = self.ends[-1]
        self.kept = kept
        self.sent = 0
        self.acked = 0

    def take_chunk(self, octets: int, window: int) -> Chunk | None:
        """The next piece, if one may be sent."""
        if self.sent >= self.total or self.sent >= self.acked + window:
            return None
        offset = self.sent
        end = min(offset + octets, self.total)
        self.sent = end
        octets_now = self._slice(offset, end)
        if offset:
            return Chunk(self.number, offset, octets_now)
        return Chunk(self.number, 0, octets_now, self.head, tuple(map(len, self.frames)))

    def _slice(self, begin: int, end: int) -> bytes:
        pieces, at = [], 0
        for frame, frame_end in zip(self.frames, self.ends, strict=True):
            if frame_end > begin:
                pieces.append(frame[max(0, begin - at) : end - at])
            if frame_end >= end:
                break
            at = frame_end
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)


class Carriage:
    """The messages on their way to one peer, one behind the other."""

    __slots__ = ("delivered", "octets", "offered", "queue", "refused", "seen")

    def __init__(self) -> None:
        self.queue: deque[Cargo] = deque()
        self.octets = 0
        self.offered = self.delivered = self.refused = 0
        """Messages of the application, and what became of them."""
        self.seen = (0, 0)
        """Which was on its way, and how far, at the last look."""

    def fates(self) -> Fates:
        """What became of the application's messages here."""
        left = self.offered - self.delivered - self.refused
        return Fates(offered=self.offered, delivered=self.delivered, refused=self.refused, in_flight=left)


class Arriving:
    """One message that comes in pieces."""

    __slots__ = ("buffer", "gap_told", "got", "head", "left", "number", "plan", "ready", "total")

    def __init__(self, chunk: Chunk) -> None:
        self.number = chunk.transfer
        self.head = chunk.head
        self.plan = deque(chunk.plan)
        self.total = sum(chunk.plan)
        self.got = 0
        self.gap_told = -1
        self.ready: list[bytes] = []
        """The frames that are complete."""
        self.buffer = BytesIO()
        """What has come of the one that is not. What it holds becomes a frame without being copied: a copy of
        gigabytes would hold up everything else."""
        self.left = self.plan.popleft()
        """Octets that are missing of it."""
        self._finish_frames()

    def _finish_frames(self) -> None:
        while not self.left:
            self.ready.append(self.buffer.getvalue())
            self.buffer = BytesIO()
            if not self.plan:
                return
            self.left = self.plan.popleft()

    def take(self, octets: bytes) -> bool:
        """The next piece; False if that is more than was to come."""
        if self.got + len(octets) > self.total:
            return False
        self.got += len(octets)
        view, at = memoryview(octets), 0
        while at < len(octets):
            taken = min(self.left, len(octets) - at)
            self.buffer.write(view[at : at + taken])
            at += taken
            self.left -= taken
            self._finish_frames()
        return True

    @property
    def complete(self) -> bool:
        """Whether all of it is there."""
        return self.got == self.total
