"""Waiting for who leads a group, and holding a lock of it."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from zyre.core.host import Host, why_ended
from zyre.core.leases import LockFreed, LockTaken
from zyre.errors import LockTimeout, NodeStopped
from zyre.events import Exit, Leader, Leaderless, Leave
from zyre.groups.attention import Attention
from zyre.identity import check_group
from zyre.roster import Leadership
from zyre.waiting import new_async_parker

__all__ = ["AsyncLock", "BaseLock", "LeaderWatch", "Lock", "wait_async", "wait_in_thread"]


class _Follower(Attention):
    """Has ``value`` follow the events; whoever waits is woken when it is there."""

    def __init__(self, host: Host, question: str, *arguments: object) -> None:
        super().__init__(host)
        self.value: Any = None
        host.watch(self, question, *arguments)

    def begin(self, answer: Any) -> None:
        self.value = answer

    def take(self, event: object) -> None:
        raise NotImplementedError

    def hear(self, events: list[Any]) -> None:
        with self._mutex:
            for event in events:
                self.take(event)
            waker = self._take_waker() if self.value is not None else None
        if waker is not None:
            waker()

    def _is_there(self) -> bool:
        return self.value is not None

    def ready(self, verb: str) -> bool:
        """Whether the value is there. Raises NodeStopped if it never will be."""
        with self._mutex:
            if self.value is None and self._over is not None:
                raise why_ended(self._over, verb)
            return self.value is not None

    def close(self) -> None:
        """Follow nothing any more."""
        self._host.unwatch(self)


class LeaderWatch(_Follower):
    """Follows who leads a group; ``value`` is a Leadership, or None."""

    def __init__(self, host: Host, group: str) -> None:
        self._group = group
        super().__init__(host, "leading", group)

    def take(self, event: object) -> None:
        """Leader, Leaderless, and that the leader leaves."""
        if isinstance(event, Leader) and event.group == self._group:
            self.value = Leadership(event.peer, event.name, event.term, event.token)
        elif isinstance(event, Exit) or (isinstance(event, (Leaderless, Leave)) and event.group == self._group):
            gone = self.value is not None and event.peer == self.value.peer
            self.value = None if gone else self.value


def wait_in_thread(attention: _Follower, host: Host, timeout: float | None, verb: str) -> bool:
    """Wait in this thread until the value is there; False if the time is over. Raises NodeStopped."""
    deadline = None if timeout is None else host.now() + timeout
    while not attention.ready(verb):
        left = None if deadline is None else deadline - host.now()
        if left is not None and left <= 0:
            return False
        parker = host.new_parker()
        if attention.park(parker.wake):
            host.attend()
            parker.park(left)
    return True


async def wait_async(attention: _Follower, host: Host, timeout: float | None, verb: str) -> bool:
    """Wait in this task until the value is there; False if the time is over. Raises NodeStopped."""
    deadline = None if timeout is None else host.now() + timeout
    while not attention.ready(verb):
        left = None if deadline is None else deadline - host.now()
        if left is not None and left <= 0:
            return False
        parker = new_async_parker()
        if attention.park(parker.wake):
            host.attend()
            await parker.park(left)
    return True


class _Holding(_Follower):
    """Follows a lock; ``value`` is the token while this node holds it."""

    def __init__(self, host: Host, group: str, name: str) -> None:
        self._lock_of = (group, name)
        super().__init__(host, "lock_token", group, name)

    def take(self, event: object) -> None:
        if isinstance(event, LockTaken) and event[:2] == self._lock_of:
            self.value = event.token
        elif isinstance(event, LockFreed) and tuple(event) == self._lock_of:
            self.value = None


class BaseLock:
    """What the two kinds have in common: everything that does not wait."""

    def __init__(self, host: Host, group: str, name: str, lease: float, size: int) -> None:
        self.group, self.name, self.lease, self.size = group, check_group(name), lease, size
        self._host = host
        self._holding: _Holding | None = None

    @property
    def token(self) -> int | None:
        """A number for this holding, higher than that of any earlier one; None while this node does not hold it.

        Give it to what the lock protects, and let that refuse a lower one than it has seen.
        """
        return None if self._holding is None else self._holding.value

    @property
    def held(self) -> bool:
        """Whether this node holds it, by its own clock."""
        return self.token is not None

    def _begin(self) -> _Holding:
        self._host.change("join", self.group)
        holding = self._holding = self._holding or _Holding(self._host, self.group, self.name)
        self._host.change("claim", self.group, self.name, self.lease, self.size)
        return holding

    def _end(self) -> None:
        if self._holding is not None:
            self._holding.close()
            self._holding = None

    def release(self) -> None:
        """Let others have it. Nothing happens if it is not held."""
        if self._holding is not None:
            self._end()
            try:
                self._host.change("unclaim", self.group, self.name)
            except NodeStopped:
                pass  # and with it everything that it held


class Lock(BaseLock):
    """A lock among the members of a group: see ``Group.lock``. ``with lock as token:`` takes and releases it."""

    def acquire(self, timeout: float | None = None) -> int:
        """Wait for it, and return the token. Raises LockTimeout, NodeStopped."""
        holding = self._begin()
        taken = False
        try:
            taken = wait_in_thread(holding, self._host, timeout, "lock")
        finally:
            if not taken:
                self.release()
        if not taken:
            raise LockTimeout(self.group, self.name, timeout or 0.0)
        return int(holding.value)

    def __enter__(self) -> int:
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.release()


class AsyncLock(BaseLock):
    """A lock among the members of a group: see ``AsyncGroup.lock``. ``async with lock as token:``."""

    async def acquire(self, timeout: float | None = None) -> int:
        """Wait for it, and return the token. Raises LockTimeout, NodeStopped."""
        holding = self._begin()
        taken = False
        try:
            taken = await wait_async(holding, self._host, timeout, "lock")
        finally:
            if not taken:
                self.release()
        if not taken:
            raise LockTimeout(self.group, self.name, timeout or 0.0)
        return int(holding.value)

    async def __aenter__(self) -> int:
        return await self.acquire()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.release()
