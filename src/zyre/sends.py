"""What all faces have in common when they send: modes, receipts, and the sends that never wait."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

from zyre.config import NodeConfig, require_mode, require_ttl
from zyre.core.host import Host
from zyre.core.outcome import Outcome
from zyre.errors import InvalidConfig, InvalidFrame, PlainPeer, StoreError, WouldBlock
from zyre.fates import Fate
from zyre.identity import PeerId, check_group
from zyre.payload import Codec, encode_content
from zyre.receipts import REFUSED, TAKEN, Receipt, Receipts

if TYPE_CHECKING:
    from zyre.core.driver import Sink

__all__ = ["Sends"]

_Post: TypeAlias = "Callable[[PeerId, str, tuple[bytes, ...], Sink], Outcome]"

_MOST_FRAMES = 65535
_NO_STORE = (
    "mode='durable' needs a file that outlives this process, and an identity that does: make the node with store=, as "
    "Node('billing', store='billing.db')"
)


class Sends:
    """The part of a node's face that sends without waiting."""

    _host: Host
    _best_effort = True
    """Whether whispers are sent by best effort unless the call says otherwise: the shortest way."""

    def _choose_modes(self, config: NodeConfig) -> None:
        self._modes = config
        self._best_effort = config.mode == "best_effort"

    def _mode(self, mode: str | None, group: str = "") -> str:
        if mode is not None:
            return require_mode(mode)
        return self._modes.group_modes.get(group, self._modes.mode) if group else self._modes.mode

    def _finish_reading(self) -> None:
        """The program stops the node: it has taken the durable message that it was given last, unless an exception is
        why it stops."""
        if sys.exc_info()[0] is None:
            self._host.mailbox.finish()

    def _posted(self, post: _Post, peer: PeerId, group: str, content: tuple[bytes, ...]) -> Receipt:
        """Post a message, and say what became of that. Raises PlainPeer, WouldBlock, InvalidFrame."""
        if len(content) > _MOST_FRAMES:
            raise InvalidFrame(_MOST_FRAMES, content[_MOST_FRAMES])
        receipt = Receipt(self._host)
        outcome = post(peer, group, content, receipt)
        if outcome is Outcome.PLAIN:
            raise PlainPeer(peer, "reliable")
        if outcome is Outcome.BLOCKED:
            raise _full(peer)
        if outcome is not Outcome.SENT:
            receipt.settle(Fate.REFUSED)
        return receipt

    def _kept(self, peer: PeerId, group: str, content: tuple[bytes, ...], ttl: float | None) -> Receipt:
        """Keep a message on disk, and say what became of that; never waits. Raises PlainPeer, WouldBlock, StoreError,
        InvalidConfig, InvalidFrame."""
        if len(content) > _MOST_FRAMES:
            raise InvalidFrame(_MOST_FRAMES, content[_MOST_FRAMES])
        receipt = Receipt(self._host)
        outcome = self._host.keep(peer, group, content, self._modes.timing.ttl if ttl is None else ttl, receipt)
        if outcome is Outcome.UNABLE:
            raise InvalidConfig(_NO_STORE)
        if outcome is Outcome.PLAIN:
            raise PlainPeer(peer, "durable")
        if outcome is Outcome.BROKEN:
            raise StoreError(self._host.ask("store_trouble"))
        if outcome is Outcome.BLOCKED:
            raise WouldBlock(
                "the store is full: Limits.durable_messages and durable_bytes say what it may hold", (peer,)
            )
        return receipt

    def _assured(
        self, post: _Post, peer: PeerId, group: str, content: tuple[bytes, ...], mode: str, ttl: float | None
    ) -> Receipt:
        """Send in another mode than by best effort."""
        require_ttl(mode, ttl)
        return self._kept(peer, group, content, ttl) if mode == "durable" else self._posted(post, peer, group, content)

    def _able_members(self, group: str, mode: str) -> Iterator[PeerId]:
        """The members of a group that understand a mode. Raises PlainPeer if there are others only."""
        members = self._host.roster.in_group(group)
        able = [peer.uuid for peer in members if mode in peer.extensions]
        if len(able) != len(members):
            if not able:
                raise PlainPeer(f"everybody in {group}", mode)
            self._host.change("refuse", len(members) - len(able))
        return iter(able)

    def _assured_to_all(
        self, post: _Post, group: str, content: tuple[bytes, ...], mode: str, ttl: float | None
    ) -> Receipts:
        able = self._able_members(group, mode)
        return Receipts.of({peer: self._assured(post, peer, group, content, mode, ttl) for peer in able})

    def whisper_nowait(
        self,
        peer: object,
        *frames: Any,
        codec: str | Codec | None = None,
        mode: str | None = None,
        ttl: float | None = None,
    ) -> Receipt:
        """Send to one peer and never wait; see Node.whisper. Raises WouldBlock if there is no room."""
        target = PeerId.parse(peer)
        content = encode_content(frames, codec)
        if ttl is not None or self._mode(mode) != "best_effort":
            return self._assured(self._host.post_nowait, target, "", content, self._mode(mode), ttl)
        outcome = self._host.whisper_nowait(target, content)
        if outcome is Outcome.BLOCKED:
            raise _full(target)
        return TAKEN if outcome is Outcome.SENT else REFUSED

    def shout_nowait(
        self,
        group: str,
        *frames: Any,
        codec: str | Codec | None = None,
        mode: str | None = None,
        ttl: float | None = None,
    ) -> Receipts:
        """Send to a group and never wait; see Node.shout. Raises WouldBlock if there is no room for some members: its
        ``peers`` names them, and all others were sent to."""
        content = encode_content(frames, codec)
        group = check_group(group)
        if ttl is None and self._mode(mode, group) == "best_effort":
            count, blocked = self._host.shout_nowait(group, content)
            sent = Receipts(count)
        else:
            sent, blocked = self._post_to_able(group, content, self._mode(mode, group), ttl)
        if blocked:
            raise _full(*blocked)
        return sent

    def _post_to_able(
        self, group: str, content: tuple[bytes, ...], mode: str, ttl: float | None
    ) -> tuple[Receipts, tuple[PeerId, ...]]:
        sent, blocked = {}, []
        for peer in self._able_members(group, mode):
            try:
                sent[peer] = self._assured(self._host.post_nowait, peer, group, content, mode, ttl)
            except WouldBlock:
                blocked.append(peer)
        return Receipts.of(sent), tuple(blocked)


def _full(*peers: PeerId) -> WouldBlock:
    names = ", ".join(peer.short for peer in peers)
    return WouldBlock(f"there is no room in the queue to {names}; whisper() and shout() wait for it", peers)
