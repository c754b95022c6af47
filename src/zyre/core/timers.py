"""Deadlines in order: one heap for a whole node, so that "when next?" is O(1).

Deadlines are absolute; ``now < deadline`` is the only comparison. An entry is never moved or removed: whoever owns
it looks, when it comes up, whether it still matters, and adds it again if it is not due yet. So a sign of life costs
one attribute assignment instead of a heap operation.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator
from typing import Generic, TypeVar

__all__ = ["NEVER", "Deadlines"]

T = TypeVar("T")

NEVER = math.inf


class Deadlines(Generic[T]):
    """A heap of ``(deadline, item)``; items of equal deadlines come up in the order in which they were added."""

    __slots__ = ("_added", "_heap", "next_at")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, T]] = []
        self._added = 0
        self.next_at = NEVER
        """The earliest deadline, or NEVER; an attribute, because it is asked for after every single input."""

    def add(self, deadline: float, item: T) -> None:
        """Let ``item`` come up at ``deadline``."""
        self._added += 1
        heapq.heappush(self._heap, (deadline, self._added, item))
        if deadline < self.next_at:
            self.next_at = deadline

    def due(self, now: float) -> Iterator[T]:
        """Take out, in order, what is due at ``now``; what is added meanwhile for ``now`` or before is included."""
        heap = self._heap
        while not now < self.next_at:
            item = heapq.heappop(heap)[2]
            self.next_at = heap[0][0] if heap else NEVER
            yield item

    def clear(self) -> None:
        """Forget all deadlines."""
        self._heap.clear()
        self.next_at = NEVER

    def __len__(self) -> int:
        return len(self._heap)
