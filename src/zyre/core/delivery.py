"""Messages on their way to peers: numbering them, and what happens when a peer's queue is full.

A sequence number is only spent on a message that leaves: to libzyre a gap is a reason to drop the sender. So when the
transport refuses a message its number is taken back. Membership (JOIN, LEAVE, ...) is then kept in a backlog and sent
as soon as there is room; data is refused, and the face that called decides whether to wait. A peer that stays full
for longer than that patience is shed: its data is dropped at once, and counted, until it takes something again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from zyre.config import Limits
from zyre.core.counters import Counters
from zyre.core.effects import CloseLink, Effect, OpenLink, Send
from zyre.core.outcome import Outcome
from zyre.core.peer import PeerRecord
from zyre.fates import Fate
from zyre.identity import PeerId
from zyre.wire import bundle, chunk, durable, leases, news, reliable, tally, zre

__all__ = ["Delivery"]

_DATA: Final = (zre.WHISPER, zre.SHOUT, bundle.BUNDLE)
#: A question of liveness or of arrivals waits for nothing: if the queue is full the peer is not reading anyway.
#: Whether our news are known is asked again.
_PERISHABLE: Final = (
    *(zre.PING, zre.PING_OK, tally.TALLY, tally.TALLIED, news.CHECK, news.CONFIRM, news.ASK),
    *(reliable.OPEN, reliable.ACK, durable.OFFER, durable.HAVE, chunk.CHUNKED),
    *(leases.CLAIM, leases.VOTE, leases.HELD),
)
#: A peer that misses one of these has us in the wrong groups for good, and libzyre aborts at the status of the next.
#: How many there are is up to our own application, and the peer expires if its queue stays full.
_NEVER_DROPPED: Final = (zre.HELLO, zre.JOIN, zre.LEAVE)
_ONE_EMPTY_FRAME: Final = (b"",)
#: Makes a named tuple in half the time of its class, for every message.
_new: Final = tuple.__new__


class Delivery:
    """Numbers and queues messages as effects; owns the links' numbers."""

    __slots__ = (
        "_backlog_limit",
        "_counters",
        "_greeting",
        "_hello",
        "_hold_limit",
        "_links",
        "carry",
        "effects",
        "large",
        "not_data",
        "on_refused",
        "settled",
    )

    def __init__(self, limits: Limits, counters: Counters) -> None:
        self._backlog_limit = limits.backlog
        self.large = limits.chunk_window
        """A message of more octets goes in chunks, where that is understood."""
        self.carry: Callable[..., Outcome]
        """What sends it so; see Carrying."""
        self._hold_limit = limits.link_messages // 2
        self._counters = counters
        self._links = 0
        self.not_data = 0
        """How many of the messages that were sent carry nothing of the application's."""
        self.effects: list[Effect] = []
        """What is to be done; always the same list."""
        self._hello = b""
        self._greeting: tuple[bytes, ...] = ()
        """The frames of a HELLO with these fields."""
        self.on_refused: dict[int, Callable[[PeerRecord, Sequence[bytes]], None]] = {}
        """Who keeps messages of an id itself when a link does not take them."""
        self.settled: list[tuple[int, Fate | None]] = []
        """What became of messages, by ticket."""

    def new_link(self) -> int:
        """A number that no other link of this node has had."""
        self._links += 1
        return self._links

    def greet(self, record: PeerRecord, hello: bytes) -> None:
        """Open the record's link, and say HELLO with these fields as the first message on it."""
        endpoint = record.endpoint
        self.effects.append(_new(OpenLink, (record.link, endpoint.contact if endpoint.key else endpoint.text)))
        if hello is not self._hello:  # most are told the same
            self._hello, self._greeting = hello, (zre.pack_header(zre.HELLO, 1) + hello,)
        record.sent = 1
        self._counters.sent += 1
        self.not_data += 1
        self.effects.append(_new(Send, (record.link, self._greeting)))

    def close(self, record: PeerRecord, *, flush: bool = False) -> None:
        """Close the record's link; nobody will tell what became of what is on it."""
        self._counters.ledger.retire(record)
        if record.congested:
            self.tell_of_room()
        self.effects.append(CloseLink(record.link, flush))

    def offer(self, record: PeerRecord, message_id: int, fields: bytes, content: tuple[bytes, ...]) -> Outcome:
        """Send data. A message of no frames becomes one empty frame unless the peer is known to take it: a bare
        WHISPER or SHOUT makes libzyre mix up its application's events."""
        if record.blocked or record.congested:
            if record.held is not None and len(record.held) < self._hold_limit:
                record.held.append((message_id, fields, content))
                return Outcome.SENT
            return self._shed(record, 1) if record.shedding else Outcome.BLOCKED
        if content and (len(content[0]) > self.large or len(content) > 1) and self._goes_in_chunks(record, content):
            return self.carry(record, message_id, fields, content, kept=False)
        account = record.books or record.account
        if not account.offered and "tally" in record.extensions:
            self.send(record, tally.TALLY, tally.encode_tally(record.link, 0))
        account.offered += 1
        if not content and "empty" not in record.extensions:
            content = _ONE_EMPTY_FRAME
        self._counters.sent += 1
        header = zre.pack_header(message_id, record.next_sequence())
        self.effects.append(_new(Send, (record.link, (header + fields, *content))))
        return Outcome.SENT

    def offer_to_all(
        self, records: Iterable[PeerRecord], message_id: int, fields: bytes, content: tuple[bytes, ...]
    ) -> tuple[int, list[PeerId]]:
        """Send the same data to many: how many were sent to, and whose queues were full. For most of them the message
        needs nothing but its number."""
        beginning, pack_sequence, add = zre.pack_beginning(message_id), zre.pack_sequence, self.effects.append
        usual = len(content) == 1 and len(content[0]) <= self.large
        sent, numbered, blocked = 0, 0, []
        for record in records:
            account = record.books
            if usual and account is not None and account.offered and not record.blocked and not record.congested:
                account.offered += 1
                numbered += 1
                first = beginning + pack_sequence(record.next_sequence()) + fields
                add(_new(Send, (record.link, (first, *content))))
                continue
            outcome = self.offer(record, message_id, fields, content)
            sent += outcome is Outcome.SENT
            if outcome is Outcome.BLOCKED:
                blocked.append(record.peer)
        self._counters.sent += numbered
        return sent + numbered, blocked

    def offer_bundle(self, record: PeerRecord, messages: int, fields: bytes, body: bytes, window: int) -> Outcome:
        """Send so many data messages as one frame, unless more than ``window`` are on their way already: a queue of
        frames bounds no messages. The peer is asked four times in a window how many it has."""
        account = record.account
        if not record.blocked and not record.congested and account.unsettled >= window:
            record.congested = True
            self._question(record)
        if record.blocked or record.congested:
            return self._shed(record, messages) if record.shedding else Outcome.BLOCKED
        if not account.offered or account.offered >= account.questioned + window // 4:
            self._question(record)
        account.offered += messages
        self._counters.sent += 1
        header = zre.pack_header(bundle.BUNDLE, record.next_sequence())
        self.effects.append(Send(record.link, (header + fields, body)))
        return Outcome.SENT

    def _question(self, record: PeerRecord) -> None:
        record.account.questioned = record.account.offered
        self.send(record, tally.TALLY, tally.encode_tally(record.link, record.account.offered))

    def _shed(self, record: PeerRecord, messages: int) -> Outcome:
        self._counters.dropped["peer_slow"] += messages
        self._counters.ledger.refuse(messages)
        return Outcome.SHED

    def relieve(self, record: PeerRecord) -> None:
        """Fewer are on their way than there may be."""
        record.congested = False
        record.shedding = record.shedding and record.blocked
        self.tell_of_room()

    def tell_of_room(self) -> None:
        """Whoever waits for room must look again."""
        self.settled.append((0, Fate.UNKNOWN))

    def send(self, record: PeerRecord, message_id: int, fields: bytes = b"") -> None:
        """Send anything but data; it cannot be lost to a full queue."""
        if record.blocked:
            self._hold(record, message_id, fields)
            return
        self._counters.sent += 1
        self.not_data += 1
        header = zre.pack_header(message_id, record.next_sequence())
        self.effects.append(_new(Send, (record.link, (header + fields,))))

    def _goes_in_chunks(self, record: PeerRecord, contents: Sequence[bytes]) -> bool:
        return "chunk" in record.extensions and sum(map(len, contents)) > self.large

    def transmit(self, record: PeerRecord, message_id: int, fields: bytes, contents: Sequence[bytes]) -> None:
        """Send what is kept by whoever is named in ``on_refused``; the link must not be known to be full."""
        if self._goes_in_chunks(record, contents):
            self.carry(record, message_id, fields, contents, kept=True)
        else:
            self.transmit_whole(record, message_id, fields, contents)

    def transmit_whole(self, record: PeerRecord, message_id: int, fields: bytes, contents: Sequence[bytes]) -> None:
        """The same, in one piece."""
        self._counters.sent += 1
        self.not_data += 1
        header = zre.pack_header(message_id, record.next_sequence())
        self.effects.append(_new(Send, (record.link, (header + fields, *contents))))

    def hold(self, record: PeerRecord) -> None:
        """Send nothing on the record's link from now on, and keep what is to be sent."""
        record.held = record.held or []
        record.blocked = True

    def release(self, record: PeerRecord, backlog: Sequence[tuple[int, bytes]] = ()) -> None:
        """Send what was held; ``backlog`` is what was kept beside it, of which HELLO has said a part."""
        held, record.held = record.held or [], None
        record.blocked = False
        for message_id, fields in backlog:
            if message_id not in _NEVER_DROPPED:
                self.send(record, message_id, fields)
        for message_id, fields, content in held:
            self.offer(record, message_id, fields, content)

    def give_up_held(self, record: PeerRecord) -> None:
        """The peer is gone, and what was held for it is for nobody."""
        if record.held:
            self._counters.dropped["absent"] += len(record.held)
            self._counters.ledger.refuse(len(record.held))
        record.held = None

    def send_past(self, record: PeerRecord, message_id: int, fields: bytes) -> None:
        """Send something ahead of what is held."""
        record.blocked = record.blocked and record.held is None
        self.send(record, message_id, fields)
        record.blocked = record.blocked or record.held is not None

    def _hold(self, record: PeerRecord, message_id: int, fields: bytes) -> None:
        if message_id in _PERISHABLE:
            return
        if len(record.backlog) >= self._backlog_limit and message_id not in _NEVER_DROPPED:
            self._counters.dropped["peer_slow"] += 1
            return
        record.backlog.append((message_id, fields))

    def on_blocked(self, record: PeerRecord | None, frames: Sequence[bytes]) -> None:
        """The transport did not take ``frames``: take back their number, keep what is not data. They may have been
        our last words to somebody who is gone."""
        self._counters.sent -= 1
        message_id, _ = zre.unpack_header(frames[0])
        self.not_data -= message_id not in _DATA
        if record is None:
            return
        record.blocked = True
        record.uncount()
        if message_id in _DATA:
            record.account.offered -= bundle.size_of(frames[0]) if message_id == bundle.BUNDLE else 1
            record.account.questioned = record.account.tallied
        elif message_id in self.on_refused:
            self.on_refused[message_id](record, frames)
        else:
            self._hold(record, message_id, frames[0][zre.HEADER_SIZE :])

    def on_writable(self, record: PeerRecord) -> None:
        """There is room again: send what was kept, in order."""
        record.blocked = record.shedding = False
        backlog, record.backlog = record.backlog, []
        for message_id, fields in backlog:
            self.send(record, message_id, fields)
        record.blocked = record.held is not None  # what is held waits for another link
