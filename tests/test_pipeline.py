"""Sources and steps, asked by hand: what each says when there is something, nothing yet, or nothing more."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import pytest

from zyre.engine.parking import ThreadParker
from zyre.errors import RecvTimeout
from zyre.pipeline import (
    NEVER,
    Ended,
    Every,
    Filter,
    FlatMap,
    Limited,
    Map,
    Merged,
    NotYet,
    Scan,
    Stepped,
    Take,
    TakeWhile,
    Tap,
)


class FakeTime:
    """A clock that the test moves."""

    new_parker = ThreadParker

    def __init__(self) -> None:
        self.time = 100.0

    def now(self) -> float:
        return self.time


class Items:
    """A source with items at hand, that counts what it was asked for."""

    def __init__(self, *items: Any, clock: FakeTime | None = None) -> None:
        self.time = clock or FakeTime()
        self.items = deque(items)
        self.ended = False
        self.wakers: list[Callable[[], object]] = []

    def poll(self) -> Any:
        if self.items:
            return self.items.popleft()
        raise Ended if self.ended else NotYet

    def park(self, waker: Callable[[], object]) -> bool:
        if self.items or self.ended:
            return False
        self.wakers.append(waker)
        return True

    def unpark(self, waker: Callable[[], object]) -> None:
        if waker in self.wakers:
            self.wakers.remove(waker)

    def next_at(self) -> float:
        return NEVER


def take_all(source: Any) -> list[Any]:
    taken = []
    try:
        while True:
            taken.append(source.poll())
    except (NotYet, Ended) as end:
        return [*taken, type(end)]


class TestSteps:
    @pytest.mark.parametrize(
        ("steps", "expected", "left"),
        [
            ([], [0, 1, 2, 3, 4, NotYet], 0),
            ([Map(lambda x: x * 10)], [0, 10, 20, 30, 40, NotYet], 0),
            ([Filter(lambda x: x % 2)], [1, 3, NotYet], 0),
            ([FlatMap(lambda x: [x] * x)], [1, 2, 2, 3, 3, 3, 4, 4, 4, 4, NotYet], 0),
            ([Scan(lambda total, x: total + x, 0)], [0, 1, 3, 6, 10, NotYet], 0),
            ([Take(2)], [0, 1, Ended], 3),
            ([Take(0)], [Ended], 5),
            ([Take(-1)], [Ended], 5),
            ([TakeWhile(lambda x: x < 2)], [0, 1, Ended], 2),
            ([Filter(lambda x: x % 2), Take(1)], [1, Ended], 3),
            ([Take(3), Filter(lambda x: x % 2)], [1, Ended], 2),
            ([FlatMap(lambda x: (x, x)), Take(3)], [0, 0, 1, Ended], 3),
            ([Take(3), FlatMap(lambda x: (x, x))], [0, 0, 1, 1, 2, 2, Ended], 2),
            ([Map(lambda x: x + 1), Scan(lambda total, x: total * x, 1), Take(3)], [1, 2, 6, Ended], 2),
            ([TakeWhile(lambda x: x < 4), Take(2)], [0, 1, Ended], 3),
        ],
    )
    def test_and_what_they_leave(self, steps: list[Any], expected: list[Any], left: int) -> None:
        source = Items(*range(5))
        assert take_all(Stepped(source, steps)) == expected
        assert len(source.items) == left

    def test_tap_sees_what_passes(self) -> None:
        seen: list[int] = []
        assert take_all(Stepped(Items(1, 2, 3), [Filter(lambda x: x != 2), Tap(seen.append)])) == [1, 3, NotYet]
        assert seen == [1, 3]

    def test_the_end_of_the_source_is_the_end(self) -> None:
        source = Items(1)
        source.ended = True
        assert take_all(Stepped(source, [Map(str)])) == ["1", Ended]

    def test_a_flood_of_what_is_not_wanted_is_left_in_between(self) -> None:
        """So that a time limit above it is looked at, and an async loop gets its turn."""
        source = Items(*range(200))
        stepped = Stepped(source, [Filter(lambda x: x == 199)])
        waits = 0
        while True:
            try:
                assert stepped.poll() == 199
                break
            except NotYet:
                waits += 1
                assert not stepped.park(lambda: None)
        assert waits == 3

    def test_no_parking_where_items_are_ready(self) -> None:
        stepped = Stepped(Items(2), [FlatMap(lambda x: (x, x))])
        assert stepped.poll() == 2
        assert not stepped.park(lambda: None)
        assert stepped.poll() == 2
        assert stepped.park(lambda: None)

    def test_what_a_function_raises_passes_and_the_stream_goes_on(self) -> None:
        stepped = Stepped(Items(0, 2), [Map(lambda x: 4 / x)])
        with pytest.raises(ZeroDivisionError):
            stepped.poll()
        assert stepped.poll() == 2


class TestEvery:
    def test_ticks(self) -> None:
        clock = FakeTime()
        every = Every(2.0, clock)
        with pytest.raises(NotYet):
            every.poll()
        assert every.next_at() == 102.0
        clock.time = 102.0
        assert take_all(every) == [1, NotYet]
        assert every.next_at() == 104.0

    def test_ticks_that_nobody_asked_for_are_left_out(self) -> None:
        clock = FakeTime()
        every = Every(2.0, clock)
        clock.time = 109.0
        assert take_all(every) == [1, NotYet]
        assert every.next_at() == 110.0


class TestLimited:
    def test_until_counts_from_the_first_question(self) -> None:
        clock = FakeTime()
        source = Items(1, 2, 3, clock=clock)
        limited = Limited(source, 5.0, renewed=False, error=False)
        clock.time = 200.0
        assert limited.poll() == 1
        clock.time = 204.9
        assert limited.poll() == 2
        clock.time = 205.0
        assert take_all(limited) == [Ended]
        assert list(source.items) == [3]

    def test_idle_counts_from_each_question(self) -> None:
        clock = FakeTime()
        source = Items(1, 2, clock=clock)
        limited = Limited(source, 5.0, renewed=True, error=False)
        for expected in (1, 2):
            clock.time += 100.0  # how long the reader was busy does not count
            assert limited.poll() == expected
        with pytest.raises(NotYet):
            limited.poll()
        assert limited.next_at() == clock.time + 5.0
        clock.time += 5.0
        assert take_all(limited) == [Ended]

    def test_timeout_raises_and_can_go_on(self) -> None:
        clock = FakeTime()
        source = Items(clock=clock)
        limited = Limited(source, 5.0, renewed=True, error=True)
        for _ in range(2):
            with pytest.raises(NotYet):
                limited.poll()
            clock.time += 5.0
            with pytest.raises(RecvTimeout) as caught:
                limited.poll()
            assert caught.value.timeout == 5.0
        source.items.append(1)
        assert limited.poll() == 1


class TestMerged:
    def test_none_starves_another(self) -> None:
        merged = Merged([Items(*range(10)), Items(*"abc"), Items()])
        assert take_all(merged)[:6] == [0, "a", 1, "b", 2, "c"]

    def test_ends_with_the_last(self) -> None:
        one, other = Items(1), Items(2, 3)
        merged = Merged([one, other])
        one.ended = True
        assert take_all(merged) == [1, 2, 3, NotYet]
        other.ended = True
        assert take_all(merged) == [Ended]
        assert take_all(Merged([])) == [Ended]

    def test_one_wait_for_all_and_one_wake_up(self) -> None:
        one, other = Items(), Items()
        merged = Merged([one, Merged([other, one])])
        calls: list[int] = []

        def waker() -> None:
            calls.append(1)

        assert merged.park(waker)
        for parked in (*one.wakers, *other.wakers):
            parked()
        assert calls == [1]
        merged.unpark(waker)
        assert (one.wakers, other.wakers) == ([], [])

    def test_no_wait_where_one_has_something(self) -> None:
        one, other = Items(), Items(1)
        assert not Merged([one, other]).park(lambda: None)
        assert one.wakers == []

    def test_looks_again_for_the_earliest(self) -> None:
        clock = FakeTime()
        merged = Merged([Items(clock=clock), Every(3.0, clock), Every(2.0, clock)])
        assert merged.next_at() == 102.0
