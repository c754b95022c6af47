"""Handshakes that were refused, by address: whom to look into, and whom to refuse from memory and tell of together."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Final

__all__ = ["MOST_ADDRESSES", "WINDOW", "Tries"]

#: A refused handshake counts against its address for so long, in seconds.
WINDOW: Final = 10.0
#: Addresses that are remembered; the one that was refused longest ago is forgotten first.
MOST_ADDRESSES: Final = 1024


class Tries:
    """The refused handshakes of the last seconds; at most ``most`` of one address count. Times are monotonic."""

    def __init__(self, most: float) -> None:
        self._most = max(1, round(most))
        self._refused: OrderedDict[str, deque[float]] = OrderedDict()
        self._untold = 0
        self._last = ""

    def __len__(self) -> int:
        return len(self._refused)

    def are_too_many(self, address: str, now: float) -> bool:
        """Whether so many of an address were refused lately that no more of it are looked into."""
        times = self._refused.get(address)
        if times is None:
            return False
        while times and not now < times[0] + WINDOW:
            times.popleft()
        if not times:
            del self._refused[address]
        return len(times) >= self._most

    def add(self, address: str, now: float) -> None:
        """One was looked into, and refused. Those that are not looked into do not count, or an address that goes on
        trying would never be heard again."""
        self._refused.setdefault(address, deque(maxlen=self._most)).append(now)
        self._refused.move_to_end(address)
        if len(self._refused) > MOST_ADDRESSES:
            self._refused.popitem(last=False)

    def keep_quiet(self, address: str) -> bool:
        """One was refused from memory; whether it is the first that is not told yet."""
        self._untold += 1
        self._last = address
        return self._untold == 1

    def untold(self) -> tuple[str, int]:
        """How many were refused from memory since this was asked, and the address of the last."""
        untold, self._untold = self._untold, 0
        return self._last, untold
