"""The two halves of a durable stream: what is kept for a peer until its program has taken it, and what came from one.

    taken ........ sent ........ saved ........ next       numbers of the sender
      |  on its way  |   waits     |  not on disk yet

    taken ........ arrived                                 numbers of the receiver
      |  in its mailbox, or just read by its program

What is between ``taken`` and ``sent`` is bounded by what the receiver lets: its program has not read it yet, so this
is all the memory that a peer can take here. Numbers of messages whose time is over, or that the disk did not take, are
left out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Final, NamedTuple

from zyre.fates import Fates
from zyre.identity import PeerId
from zyre.wire.batch import Parcel

__all__ = ["Intake", "Letter", "Outbox", "Run"]

#: One frame holds at most so many messages, and no more are begun when it has so many octets.
_RUN_MESSAGES: Final = 256
_RUN_OCTETS: Final = 65536


class Letter(NamedTuple):
    """One message that is kept."""

    group: str
    content: tuple[bytes, ...]
    octets: int
    until: float
    """When its time is over."""
    ticket: int
    """By which the host knows it; 0 if nobody waits to hear of it."""


class Run(NamedTuple):
    """Messages whose numbers follow each other, from ``first`` on. Nothing is left between ``after`` and that."""

    after: int
    first: int
    parcels: list[Parcel]


class Outbox:
    """What is kept for one peer, in the order of its numbers."""

    __slots__ = (
        "delivered",
        "expired",
        "letters",
        "next",
        "offered",
        "open",
        "peer",
        "probe_at",
        "probe_wait",
        "probed",
        "refused",
        "saved",
        "sent",
        "stream",
        "way",
        "way_octets",
        "window",
        "window_octets",
    )

    def __init__(self, peer: PeerId, stream: int, number: int = 1) -> None:
        self.peer = peer
        self.stream = stream
        self.next = number
        self.saved = number - 1
        """Everything up to this number is on disk, or left out."""
        self.letters: dict[int, Letter] = {}
        self.sent = 0
        self.way = self.way_octets = 0
        """How much of what is kept has been sent."""
        self.window = self.window_octets = 0
        self.open = False
        """Whether the peer has said, since it entered, what it has."""
        self.probe_at = 0.0
        self.probe_wait = 0.0
        self.probed: int | None = None
        """How far we had sent when we last asked; None if the peer has answered."""
        self.offered = self.delivered = self.expired = self.refused = 0

    def accept(self, letter: Letter) -> int:
        """Keep one message; its number."""
        number = self.next
        self.letters[number] = letter
        self.next += 1
        self.offered += 1
        return number

    def restore(self, number: int, letter: Letter) -> None:
        """That one is on disk from an earlier life, behind those restored before it."""
        self.letters[number] = letter
        self.offered += 1

    def take_run(self) -> Run | None:
        """The next messages that may be sent together, from the disk's point of view and the receiver's."""
        if not self.open or not self.letters:
            return None
        number = max(self.sent + 1, next(iter(self.letters)))
        while number <= self.saved and number not in self.letters:
            number += 1
        after, first, octets = self.sent, number, 0
        parcels: list[Parcel] = []
        while number <= self.saved and number in self.letters and self._has_room(len(parcels), octets):
            letter = self.letters[number]
            parcels.append((letter.group, letter.content))
            octets += letter.octets
            number += 1
        if not parcels:
            return None
        self.sent = number - 1
        self.way += len(parcels)
        self.way_octets += octets
        return Run(after, first, parcels)

    def _has_room(self, messages: int, octets: int) -> bool:
        if messages >= _RUN_MESSAGES or octets >= _RUN_OCTETS:
            return False
        return self.way + messages < self.window and self.way_octets + octets < self.window_octets

    def place(self, arrived: int) -> None:
        """Go on behind that number."""
        self.sent = arrived
        self.way = self.way_octets = 0
        for number, letter in self.letters.items():
            if number > arrived:
                break
            self.way += 1
            self.way_octets += letter.octets

    def acknowledge(self, taken: int) -> list[Letter]:
        """The peer's program has taken everything up to that number: what is not kept any more."""
        freed = []
        while self.letters and (number := next(iter(self.letters))) <= taken:
            freed.append(self._pop(number))
        self.sent = max(self.sent, taken)
        self.delivered += len(freed)
        return freed

    def expire(self, now: float) -> dict[int, Letter]:
        """Give up those whose time is over."""
        late = [number for number, letter in self.letters.items() if not now < letter.until]
        self.expired += len(late)
        return {number: self._pop(number) for number in late}

    def refuse(self, number: int) -> Letter | None:
        """The disk did not take that one."""
        self.saved = max(self.saved, number)
        if number not in self.letters:
            return None
        self.refused += 1
        return self._pop(number)

    def _pop(self, number: int) -> Letter:
        letter = self.letters.pop(number)
        if number <= self.sent:
            self.way -= 1
            self.way_octets -= letter.octets
        return letter

    def deadlines(self) -> Iterator[float]:
        """When the time of each is over."""
        return (letter.until for letter in self.letters.values())

    def fates(self) -> Fates:
        """What became of what was kept in this life of our node."""
        return Fates(
            offered=self.offered,
            delivered=self.delivered,
            expired=self.expired,
            refused=self.refused,
            in_flight=len(self.letters),
        )


class Intake:
    """What came of one stream of one peer."""

    __slots__ = ("arrived", "gap_told", "octets", "saved", "stream", "taken", "waiting")

    def __init__(self, stream: int, taken: int = 0) -> None:
        self.stream = stream
        self.arrived = self.taken = self.saved = taken
        """Handed to the mailbox; taken from it by the program; known to the disk as taken."""
        self.waiting: deque[tuple[int, int]] = deque()
        """Numbers and octets of what has arrived and is not taken."""
        self.octets = 0
        self.gap_told = -1

    def put(self, octets: int) -> int:
        """The next message has arrived; its number."""
        self.arrived += 1
        self.waiting.append((self.arrived, octets))
        self.octets += octets
        return self.arrived

    def take(self, number: int) -> bool:
        """The program has taken everything up to that number; False if that was known."""
        if not self.taken < number <= self.arrived:
            return False
        self.taken = number
        while self.waiting and self.waiting[0][0] <= number:
            self.octets -= self.waiting.popleft()[1]
        return True
