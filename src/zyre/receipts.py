"""Receipts: what a send returns. True if the message was taken; and one can wait for what becomes of it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, Final

from zyre.core.host import Host
from zyre.fates import Fate
from zyre.waiting import new_async_parker

__all__ = ["REFUSED", "TAKEN", "Receipt"]


class Receipt:
    """One message for one peer. ``if not node.whisper(...)`` asks whether it was taken at all.

        receipt = node.whisper(peer, "hello", mode="reliable")
        if receipt.wait(timeout=5) is Fate.DELIVERED: ...       # in threads
        if await receipt is Fate.DELIVERED: ...                 # in asyncio and trio

    ``fate`` is None until it is known. A best-effort message has its fate at once: UNKNOWN, because nobody is asked
    about a single one; ``node.fates(peer)`` and ``node.statistics().fates`` count them.
    """

    __slots__ = ("_host", "_wakers", "fate")

    def __init__(self, host: Host | None, fate: Fate | None = None) -> None:
        self.fate = fate
        self._host = host
        self._wakers: list[Callable[[], object]] = []

    def __bool__(self) -> bool:
        return self.fate is not Fate.REFUSED

    def __radd__(self, count: int) -> int:
        """``sent += node.whisper(...)`` counts the messages that were taken."""
        return count + bool(self)

    def settle(self, fate: Fate) -> None:
        """For the node: that became of it."""
        self.fate = fate  # first: whoever parks looks at it afterwards
        wakers, self._wakers = self._wakers, []
        for waker in wakers:
            waker()

    def _park(self, waker: Callable[[], object]) -> bool:
        self._wakers.append(waker)
        return self.fate is None

    def wait(self, timeout: float | None = None) -> Fate | None:
        """What became of the message, waiting for it up to ``timeout`` seconds, or for ever; None if the time is over.

        It ends in any case: a peer that is gone for longer than ``Timing.keep`` lets it expire, and so does the end of
        the node.
        """
        if self.fate is None and self._host is not None:
            parker = self._host.new_parker()
            if self._park(parker.wake) and not parker.park(timeout) and parker.wake in self._wakers:
                self._wakers.remove(parker.wake)
        return self.fate

    def __await__(self) -> Generator[Any, Any, Fate]:
        return self._settled().__await__()

    async def _settled(self) -> Fate:
        if self.fate is None:
            parker = new_async_parker()
            if self._park(parker.wake):
                await parker.park(None)
        assert self.fate is not None
        return self.fate

    def __repr__(self) -> str:
        return f"<Receipt {'pending' if self.fate is None else self.fate.value}>"


#: The receipts of all best-effort messages: they have nothing more to tell.
TAKEN: Final = Receipt(None, Fate.UNKNOWN)
REFUSED: Final = Receipt(None, Fate.REFUSED)
