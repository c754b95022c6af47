"""Lazy pipelines over a node's events: endless streams that do nothing until somebody asks for the next item.

    chat = (
        node.stream()
        .of(Shout)
        .in_group("CHAT")
        .map(lambda event: (event.name, event.content[0].decode()))
    )
    for name, text in chat: ...

The same methods work over an AsyncNode, with ``async for``. A stream has no thread and no buffer of its own: an item
is taken from the node when it is asked for, and not before. It can be iterated once, as any iterator; streams over
one node share its events out between them, so use ``node.on`` (or ``tap``) where several layers want the same event.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from zyre.errors import InvalidConfig
from zyre.events import Event
from zyre.handlers import require_kinds
from zyre.identity import PeerId
from zyre.pipeline import (
    NEVER,
    Ended,
    Every,
    Filter,
    FlatMap,
    Limited,
    Map,
    Merged,
    NotYet,
    RealTime,
    Scan,
    Source,
    Step,
    Stepped,
    Take,
    TakeWhile,
    Tap,
)
from zyre.waiting import TURN, checkpoint, new_async_parker

if TYPE_CHECKING:
    from zyre.node import BaseNode

__all__ = ["AsyncStream", "Stream"]

T = TypeVar("T")
U = TypeVar("U")
S = TypeVar("S", bound="_Pipeline[Any]")


class _Pipeline(Generic[T]):
    """What can be done with a stream, whoever waits for it. Every method returns a new stream and asks for nothing."""

    def __init__(self, make_source: Callable[[], Source[Any]], makers: tuple[Callable[[], Step], ...] = ()) -> None:
        self._make_source = make_source
        self._makers = makers
        self._begun: Stepped[T] | None = None

    def _make(self) -> Stepped[T]:
        """All that this stream is made of, anew: streams derived from one another share no count and no clock."""
        return Stepped(self._make_source(), [make() for make in self._makers])

    def _begin(self) -> Stepped[T]:
        """What this stream itself iterates over, made when the first item is asked for."""
        if self._begun is None:
            self._begun = self._make()
        return self._begun

    @classmethod
    def over(cls: type[S], node: BaseNode) -> S:
        """All events of a node."""
        return cls(node.source)

    @classmethod
    def every(cls: type[S], seconds: float, node: BaseNode | None = None) -> S:
        """1, 2, 3, ... one each ``seconds``: merged with a node's events it gives a program its rhythm.

        ``node`` says whose time that is; it matters in a simulation only.
        """
        _require_seconds(seconds)
        return cls(lambda: Every(seconds, RealTime() if node is None else node.source().time))

    @classmethod
    def merge(cls: type[S], *streams: _Pipeline[Any]) -> S:
        """The items of several streams as they come, of each in its order. Ends when all of them have."""
        return cls(lambda: Merged([stream._make() for stream in streams]))

    def _then(self, make: Callable[[], Step]) -> Any:
        return type(self)(self._make_source, (*self._makers, make))

    def _limited(self, seconds: float, *, renewed: bool, error: bool) -> Any:
        _require_seconds(seconds)
        return type(self)(lambda: Limited(self._make(), seconds, renewed=renewed, error=error))

    # -- choosing --------------------------------------------------------------------------------------------------

    def filter(self: S, wanted: Callable[[Any], object]) -> S:
        """Only the items for which ``wanted(item)`` is true."""
        return self._then(lambda: Filter(wanted))  # type: ignore[no-any-return]

    def of(self: S, *kinds: type[Event]) -> S:
        """Only events of these kinds."""
        require_kinds("stream.of", kinds)
        return self.filter(lambda event: isinstance(event, kinds))

    def in_group(self: S, group: str) -> S:
        """Only events of this group: Join, Leave, Shout, Leader."""
        return self.filter(lambda event: getattr(event, "group", None) == group)

    def about(self: S, peer: object) -> S:
        """Only events about this peer."""
        identity = PeerId.parse(peer)
        return self.filter(lambda event: event.peer == identity)

    def take(self: S, count: int) -> S:
        """The first ``count`` items; the one after them is not asked for."""
        return self._then(lambda: Take(count))  # type: ignore[no-any-return]

    def take_while(self: S, wanted: Callable[[Any], object]) -> S:
        """Items until one for which ``wanted(item)`` is false; that one is consumed."""
        return self._then(lambda: TakeWhile(wanted))  # type: ignore[no-any-return]

    # -- changing --------------------------------------------------------------------------------------------------

    def map(self, function: Callable[[Any], U]) -> Any:
        """``function(item)`` for each item."""
        return self._then(lambda: Map(function))

    def transform(self, function: Callable[[Any], Iterable[U]]) -> Any:
        """All that ``function(item)`` yields, for each item: none, one or many."""
        return self._then(lambda: FlatMap(function))

    def scan(self, function: Callable[[U, Any], U], start: U) -> Any:
        """The running result of ``function(result, item)``, beginning with ``start``."""
        return self._then(lambda: Scan(function, start))

    def tap(self: S, look: Callable[[Any], object]) -> S:
        """Call ``look(item)`` for each item that passes."""
        return self._then(lambda: Tap(look))  # type: ignore[no-any-return]

    # -- time ------------------------------------------------------------------------------------------------------

    def until(self: S, seconds: float) -> S:
        """End ``seconds`` after the first item was asked for."""
        return self._limited(seconds, renewed=False, error=False)  # type: ignore[no-any-return]

    def idle(self: S, seconds: float) -> S:
        """End when nothing has come for ``seconds``."""
        return self._limited(seconds, renewed=True, error=False)  # type: ignore[no-any-return]

    def timeout(self: S, seconds: float) -> S:
        """Raise RecvTimeout when nothing has come for ``seconds``; asking again goes on."""
        return self._limited(seconds, renewed=True, error=True)  # type: ignore[no-any-return]


def _require_seconds(seconds: object) -> None:
    if not isinstance(seconds, (int, float)) or not seconds > 0:
        raise InvalidConfig(f"a time is a number of seconds above 0, not {seconds!r}")


def _seconds_left(source: Source[Any]) -> float | None:
    deadline = source.next_at()
    return None if deadline == NEVER else max(0.0, deadline - source.time.now())


class Stream(_Pipeline[T]):
    """A lazy stream for threads: an iterator that waits for its next item."""

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        source = self._begin()
        while True:
            try:
                return source.poll()
            except Ended:
                raise StopIteration from None
            except NotYet:
                pass
            parker = source.time.new_parker()
            if source.park(parker.wake):
                try:
                    parker.park(_seconds_left(source))
                finally:
                    source.unpark(parker.wake)


class AsyncStream(_Pipeline[T]):
    """A lazy stream for asyncio and trio: an async iterator. Cancelling a wait loses no item."""

    _asked = 0

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        source = self._begin()
        self._asked += 1
        if self._asked % TURN == 0:
            await checkpoint()
        while True:
            try:
                return source.poll()
            except Ended:
                raise StopAsyncIteration from None
            except NotYet:
                pass
            parker = new_async_parker()
            if not source.park(parker.wake):
                await checkpoint()
                continue
            try:
                await parker.park(_seconds_left(source))
            finally:
                source.unpark(parker.wake)
