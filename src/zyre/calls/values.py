"""What applications see of calls: the request that a service is given, and the reply that comes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from zyre.identity import PeerId
from zyre.payload import Payload

__all__ = ["Reply", "Request"]


@dataclass(frozen=True, slots=True)
class Reply(Payload):
    """What a peer answered; ``reply.json()`` and ``reply.decode(...)`` as with an event."""

    peer: PeerId
    name: str
    content: tuple[bytes, ...]
    """The frames of the answer."""


class Request(Payload):
    """What a service is asked; ``request.json()`` and ``request.decode(...)`` as with an event."""

    __slots__ = ("_deadline", "_now", "cancelled", "content", "group", "name", "peer", "service")

    def __init__(
        self,
        peer: PeerId,
        name: str,
        service: str,
        group: str | None,
        content: tuple[bytes, ...],
        deadline: float,
        now: Callable[[], float],
    ) -> None:
        self.peer = peer
        self.name = name
        self.service = service
        self.group = group
        """The group that was asked, if it was not this node alone."""
        self.content = content
        self.cancelled = False
        """Whether nobody waits for the answer any more: who asked has given up, or is gone."""
        self._deadline = deadline
        self._now = now

    @property
    def time_left(self) -> float:
        """Seconds until who asked gives up; infinite if they never do, 0 if they have."""
        return max(0.0, self._deadline - self._now())

    def __repr__(self) -> str:
        return f"<Request {self.service} of {self.name}, {self.time_left:.3g} s left>"
