"""What a gossip machine wants done beyond CloseLink, and what its host reports beyond LinkFailed."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from zyre.core.effects import CloseLink, LinkFailed

__all__ = ["ClientLost", "GossipEffect", "GossipReport", "OpenRemote", "Reply", "Say"]


class OpenRemote(NamedTuple):
    """Connect link number ``link`` to a hub, once: a connection that is lost is to stay so, and shows by LinkFailed.

    ``identity`` is that of the socket, empty for one of libzmq's choice; ``public_key`` the hub's, if it is secured.
    """

    link: int
    endpoint: str
    identity: bytes
    public_key: str | None


class Say(NamedTuple):
    """Send a frame to a hub."""

    link: int
    frame: bytes


class Reply(NamedTuple):
    """Send a frame to a client, by the identity of its socket."""

    client: bytes
    frame: bytes


GossipEffect: TypeAlias = OpenRemote | Say | Reply | CloseLink


class ClientLost(NamedTuple):
    """A client is not connected any more, or does not read."""

    client: bytes


GossipReport: TypeAlias = LinkFailed | ClientLost
