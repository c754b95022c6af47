"""What services of this package say to each other: changes, signs of life, and comparisons of whole tables."""

from __future__ import annotations

from zyre.config import GossipConfig
from zyre.core.gossip import resync
from zyre.core.gossip.adoption import Adoption
from zyre.core.gossip.intents import Intents
from zyre.core.gossip.neighbours import Neighbour
from zyre.core.gossip.outbox import Outbox
from zyre.core.gossip.rules import Phase
from zyre.core.gossip.table import Record, TupleTable
from zyre.core.timers import NEVER
from zyre.errors import DecodeError
from zyre.wire import gossip
from zyre.wire.gossip import Beat

__all__ = ["Kin"]

#: Beats of many publishers are passed on together, after so many seconds.
_TOGETHER = 0.2


class Kin:
    """The part of a gossip machine that deals with its own kind."""

    def __init__(
        self, node: bytes, table: TupleTable, config: GossipConfig, adoption: Adoption, intents: Intents, outbox: Outbox
    ) -> None:
        self.resyncs = 0
        self.next_at = NEVER
        self._node = node
        self._table = table
        self._config = config
        self._adoption = adoption
        self._intents = intents
        self._outbox = outbox
        self._beat_number = 0
        self._fresh: dict[bytes, Neighbour] = {}
        """Owners of whom there is a new beat, and who told."""

    # -- comparing tables --------------------------------------------------------------------------------------------

    def welcome(self, neighbour: Neighbour, root: int, now: float) -> None:
        """The client: a hub of our kind has answered."""
        neighbour.is_ours, neighbour.phase = True, Phase.CONNECTED
        self.tell_who_lives(neighbour, now)
        if root != self._table.root:
            neighbour.phase = Phase.COMPARING
            self._compare(neighbour, root)

    def echo(self, neighbour: Neighbour, root: int) -> None:
        """The client: compare the tables if they differ, and did so the last time: a change may just be on its way."""
        roots = (self._table.root, root)
        if roots[0] == roots[1] or roots == neighbour.settled_on:
            return
        if roots == neighbour.suspected:
            self._compare(neighbour, root)
        neighbour.suspected = roots

    def _compare(self, neighbour: Neighbour, root: int) -> None:
        neighbour.settled_on = (self._table.root, root)
        self.resyncs += 1
        self._outbox.send(neighbour, gossip.encode_summary(self._table.sums))

    def list_differences(self, neighbour: Neighbour, frame: bytes) -> None:
        """The hub: a client sent the sums of its table."""
        self.resyncs += 1
        for listing in resync.listings(self._table, gossip.decode_summary(frame)):
            self._outbox.send(neighbour, gossip.encode_listing(listing))

    def level(self, neighbour: Neighbour, frame: bytes, now: float) -> None:
        """The client: the hub listed where the tables differ."""
        listing = gossip.decode_listing(frame)
        difference = resync.compare(self._table, listing)
        neighbour.backlog.update(difference.lacks)
        if difference.wanted:
            self._outbox.send(neighbour, gossip.encode_want(difference.wanted))
        if not listing.more:
            keys, neighbour.backlog = neighbour.backlog, set()
            self._outbox.send_tuples(neighbour, keys, now)
            neighbour.phase = Phase.CONNECTED

    # -- both sides --------------------------------------------------------------------------------------------------

    def receive(self, neighbour: Neighbour, message: int, frame: bytes, now: float) -> None:
        """A message that either side may send. Raises DecodeError."""
        if message == gossip.TUPLES:
            self._on_tuples(neighbour, frame, now)
        elif message == gossip.BEATS:
            self._on_beats(neighbour, frame, now)
        elif message == gossip.WANT:
            self._outbox.send_tuples(neighbour, gossip.decode_want(frame), now)
        else:
            raise DecodeError("message is not for this side")

    def _on_tuples(self, neighbour: Neighbour, frame: bytes, now: float) -> None:
        news = [record for item in gossip.decode_tuples(frame) if (record := self._table.take(item, now)) is not None]
        self._outbox.spread(news, now, neighbour)
        again = [record for item in news if (record := self._insist(item, now)) is not None]
        self._outbox.spread(again, now)

    def _insist(self, record: Record, now: float) -> Record | None:
        """What we publish, or a CZMQ neighbour of ours, was withdrawn by somebody else: it is there nevertheless."""
        if record.key in self._intents:
            return self._intents.defend(record, now)
        if record.adopted and not record.is_live:
            return self._adoption.reconsider(record.key, record.value, now)
        return None

    # -- signs of life -----------------------------------------------------------------------------------------------

    def _on_beats(self, neighbour: Neighbour, frame: bytes, now: float) -> None:
        for beat in gossip.decode_beats(frame):
            if self._table.hear(beat, now):
                self._fresh[beat.owner] = neighbour
                self.next_at = min(self.next_at, now + _TOGETHER)

    def beat(self) -> None:
        """Give a sign of life, if anything lives on it."""
        if self._table.has_leases_of(self._node):
            self._beat_number += 1
            frame = gossip.encode_beats([Beat(self._node, self._beat_number, 0.0)])
            for neighbour in self._outbox.kin():
                self._outbox.send(neighbour, frame)

    def pass_beats_on(self, now: float) -> None:
        """Tell everybody of the new beats, except who told us."""
        if now < self.next_at:
            return
        self.next_at = NEVER
        fresh, self._fresh = self._fresh, {}
        beats = [(beat, by) for owner, by in fresh.items() if (beat := self._table.leases.beat_of(owner, now))]
        for neighbour in self._outbox.kin():
            others = [beat for beat, by in beats if by is not neighbour]
            if others:
                self._outbox.send(neighbour, gossip.encode_beats(others))

    def tell_who_lives(self, neighbour: Neighbour, now: float) -> None:
        """To a neighbour that has just come, or come back."""
        beats = list(self._table.leases.recent(now, self._config.lease))
        if self._beat_number:
            beats.append(Beat(self._node, self._beat_number, 0.0))
        if beats:
            self._outbox.send(neighbour, gossip.encode_beats(beats))
