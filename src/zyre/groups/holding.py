"""Waiting for who leads a group, and holding a lock of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Generic, TypeVar

from zyre.core.host import Host, why_ended
from zyre.core.leases import LEADER, LockFreed, LockTaken
from zyre.errors import LockTimeout, NodeStopped, RecvTimeout, WouldBlock
from zyre.events import Exit, Leader, Leaderless, Leave
from zyre.groups.attention import Attention
from zyre.identity import check_group
from zyre.roster import Leadership
from zyre.waiting import take_in_task, take_in_thread

__all__ = ["AsyncLock", "BaseLock", "LeaderWatch", "Lock", "leader_watch"]


T = TypeVar("T")


class _Follower(Attention, Generic[T]):
    """Has ``value`` follow the events; whoever waits is woken when it is there. ``verb`` is what waits, for errors."""

    def __init__(self, host: Host, verb: str, question: str, *arguments: object) -> None:
        super().__init__(host)
        self._verb = verb
        self.value: T | None = None
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

    def get_nowait(self) -> T:
        """The value. Raises WouldBlock if it is not there, NodeStopped if it never will be."""
        with self._mutex:
            if self.value is not None:
                return self.value
            if self._over is not None:
                raise why_ended(self._over, self._verb)
        raise WouldBlock

    def close(self) -> None:
        """Follow nothing any more."""
        self._host.unwatch(self)


class LeaderWatch(_Follower[Leadership]):
    """Follows who leads a group; ``value`` is a Leadership, or None."""

    def __init__(self, host: Host, group: str) -> None:
        self._group = group
        super().__init__(host, "leader", "leading", group)

    def take(self, event: object) -> None:
        """Leader, Leaderless, and that the leader leaves."""
        if isinstance(event, Leader) and event.group == self._group:
            self.value = Leadership(event.peer, event.name, event.term, event.token)
        elif isinstance(event, Exit) or (isinstance(event, (Leaderless, Leave)) and event.group == self._group):
            gone = self.value is not None and event.peer == self.value.peer
            self.value = None if gone else self.value


@contextmanager
def leader_watch(host: Host, group: str, timeout: float | None) -> Iterator[LeaderWatch]:
    """For a wait of ``timeout`` seconds until somebody leads the group. Raises LockTimeout where that was too short."""
    watch = LeaderWatch(host, group)
    try:
        yield watch
    except RecvTimeout:
        raise LockTimeout(group, LEADER, timeout or 0.0) from None
    finally:
        watch.close()


class _Holding(_Follower[int]):
    """Follows a lock; ``value`` is the token while this node holds it."""

    def __init__(self, host: Host, group: str, name: str) -> None:
        self._lock_of = (group, name)
        super().__init__(host, "lock", "lock_token", group, name)

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

    @contextmanager
    def _claim(self, timeout: float | None) -> Iterator[_Holding]:
        """For a wait of ``timeout`` seconds until it is taken; it is released where that fails, however it does."""
        self._host.change("join", self.group)
        holding = self._holding = self._holding or _Holding(self._host, self.group, self.name)
        self._host.change("claim", self.group, self.name, self.lease, self.size)
        try:
            yield holding
        except BaseException as error:
            self.release()
            if isinstance(error, RecvTimeout):
                raise LockTimeout(self.group, self.name, timeout or 0.0) from None
            raise

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
        with self._claim(timeout) as holding:
            return take_in_thread(holding.get_nowait, holding, self._host, timeout)

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
        with self._claim(timeout) as holding:
            return await take_in_task(holding.get_nowait, holding, self._host.now, timeout)

    async def __aenter__(self) -> int:
        return await self.acquire()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.release()
