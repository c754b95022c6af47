"""Messages on their way to peers: numbering them, and what happens when a peer's queue is full.

A sequence number is only spent on a message that leaves: to libzyre a gap is a reason to drop the sender. So when the
transport refuses a message its number is taken back. Membership (JOIN, LEAVE, ...) is then kept in a backlog, data in
the peer's OutQueue, and when there is room the backlog leaves first: membership waits for what libzmq has already, and
never for data that waits here. If the queue is full, too, data is refused, and the face that called decides whether to
wait. A peer that stays full for longer than that patience is shed: its data is dropped at once, and counted, until it
takes something again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from zyre.config import Limits
from zyre.core.counters import Counters
from zyre.core.effects import AskRoom, CloseLink, Effect, OpenLink, Send
from zyre.core.outcome import Outcome
from zyre.core.outqueue import (
    SMALL,
    OutQueue,
    Series,
    Waiting,
    burden_of,
    octet_window_of,
    series_of,
    share_of_link,
    weight_of,
    window_of,
)
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
#: So many messages of a queue are tried at a time, and no more than this part of the octets that a link takes at all;
#: what of them it does not take was tried in vain.
_HANDFUL: Final = 64
_HANDFUL_OCTETS: Final = 8
#: Makes a named tuple in half the time of its class, for every message.
_new: Final = tuple.__new__


class Delivery:
    """Numbers and queues messages as effects; owns the links' numbers."""

    __slots__ = (
        "_backlog_limit",
        "_counters",
        "_greeting",
        "_handful",
        "_hello",
        "_limits",
        "_links",
        "_octet_window",
        "_series",
        "_window",
        "carry",
        "effects",
        "large",
        "not_data",
        "on_refused",
        "settled",
    )

    def __init__(self, limits: Limits, counters: Counters) -> None:
        self._limits = limits
        self._backlog_limit = limits.backlog
        self._window = window_of(limits)
        self._octet_window = octet_window_of(limits)
        self._series = share_of_link(limits)[0]
        self._handful = max(1, share_of_link(limits)[1] // _HANDFUL_OCTETS)
        self.large = limits.chunk_window
        """A message of more octets goes in chunks, where that is understood."""
        self.carry: Callable[..., Outcome]
        """What sends it so; see Carrying."""
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
        """Open the record's link, and say HELLO with these fields as the first message on it, before what waits."""
        endpoint = record.endpoint
        self.effects.append(_new(OpenLink, (record.link, endpoint.contact if endpoint.key else endpoint.text)))
        if hello is not self._hello:  # most are told the same
            self._hello, self._greeting = hello, (zre.pack_header(zre.HELLO, 1) + hello,)
        record.sent = 1
        self._counters.sent += 1
        self.not_data += 1
        self.effects.append(_new(Send, (record.link, self._greeting)))
        if record.queue is not None:
            self.pour(record)

    def close(self, record: PeerRecord, *, flush: bool = False) -> None:
        """Close the record's link; nobody will tell what became of what is on it."""
        self._counters.ledger.retire(record)
        if record.congested:
            self.tell_of_room()
        self.effects.append(CloseLink(record.link, flush))

    def offer(self, record: PeerRecord, message_id: int, fields: bytes, content: tuple[bytes, ...]) -> Outcome:
        """Send data. A message of no frames becomes one empty frame unless the peer is known to take it: a bare
        WHISPER or SHOUT makes libzyre mix up its application's events."""
        if record.blocked or record.congested or record.queue:
            return self._offer_later(record, message_id, fields, content)
        if content and (len(content[0]) > SMALL or len(content) > 1):
            if self._goes_in_chunks(record, content):
                return self.carry(record, message_id, fields, content, kept=False)
            if self._fills_window(record):
                return self._offer_later(record, message_id, fields, content)
            self._weigh(record, burden_of(content))
        return self._put(record, message_id, fields, content)

    def _put(self, record: PeerRecord, message_id: int, fields: bytes, content: tuple[bytes, ...]) -> Outcome:
        account = record.books or record.account
        if not account.offered and not account.opened and "tally" in record.extensions:
            self._question(record)
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
        usual = len(content) == 1 and len(content[0]) <= SMALL
        sent, numbered, blocked = 0, 0, []
        for record in records:
            account = record.books
            full = record.blocked or record.congested or record.queue
            if usual and account is not None and account.offered and not full:
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

    def takes_series(self, record: PeerRecord, messages: int) -> bool:
        """Whether so many small messages of some frames can go to a peer with nothing but their numbers: the first of
        all has been sent."""
        if record.books is None or not record.books.offered or "chunk" in record.extensions:
            return False
        return messages <= self._series

    def offer_series(
        self, record: PeerRecord, message_id: int, fields: bytes, contents: Sequence[Sequence[bytes]]
    ) -> Outcome:
        """Send data messages, each by itself, to a peer that takes them so: all of them or none."""
        if not record.blocked and not record.congested and not record.queue:
            self._put_series(record, message_id, fields, contents)
            return Outcome.SENT
        handfuls = [contents[at : at + _HANDFUL] for at in range(0, len(contents), _HANDFUL)]
        return self._enqueue(record, *(series_of(message_id, fields, handful) for handful in handfuls))

    def _put_series(
        self, record: PeerRecord, message_id: int, fields: bytes, contents: Sequence[Sequence[bytes]]
    ) -> None:
        beginning, pack_sequence, add = zre.pack_beginning(message_id), zre.pack_sequence, self.effects.append
        link, next_sequence = record.link, record.next_sequence
        for content in contents:
            add(_new(Send, (link, (beginning + pack_sequence(next_sequence()) + fields, *content))))
        if "tally" in record.extensions:
            self._weigh(record, sum(map(burden_of, contents)))
        record.account.offered += len(contents)
        self._counters.sent += len(contents)

    def _offer_later(self, record: PeerRecord, message_id: int, fields: bytes, content: tuple[bytes, ...]) -> Outcome:
        if content and self._goes_in_chunks(record, content):
            return self.carry(record, message_id, fields, content, kept=False)
        return self._enqueue(record, Waiting(message_id, fields, content, 1, weight_of(fields, content)))

    def _enqueue(self, record: PeerRecord, *those: Waiting | Series) -> Outcome:
        """Let them wait in front of a link that is full, if there is room for all."""
        queue = record.queue = OutQueue() if record.queue is None else record.queue
        messages, octets = sum(each.messages for each in those), sum(each.octets for each in those)
        if not record.congested and queue.has_room(messages, octets, self._limits):
            for each in those:
                queue.add(each)
            return Outcome.SENT
        return self._turn_down(record, messages)

    def _turn_down(self, record: PeerRecord, messages: int) -> Outcome:
        """There is no room; who waits for some is told by whatever makes it, the link's room included."""
        record.queue = OutQueue() if record.queue is None else record.queue
        record.queue.is_waited_for = True
        return self._shed(record, messages) if record.shedding else Outcome.BLOCKED

    def pour(self, record: PeerRecord, most: int = _HANDFUL, octets: int = 0) -> None:
        """Send what waits in the queue, so much of it for now; without ``octets``, a handful of them."""
        if record.queue is None or record.on_hold or (record.queue and self._fills_window(record)):
            return
        for waiting in record.queue.take(most, octets or self._handful):
            message_id, fields = waiting.message_id, waiting.fields
            if isinstance(waiting, Series):
                self._put_series(record, message_id, fields, waiting.contents)
            elif message_id == bundle.BUNDLE:
                self._put_bundle(record, waiting.messages, fields, waiting.content[0])
            else:
                self._weigh(record, burden_of(waiting.content))
                self._put(record, message_id, fields, tuple(waiting.content))
        if record.queue.is_waited_for and record.queue.has_eased(self._limits):
            record.queue.is_waited_for = False
            self.tell_of_room()
        if record.queue:
            self.effects.append(AskRoom(record.link))

    def offer_bundle(self, record: PeerRecord, messages: int, fields: bytes, body: bytes) -> Outcome:
        """Send so many data messages as one frame, unless a window of them is on its way already: a queue of frames
        bounds no messages."""
        account = record.account
        on_their_way = account.unsettled + (record.queue.messages if record.queue else 0)
        if on_their_way >= self._window and not record.blocked and not record.congested:
            record.congested = True
            self._question(record)
        if record.congested or on_their_way >= self._window:
            return self._turn_down(record, messages)
        if record.blocked or record.queue or self._fills_window(record):
            return self._enqueue(record, Waiting(bundle.BUNDLE, fields, (body,), messages, weight_of(fields, (body,))))
        self._put_bundle(record, messages, fields, body)
        return Outcome.SENT

    def _put_bundle(self, record: PeerRecord, messages: int, fields: bytes, body: bytes) -> None:
        """The peer is asked four times in a window how many it has."""
        self._weigh(record, len(body))
        account = record.account
        if not (account.offered or account.opened) or account.offered >= account.questioned + self._window // 4:
            self._question(record)
        account.offered += messages
        self._counters.sent += 1
        header = zre.pack_header(bundle.BUNDLE, record.next_sequence())
        self.effects.append(Send(record.link, (header + fields, body)))

    def _fills_window(self, record: PeerRecord) -> bool:
        """Whether as many octets are on their way to a peer as may be; then it is asked how much it has."""
        account = record.books
        if account is None or account.unsettled_weight < self._octet_window:
            return False
        if account.unquestioned_weight:
            self._question(record)
        return True

    def _weigh(self, record: PeerRecord, octets: int) -> None:
        """So much goes to a peer, which is asked four times in a window how much it has."""
        if octets and "tally" in record.extensions:
            account = record.account
            if account.offered and account.unquestioned_weight >= self._octet_window // 4:
                self._question(record)
            account.weight += octets

    def _question(self, record: PeerRecord) -> None:
        self.send(record, tally.TALLY, tally.encode_tally(record.link, record.account.question()))

    def _shed(self, record: PeerRecord, messages: int) -> Outcome:
        self._counters.dropped["peer_slow"] += messages
        self._counters.ledger.refuse(messages)
        return Outcome.SHED

    def relieve(self, record: PeerRecord) -> None:
        """A peer has said how many have arrived: perhaps fewer are on their way than there may be."""
        account = record.account
        if record.congested and account.unsettled <= self._window // 2:
            record.congested = False
            record.shedding = record.shedding and record.blocked
            self.tell_of_room()
        if record.queue and not record.blocked and account.unsettled_weight <= self._octet_window // 2:
            record.shedding = False
            self.pour(record)

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
        record.on_hold = record.blocked = True

    def release(self, record: PeerRecord, backlog: Sequence[tuple[int, bytes]] = ()) -> None:
        """Send what was held; ``backlog`` is what was kept beside it, of which HELLO has said a part."""
        record.on_hold = record.blocked = False
        for message_id, fields in backlog:
            if message_id not in _NEVER_DROPPED:
                self.send(record, message_id, fields)
        if record.queue:
            self.pour(record, record.queue.messages, record.queue.octets)

    def part(self, record: PeerRecord, *, flush: bool) -> None:
        """One of us goes: close the link, and what waits in the queue is for nobody."""
        if record.queue:
            self._counters.dropped["absent"] += record.queue.messages
            self._counters.ledger.refuse(record.queue.messages)
        record.queue = None
        self.close(record, flush=flush)

    def send_past(self, record: PeerRecord, message_id: int, fields: bytes) -> None:
        """Send something ahead of what is held."""
        record.blocked = record.blocked and not record.on_hold
        self.send(record, message_id, fields)
        record.blocked = record.blocked or record.on_hold

    def _hold(self, record: PeerRecord, message_id: int, fields: bytes) -> None:
        if message_id in _PERISHABLE:
            return
        if len(record.backlog) >= self._backlog_limit and message_id not in _NEVER_DROPPED:
            self._counters.dropped["peer_slow"] += 1
            return
        record.backlog = (*record.backlog, (message_id, fields))

    def on_blocked(self, record: PeerRecord | None, frames: Sequence[bytes]) -> None:
        """The transport did not take ``frames``: take back their number, and keep them. They may have been our last
        words to somebody who is gone."""
        self._counters.sent -= 1
        message_id, _ = zre.unpack_header(frames[0])
        self.not_data -= message_id not in _DATA
        if record is None:
            return
        record.blocked = True
        record.uncount()
        if message_id in _DATA:
            self._take_back(record, message_id, frames)
        elif message_id == tally.TALLY:
            record.account.opened = tally.decode_tally(frames[0])[1] > 0
        elif message_id in self.on_refused:
            self.on_refused[message_id](record, frames)
        else:
            self._hold(record, message_id, frames[0][zre.HEADER_SIZE :])

    def _take_back(self, record: PeerRecord, message_id: int, frames: Sequence[bytes]) -> None:
        """Data that was taken from the application stays taken."""
        messages = bundle.size_of(frames[0]) if message_id == bundle.BUNDLE else 1
        fields, content = frames[0][zre.HEADER_SIZE :], frames[1:]
        burden = len(content[0]) if message_id == bundle.BUNDLE else burden_of(content)
        record.account.take_back(messages, burden if "tally" in record.extensions else 0)
        record.queue = OutQueue() if record.queue is None else record.queue
        record.queue.put_back(Waiting(message_id, fields, content, messages, weight_of(fields, content)))

    def on_writable(self, record: PeerRecord) -> None:
        """There is room again: send what was kept, in order, and then as much of the queue as is tried at a time."""
        record.blocked = record.shedding = False
        backlog, record.backlog = record.backlog, ()
        for message_id, fields in backlog:
            self.send(record, message_id, fields)
        account = record.books
        if record.congested or (account is not None and account.unsettled_weight >= self._octet_window):
            self._question(record)  # which the link may have refused
        self.pour(record)
        record.blocked = record.on_hold  # what is held waits for another link
