"""Many messages by one call: what costs a microsecond for one costs a tenth of that for each of many."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, Final

from zyre.core.host import Host
from zyre.identity import PeerId, check_group, encode_frames
from zyre.receipts import Receipt, Receipts
from zyre.sends import Sends
from zyre.waiting import checkpoint, new_async_parker
from zyre.wire.bundle import MOST_FRAMES, Content

__all__ = ["AsyncBulk", "Bulk", "packs"]

#: So many messages, and no more octets, travel together.
_MESSAGES: Final = 512
_OCTETS: Final = 65536
#: No message has so many frames, so nothing travels with what is marked by it.
_ALONE: Final = -1


def packs(messages: Iterable[Any]) -> Iterator[list[Content]]:
    """Messages, in order, in packs that may travel together: of equally many frames each, and not too large. No more
    than one pack is asked for in advance. A message is a frame (bytes or str), or a tuple or list of frames. Raises
    InvalidFrame."""
    pack: list[Content] = []
    octets = frames = 0
    for message in messages:
        if type(message) is bytes:  # as most messages are
            content: Content = (message,)
            size = len(message)
        else:
            content = encode_frames(tuple(message) if isinstance(message, (tuple, list)) else (message,))
            size = sum(map(len, content))
        if pack and (len(content) != frames or octets + size > _OCTETS or len(pack) == _MESSAGES):
            yield pack
            pack, octets = [], 0
        pack.append(content)
        octets += size
        frames = len(content) if 0 < len(content) <= MOST_FRAMES else _ALONE
    if pack:
        yield pack


class _Attempt:
    """One pack for one peer, sent as room comes."""

    def __init__(self, host: Host, peer: PeerId, group: str, contents: list[Content]) -> None:
        self._host = host
        self._peer = peer
        self._group = group
        self._contents = contents
        self.sent = 0
        self.deadline = host.now() + host.send_patience

    def done(self) -> bool:
        """Send as much as there is room for; whether nothing is left."""
        settled, sent = self._host.bundle_nowait(self._peer, self._group, self._contents)
        self.sent += sent
        if settled:
            self._contents = self._contents[settled:]
            self.deadline = self._host.now() + self._host.send_patience
        return not self._contents

    @property
    def patience(self) -> float:
        """How long to wait for room now, in seconds."""
        return max(0.0, self.deadline - self._host.now())

    def give_up(self) -> None:
        """Patience is over."""
        self._host.shed(self._peer)


class Bulk(Sends):
    """The part of a Node that sends many messages."""

    def whisper_many(self, peer: object, messages: Iterable[Any], mode: str | None = None) -> int:
        """Send many messages to one peer, in order; a frame (bytes or str) for each, or a tuple of frames.

        The same as a whisper for each of them, at a fraction of its price: to nodes of this package many travel in one
        frame. Returns how many are on their way: ``node.fates(peer)`` tells what becomes of those of a ``mode``, and
        there is no receipt of each. Raises like whisper.
        """
        target = PeerId.parse(peer)
        if (chosen := self._mode(mode)) != "best_effort":
            each = chain.from_iterable(packs(messages))
            return sum(bool(self._assured(self._host.post, target, "", content, chosen, None)) for content in each)
        sent = 0
        for contents in packs(messages):
            settled, now_sent = self._host.bundle_nowait(target, "", contents)
            sent += now_sent
            if settled < len(contents):
                sent += self._wait_and_send(target, "", contents[settled:])
        return sent

    def shout_many(self, group: str, messages: Iterable[Any], mode: str | None = None) -> int:
        """Send many messages to everybody in a group, in order; see whisper_many. Returns how many are on their way:
        each counts for each member."""
        check_group(group)
        if (chosen := self._mode(mode, group)) != "best_effort":
            each = chain.from_iterable(packs(messages))
            return sum(self._assured_to_all(self._host.post, group, content, chosen, None) for content in each)
        sent = 0
        for contents in packs(messages):
            now_sent, behind = self._host.shout_many_nowait(group, contents)
            sent += now_sent
            for peer, settled in behind:
                sent += self._wait_and_send(peer, group, contents[settled:])
        return sent

    def _wait_and_send(self, peer: PeerId, group: str, contents: list[Content]) -> int:
        attempt = _Attempt(self._host, peer, group, contents)
        while True:
            parker = self._host.new_parker()
            self._host.on_room(parker.wake)
            if attempt.done():
                return attempt.sent
            if (left := attempt.patience) > 0:
                parker.park(left)
            else:
                attempt.give_up()


class AsyncBulk(Sends, ABC):
    """The part of an AsyncNode that sends many messages."""

    @abstractmethod
    async def whisper(self, peer: object, *frames: Any, mode: str | None = None) -> Receipt:
        """Send one to a peer."""

    @abstractmethod
    async def shout(self, group: str, *frames: Any, mode: str | None = None) -> Receipts:
        """Send one to a group."""

    async def whisper_many(self, peer: object, messages: Iterable[Any], mode: str | None = None) -> int:
        """Send many messages to one peer; see Node.whisper_many. Waits without blocking the loop."""
        target = PeerId.parse(peer)
        if (chosen := self._mode(mode)) != "best_effort":
            each = chain.from_iterable(packs(messages))
            return sum([bool(await self.whisper(target, *content, mode=chosen)) for content in each])
        sent = 0
        for contents in packs(messages):
            await checkpoint()
            settled, now_sent = self._host.bundle_nowait(target, "", contents)
            sent += now_sent
            if settled < len(contents):
                sent += await self._wait_and_send(target, "", contents[settled:])
        return sent

    async def shout_many(self, group: str, messages: Iterable[Any], mode: str | None = None) -> int:
        """Send many messages to a group; see Node.shout_many. Waits without blocking the loop."""
        check_group(group)
        if (chosen := self._mode(mode, group)) != "best_effort":
            each = chain.from_iterable(packs(messages))
            return sum([await self.shout(group, *content, mode=chosen) for content in each])
        sent = 0
        for contents in packs(messages):
            await checkpoint()
            now_sent, behind = self._host.shout_many_nowait(group, contents)
            sent += now_sent
            for peer, settled in behind:
                sent += await self._wait_and_send(peer, group, contents[settled:])
        return sent

    async def _wait_and_send(self, peer: PeerId, group: str, contents: list[Content]) -> int:
        attempt = _Attempt(self._host, peer, group, contents)
        while True:
            parker = new_async_parker()
            self._host.on_room(parker.wake)
            if attempt.done():
                return attempt.sent
            if (left := attempt.patience) > 0:
                await parker.park(left)
            else:
                attempt.give_up()
