"""One group as a node sees it, for programs that would rather hold it than name it each time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from zyre.core.leases import LEADER
from zyre.errors import GroupTimeout, InvalidConfig, RecvTimeout
from zyre.groups.changes import AsyncChanges, Changes
from zyre.groups.holding import AsyncLock, Lock, leader_watch
from zyre.identity import PeerId, check_group
from zyre.receipts import Receipts
from zyre.roster import Leadership, Peer, Roster
from zyre.waiting import take_in_task, take_in_thread

if TYPE_CHECKING:
    from zyre.aio import AsyncNode
    from zyre.calls.tasks import AsyncAnswers
    from zyre.calls.threads import Answers
    from zyre.node import BaseNode, Node
    from zyre.payload import Codec

#: Seconds of a lease: votes take time, and nobody should wait for a holder that is gone for longer than this.
_SHORTEST: Final = 0.1
_LONGEST: Final = 3600.0

__all__ = ["AsyncGroup", "BaseGroup", "Group"]


class BaseGroup:
    """What the groups of both kinds of nodes have in common: everything that does not wait."""

    def __init__(self, node: BaseNode, name: str, *, include_self: bool = False) -> None:
        self.name = check_group(name)
        self.include_self = include_self
        self._node = node

    def join(self) -> None:
        """Be in the group."""
        self._node.join(self.name)

    def leave(self) -> None:
        """Be in it no longer."""
        self._node.leave(self.name)

    def contest(self, size: int | None = None, lease: float = 3.0) -> None:
        """Join the group and stand as a candidate for its leader.

        Without ``size`` by libzyre's wave, see Node.contest: plain peers take part, the lowest uuid wins, and each side
        of a partition has a leader, in a term of its own. With ``size``, the number of members that the group has at
        most, a majority of that many must vote: there is one leader at most, for ``lease`` seconds unless it is
        renewed, and only nodes of this package take part. All candidates say the same size and lease. Either way a
        leader has a term and a fencing token. Raises InvalidConfig.
        """
        if size is None:
            self._node.contest(self.name)
            return
        _check_vote(size, lease)
        self._node.join(self.name)
        self._node._host.change("claim", self.name, LEADER, lease, size)

    @property
    def members(self) -> Roster:
        """Who is in the group now: peers, and with ``include_self`` this node, if it is in."""
        node = self._node
        peers = {peer.uuid: peer for peer in node.peers_in(self.name)}
        if self.include_self and self.name in node.groups:
            headers = dict(node.headers)
            peers[node.uuid] = Peer(node.uuid, node.name, node.endpoint, headers, node.groups, "self")
        return Roster(peers)

    @property
    def leader_now(self) -> PeerId | None:
        """Who leads the group, which may be this node; None if nobody is known to."""
        return self._node.leader(self.name)

    def __contains__(self, peer: object) -> bool:
        return peer in self.members

    def __len__(self) -> int:
        return len(self.members)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name} of {self._node.name}>"


def _check_vote(size: int, lease: float) -> None:
    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        raise InvalidConfig(f"size is {size!r}; it is how many members the group has at most, 1 or more")
    if isinstance(lease, bool) or not isinstance(lease, (int, float)) or not _SHORTEST <= lease <= _LONGEST:
        raise InvalidConfig(f"lease is {lease!r}; it is a number of seconds from {_SHORTEST:g} to {_LONGEST:g}")


class Group(BaseGroup):
    """A group of a zyre.Node: see ``Node.group``."""

    _node: Node

    def shout(self, *frames: bytes | str) -> Receipts:
        """Send a message to everybody in the group, this node excepted; see Node.shout."""
        return self._node.shout(self.name, *frames)

    def ask(
        self,
        service: str,
        *frames: Any,
        quorum: int | None = None,
        timeout: float | None = None,
        codec: str | Codec | None = None,
    ) -> Answers:
        """Ask everybody in the group, and get the answers as they come; see Node.ask."""
        return self._node.ask(self.name, service, *frames, quorum=quorum, timeout=timeout, codec=codec)

    def changes(self) -> Changes:
        """Who is in the group now, and how that changes from now on: ``for change in group.changes():``."""
        return Changes(self._node._host, self.name, self.include_self)

    def leader(self, timeout: float | None = None) -> Leadership:
        """Who leads the group, waiting until somebody does. Raises LockTimeout, NodeStopped."""
        host = self._node._host
        with leader_watch(host, self.name, timeout) as watch:
            return take_in_thread(watch.get_nowait, watch, host, timeout)

    def lock(self, name: str, *, size: int | None = None, lease: float = 10.0) -> Lock:
        """A lock among the members, of whom at most one has it, for ``lease`` seconds unless it is renewed.

        It is renewed by itself while this node runs and reaches a majority. ``size`` is as for ``contest``; without it
        a majority of the members that this node sees is enough, which both sides of a partition can be. All who use
        the lock say the same size and lease. Only nodes of this package have a vote. Raises InvalidName, InvalidConfig.
        """
        _check_vote(1 if size is None else size, lease)
        return Lock(self._node._host, self.name, name, lease, size or 0)

    def wait_for(self, members: int, timeout: float | None = None) -> Roster:
        """Wait until at least so many are in the group, and return them. Raises GroupTimeout, NodeStopped."""
        clock = self._node._host.now
        deadline = None if timeout is None else clock() + timeout
        with self.changes() as changes:
            while len(changes.members) < members:
                try:
                    changes.get(None if deadline is None else max(0.0, deadline - clock()))
                except RecvTimeout:
                    raise GroupTimeout(self.name, members, len(changes.members)) from None
        return self.members


class AsyncGroup(BaseGroup):
    """A group of a zyre.AsyncNode: see ``AsyncNode.group``."""

    _node: AsyncNode

    async def shout(self, *frames: bytes | str) -> Receipts:
        """Send a message to everybody in the group, this node excepted; see AsyncNode.shout."""
        return await self._node.shout(self.name, *frames)

    def ask(
        self,
        service: str,
        *frames: Any,
        quorum: int | None = None,
        timeout: float | None = None,
        codec: str | Codec | None = None,
    ) -> AsyncAnswers:
        """Ask everybody in the group; the answers, for ``async for`` as they come; see Node.ask."""
        return self._node.ask(self.name, service, *frames, quorum=quorum, timeout=timeout, codec=codec)

    def changes(self) -> AsyncChanges:
        """Who is in the group now, and how that changes from now on: ``async for change in group.changes():``."""
        return AsyncChanges(self._node._host, self.name, self.include_self)

    async def leader(self, timeout: float | None = None) -> Leadership:
        """Who leads the group, waiting until somebody does. Raises LockTimeout, NodeStopped."""
        host = self._node._host
        with leader_watch(host, self.name, timeout) as watch:
            return await take_in_task(watch.get_nowait, watch, host.now, timeout)

    def lock(self, name: str, *, size: int | None = None, lease: float = 10.0) -> AsyncLock:
        """A lock among the members; see Group.lock."""
        _check_vote(1 if size is None else size, lease)
        return AsyncLock(self._node._host, self.name, name, lease, size or 0)

    async def wait_for(self, members: int, timeout: float | None = None) -> Roster:
        """Wait until at least so many are in the group, and return them. Raises GroupTimeout, NodeStopped."""
        clock = self._node._host.now
        deadline = None if timeout is None else clock() + timeout
        with self.changes() as changes:
            while len(changes.members) < members:
                try:
                    await changes.get(None if deadline is None else max(0.0, deadline - clock()))
                except RecvTimeout:
                    raise GroupTimeout(self.name, members, len(changes.members)) from None
        return self.members
