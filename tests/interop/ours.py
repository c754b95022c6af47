"""A node of ours in the process of the test, whose events can be waited for in any order."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any, Self, TypeVar

import zyre

from ..peers.harness import ReferencePeer

E = TypeVar("E")

HASTY = zyre.Timing(evasive=0.3, silent=0.6, expired=0.9, unreachable=2.0, beacon=0.2, ping=0.1, handshake=1.0)
"""Finds out within a second that somebody is gone. All peers answer a PING in time to live with it."""


class Ours:
    """A zyre.Node on the interface ``va``, or another; its events are read by whoever waits for one.

    Args:
        timing: shorthand for a NodeConfig that differs in its timing only.
        options: arguments of zyre.Node.
    """

    def __init__(self, *, timing: zyre.Timing | None = None, **options: Any) -> None:
        options.setdefault("interface", "va")
        if timing is not None:
            options["config"] = zyre.NodeConfig(timing=timing)
        self.node = zyre.Node(**options)
        self.events: list[Any] = []
        """Everything that it has read, in order."""
        self._pending: list[Any] = []

    def __enter__(self) -> Self:
        self.node.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.node.stop()

    @property
    def uuid(self) -> str:
        """The identity, under the name by which the harness's peers know theirs."""
        return self.node.uuid

    def wait_for(self, kind: type[E], timeout: float = 10.0, **fields: Any) -> E:
        """Return the first event of that type with these fields that was not returned before."""
        wanted = _plain(fields)
        deadline = time.monotonic() + timeout
        for event in self._pending:
            if _matches(event, kind, wanted):
                self._pending.remove(event)
                return event
        while (event := self._read(deadline)) is not None:
            if _matches(event, kind, wanted):
                self._pending.pop()
                return event
        seen = "\n  ".join(map(str, self.events[-50:])) or "nothing"
        raise AssertionError(
            f"no {kind.__name__} {wanted} within {timeout} s. There were:\n  {seen}\n{self.node.statistics()}"
        )

    def never(self, kind: type[Any], within: float = 0.0, **fields: Any) -> None:
        """Check that no such event was left over and that none comes within so many seconds."""
        wanted = _plain(fields)
        deadline = time.monotonic() + within
        while self._read(deadline) is not None:
            pass
        unwanted = [event for event in self._pending if _matches(event, kind, wanted)]
        assert not unwanted

    def _read(self, deadline: float) -> Any:
        """Keep and return the next event, or return None once it is too late."""
        try:
            event = self.node.recv(timeout=max(0.0, deadline - time.monotonic()))
        except zyre.RecvTimeout:
            return None
        self.events.append(event)
        self._pending.append(event)
        return event


def _plain(fields: dict[str, Any]) -> dict[str, Any]:
    """A peer of the harness is meant by its identity."""
    return {key: _identity(value) for key, value in fields.items()}


def _identity(value: Any) -> Any:
    return value.uuid if isinstance(value, (ReferencePeer, Ours)) else value


def _matches(event: Any, kind: type[Any], wanted: dict[str, Any]) -> bool:
    return isinstance(event, kind) and all(getattr(event, key) == value for key, value in wanted.items())
