"""The mailbox: order, bounds, wake-ups, and its descriptor."""

from __future__ import annotations

import gc
import select
import threading
import time
from itertools import count
from typing import Any

import pytest

from tests.support.nodes import PATIENCE, in_threads, repeat, until
from zyre.config import Limits
from zyre.core.host import Closed, Empty
from zyre.engine.mailbox import Mailbox
from zyre.events import DurableWhisper, Enter, Event, Leave, ReliableWhisper, Shout, Whisper
from zyre.identity import PeerId

PEER = PeerId("0" * 32)


def whisper(number: int = 0, size: int = 1) -> Event:
    return Whisper(PEER, "peer", (b"%d" % number, b"x" * size))


def enter(number: int = 0) -> Event:
    return Enter(PEER, f"peer-{number}", "tcp://127.0.0.1:1", {})


def number_of(event: Any) -> int:
    return int(event.content[0])


class Room:
    """Counts the calls of on_room."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> None:
        self.calls += 1


def mailbox(on_room: Any = None, **limits: Any) -> Mailbox:
    return Mailbox(Limits(**limits), on_room or Room())


def take_all(box: Mailbox) -> list[Any]:
    events = []
    try:
        while True:
            events.append(box.get_nowait())
    except Empty:
        return events


class TestReading:
    def test_batches_come_out_one_by_one_in_order(self) -> None:
        box = mailbox()
        box.put([whisper(1), whisper(2)])
        box.put([whisper(3)])
        assert [number_of(event) for event in take_all(box)] == [1, 2, 3]

    def test_empty(self) -> None:
        with pytest.raises(Empty):
            mailbox().get_nowait()
        with pytest.raises(Empty):
            mailbox().get(timeout=0)
        with pytest.raises(Empty):
            mailbox().get(timeout=0.001)

    def test_a_negative_time_is_none_and_a_long_one_no_error(self) -> None:
        box = mailbox()
        with pytest.raises(Empty):
            box.get(timeout=-1)
        for forever in (float("inf"), 1e300):
            threading.Timer(0.01, box.put, ([whisper()],)).start()
            assert box.get(timeout=forever)

    def test_closed_after_the_last_event(self) -> None:
        box = mailbox()
        box.put([whisper(1)])
        box.close()
        assert number_of(box.get()) == 1
        for _ in range(2):
            with pytest.raises(Closed):
                box.get()
            with pytest.raises(Closed):
                box.get_nowait()

    def test_the_first_defect_is_told(self) -> None:
        box = mailbox()
        defect = ValueError("one")
        box.close(defect)
        box.close(ValueError("two"))
        box.close()
        with pytest.raises(Closed) as caught:
            box.get()
        assert caught.value.defect is defect

    def test_closing_ends_every_wait(self) -> None:
        box = mailbox()

        def wait() -> str:
            with pytest.raises(Closed):
                box.get()
            return "ended"

        threading.Timer(0.01, box.close).start()
        assert in_threads(*[wait] * 5) == ["ended"] * 5


class TestBounds:
    def test_what_comes_is_taken_until_shedding(self) -> None:
        """The senders can still be made to wait then; what was received already would be lost for nothing."""
        box = mailbox(mailbox_messages=3)
        box.put([whisper(number) for number in range(5)])
        assert box.full
        assert (len(box), box.dropped) == (5, 0)
        assert len(take_all(box)) == 5

    def test_shedding_keeps_to_the_number(self) -> None:
        box = mailbox(mailbox_messages=3)
        box.shedding = True
        box.put([whisper(number) for number in range(5)])
        assert [number_of(event) for event in take_all(box)] == [0, 1, 2]
        assert box.dropped == 2

    def test_shedding_keeps_to_the_octets(self) -> None:
        box = mailbox(mailbox_bytes=1600)
        box.shedding = True
        box.put([whisper(1, 600)])
        box.put([whisper(2, 800), whisper(3, 100)])
        assert [number_of(event) for event in take_all(box)] == [1, 3]
        assert box.dropped == 1

    def test_shedding_the_oldest_keeps_the_newest_and_all_that_is_not_to_be_dropped(self) -> None:
        box = mailbox(mailbox_messages=3)
        box.shedding = box.sheds_oldest = True
        kept = ReliableWhisper(PeerId("A" * 32), "a", (b"kept",), 0)
        box.put([whisper(0)])  # which a reader may have begun with
        assert box.get_nowait() == whisper(0)
        box.put([whisper(1), kept, Leave(PeerId("A" * 32), "a", "G"), whisper(2)])
        box.put([whisper(3)])
        box.put([whisper(4)])
        box.put([whisper(5)])
        events = take_all(box)
        assert [number_of(event) for event in events if type(event) is Whisper] == [4, 5]
        assert kept in events
        assert any(isinstance(event, Leave) for event in events)
        assert box.dropped == 5 - sum(type(event) is Whisper for event in events)
        assert len(box) == 0

    def test_reliable_messages_are_not_shed_and_press_at_half(self) -> None:
        relieved: list[bool] = []
        box = Mailbox(Limits(mailbox_messages=8), lambda: None, lambda: None, lambda: relieved.append(True))
        box.shedding = True
        for number in range(12):
            box.put([ReliableWhisper(PeerId("A" * 32), "a", (b"x",), number)])
            assert box.pressed == (number >= 3)
        assert (len(box), box.dropped) == (12, 0)
        assert not relieved
        assert len(take_all(box)) == 12
        assert (box.pressed, relieved) == (False, [True])

    def test_shouts_count_like_whispers(self) -> None:
        box = mailbox(mailbox_messages=1)
        box.shedding = True
        box.put([Shout(PEER, "peer", "G", (b"1",)), Shout(PEER, "peer", "G", (b"2",))])
        assert len(take_all(box)) == 1
        assert box.dropped == 1

    def test_membership_is_never_dropped(self) -> None:
        box = mailbox(mailbox_messages=1)
        box.shedding = True
        box.put([whisper(1)])
        box.put([enter(number) if number % 2 else whisper(number) for number in range(10)])
        events = take_all(box)
        assert [event.name for event in events if isinstance(event, Enter)] == [f"peer-{n}" for n in range(1, 10, 2)]
        assert box.dropped == 5

    def test_a_batch_dropped_whole_wakes_nobody(self) -> None:
        box = mailbox(mailbox_messages=1)
        box.put([whisper(1)])
        assert select.select([box], [], [], 0)[0]
        box.get_nowait()
        box.put([whisper(2)])
        box.shedding = True
        calls = Room()
        box.get_nowait()
        with pytest.raises(Empty):
            box.get_nowait()
        box.put([whisper(3)])
        take_all(box)
        assert box.park(calls)
        box.put([whisper(number, 100 << 20) for number in range(1)])
        assert calls.calls == 0
        assert box.dropped == 1

    def test_room_is_told_once_at_half(self) -> None:
        room = Room()
        box = mailbox(room, mailbox_messages=10)
        for number in range(10):
            box.put([whisper(number)])
        assert box.full
        told = []
        for _ in range(10):
            box.get_nowait()
            told.append(room.calls)
        assert told == [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]  # a batch counts until the next one is begun
        assert not box.full

    def test_room_is_not_told_if_it_was_never_full(self) -> None:
        room = Room()
        box = mailbox(room, mailbox_messages=10)
        box.put([whisper(number) for number in range(8)])  # and one more is the reserve
        take_all(box)
        assert room.calls == 0

    def test_what_is_beyond_full_uses_the_reserve(self) -> None:
        box = mailbox(mailbox_messages=100, mailbox_reserve=0.2)
        box.put([whisper(number) for number in range(79)])
        assert not box.full
        assert box.reserve_used == 0
        box.put([whisper(number) for number in range(11)])
        assert box.full
        assert box.reserve_used == 0.5
        box.put([whisper(number) for number in range(20)])
        assert box.reserve_used == 1.5

    def test_the_leader_is_woken_first_and_passes_on_what_it_does_not_read(self) -> None:
        box = mailbox()
        leader, other = Room(), Room()
        assert box.park(other)
        assert box.park_leader(leader)
        box.put([whisper(1)])
        assert (leader.calls, other.calls, box.leader) == (1, 0, None)
        box.pass_on()
        assert other.calls == 1

    def test_a_leader_that_is_back_is_not_woken(self) -> None:
        box = mailbox()
        leader = Room()
        assert box.park_leader(leader)
        box.leader = None
        box.put([whisper(1)])
        assert leader.calls == 0
        assert not box.park_leader(leader)
        box.pass_on()  # nobody else waits

    def test_the_end_wakes_the_leader(self) -> None:
        box = mailbox()
        leader = Room()
        assert box.park_leader(leader)
        box.close()
        assert leader.calls == 1

    def test_full_or_room_but_never_neither(self) -> None:
        """Whenever ``full`` says so, the reader that empties the mailbox afterwards tells of the room."""
        told = threading.Event()
        box = mailbox(told.set, mailbox_messages=2)
        stop = threading.Event()

        def read() -> None:
            while not stop.is_set():
                try:
                    box.get(0.05)
                except Empty:
                    pass

        def write() -> None:
            for number in range(3000):
                box.put([whisper(number)])
                if box.full:
                    assert told.wait(PATIENCE), "full, and nobody told of the room that there is"
                told.clear()
            stop.set()

        in_threads(read, write)


class TestWaiting:
    def test_a_waker_is_called_once(self) -> None:
        box = mailbox()
        calls = Room()
        assert box.park(calls)
        box.put([whisper(1), whisper(2)])
        box.put([whisper(3)])
        assert calls.calls == 1

    def test_no_parking_where_there_is_something(self) -> None:
        box = mailbox()
        box.put([whisper()])
        assert not box.park(Room())
        take_all(box)
        box.close()
        assert not box.park(Room())

    def test_no_parking_beside_the_rest_of_a_batch(self) -> None:
        """What one reader has begun another may finish: it used to sleep until the next batch."""
        box = mailbox()
        box.put([whisper(1), whisper(2)])
        box.get_nowait()
        assert not box.park(Room())

    def test_as_many_readers_are_woken_as_there_are_events(self) -> None:
        box = mailbox()
        wakers = [Room() for _ in range(5)]
        for waker in wakers:
            assert box.park(waker)
        box.put([whisper(1), whisper(2)])
        assert [waker.calls for waker in wakers] == [1, 1, 0, 0, 0]
        box.put([whisper(3)])
        assert [waker.calls for waker in wakers] == [1, 1, 1, 0, 0]
        box.close()
        assert [waker.calls for waker in wakers] == [1, 1, 1, 1, 1]

    def test_who_leaves_passes_its_wake_up_on(self) -> None:
        box = mailbox()
        leaving, next_one = Room(), Room()
        box.park(leaving)
        box.park(next_one)
        box.put([whisper()])
        assert (leaving.calls, next_one.calls) == (1, 0)
        box.unpark(leaving)
        assert next_one.calls == 1

    def test_who_leaves_passes_it_on_for_the_rest_of_a_batch_too(self) -> None:
        box = mailbox()
        leaving, next_one = Room(), Room()
        box.park(leaving)
        box.put([whisper(1), whisper(2)])
        box.get_nowait()
        box._waiters.append(next_one)  # it parked in the moment between
        box.unpark(leaving)
        assert next_one.calls == 1

    def test_who_leaves_unwoken_passes_nothing_on(self) -> None:
        box = mailbox()
        leaving, next_one = Room(), Room()
        box.park(leaving)
        box.park(next_one)
        box.unpark(leaving)
        assert next_one.calls == 0
        box.put([whisper()])
        assert (leaving.calls, next_one.calls) == (0, 1)

    @pytest.mark.parametrize("readers", [1, 4])
    def test_no_wake_up_is_lost(self, readers: int) -> None:
        """Several writers and readers with waits of all lengths: every event is read by exactly one, in time."""
        total = 8000
        box = mailbox()
        numbers = count()
        got: list[int] = []

        def write() -> None:
            while (number := next(numbers)) < total:
                box.put([whisper(number)])

        def read() -> None:
            pauses = 0
            while len(got) < total:
                try:
                    got.append(number_of(box.get(0.0005 if pauses % 3 == 0 else PATIENCE)))
                except Empty:
                    pass
                except Closed:
                    return
                pauses += 1
                if len(got) >= total:
                    box.close()

        in_threads(*[read] * readers, write, write)
        assert sorted(got) == list(range(total))

    def test_ping_pong(self) -> None:
        """One event at a time, each the answer to the last: nothing but wake-ups."""
        there, back = mailbox(), mailbox()

        def answer() -> None:
            for _ in range(3000):
                back.put([there.get(PATIENCE)])

        def ask() -> None:
            for number in range(3000):
                there.put([whisper(number)])
                assert number_of(back.get(PATIENCE)) == number

        began = time.monotonic()
        in_threads(answer, ask)
        print(f"3000 rounds between two threads: {time.monotonic() - began:.2f} s")

    def test_several_readers_share(self) -> None:
        box = mailbox()
        shares: list[list[int]] = [[] for _ in range(4)]

        def reader(number: int) -> Any:
            def run() -> None:
                try:
                    while True:
                        shares[number].append(number_of(box.get()))
                except Closed:
                    pass

            return run

        def write() -> None:
            for start in range(0, 4000, 10):
                box.put([whisper(number) for number in range(start, start + 10)])
            until(lambda: sum(map(len, shares)) == 4000, "4000 events read")
            box.close()

        in_threads(*repeat(4, reader), write)
        assert sorted(number for share in shares for number in share) == list(range(4000))
        assert all(share == sorted(share) for share in shares)


def readable(box: Mailbox) -> bool:
    return bool(select.select([box], [], [], 0)[0])


class TestDescriptor:
    def test_readable_while_there_are_events(self) -> None:
        box = mailbox()
        assert not readable(box)
        box.put([whisper(1), whisper(2)])
        box.put([whisper(3)])
        for _ in range(3):
            assert readable(box)
            box.get_nowait()
        with pytest.raises(Empty):
            box.get_nowait()
        assert not readable(box)
        box.put([whisper(4)])
        assert readable(box)

    def test_asked_for_late_it_knows_what_is_there(self) -> None:
        box = mailbox()
        box.put([whisper()])
        assert readable(box)

    def test_asked_for_between_two_events_of_a_batch(self) -> None:
        box = mailbox()
        box.put([whisper(1), whisper(2)])
        box.get_nowait()
        assert readable(box)

    def test_readable_for_ever_once_closed(self) -> None:
        box = mailbox()
        assert not readable(box)
        box.close()
        for _ in range(3):
            assert readable(box)
            with pytest.raises(Closed):
                box.get_nowait()

    def test_one_descriptor(self) -> None:
        box = mailbox()
        assert box.fileno() == box.fileno()

    def test_given_back_without_a_warning(self) -> None:
        box = mailbox()
        box.fileno()
        del box
        gc.collect()


# -- durable messages: taken when somebody comes for what is behind them -----------------------------------------------


def letter(number: int) -> DurableWhisper:
    return DurableWhisper(PEER, "peer", (b"%d" % number,), 1, number)


def test_a_durable_message_is_taken_when_its_reader_comes_for_more() -> None:
    box, taken = mailbox(), []  # type: ignore[var-annotated]
    for number in range(2):
        box.hand(letter(number), taken.append)
    box.put([whisper(7)])
    assert (number_of(box.get_nowait()), taken) == (0, [])
    assert (number_of(box.get_nowait()), taken) == (1, [letter(0)])
    assert (number_of(box.get_nowait()), taken) == (7, [letter(0), letter(1)])
    assert len(box) == 1


def test_what_comes_behind_the_last_one_does_not_take_it() -> None:
    box, taken = mailbox(), []  # type: ignore[var-annotated]
    box.hand(letter(0), taken.append)
    box.get_nowait()
    box.put([whisper(1)])
    box.hand(letter(2), taken.append)
    assert taken == []
    assert [number_of(box.get_nowait()) for _ in range(2)] == [1, 2]
    assert taken == [letter(0)]
    with pytest.raises(Empty):
        box.get_nowait()
    assert taken == [letter(0), letter(2)]
    assert len(box) == 0


def test_whoever_waits_for_more_has_taken_it() -> None:
    box, taken = mailbox(), []  # type: ignore[var-annotated]
    box.hand(letter(0), taken.append)
    box.get_nowait()
    with pytest.raises(Empty):
        box.get(0.001)
    assert taken == [letter(0)]


def test_a_program_that_ends_has_taken_what_it_was_given_and_nothing_else() -> None:
    box, taken = mailbox(), []  # type: ignore[var-annotated]
    box.finish()
    for number in range(3):
        box.hand(letter(number), taken.append)
    box.finish()
    assert taken == []
    box.get_nowait()
    box.finish()
    box.finish()
    assert taken == [letter(0)]
    box.put([whisper(7)])
    box.close()
    assert number_of(box.get_nowait()) == 7
    with pytest.raises(Closed):
        box.get_nowait()


def test_one_that_nobody_was_given_is_not_given_after_the_end() -> None:
    box, taken = mailbox(), []  # type: ignore[var-annotated]
    box.hand(letter(0), taken.append)
    box.close()
    with pytest.raises(Closed):
        box.get_nowait()
    assert (taken, len(box)) == ([], 0)


def test_no_durable_message_is_dropped_for_others() -> None:
    box, taken = mailbox(mailbox_messages=3), []  # type: ignore[var-annotated]
    box.sheds_oldest = box.shedding = True
    for number in range(4):
        box.hand(letter(number), taken.append)
    box.get_nowait()
    box.put([whisper(number) for number in range(10, 15)])
    assert [number_of(event) for event in take_all(box)][:3] == [1, 2, 3]
    assert taken == [letter(number) for number in range(4)]


def test_many_readers_take_each_once_and_in_order() -> None:
    box, taken = mailbox(), []  # type: ignore[var-annotated]
    for number in range(500):
        box.hand(letter(number), taken.append)
    read: list[int] = []

    def reader() -> None:
        for event in iter(box.poll, None):
            read.append(number_of(event))

    in_threads(*[reader] * 4)
    assert sorted(read) == list(range(500))
    assert [event.number for event in taken] == list(range(500))
