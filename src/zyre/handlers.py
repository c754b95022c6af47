"""Functions registered for events: which of them an event concerns."""

from __future__ import annotations

import inspect
import threading
import types
from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeVar

from zyre.errors import InvalidConfig, UsageError
from zyre.events import Event
from zyre.identity import PeerId, check_group

__all__ = ["Handlers", "Registering", "call_handlers", "require_kinds"]

Handler = TypeVar("Handler", bound=Callable[..., object])


def require_kinds(verb: str, kinds: tuple[object, ...]) -> None:
    """Refuse what are no kinds of events: none at all, a name, or the function to be decorated."""
    if not kinds or not all(isinstance(kind, (type, types.UnionType)) for kind in kinds):
        given = ", ".join(map(repr, kinds)) or "nothing"
        raise InvalidConfig(
            f"{verb} wants kinds of events, as in {verb}(zyre.Shout) or {verb}(zyre.Enter, zyre.Exit), and got {given}"
        )


def call_handlers(handlers: Iterable[Callable[..., object]], event: Event) -> None:
    """Call each with an event. Raises UsageError for a coroutine function, which nobody could await here."""
    for handler in handlers:
        result = handler(event)
        if inspect.iscoroutine(result):
            result.close()
            raise UsageError(
                f"{handler!r} is a coroutine function, which recv_nowait, streams and zyre.Node cannot await: "
                "register a plain function, or read an AsyncNode by 'async for', recv() or run()"
            )


class _Registration(NamedTuple):
    handler: Callable[..., object]
    kinds: tuple[type, ...]
    group: str | None
    peer: PeerId | None

    def concerns(self, event: Event) -> bool:
        return (
            isinstance(event, self.kinds)
            and (self.group is None or getattr(event, "group", None) == self.group)
            and (self.peer is None or event.peer == self.peer)
        )


class Handlers:
    """Registered functions, called in the order of their registration. May be changed while being called."""

    __slots__ = ("_guard", "registered")

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self.registered: tuple[_Registration, ...] = ()
        """Looked at for every event: whether it is empty."""

    def add(
        self, handler: Callable[..., object], kinds: tuple[type, ...], group: str | None, peer: PeerId | None
    ) -> None:
        """Register a function."""
        with self._guard:
            self.registered += (_Registration(handler, kinds, group, peer),)

    def remove(self, handler: Callable[..., object]) -> None:
        """Forget a function, however often it was registered. A bound method is a new object whenever it is named,
        so it is equality that counts."""
        with self._guard:
            self.registered = tuple(entry for entry in self.registered if entry.handler != handler)

    def matching(self, event: Event) -> list[Callable[..., object]]:
        """The functions that an event concerns."""
        return [entry.handler for entry in self.registered if entry.concerns(event)]

    def __bool__(self) -> bool:
        return bool(self.registered)

    def dispatch(self, event: Event) -> None:
        """Call them; see call_handlers."""
        call_handlers(self.matching(event), event)


class Registering:
    """The part of a node's face that takes functions for events."""

    _handlers: Handlers

    def on(self, *kinds: type[Event], group: str | None = None, peer: object = None) -> Callable[[Handler], Handler]:
        """Register a function for events of some kinds, of one group, or of one peer.

            @node.on(Shout, group="CHAT")
            def show(event): print(event.name, event.content)

        It is called with each such event in the thread that reads it, before the reader gets it; ``node.run()`` reads
        for those who have nothing else to do. What it raises is raised at the reader. See ``off``.
        """
        require_kinds("node.on", kinds)
        wanted_group = None if group is None else check_group(group)
        wanted_peer = None if peer is None else PeerId.parse(peer)

        def register(handler: Handler) -> Handler:
            self._handlers.add(handler, kinds, wanted_group, wanted_peer)
            return handler

        return register

    def off(self, handler: Callable[..., object]) -> None:
        """Call a registered function no longer."""
        self._handlers.remove(handler)
