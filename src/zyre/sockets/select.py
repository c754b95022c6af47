"""Waiting for the first of several: sockets, events, and whatever has a descriptor."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Protocol, TypeAlias, TypeGuard, TypeVar

from zyre.sockets.event import as_source
from zyre.sockets.handle import RECEIVE, Handle
from zyre.sockets.loops import park_task
from zyre.sockets.parking import park
from zyre.sockets.socket import Socket
from zyre.sockets.waiting import Deadline, Source, poll_now

__all__ = ["HasFileno", "Selectable", "aselect", "descriptor_of", "ready_of", "select", "wants_of"]


class HasFileno(Protocol):
    """A file, a pipe, a standard library socket, a process' sentinel, ..."""

    def fileno(self) -> int:
        """The descriptor to watch."""


Selectable: TypeAlias = Socket | threading.Event | HasFileno | int
_S = TypeVar("_S", bound="Selectable")
_A = TypeVar("_A", bound="Socket | threading.Event")


def select(*sources: _S, timeout: float | None = None) -> list[_S]:
    """Wait until one of ``sources`` is ready, and return all that are; none after ``timeout`` seconds.

    A socket is ready when a message can be received, or when it is closed, since receiving does not wait then
    either; an event when it is set (``Event`` of this package at no cost, ``threading.Event`` by a helper
    thread that lives until it is set); anything with a descriptor when that is readable.

        while server in select(server, sys.stdin, stop, timeout=60): ...
    """
    deadline = Deadline(timeout)
    descriptors = [descriptor_of(source) for source in sources if _is_plain(source)]
    wants = wants_of(sources)
    while True:
        ready = ready_of(sources)
        if ready or deadline.passed():
            return ready
        park(wants, deadline.left(), descriptors)


async def aselect(*sources: _A) -> list[_A]:
    """``select`` for a task, over sockets and events."""
    wants = wants_of(sources)
    while True:
        ready = ready_of(sources)
        if ready:
            return ready
        await park_task(wants)


def wants_of(sources: Sequence[Selectable]) -> list[tuple[Source, int]]:
    """What to park for: sockets to receive from, and events."""
    handles: list[tuple[Source, int]] = [(each, RECEIVE) for each in sources if isinstance(each, Handle)]
    events = [(as_source(each), RECEIVE) for each in sources if _is_event(each)]
    return handles + events


def ready_of(sources: Sequence[_S]) -> list[_S]:
    """Those that are ready now, in the order given."""
    readable = set(poll_now([descriptor_of(source) for source in sources if _is_plain(source)]))
    return [source for source in sources if _is_ready(source, readable)]


def _is_ready(source: Selectable, readable: set[int]) -> bool:
    if isinstance(source, Socket):
        return source.readable
    if _is_event(source):
        return bool(source.is_set())
    return descriptor_of(source) in readable


def _is_event(source: object) -> TypeGuard[threading.Event]:
    """An event of any make: threading's, ours, gevent's."""
    return hasattr(source, "is_set")


def _is_plain(source: object) -> bool:
    return not isinstance(source, Handle) and not _is_event(source)


def descriptor_of(source: Selectable) -> int:
    """The descriptor of anything that has one."""
    return source if isinstance(source, int) else source.fileno()  # type: ignore[union-attr]
