"""How a group's members change from one moment on: a snapshot, and every change after it, without hole or overlap.

Changes are heard under the node's lock and wait here for whoever iterates, apart from the node's own events. If nobody
takes them for very long, those that wait are replaced by the difference between what was taken and how things are now:
the sum stays true, and memory bounded.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Iterator
from types import TracebackType
from typing import Any, Final, TypeAlias, TypeVar

from zyre.core.host import Host, why_ended
from zyre.errors import NodeStopped, WouldBlock
from zyre.events import Event, Exit, Join, Leave
from zyre.groups.attention import Attention
from zyre.identity import PeerId
from zyre.waiting import checkpoint, take_in_task, take_in_thread

__all__ = ["AsyncChanges", "BaseChanges", "Change", "Changes"]

#: Somebody came into the group, left it, or is gone altogether.
Change: TypeAlias = Join | Leave | Exit

Self = TypeVar("Self", bound="BaseChanges")

#: Changes that may wait before they are summed up.
_MOST: Final = 10_000


class BaseChanges(Attention):
    """What the two kinds have in common: everything that does not wait."""

    def __init__(self, host: Host, group: str, include_self: bool) -> None:
        super().__init__(host)
        self.group = group
        self._include_self = include_self
        self._own = host.machine.identity
        self._waiting: deque[Change] = deque()
        self._present: dict[PeerId, str] = {}
        self._taken: dict[PeerId, str] = {}
        host.watch(self, "standing", group)

    # -- the node's side -----------------------------------------------------------------------------------------

    def begin(self, answer: Any) -> None:
        """Called by the node: who is there at the beginning."""
        self._present = dict(answer.members)
        if answer.own and self._include_self:
            self._present[self._own] = self._host.machine.name
        self._taken = dict(self._present)

    def hear(self, events: list[Any]) -> None:
        """Called by the node, with everything that happens."""
        with self._mutex:
            before = len(self._waiting)
            for event in events:
                kind = type(event)
                if kind is Exit:
                    if event.peer in self._present:
                        self._note(event)
                elif self._concerns(event):
                    self._note(event)
            if len(self._waiting) > _MOST:
                self._sum_up()
            waker = self._take_waker() if len(self._waiting) != before else None
        if waker is not None:
            waker()

    def _concerns(self, event: Event) -> bool:
        if not isinstance(event, (Join, Leave)) or event.group != self.group:
            return False
        return self._include_self or event.peer != self._own

    def _note(self, change: Change) -> None:
        _apply(change, self._present)
        self._waiting.append(change)

    def _sum_up(self) -> None:
        taken, present = self._taken, self._present
        gone: list[Change] = [Leave(peer, name, self.group) for peer, name in taken.items() if peer not in present]
        came = (Join(peer, name, self.group) for peer, name in present.items() if peer not in taken)
        self._waiting = deque([*gone, *came])

    def _is_there(self) -> bool:
        return bool(self._waiting)

    # -- the application's side ----------------------------------------------------------------------------------

    @property
    def members(self) -> frozenset[PeerId]:
        """Who is in the group after the changes that were taken so far: at first, how it was at the beginning."""
        return frozenset(self._taken)

    def get_nowait(self) -> Change:
        """The next change. Raises WouldBlock if there is none, NodeStopped after the last one of a stopped node."""
        with self._mutex:
            if self._waiting:
                change = self._waiting.popleft()
                _apply(change, self._taken)
                return change
            if self._over is not None:
                raise why_ended(self._over, "group")
        raise WouldBlock

    def close(self) -> None:
        """Follow the group no longer; who iterates comes to the end. A second call does nothing."""
        self._host.unwatch(self)
        self.ended(None)

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def _apply(change: Change, members: dict[PeerId, str]) -> None:
    if type(change) is Join:
        members[change.peer] = change.name
    else:
        members.pop(change.peer, None)


class Changes(BaseChanges):
    """The changes of a group, for one thread: ``for change in group.changes():`` waits, and ends with the node."""

    def get(self, timeout: float | None = None) -> Change:
        """The next change, waiting up to ``timeout`` seconds, or for ever. Raises RecvTimeout, NodeStopped."""
        return take_in_thread(self.get_nowait, self, self._host, timeout)

    def __iter__(self) -> Iterator[Change]:
        """Changes for ever: the loop ends when the node is stopped, or this is closed."""
        try:
            while True:
                yield self.get()
        except NodeStopped:
            return


class AsyncChanges(BaseChanges):
    """The changes of a group, for one task: ``async for change in group.changes():``."""

    async def get(self, timeout: float | None = None) -> Change:
        """The next change, waiting up to ``timeout`` seconds, or for ever. Raises RecvTimeout, NodeStopped."""
        await checkpoint()
        return await take_in_task(self.get_nowait, self, self._host.now, timeout)

    def __aiter__(self) -> AsyncIterator[Change]:
        return self

    async def __anext__(self) -> Change:
        try:
            return await self.get()
        except NodeStopped:
            raise StopAsyncIteration from None
