"""What became of the messages on one link: the account of one peer, as long as that link lives.

The receiver counts what it gets; when asked it answers from a ``base``: the number of the last message before it began
to count. A link keeps order, so all that was sent before the question and was not counted is lost.
"""

from __future__ import annotations

from collections import deque

from zyre.wire.tally import FINAL, Tallied

__all__ = ["Account"]


class Account:
    """Both directions of one peer: what we offered and its answers, and what we heard and told it."""

    __slots__ = (
        "_marks",
        "_settled_weight",
        "base",
        "delivered",
        "got",
        "heard",
        "heard_base",
        "heard_link",
        "lost",
        "offered",
        "opened",
        "questioned",
        "tallied",
        "unknown",
        "weight",
    )

    def __init__(self) -> None:
        self.heard = 0
        """Messages of the peer that arrived."""
        self.heard_link = -1
        """The peer's number of its link to us, as it last said."""
        self.heard_base = (0, 0)
        """How many it had sent when it first said so, and how many of all had arrived here by then."""
        self.clear()

    def clear(self) -> None:
        """Begin anew with what we offer."""
        self.offered = self.delivered = self.lost = self.unknown = 0
        self.opened = False
        """Whether the peer was asked to count from the first one on."""
        self.tallied = 0
        """So many of the offered ones are settled."""
        self.base = self.got = 0
        self.questioned = 0
        """So many had been offered when we last asked, because of bundles, how many arrived."""
        self.weight = self._settled_weight = 0
        """Octets of the offered ones that are not small."""
        self._marks: deque[tuple[int, int]] = deque()
        """How many had been offered, and how much that was, at each question that no answer was heard of."""

    @property
    def unsettled(self) -> int:
        """So many of the offered ones nobody has told us anything of yet."""
        return self.offered - self.tallied

    @property
    def unsettled_weight(self) -> int:
        """So much of what was offered nobody has told us anything of yet."""
        return self.weight - self._settled_weight

    @property
    def unquestioned_weight(self) -> int:
        """So much was offered since the last question."""
        return self.weight - (self._marks[-1][1] if self._marks else self._settled_weight)

    def question(self) -> int:
        """The peer is asked how many arrived: of so many."""
        self.opened = True
        self.questioned = self.offered
        self._marks.append((self.offered, self.weight))
        return self.offered

    def take_back(self, messages: int, weight: int) -> None:
        """So many of the last ones did not go on the link, and no question behind them."""
        self.offered -= messages
        self.weight -= weight
        self.questioned = self.tallied
        while self._marks and self._marks[-1][0] > self.offered:
            self._marks.pop()

    # -- the sender's side ---------------------------------------------------------------------------------------

    def settle(self, answer: Tallied) -> bool:
        """Take over an answer; False if it cannot be true."""
        sent = self.offered if answer.sent == FINAL else answer.sent
        same = answer.base == self.base
        begin = self.tallied if same else answer.base
        got = answer.got - self.got if same else answer.got
        if not self.tallied <= begin <= sent <= self.offered or not 0 <= got <= sent - begin:
            return False
        self.unknown += begin - self.tallied
        self.delivered += got
        self.lost += sent - begin - got
        self.tallied, self.base, self.got = sent, answer.base, answer.got
        while self._marks and self._marks[0][0] <= sent:
            self._settled_weight = self._marks.popleft()[1]
        if sent == self.offered:
            self._settled_weight = self.weight
        return True

    # -- the receiver's side -------------------------------------------------------------------------------------

    def asked(self, link: int, sent: int) -> None:
        """The peer says what it has sent. A link that it speaks of for the first time is counted from there on."""
        if link != self.heard_link:
            self.heard_link = link
            self.heard_base = (sent, self.heard)

    def answer(self, sent: int) -> Tallied:
        """What arrived of what the peer has sent on the link that it last spoke of."""
        base, heard = self.heard_base
        return Tallied(self.heard_link, sent, base, self.heard - heard)
