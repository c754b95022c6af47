"""What waits in front of the link to one peer: messages of the application, in order, in a queue of ours.

    whisper, shout ---> OutQueue ---+
                                    +---> link: a few messages in libzmq's hands ---> peer
    membership, votes, questions ---+

A link takes only a small part of what may wait for a peer (``share_of_link``), because nothing overtakes what is there.
The rest waits here, unnumbered, so membership goes before it, and its octets are ours to count. While a link takes what
it is given there is no such queue.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from math import inf
from typing import Final, NamedTuple

from zyre.config import Limits

__all__ = [
    "SMALL",
    "OutQueue",
    "Series",
    "Waiting",
    "burden_of",
    "octet_window_of",
    "series_of",
    "share_of_link",
    "weight_of",
    "window_of",
]

#: The part of a peer's messages, and of their octets, that is in the link's hands.
_SHARE: Final = 10
_SHARE_OCTETS: Final = 4
#: The part of a peer's octets that may be on their way to it, what is in libzmq's hands on both sides included.
_SHARE_ON_THEIR_WAY: Final = 4
#: What is not larger, in octets, is counted by messages alone: a thousand of those are not much.
SMALL: Final = 4096
#: What a message and a frame take in memory besides the contents, in octets.
_MESSAGE: Final = 200
_FRAME: Final = 48


def share_of_link(limits: Limits) -> tuple[int, int]:
    """How many messages a link takes before it is full, and how many octets of large ones."""
    return max(1, limits.link_messages // _SHARE), max(1, limits.link_bytes // _SHARE_OCTETS)


def window_of(limits: Limits) -> int:
    """How many bundled messages may be on their way to one peer: as many as there could be of others."""
    return limits.link_messages + limits.inbox_messages


def octet_window_of(limits: Limits) -> int:
    """How many octets of messages that are not small may be on their way to one peer, between us and its node: libzmq
    over there counts messages, so it would hold any number of octets while that node does not read."""
    return max(1, limits.link_bytes // _SHARE_ON_THEIR_WAY)


def burden_of(content: Sequence[bytes]) -> int:
    """What a message takes of that window."""
    octets = sum(map(len, content))
    return octets if octets > SMALL else 0


def weight_of(fields: bytes, content: Sequence[bytes]) -> int:
    """How much memory a message takes while it waits, in octets."""
    return _MESSAGE + len(fields) + sum(map(len, content)) + _FRAME * len(content)


def series_of(message_id: int, fields: bytes, contents: Sequence[Sequence[bytes]]) -> Series:
    """Such messages, with what they take."""
    octets = sum(weight_of(fields, content) for content in contents)
    return Series(message_id, fields, contents, len(contents), octets)


class Waiting(NamedTuple):
    """A message that waits, or a bundle of so many ``messages``."""

    message_id: int
    fields: bytes
    content: Sequence[bytes]
    messages: int
    octets: int


class Series(NamedTuple):
    """Messages that wait and differ in nothing but their contents."""

    message_id: int
    fields: bytes
    contents: Sequence[Sequence[bytes]]
    messages: int
    octets: int


class OutQueue:
    """The queue of one peer."""

    __slots__ = ("_returned", "_waiting", "is_waited_for", "messages", "octets")

    def __init__(self) -> None:
        self.messages = 0
        self.octets = 0
        self.is_waited_for = False
        """Whether somebody was told that there is no room."""
        self._waiting: deque[Waiting | Series] = deque()
        self._returned: list[Waiting] = []
        """What was taken out last, and did not go on the link after all: it goes before the others."""

    def __bool__(self) -> bool:
        return bool(self._waiting or self._returned)

    def has_room(self, messages: int, octets: int, limits: Limits) -> bool:
        """Whether so much more may wait; one message of any size always may."""
        share, share_octets = share_of_link(limits)
        if self.messages + messages > limits.link_messages - share:
            return False
        return not self.messages or self.octets + octets <= limits.link_bytes - share_octets

    def has_eased(self, limits: Limits) -> bool:
        """Whether half of it is free: who waits is not to be woken for each message that leaves."""
        share, share_octets = share_of_link(limits)
        most, most_octets = limits.link_messages - share, limits.link_bytes - share_octets
        return self.messages <= most // 2 and self.octets <= most_octets // 2

    def add(self, waiting: Waiting | Series) -> None:
        """Let it wait behind the others."""
        self._waiting.append(waiting)
        self._count(waiting)

    def put_back(self, waiting: Waiting) -> None:
        """The link did not take it: it waits before all that has not been taken out of here yet."""
        self._returned.append(waiting)
        self._count(waiting)

    def _count(self, waiting: Waiting | Series) -> None:
        self.messages += waiting.messages
        self.octets += waiting.octets

    def take(self, most: int, octets: float = inf) -> list[Waiting | Series]:
        """Take out the first ones: no more once they are so many messages and bundles, or so many octets."""
        if self._returned:
            self._waiting.extendleft(reversed(self._returned))
            self._returned.clear()
        taken: list[Waiting | Series] = []
        while self._waiting and most > 0 and octets > 0:
            waiting = self._waiting.popleft()
            most -= waiting.messages if type(waiting) is Series else 1
            octets -= waiting.octets
            self.messages -= waiting.messages
            self.octets -= waiting.octets
            taken.append(waiting)
        return taken
