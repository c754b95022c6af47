"""What programs do with their nodes in a history: values like the faults, and applied like them."""

# ruff: noqa: D102  apply is the same everywhere: it lets the thing happen in a world, now

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from zyre.endpoint import Endpoint
from zyre.sim.naming import nodes_named, running
from zyre.sim.world import SimNode, World

__all__ = [
    "Action",
    "Burst",
    "Connect",
    "Contest",
    "Join",
    "Leave",
    "Post",
    "RemoveHeader",
    "SetHeader",
    "Shout",
    "Whisper",
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

    def apply(self, world: World) -> None:
        for node in running(world, self.node):
            for other in nodes_named(world, self.to):
                if other is not node:
                    for _ in range(self.count):
                        node.whisper(other.uuid, _numbered(world, node))


@dataclass(frozen=True, slots=True)
class Shout:
    """The node sends ``count`` messages to a group."""

    node: str
    group: str
    count: int = 1

    def apply(self, world: World) -> None:
        for node in running(world, self.node):
            for _ in range(self.count):
                node.shout(self.group, _numbered(world, node))


@dataclass(frozen=True, slots=True)
class Burst:
    """The node sends ``count`` messages at once to each of ``to`` whom it knows; or, if that is empty, to a group."""

    node: str
    to: str
    group: str = "G"
    count: int = 1

    def apply(self, world: World) -> None:
        for node in running(world, self.node):
            first = _number(world, node)
            contents = [b"#%d" % number for number in range(first, first + self.count)]
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

    def apply(self, world: World) -> None:
        for node in running(world, self.node):
            for other in nodes_named(world, self.to):
                if other is not node:
                    for _ in range(self.count):
                        node.post(other.uuid, _numbered(world, node))


def _numbered(world: World, node: SimNode) -> bytes:
    """The content of the next message."""
    return b"#%d" % _number(world, node)


def _number(world: World, node: SimNode) -> int:
    """Numbers that only rise, over a restart with the same identity as well."""
    offered = node.host.statistics().fates.offered
    return int(world.now() * 1e6) * 1_000_000 + offered


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


Action: TypeAlias = Join | Leave | Contest | Whisper | Shout | Burst | Post | Connect | SetHeader | RemoveHeader
