"""The ledger: what became of every message that the application gave, per peer, and that the books balance.

Every whisper, and every shout once for each member of the group, is *offered*. It ends in one outcome:

    delivered   the peer's node has said that it has it
    refused     it never left: the peer is not here, or its queue was full for longer than our patience
    expired     its time was over before the peer had it
    lost        the peer's node has said that it never got it
    unknown     it left, and nobody can say: a plain 36/ZRE peer confirms nothing, and one that vanished cannot any more

and is *in flight* until then. ``offered`` is the sum of the outcomes and of what is in flight, at any time: each
account keeps what was offered apart from what was settled, and nothing is settled twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from zyre.core.peer import PeerRecord
from zyre.fates import Fate, Fates

__all__ = ["Ledger"]


class Ledger:
    """The books of one node: the accounts of peers that are gone, added up. Those of peers that are here stand in
    their records (see Account)."""

    __slots__ = ("delivered", "ends", "kept", "lost", "offered", "posted", "refused", "unknown")

    def __init__(self) -> None:
        self.offered = 0
        self.delivered = 0
        self.refused = 0
        self.lost = 0
        self.unknown = 0
        self.posted = 0
        """Of the offered ones, those that were to be kept until they are confirmed."""
        self.kept = 0
        """Those of them that still are."""
        self.ends: Counter[Fate] = Counter()
        """What became of the others."""

    def keep(self) -> None:
        """One message is kept until its fate is known."""
        self.offered += 1
        self.posted += 1
        self.kept += 1

    def settle(self, messages: int, fate: Fate) -> None:
        """The fate of so many kept ones is known."""
        self.kept -= messages
        if fate is Fate.REFUSED:  # they were never sent after all
            self.posted -= messages
            self.refused += messages
        else:
            self.ends[fate] += messages

    def refuse(self, messages: int = 1) -> None:
        """So many messages for somebody who is not here, or who was waited for too long."""
        self.offered += messages
        self.refused += messages

    def retire(self, record: PeerRecord) -> None:
        """The link to a peer is closed: what is in flight on it, nobody will ever tell."""
        account = record.books
        if account is None:
            return
        self.offered += account.offered
        self.delivered += account.delivered
        self.lost += account.lost
        self.unknown += account.offered - account.delivered - account.lost
        account.clear()

    def fates(self, records: Iterable[PeerRecord]) -> Fates:
        """The books as they are now, the accounts of ``records`` included."""
        offered, delivered, lost, unknown, in_flight = self.offered, self.delivered, self.lost, self.unknown, self.kept
        for record in records:
            if record.queue:
                offered += record.queue.messages
                in_flight += record.queue.messages
            account = record.books
            if account is not None and account.offered:
                offered += account.offered
                delivered += account.delivered
                lost += account.lost
                unknown += account.unknown
                still = account.offered - account.delivered - account.lost - account.unknown
                if "tally" in record.extensions:
                    in_flight += still
                else:
                    unknown += still
        ends = self.ends
        return Fates(
            offered,
            delivered + ends[Fate.DELIVERED],
            ends[Fate.EXPIRED],
            self.refused,
            lost + ends[Fate.LOST],
            unknown + ends[Fate.UNKNOWN],
            in_flight,
        )
