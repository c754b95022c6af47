"""The hubs that a gossip service is to be connected to.

One link is one connection and one session: a connection that is lost is not mended but replaced by a new link, with
a new identity. So neither side ever takes what belongs to an earlier connection for the present one's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from zyre.config import GossipConfig
from zyre.core.gossip.neighbours import Neighbour
from zyre.core.timers import NEVER

__all__ = ["Remote", "Remotes"]


@dataclass(slots=True)
class Remote:
    """One hub. Without a ``neighbour`` there is no link, and ``due`` is when the next one is opened."""

    endpoint: str
    public_key: str | None
    due: float
    gone_at: float = NEVER
    neighbour: Neighbour | None = None


class Remotes:
    """Hubs by endpoint, and by the number of the link to them."""

    def __init__(self, config: GossipConfig) -> None:
        self._config = config
        self._by_endpoint: dict[str, Remote] = {}
        self._by_link: dict[int, Remote] = {}
        self._links = 0

    def add(self, endpoint: str, public_key: str | None, now: float) -> None:
        """Connect to a hub, now; nothing happens if it is one already."""
        self._by_endpoint.setdefault(endpoint, Remote(endpoint, public_key, now))

    def remove(self, endpoint: str) -> Remote | None:
        """Be connected no longer; the link is to be closed by the caller."""
        return self._by_endpoint.pop(endpoint, None)

    def at(self, link: int) -> Remote | None:
        """The hub that a link leads to; None if the link was given up."""
        return self._by_link.get(link)

    def __iter__(self) -> Iterator[Remote]:
        return iter(list(self._by_endpoint.values()))

    def __len__(self) -> int:
        return len(self._by_endpoint)

    def neighbours(self) -> Iterator[Neighbour]:
        """The hubs to which there is a link."""
        return (remote.neighbour for remote in self._by_link.values() if remote.neighbour is not None)

    def open(self, remote: Remote, now: float) -> tuple[Neighbour, int]:
        """A new link to a hub, and its number."""
        self._links += 1
        neighbour = remote.neighbour = Neighbour(self._links, now)
        remote.due, remote.gone_at = now, now + self._config.patience
        self._by_link[self._links] = remote
        return neighbour, self._links

    def close(self, remote: Remote, now: float) -> int | None:
        """Give up the link to a hub, until it is time for another; the number of the one given up."""
        neighbour, remote.neighbour = remote.neighbour, None
        remote.due = now + self._config.retry
        if neighbour is None or not isinstance(neighbour.place, int):
            return None
        del self._by_link[neighbour.place]
        return neighbour.place

    def hear(self, remote: Remote, now: float) -> None:
        """The hub said something."""
        remote.gone_at = now + self._config.silence

    @property
    def next_at(self) -> float:
        """When something is to be done about a hub."""
        return min(
            (min(remote.due, remote.gone_at) if remote.neighbour else remote.due for remote in self), default=NEVER
        )
