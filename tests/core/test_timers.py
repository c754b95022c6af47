from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from zyre.core.timers import NEVER, Deadlines


def test_nothing_to_do_is_never() -> None:
    assert Deadlines().next_at == NEVER == math.inf
    assert list(Deadlines().due(1e9)) == []


def test_a_deadline_is_due_at_its_moment_and_not_before() -> None:
    deadlines: Deadlines[str] = Deadlines()
    deadlines.add(2.0, "x")
    assert list(deadlines.due(1.999)) == []
    assert list(deadlines.due(2.0)) == ["x"]
    assert len(deadlines) == 0


@given(st.lists(st.integers(0, 5)), st.integers(0, 5))
def test_what_is_due_comes_in_order_and_ties_as_they_were_added(times: list[int], now: int) -> None:
    deadlines: Deadlines[tuple[int, int]] = Deadlines()
    for index, at in enumerate(times):
        deadlines.add(at, (at, index))
    due = list(deadlines.due(now))
    assert due == sorted((at, index) for index, at in enumerate(times) if at <= now)
    assert deadlines.next_at == min((at for at in times if at > now), default=NEVER)


def test_what_is_added_meanwhile_for_now_is_included_and_for_later_is_not() -> None:
    deadlines: Deadlines[str] = Deadlines()
    deadlines.add(1.0, "first")
    seen = []
    for item in deadlines.due(1.0):
        seen.append(item)
        if item == "first":
            deadlines.add(1.0, "now")
            deadlines.add(1.1, "later")
    assert seen == ["first", "now"]
    assert deadlines.next_at == 1.1


def test_items_are_never_compared() -> None:
    deadlines: Deadlines[object] = Deadlines()
    deadlines.add(1.0, object())
    deadlines.add(1.0, object())
    assert len(list(deadlines.due(1.0))) == 2


def test_clear_forgets_all() -> None:
    deadlines: Deadlines[str] = Deadlines()
    deadlines.add(1.0, "x")
    deadlines.clear()
    assert (len(deadlines), deadlines.next_at) == (0, NEVER)
