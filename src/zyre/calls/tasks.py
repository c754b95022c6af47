"""Waiting for answers in asyncio and trio."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import TracebackType

from zyre.calls.asking import Inquiry
from zyre.calls.hub import Calls
from zyre.calls.threads import BaseAnswers, outcome_of, time_left, was_sent
from zyre.calls.values import Reply
from zyre.errors import RequestTimeout
from zyre.identity import PeerId
from zyre.waiting import checkpoint, new_async_parker

__all__ = ["AsyncAnswers", "request"]


async def request(calls: Calls, peer: PeerId, service: str, content: tuple[bytes, ...], timeout: float) -> Reply:
    """Ask one peer and wait; see AsyncNode.request."""
    deadline = calls.host.now() + timeout
    inquiry = calls.open(service)
    try:
        await _send(calls, inquiry, peer, content, deadline, timeout)
        if not await _wait(calls, inquiry, 0, deadline):
            await checkpoint()
        return outcome_of(calls, inquiry, peer, timeout)
    finally:
        calls.close(inquiry, cancel=calls.host.now() < deadline)


async def _send(
    calls: Calls, inquiry: Inquiry, peer: PeerId, content: tuple[bytes, ...], deadline: float, timeout: float
) -> None:
    host = calls.host
    while not was_sent(calls.ask_peer(inquiry, peer, deadline - host.now(), content), inquiry, peer):
        parker = new_async_parker()
        host.on_room(parker.wake)
        if was_sent(calls.ask_peer(inquiry, peer, deadline - host.now(), content), inquiry, peer):
            return
        if not await parker.park(time_left(calls, deadline)):
            raise RequestTimeout(inquiry.service, peer, timeout)


async def _wait(calls: Calls, inquiry: Inquiry, seen: int, deadline: float) -> bool:
    """Wait for more than ``seen`` replies, or the end; False if the time is over."""
    while True:
        parker = new_async_parker()
        if not calls.park(inquiry, seen, parker.wake):
            return True
        calls.host.attend()
        woken = False
        try:
            woken = await parker.park(time_left(calls, deadline))
        finally:
            if not woken:
                calls.unpark(inquiry)
        if not woken:
            return False


class AsyncAnswers(BaseAnswers):
    """The answers of a group, as they come: see AsyncNode.ask, and Answers, which is the same without ``async``."""

    def __aiter__(self) -> AsyncIterator[Reply]:
        return self

    async def __anext__(self) -> Reply:
        while not self._ended:
            reply = self._take()
            if reply is not None:
                return reply
            if self._inquiry.finished or not await _wait(self._calls, self._inquiry, self._given, self._deadline):
                reply = self._take()
                if reply is not None:
                    return reply
                self._finish()
        raise StopAsyncIteration

    async def all(self) -> tuple[Reply, ...]:
        """Wait for the end; all replies. Raises NoQuorum."""
        try:
            async for _ in self:
                pass
        finally:
            self.close()
        return self.replies

    async def __aenter__(self) -> AsyncAnswers:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
