"""What programs do with their nodes in a history: values like the faults, and applied like them.

Each message begins with a frame ``#n``, whose number no other one has. With ``octets`` a second frame of that size
follows, whose content depends on the number.
"""

# ruff: noqa: D102  apply is the same everywhere: it lets the thing happen in a world, now

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from zyre.endpoint import Endpoint
from zyre.sim.naming import nodes_named, running
from zyre.sim.world import World

__all__ = [
    "Action",
    "Burst",
    "Connect",
    "Contest",
    "Join",
    "Keep",
    "Leave",
    "Post",
    "RemoveHeader",
    "SetHeader",
    "Shout",
    "Whisper",
    "message",
]


@dataclass(frozen=True, slots=True)
class Join:
    """The node joins a group."""

    node: str
    group: str

    def apply(self, world: World) -> None:
        for node in running(world, self.node):
            node.join(self.group)


@dataclass(frozen=True, slots=True)
class Leave:
    """The node leaves a group."""

    node: str
    group: str

    def apply(self, world: World) -> None:
        for node in running(world, self.node):
            node.leave(self.group)


@dataclass(frozen=True, slots=True)
class Contest:
    """The node stands as a candidate for the leader of a group."""

    node: str
    group: str

    def apply(self, world: World) -> None:
        for node in running(world, self.node):
            node.contest(self.group)


@dataclass(frozen=True, slots=True)
class Whisper:
    """The node sends ``count`` messages to each of ``to`` whom it knows."""

    node: str
    to: str
    count: int = 1
    octets: int = 0

    def apply(self, world: World) -> None:
        for node in running(world, self.node):
            for other in nodes_named(world, self.to):
                if other is not node:
                    for _ in range(self.count):
                        node.whisper(other.uuid, *_next(world, self.octets))


@dataclass(frozen=True, slots=True)
class Shout:
    """The node sends ``count`` messages to a group."""

    node: str
    group: str
    count: int = 1
    octets: int = 0

    def apply(self, world: World) -> None:
        for node in running(world, self.node):
            for _ in range(self.count):
                node.shout(self.group, *_next(world, self.octets))


@dataclass(frozen=True, slots=True)
class Burst:
    """The node sends ``count`` messages at once to each of ``to`` whom it knows; or, if that is empty, to a group."""

    node: str
    to: str
    group: str = "G"
    count: int = 1

    def apply(self, world: World) -> None:
        for node in running(world, self.node):
            contents = [content for _ in range(self.count) for content in _next(world)]
            if not self.to:
                node.shout_many(self.group, contents)
            for other in nodes_named(world, self.to) if self.to else ():
                if other is not node:
                    node.bundle(other.uuid, contents)


@dataclass(frozen=True, slots=True)
class Post:
    """The node sends ``count`` reliable messages to each of ``to`` whom it knows."""

    node: str
    to: str
    count: int = 1
    octets: int = 0

    def apply(self, world: World) -> None:
        for node in running(world, self.node):
            for other in nodes_named(world, self.to):
                if other is not node:
                    for _ in range(self.count):
                        node.post(other.uuid, *_next(world, self.octets))


@dataclass(frozen=True, slots=True)
class Keep:
    """The node sends ``count`` durable messages to each of ``to``, who may be gone; or, if that is empty, to the
    members of a group that understand them. They are kept for ``ttl`` seconds at most."""

    node: str
    to: str
    group: str = "G"
    count: int = 1
    octets: int = 0
    ttl: float | None = None

    def apply(self, world: World) -> None:
        for node in running(world, self.node):
            group = "" if self.to else self.group
            members = [peer.uuid for peer in node.peers.in_group(self.group) if "durable" in peer.extensions]
            named = [other.uuid for other in nodes_named(world, self.to) if other.name != node.name]
            ttl = node.host.profile.config.timing.ttl if self.ttl is None else self.ttl
            for peer in named if self.to else members:
                for _ in range(self.count):
                    node.keep(peer, *_next(world, self.octets), group=group, ttl=ttl)


def message(number: int, octets: int = 0) -> tuple[bytes, ...]:
    """The frames of the message of that number."""
    if not octets:
        return (b"#%d" % number,)
    words = b"%d " % number
    return b"#%d" % number, (words * (octets // len(words) + 1))[:octets]


def _next(world: World, octets: int = 0) -> tuple[bytes, ...]:
    """The next message. Numbers rise over all nodes and their lives."""
    return message(next(world.numbers), octets)


@dataclass(frozen=True, slots=True)
class Connect:
    """The node keeps up an explicit connection to where ``to`` is now."""

    node: str
    to: str

    def apply(self, world: World) -> None:
        for node in running(world, self.node):
            for other in nodes_named(world, self.to):
                if other is not node and other.alive:
                    node.host.change("connect", Endpoint("tcp", other.address, other.transport.tcp_port), None)


@dataclass(frozen=True, slots=True)
class SetHeader:
    """The node gives a header a value."""

    node: str
    header: str
    value: str

    def apply(self, world: World) -> None:
        for node in running(world, self.node):
            node.host.change("set_header", self.header, self.value)


@dataclass(frozen=True, slots=True)
class RemoveHeader:
    """The node has a header no longer."""

    node: str
    header: str

    def apply(self, world: World) -> None:
        for node in running(world, self.node):
            node.host.change("remove_header", self.header)


Action: TypeAlias = Join | Leave | Contest | Whisper | Shout | Burst | Post | Keep | Connect | SetHeader | RemoveHeader
