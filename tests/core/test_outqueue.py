"""The queue in front of a link: its order whatever comes back, and its bounds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from zyre.config import Limits
from zyre.core.outqueue import OutQueue, Waiting, share_of_link, weight_of


def waiting(number: int, messages: int = 1) -> Waiting:
    return Waiting(2, b"", (b"%d" % number,), messages, 100 * messages)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 5)), max_size=40))
def test_everything_leaves_once_and_in_order_whatever_a_link_gives_back(steps: list[tuple[int, int, int]]) -> None:
    queue, added, left = OutQueue(), 0, []
    for more, tried, fits in steps:
        taken = queue.take(tried)
        for at, item in enumerate(taken):
            if at < fits:
                left.append(item)
            else:
                queue.put_back(item)
        for _ in range(more):
            queue.add(waiting(added))
            added += 1
        assert (queue.messages, queue.octets) == (added - len(left), 100 * (added - len(left)))
        assert bool(queue) == (added > len(left))
    left += queue.take(1000)
    assert left == [waiting(number) for number in range(added)]
    assert (queue.messages, queue.octets, bool(queue)) == (0, 0, False)


def test_large_messages_are_taken_out_until_they_are_enough() -> None:
    queue = OutQueue()
    for number in range(9):
        queue.add(waiting(number))
    assert len(queue.take(9, 250)) == 3
    assert len(queue.take(9, 1)) == 1
    assert len(queue.take(2, 1000)) == 2


def test_bundles_count_as_their_messages() -> None:
    queue, limits = OutQueue(), Limits(link_messages=100)
    queue.add(waiting(1, messages=60))
    assert queue.has_room(30, 0, limits)
    assert not queue.has_room(31, 0, limits), "a tenth of a hundred is the link's"


def test_one_message_of_any_size_may_wait() -> None:
    queue, limits = OutQueue(), Limits(link_bytes=800)
    assert queue.has_room(1, 1 << 40, limits)
    queue.add(waiting(1))
    assert queue.has_room(1, 500, limits)
    assert not queue.has_room(1, 501, limits)


def test_it_has_eased_when_half_of_it_is_free() -> None:
    queue, limits = OutQueue(), Limits(link_messages=100, link_bytes=8000)
    for number in range(40):
        queue.add(waiting(number))
    for left in range(39, 30, -1):
        assert not queue.has_eased(limits)
        queue.take(1)
        assert queue.messages == left
    queue.take(1)
    assert queue.has_eased(limits), "of 6000 octets, the others being the link's"


def test_a_link_gets_a_part_of_the_limits_and_never_nothing() -> None:
    assert share_of_link(Limits()) == (1000, 4 << 20)
    assert share_of_link(Limits(link_messages=1, link_bytes=1)) == (1, 1)


def test_what_a_message_takes_is_more_than_its_contents() -> None:
    assert weight_of(b"", (b"x" * 1000,)) > 1000
    assert weight_of(b"", ()) > 0
    assert weight_of(b"", (b"",) * 100) >= weight_of(b"", ()) + 100 * 33
