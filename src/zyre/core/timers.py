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

    __slots__ = ("_added", "_heap")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, T]] = []
        self._added = 0

    def add(self, deadline: float, item: T) -> None:
        """Let ``item`` come up at ``deadline``."""
        self._added += 1
        heapq.heappush(self._heap, (deadline, self._added, item))

    @property
    def next_at(self) -> float:
        """The earliest deadline, or NEVER."""
        return self._heap[0][0] if self._heap else NEVER

    def due(self, now: float) -> Iterator[T]:
        """Take out, in order, what is due at ``now``; what is added meanwhile for ``now`` or before is included."""
        while self._heap and not now < self._heap[0][0]:
            yield heapq.heappop(self._heap)[2]

    def clear(self) -> None:
        """Forget all deadlines."""
        self._heap.clear()

    def __len__(self) -> int:
        return len(self._heap)
