"""Receipts: what a send returns. True if the message was taken; and one can wait for what becomes of it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from types import MappingProxyType
from typing import Any, Final

from zyre.core.host import Host
from zyre.fates import Fate
from zyre.identity import PeerId
from zyre.waiting import new_async_parker

__all__ = ["REFUSED", "TAKEN", "Receipt", "Receipts"]


_NONE: Final[Mapping[PeerId, Receipt]] = MappingProxyType({})


class Receipt:
    """One message for one peer. ``if not node.whisper(...)`` asks whether it was taken at all.

        receipt = node.whisper(peer, "hello", mode="reliable")
        if receipt.wait(timeout=5) is Fate.DELIVERED: ...       # in threads
        if await receipt is Fate.DELIVERED: ...                 # in asyncio and trio

    ``fate`` is None until it is known. A best-effort message has its fate at once: UNKNOWN, because nobody is asked
    about a single one; ``node.fates(peer)`` and ``node.statistics().fates`` count them.
    """

    __slots__ = ("_host", "_wakers", "fate", "stored")

    def __init__(self, host: Host | None, fate: Fate | None = None) -> None:
        self.fate = fate
        self.stored = False
        """Whether a durable message is on this node's disk: from then on it does not need this process any more."""
        self._host = host
        self._wakers: list[Callable[[], object]] = []

    @property
    def host(self) -> Host | None:
        """The host of the node that sent it, if there is anything to wait for."""
        return self._host

    def __bool__(self) -> bool:
        return self.fate is not Fate.REFUSED

    def __radd__(self, count: int) -> int:
        """``sent += node.whisper(...)`` counts the messages that were taken."""
        return count + bool(self)

    def settle(self, fate: Fate) -> None:
        """For the node: that became of it."""
        self.fate = fate  # first: whoever parks looks at it afterwards
        self._wake()

    def store(self) -> None:
        """For the node: the message is on disk."""
        self.stored = True
        self._wake()

    def _wake(self) -> None:
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
        self._wait(lambda: self.fate is not None, timeout)
        return self.fate

    def wait_stored(self, timeout: float | None = None) -> bool:
        """Whether a durable message is on disk, waiting for that up to ``timeout`` seconds, or for ever. False if the
        time is over, or the disk did not take it (``fate`` is REFUSED then)."""
        self._wait(self._is_stored_or_over, timeout)
        return self.stored

    def _is_stored_or_over(self) -> bool:
        return self.stored or self.fate is not None

    def _wait(self, done: Callable[[], bool], timeout: float | None) -> None:
        if self._host is None:
            return
        deadline = None if timeout is None else self._host.now() + timeout
        while not done():
            parker = self._host.new_parker()
            self._wakers.append(parker.wake)
            if done():  # meanwhile
                return
            if not parker.park(None if deadline is None else max(0.0, deadline - self._host.now())):
                if parker.wake in self._wakers:
                    self._wakers.remove(parker.wake)
                return

    def __await__(self) -> Generator[Any, Any, Fate]:
        return self._settled().__await__()

    async def _settled(self) -> Fate:
        while self.fate is None:
            parker = new_async_parker()
            if self._park(parker.wake):
                await parker.park(None)
        return self.fate

    async def until_stored(self) -> bool:
        """``wait_stored`` for asyncio and trio."""
        while not self._is_stored_or_over():
            parker = new_async_parker()
            self._wakers.append(parker.wake)
            if not self._is_stored_or_over():
                await parker.park(None)
        return self.stored

    def __repr__(self) -> str:
        return f"<Receipt {'pending' if self.fate is None else self.fate.value}>"


class Receipts(int):
    """To how many members of a group a shout is on its way, and the ``receipts`` of a reliable or durable one, by peer.

        sent = node.shout("ORDERS", "go", mode="reliable")
        fates = sent.wait(timeout=5)        # {peer: Fate.DELIVERED, other: None}

    Of a best-effort shout it is a number, and there are no receipts.
    """

    receipts: Mapping[PeerId, Receipt]

    def __new__(cls, sent: int = 0, receipts: Mapping[PeerId, Receipt] = _NONE) -> Receipts:
        """A number, and the receipts behind it."""
        self = super().__new__(cls, sent)
        self.receipts = receipts
        return self

    @classmethod
    def of(cls, receipts: Mapping[PeerId, Receipt]) -> Receipts:
        """Those of one shout: it counts those that were taken."""
        return cls(sum(map(bool, receipts.values())), receipts)

    def wait(self, timeout: float | None = None) -> dict[PeerId, Fate | None]:
        """What became of it at each peer, waiting up to ``timeout`` seconds for all of them, or for ever; None where it
        is not known then."""
        fates: dict[PeerId, Fate | None] = {}
        deadline: float | None = None
        for peer, receipt in self.receipts.items():
            host = receipt.host
            if timeout is not None and host is not None:
                deadline = host.now() + timeout if deadline is None else deadline
                fates[peer] = receipt.wait(max(0.0, deadline - host.now()))
            else:
                fates[peer] = receipt.wait(timeout)
        return fates

    def __reduce__(self) -> tuple[type[int], tuple[int]]:
        """What is pickled is the number."""
        return int, (int(self),)


#: The receipts of all best-effort messages: they have nothing more to tell.
TAKEN: Final = Receipt(None, Fate.UNKNOWN)
REFUSED: Final = Receipt(None, Fate.REFUSED)
