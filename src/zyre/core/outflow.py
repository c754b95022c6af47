"""The sender's half of a reliable stream: what is kept until it is acknowledged, and how far the receiver lets us go.

    base ........... sent ........... next          numbers of messages
     |  on its way    |  waits for credit |

It outlives links: after a reset or an absence it goes on where the receiver says that it is. What has been sent may be
sent again any number of times; the receiver takes each number once.
"""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

from zyre.identity import PeerId
from zyre.wire.batch import Parcel
from zyre.wire.reliable import FIRST_MESSAGES, FIRST_OCTETS, Ack

__all__ = ["Kept", "Outflow", "longer_wait"]

#: One batch holds at most so many messages, and no more are begun when it has so many octets.
_BATCH_MESSAGES: Final = 512
_BATCH_OCTETS: Final = 65536
#: A silent receiver is asked after Timing.resend, then after twice as long each time, up to so many times that.
_PATIENCE: Final = 8


def longer_wait(wait: float, resend: float) -> float:
    """How long to wait before a receiver that has said nothing for ``wait`` is asked again; ``resend`` at first."""
    return min(max(2 * wait, resend), _PATIENCE * resend)


class Kept(NamedTuple):
    """One message that is kept."""

    group: str
    content: tuple[bytes, ...]
    end: int
    """Octets of all contents of the stream up to and with this one."""
    ticket: int
    """By which the host knows it; 0 if nobody waits to hear of it."""


class Outflow:
    """One stream to one peer. ``life`` is the receiver's, once it has answered."""

    __slots__ = (
        "absent_since",
        "allowed",
        "base",
        "base_end",
        "credit",
        "followers",
        "high",
        "kept",
        "life",
        "next",
        "open",
        "packing",
        "peer",
        "posted_at",
        "probe_at",
        "probe_wait",
        "probed",
        "sent",
        "stream",
    )

    def __init__(self, peer: PeerId, stream: int) -> None:
        self.peer = peer
        self.stream = stream
        self.life: int | None = None
        self.kept: deque[Kept] = deque()
        self.base = 0
        self.base_end = 0
        self.sent = 0
        self.high = 0
        """How far it has ever been sent."""
        self.next = 0
        self.allowed = FIRST_MESSAGES
        self.credit = FIRST_OCTETS
        self.open = True
        """False from when the peer enters again until it has said where it is."""
        self.absent_since: float | None = None
        self.posted_at = 0.0
        self.followers = 0
        """How many messages in a row have come closely after the one before."""
        self.packing = False
        """Whether what is not sent yet will be in a moment."""
        self.probe_at = 0.0
        self.probe_wait = 0.0
        self.probed: int | None = None
        """How far we had sent when we last asked where the receiver is; None if it has answered."""

    @property
    def octets(self) -> int:
        """Octets of contents that are kept."""
        return self.kept[-1].end - self.base_end if self.kept else 0

    def accept(self, parcel: Parcel, ticket: int) -> None:
        """Take one message."""
        group, content = parcel
        end = self.kept[-1].end if self.kept else self.base_end
        self.kept.append(Kept(group, content, end + sum(map(len, content)), ticket))
        self.next += 1

    def follows(self, now: float, closely: float, often: int) -> bool:
        """Whether the message just taken has followed the one before that closely, in seconds, and so have so many
        before it."""
        self.followers = self.followers + 1 if now - self.posted_at <= closely else 0
        self.posted_at = now
        return self.followers > often

    def _end_of(self, number: int) -> int:
        """Octets before that message."""
        return self.base_end if number == self.base else self.kept[number - self.base - 1].end

    def take_run(self) -> tuple[int, list[Parcel]] | None:
        """The next messages that may be sent together, and the number of the first; None if none may be."""
        first = number = self.sent
        if not self.open or number >= self.next or number >= self.allowed:
            return None
        begin = end = self._end_of(number)
        last = min(self.next, self.allowed, first + _BATCH_MESSAGES)
        parcels: list[Parcel] = []
        while number < last and end < self.credit and end - begin < _BATCH_OCTETS:
            kept = self.kept[number - self.base]
            parcels.append((kept.group, kept.content))
            end = kept.end
            number += 1
        if not parcels:
            return None
        self.sent = number
        self.high = max(self.high, number)
        return first, parcels

    def rewind(self, number: int) -> None:
        """Send again from that message on."""
        if self.base <= number < self.sent:
            self.sent = number

    def acknowledge(self, ack: Ack) -> list[Kept] | None:
        """Take over what the receiver says; the messages that it has now, or None if it cannot be true."""
        if not self.base <= ack.expected <= self.next:
            return None if ack.expected > self.next else []
        self.allowed = max(self.allowed, ack.allowed)
        self.credit = max(self.credit, ack.octets)
        freed = []
        while self.base < ack.expected:
            kept = self.kept.popleft()
            self.base_end = kept.end
            self.base += 1
            freed.append(kept)
        self.sent = max(self.sent, self.base)
        return freed

    def drain(self) -> list[Kept]:
        """Give up: all that is kept."""
        given_up = list(self.kept)
        self.kept.clear()
        self.base = self.sent = self.next
        return given_up
