"""AsyncNode: a program's place on the network, for programs on asyncio or trio.

While a task waits its loop watches the node's inbox itself (see zyre.engine.loan); what comes otherwise wakes the loop
through its own thread-safe call, once per batch of events. Nothing polls and nothing blocks the loop. Verbs that need
no waiting (join, leave, contest, connect) are plain calls.
"""

from __future__ import annotations

import inspect
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

import zyre.engine.opening  # noqa: F401  # now, not when a loop runs already
from zyre.bulk import AsyncBulk
from zyre.calls.faces import AsyncCaller
from zyre.calls.runners import new_runner
from zyre.config import NodeConfig, require_ttl
from zyre.core.host import Host, stop_times
from zyre.core.outcome import Outcome
from zyre.errors import NodeStopped, RecvTimeout, WouldBlock, ZyreError
from zyre.events import Event
from zyre.grouping import AsyncGroupVerbs
from zyre.handlers import call_handlers
from zyre.identity import PeerId, check_group
from zyre.node import BaseNode
from zyre.payload import Codec, encode_content
from zyre.receipts import REFUSED, TAKEN, Receipt, Receipts
from zyre.waiting import TURN, AsyncParker, checkpoint, new_async_parker

if TYPE_CHECKING:
    from zyre.diagnosis import Diagnosis
    from zyre.engine.auth import Protection
    from zyre.streams import AsyncStream

__all__ = ["AsyncNode"]

Self = TypeVar("Self", bound="AsyncNode")


class AsyncNode(BaseNode, AsyncBulk, AsyncCaller, AsyncGroupVerbs):
    """A node of the network for asyncio and trio. The arguments are those of zyre.Node.

        async with zyre.AsyncNode("alice", groups=["CHAT"]) as node:
            await node.shout("CHAT", "hello")
            async for event in node:
                print(event)

    A cancelled ``recv`` or ``async for`` loses no event: the next one gets it, even if it was cancelled in a registered
    coroutine function, which is not called for that event again. Several tasks may read; each event goes to one.
    """

    _turns = 0

    def _attach(self, host: Host, config: NodeConfig, protection: Protection | None = None) -> None:
        super()._attach(host, config, protection)
        self._interrupted: deque[tuple[Event, list[Callable[..., object]]]] = deque()
        """Events whose reader was cancelled, with the registered functions that have not been called for them yet."""
        self._parked: set[AsyncParker] = set()

    # -- life ------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Appear on the network. Raises NoInterface, AddressInUse, NodeStopped."""
        self._host.start()
        self._serve_in(new_runner())
        await checkpoint()

    async def stop(self, timeout: float | None = None) -> None:
        """Leave the network politely; see Node.stop. Goes on in the background if cancelled."""
        self._finalizer.detach()
        self._finish_reading()
        parker = new_async_parker()

        def stop() -> None:
            self._host.stop(*stop_times(timeout))
            parker.wake()

        threading.Thread(target=stop, name="zyre-stop", daemon=True).start()
        await parker.park(None)

    async def diagnose(self, seconds: float = 2.0) -> Diagnosis:  # type: ignore[override]
        """Look at the network for so many seconds, and say what keeps nodes from meeting; see Node.diagnose."""
        parker = new_async_parker()
        found: list[Diagnosis | ZyreError] = []

        def look() -> None:
            try:
                found.append(super(AsyncNode, self).diagnose(seconds))
            except ZyreError as error:
                found.append(error)
            parker.wake()

        threading.Thread(target=look, name="zyre-doctor", daemon=True).start()
        await parker.park(None)
        if isinstance(found[0], ZyreError):
            raise found[0]
        return found[0]

    async def __aenter__(self: Self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()

    # -- messages --------------------------------------------------------------------------------------------------

    async def whisper(
        self,
        peer: object,
        *frames: Any,
        codec: str | Codec | None = None,
        mode: str | None = None,
        ttl: float | None = None,
    ) -> Receipt:
        """Send to one peer; see Node.whisper. Waits, without blocking the loop, only if the peer's queue is full.

        What it returns can be awaited in turn: ``fate = await (await node.whisper(peer, "hello", mode="reliable"))``.
        """
        self._turns += 1
        if self._turns % TURN == 0:
            await checkpoint()
        target = PeerId.parse(peer)
        content = encode_content(frames, codec)
        if mode is None and ttl is None and (lane := self._lanes.get(target)) is not None and lane.take(content):
            return TAKEN
        if ttl is not None or ((mode is not None or not self._best_effort) and self._mode(mode) != "best_effort"):
            return await self._send_assured(target, "", content, self._mode(mode), ttl)
        outcome = self._host.whisper_nowait(target, content)
        if outcome is Outcome.BLOCKED:
            outcome = await self._retry(target, partial(self._host.whisper_nowait, target, content))
        return TAKEN if outcome is Outcome.SENT else REFUSED

    async def _send_assured(
        self, target: PeerId, group: str, content: tuple[bytes, ...], mode: str, ttl: float | None
    ) -> Receipt:
        require_ttl(mode, ttl)
        if mode == "durable":
            return self._kept(target, group, content, ttl)
        while True:
            parker = new_async_parker()
            self._host.on_room(parker.wake)
            try:
                return self._posted(self._host.post_nowait, target, group, content)
            except WouldBlock:
                await parker.park(None)

    async def shout(
        self,
        group: str,
        *frames: Any,
        codec: str | Codec | None = None,
        mode: str | None = None,
        ttl: float | None = None,
    ) -> Receipts:
        """Send to a group; see Node.shout. Waits, without blocking the loop, only for members whose queue is full."""
        self._turns += 1
        if self._turns % TURN == 0:
            await checkpoint()
        name = check_group(group)
        content = encode_content(frames, codec)
        if ttl is not None or self._mode(mode, name) != "best_effort":
            return await self._send_assured_to_all(name, content, self._mode(mode, name), ttl)
        sent, blocked = self._host.shout_nowait(name, content)
        for peer in blocked:
            outcome = await self._retry(peer, partial(self._host.shout_to_nowait, peer, name, content))
            sent += outcome is Outcome.SENT
        return Receipts(sent)

    async def _send_assured_to_all(
        self, group: str, content: tuple[bytes, ...], mode: str, ttl: float | None
    ) -> Receipts:
        sent = {}
        for peer in self._able_members(group, mode):
            sent[peer] = await self._send_assured(peer, group, content, mode, ttl)
        return Receipts.of(sent)

    async def _retry(self, peer: PeerId, send: Callable[[], Outcome]) -> Outcome:
        deadline = self._host.now() + self._host.send_patience
        while True:
            parker = new_async_parker()
            self._host.on_room(parker.wake)
            outcome = send()
            if outcome is not Outcome.BLOCKED:
                return outcome
            if (left := deadline - self._host.now()) > 0:
                await parker.park(left)  # nobody is woken for less than half a queue, so look again in any case
            else:
                self._host.shed(peer)

    # -- events ----------------------------------------------------------------------------------------------------

    async def recv(self, timeout: float | None = None) -> Event:
        """The next event, waiting up to ``timeout`` seconds, or for ever. Raises RecvTimeout, NodeStopped."""
        self._turns += 1
        if self._turns % TURN == 0:
            await checkpoint()
        deadline = None if timeout is None else self._host.now() + timeout
        while True:
            if self._interrupted:
                return await self._dispatch(*self._interrupted.popleft())
            event = self._next("recv")
            if event is not None:
                return (
                    await self._dispatch(event, self._handlers.matching(event)) if self._handlers.registered else event
                )
            left = None if deadline is None else deadline - self._host.now()
            if left is not None and left <= 0:
                raise RecvTimeout(timeout or 0.0)
            await self._wait(left)

    def recv_nowait(self) -> Event:
        """The next event. Raises WouldBlock if there is none, NodeStopped after the last one of a stopped node."""
        if not self._interrupted:
            return super().recv_nowait()
        event, handlers = self._interrupted.popleft()
        call_handlers(handlers, event)
        return event

    async def _dispatch(self, event: Event, handlers: list[Callable[..., object]]) -> Event:
        """Call the registered functions, one after the other, and await those that are coroutine functions. If that is
        cancelled, the next reader gets the event when the other functions have been called."""
        for done, handler in enumerate(handlers, 1):
            result = handler(event)
            if inspect.isawaitable(result):
                try:
                    await result
                except Exception:
                    raise
                except BaseException:
                    self._interrupted.append((event, handlers[done:]))
                    for parker in self._parked:
                        parker.wake()
                    raise
        return event

    async def _wait(self, timeout: float | None) -> None:
        """Wait until there is an event, the node stops, or the time is over."""
        parker = new_async_parker()
        if not self._host.mailbox.park(parker.wake):
            return
        woken = False
        self._parked.add(parker)
        try:
            woken = await parker.park(timeout)
        finally:
            self._parked.discard(parker)
            if not woken:
                self._host.mailbox.unpark(parker.wake)

    async def _following(self) -> Event:
        """The next event: what came together with the one before is at hand."""
        if not self._handlers.registered and not self._interrupted:
            self._turns += 1
            if self._turns % TURN == 0:
                await checkpoint()
            for event in self._host.mailbox.at_hand():
                return event
        return await self.recv()

    def __aiter__(self) -> AsyncIterator[Event]:
        """Events for ever: the loop ends when the node is stopped."""
        return _Events(self)

    def stream(self) -> AsyncStream[Event]:
        """The events as a lazy pipeline; see zyre.streams."""
        from zyre.streams import AsyncStream

        return AsyncStream.over(self)

    async def run(self, timeout: float | None = None) -> None:
        """Read events for the functions registered with ``on``, until the node is stopped or the time is over.

        Coroutine functions are awaited, one after the other, before the next event is read.
        """
        deadline = None if timeout is None else self._host.now() + timeout
        try:
            while deadline is None or self._host.now() < deadline:
                await self.recv(None if deadline is None else deadline - self._host.now())
        except (NodeStopped, RecvTimeout):
            return


class _Events:
    """An iterator and no async generator: one that is left by ``break`` would have to be closed, with a warning."""

    def __init__(self, node: AsyncNode) -> None:
        self._node = node

    def __aiter__(self) -> AsyncIterator[Event]:
        return self

    async def __anext__(self) -> Event:
        try:
            return await self._node._following()
        except NodeStopped:
            raise StopAsyncIteration from None
