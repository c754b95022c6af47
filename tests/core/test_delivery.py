"""Full queues: order is kept, numbers are taken back, membership is kept, data is refused or shed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.rig import peer_id, read
from zyre.config import Limits
from zyre.core.counters import Counters
from zyre.core.delivery import Delivery
from zyre.core.effects import AskRoom, CloseLink, OpenLink, Send
from zyre.core.outcome import Outcome
from zyre.core.peer import PeerRecord
from zyre.endpoint import Endpoint
from zyre.wire import zre
from zyre.wire.bundle import Content

JOIN = zre.encode_group_change("G", 1)


class Desk:
    """A Delivery, one peer, and a queue of limited room behind its link."""

    def __init__(self, room: int = 1000, backlog: int = 8, **limits: int) -> None:
        self.counters = Counters()
        self.delivery = Delivery(Limits(backlog=backlog, **limits), self.counters)
        self.record = PeerRecord(peer_id(1), Endpoint("tcp", "10.0.0.2", 1), self.delivery.new_link(), "beacon")
        self.room = room
        self.queue: list[tuple[str, int]] = []

    def settle(self) -> None:
        """What the driver does: once something is refused, so is all that follows in the same round."""
        effects, self.delivery.effects = self.delivery.effects, []
        refused = False
        for effect in effects:
            if isinstance(effect, AskRoom):
                if not refused:
                    self.delivery.on_writable(self.record)
                    self.settle()
                continue
            assert isinstance(effect, Send)
            refused = refused or self.room == 0
            if refused:
                self.delivery.on_blocked(self.record, effect.frames)
            else:
                self.room -= 1
                message = read(effect)
                self.queue.append((message.command, message.sequence))

    def whisper(self, *content: bytes) -> Outcome:
        outcome = self.delivery.offer(self.record, zre.WHISPER, b"", content or (b"x",))
        self.settle()
        return outcome

    def series(self, messages: int) -> Outcome:
        outcome = self.delivery.offer_series(self.record, zre.WHISPER, b"", [(b"x",)] * messages)
        self.settle()
        return outcome

    def send(self, message_id: int, fields: bytes = b"") -> None:
        self.delivery.send(self.record, message_id, fields)
        self.settle()

    def make_room(self, room: int) -> None:
        self.room = room
        self.delivery.on_writable(self.record)
        self.settle()


def test_links_are_numbered_once() -> None:
    delivery = Delivery(Limits(), Counters())
    assert len({delivery.new_link() for _ in range(100)}) == 100


def test_a_link_is_opened_with_a_greeting_and_closed_as_effects() -> None:
    desk = Desk()
    for hello in (b"one", b"one", b"two"):
        desk.delivery.greet(desk.record, hello)
    assert desk.delivery.effects[::2] == [OpenLink(1, "tcp://10.0.0.2:1")] * 3
    greetings = [effect.frames for effect in desk.delivery.effects[1::2] if isinstance(effect, Send)]
    assert greetings == [(zre.pack_header(zre.HELLO, 1) + hello,) for hello in (b"one", b"one", b"two")]
    desk.delivery.effects.clear()
    desk.delivery.close(desk.record)
    desk.delivery.close(desk.record, flush=True)
    assert desk.delivery.effects == [CloseLink(1, False), CloseLink(1, True)]


@pytest.mark.parametrize(
    ("extensions", "content", "sent"),
    [
        (frozenset(), (), (b"",)),
        (frozenset({"empty"}), (), ()),
        (frozenset(), (b"",), (b"",)),
        (frozenset(), (b"a", b""), (b"a", b"")),
    ],
)
def test_no_frames_become_one_empty_frame_for_plain_peers(
    extensions: frozenset[str], content: tuple[bytes, ...], sent: tuple[bytes, ...]
) -> None:
    desk = Desk()
    desk.record.extensions = extensions
    for message_id in (zre.WHISPER, zre.SHOUT):
        desk.delivery.offer(desk.record, message_id, b"", content)
    assert [read(effect).content for effect in desk.delivery.effects if isinstance(effect, Send)] == [sent, sent]


def test_content_frames_are_not_copied() -> None:
    desk, frame = Desk(), b"x" * 1000
    desk.delivery.offer(desk.record, zre.WHISPER, b"", (frame,))
    (effect,) = desk.delivery.effects
    assert isinstance(effect, Send)
    assert effect.frames[1] is frame


def test_data_waits_while_the_link_is_full_and_is_refused_when_too_much_does() -> None:
    desk = Desk(room=1, link_messages=3)
    assert [desk.whisper() for _ in range(4)] == [*[Outcome.SENT] * 3, Outcome.BLOCKED]
    assert desk.record.blocked
    desk.make_room(5)
    desk.whisper()
    assert desk.queue == [("WHISPER", 1), ("WHISPER", 2), ("WHISPER", 3), ("WHISPER", 4)]
    assert desk.counters.sent == 4


def test_what_waits_is_bounded_in_octets_too_and_one_message_of_any_size_always_may() -> None:
    desk = Desk(room=0, link_bytes=20_000)
    assert desk.whisper(bytes(50_000)) is Outcome.SENT
    assert desk.whisper(b"") is Outcome.BLOCKED
    desk.make_room(1)
    desk.room = 0
    taken = [desk.whisper(bytes(3000)) for _ in range(6)]
    assert taken == [*[Outcome.SENT] * 4, Outcome.BLOCKED, Outcome.BLOCKED]
    desk.make_room(9)
    assert desk.whisper(b"") is Outcome.SENT


def test_a_handful_is_tried_at_a_time_and_who_waits_hears_of_it_when_half_is_free() -> None:
    """A regression: so much was tried that the queue looked empty, though the link took one of them."""
    desk = Desk(room=0)
    while desk.whisper(bytes(200_000)) is Outcome.SENT:
        pass
    queue = desk.record.queue
    assert queue is not None
    assert queue.messages == 62
    for left in range(61, 34, -1):
        desk.make_room(1)
        assert queue.messages == left
    assert not desk.delivery.settled
    desk.make_room(9)
    assert desk.delivery.settled


def test_membership_and_its_numbers_go_before_what_waits() -> None:
    desk = Desk(room=1)
    for _ in range(3):
        desk.whisper()
    desk.send(zre.JOIN, JOIN)
    desk.make_room(1)
    assert desk.queue == [("WHISPER", 1), ("JOIN", 2)]
    desk.make_room(9)
    assert desk.queue[2:] == [("WHISPER", 3), ("WHISPER", 4)]


def test_membership_is_kept_while_the_queue_is_full_and_leaves_in_order() -> None:
    desk = Desk(room=0)
    for message_id in (zre.JOIN, zre.LEAVE, zre.ELECT, zre.LEADER, zre.GOODBYE):
        desk.send(message_id, JOIN)
    desk.make_room(9)
    assert desk.queue == [("JOIN", 1), ("LEAVE", 2), ("ELECT", 3), ("LEADER", 4), ("GOODBYE", 5)]
    assert desk.counters.dropped.total() == 0


def test_what_was_kept_keeps_its_fields() -> None:
    desk = Desk(room=0)
    desk.send(zre.JOIN, zre.encode_group_change("CHAT", 9))
    desk.delivery.on_writable(desk.record)
    (effect,) = desk.delivery.effects
    assert isinstance(effect, Send)
    assert zre.decode_group_change(effect.frames[0]) == zre.GroupChange("CHAT", 9)


def test_room_for_some_of_it_keeps_the_rest_in_order() -> None:
    desk = Desk(room=0)
    for _ in range(3):
        desk.send(zre.JOIN, JOIN)
        desk.send(zre.LEAVE, JOIN)
    for room in (2, 1, 0, 9):
        desk.make_room(room)
    assert desk.queue == [("JOIN", 1), ("LEAVE", 2), ("JOIN", 3), ("LEAVE", 4), ("JOIN", 5), ("LEAVE", 6)]


@pytest.mark.parametrize("message_id", [zre.PING, zre.PING_OK])
def test_a_question_of_liveness_waits_for_nothing(message_id: int) -> None:
    desk = Desk(room=0)
    desk.send(message_id)
    desk.send(message_id)
    desk.make_room(9)
    assert desk.queue == []
    assert desk.counters.dropped.total() == 0


def test_the_backlog_is_bounded_and_what_exceeds_it_is_counted() -> None:
    desk = Desk(room=0, backlog=3)
    for _ in range(5):
        desk.send(zre.ELECT, JOIN)
    assert len(desk.record.backlog) == 3
    assert desk.counters.dropped["peer_slow"] == 2


def test_no_change_of_our_groups_is_ever_lost_to_a_full_queue() -> None:
    """A regression: a JOIN beyond the limit was dropped, and libzyre aborts at the wrong status that follows."""
    desk = Desk(room=0, backlog=3)
    for status in range(1, 7):
        desk.send(zre.JOIN, zre.encode_group_change(f"G{status}", status))
    desk.make_room(100)
    assert [command for command, _ in desk.queue] == ["JOIN"] * 6


def test_a_peer_that_is_shed_loses_data_at_once_and_counted_until_it_takes_something() -> None:
    desk = Desk(room=0, link_messages=1)
    desk.whisper()
    desk.record.shedding = True
    assert [desk.whisper(), desk.whisper()] == [Outcome.SHED, Outcome.SHED]
    assert desk.counters.dropped["peer_slow"] == 2
    desk.send(zre.JOIN, JOIN)
    desk.make_room(9)
    assert desk.whisper() is Outcome.SENT
    assert desk.queue == [("JOIN", 1), ("WHISPER", 2), ("WHISPER", 3)], "membership is not shed"


@given(
    st.lists(st.sampled_from(["whisper", "series", "join", "ping", "room 0", "room 1", "room 3", "shed"]), max_size=60)
)
def test_numbers_have_no_gap_whatever_is_refused(steps: list[str]) -> None:
    """Invariant: what reaches the link is numbered 1, 2, 3, ... and every JOIN and what was taken reaches it."""
    desk = Desk(room=2, backlog=100, link_messages=6)
    taken = 0
    for step in steps:
        if step == "whisper":
            taken += desk.whisper() is Outcome.SENT
        elif step == "series":
            taken += 2 * (desk.series(2) is Outcome.SENT)
        elif step == "join":
            desk.send(zre.JOIN, JOIN)
        elif step == "ping":
            desk.send(zre.PING)
        elif step == "shed":
            desk.record.shedding = desk.record.blocked
        else:
            desk.make_room(int(step[-1]))
    desk.make_room(1000)
    assert [sequence for _, sequence in desk.queue] == list(range(1, len(desk.queue) + 1))
    assert [command for command, _ in desk.queue].count("JOIN") == steps.count("join")
    assert [command for command, _ in desk.queue].count("WHISPER") == taken
    assert desk.counters.sent == len(desk.queue)


_RECORDS = st.lists(
    st.tuples(
        st.sampled_from(["", "blocked", "congested", "shedding", "holding"]),
        st.frozensets(st.sampled_from(["tally", "empty"])),
        st.sampled_from([0, 1, 254, 65_534, 65_535]),
        st.integers(0, 3),
    ),
    max_size=6,
)
_CONTENTS = st.lists(st.binary(max_size=3), max_size=3).map(tuple)


def _members(described: list[tuple[str, frozenset[str], int, int]], delivery: Delivery) -> list[PeerRecord]:
    records = []
    for number, (state, extensions, sent, offered) in enumerate(described):
        record = PeerRecord(peer_id(number), Endpoint("tcp", "10.0.0.2", 1), delivery.new_link(), "beacon")
        record.extensions, record.sent = extensions, sent
        record.account.offered = offered
        record.blocked = state in ("blocked", "shedding", "holding")
        record.congested, record.shedding = state == "congested", state == "shedding"
        record.on_hold = state == "holding"
        records.append(record)
    return records


@given(st.sampled_from([0, 254, 65_533, 65_534, 65_535]), st.lists(st.binary(max_size=3), min_size=2, max_size=5))
def test_a_series_is_what_its_messages_are_one_by_one(sent: int, frames: list[bytes]) -> None:
    told = []
    for together in (False, True):
        desk, fields = Desk(), zre.encode_shout("G")
        desk.record.sent, desk.record.account.offered = sent, 1
        assert desk.delivery.takes_series(desk.record, len(frames))
        if together:
            assert desk.delivery.offer_series(desk.record, zre.SHOUT, fields, [(frame,) for frame in frames])
        else:
            for frame in frames:
                desk.delivery.offer(desk.record, zre.SHOUT, fields, (frame,))
        told.append((desk.delivery.effects, desk.record.sent, desk.record.account.offered, desk.counters.sent))
    assert told[0] == told[1]


def test_a_series_waits_by_handfuls_and_all_of_it_or_nothing_is_taken() -> None:
    desk = Desk(room=1, link_messages=400)
    desk.whisper()
    assert desk.whisper() is desk.series(200) is Outcome.SENT
    assert desk.series(160) is Outcome.BLOCKED, "there is room for 159"
    assert desk.series(159) is Outcome.SENT
    desk.make_room(65)
    assert len(desk.queue) == 66, "one, and a handful, and no gap"
    desk.make_room(1000)
    assert desk.queue == [("WHISPER", number) for number in range(1, 362)]
    assert desk.record.queue is not None
    assert (desk.record.queue.messages, desk.record.queue.octets) == (0, 0)


def test_who_has_been_told_of_nothing_or_takes_chunks_takes_no_series() -> None:
    desk = Desk(link_messages=400)
    assert not desk.delivery.takes_series(desk.record, 2)
    desk.whisper()
    assert desk.delivery.takes_series(desk.record, 40)
    assert not desk.delivery.takes_series(desk.record, 41), "a link has a tenth of what may wait"
    desk.record.extensions = frozenset({"chunk"})
    assert not desk.delivery.takes_series(desk.record, 2)


@given(_RECORDS, _CONTENTS)
def test_to_all_is_what_it_is_to_each(described: list[tuple[str, frozenset[str], int, int]], content: Content) -> None:
    told = []
    for together in (False, True):
        counters = Counters()
        delivery = Delivery(Limits(), counters)
        records = _members(described, delivery)
        fields = zre.encode_shout("G")
        if together:
            sent, blocked = delivery.offer_to_all(records, zre.SHOUT, fields, content)
        else:
            outcomes = [delivery.offer(record, zre.SHOUT, fields, content) for record in records]
            sent = outcomes.count(Outcome.SENT)
            blocked = [record.peer for record, how in zip(records, outcomes, strict=True) if how is Outcome.BLOCKED]
        books = [
            (record.sent, record.account.offered, (record.queue and record.queue.take(9)) or None) for record in records
        ]
        told.append((sent, blocked, delivery.effects, books, counters.sent, counters.dropped))
    assert told[0] == told[1]
