from __future__ import annotations

import random

import pytest

from zyre.config import GossipConfig
from zyre.core.gossip.delivery import Delivery
from zyre.core.gossip.table import TupleTable
from zyre.core.timers import NEVER
from zyre.wire.gossip import BUCKETS, Beat, Stamp, State, Tuple

ME, YOU, HIM = (bytes([n]) * 16 for n in (1, 2, 3))
LEASE, REMEMBER = 60.0, 120.0


def table(own: bytes = ME, **config: object) -> TupleTable:
    return TupleTable(own, GossipConfig(**config))  # type: ignore[arg-type]


def yours(key: str = "k", value: str = "v", version: int = 1, *, left: float = LEASE, **fields: object) -> Tuple:
    return Tuple(key, value, Stamp(version, YOU), lease=LEASE, left=left, **fields)  # type: ignore[arg-type]


def shown(made: TupleTable) -> dict[str, str]:
    return {record.key: record.value for record in made.live()}


def test_the_greater_stamp_counts_in_whatever_order_they_come() -> None:
    items = [Tuple("k", f"{version}{owner[0]}", Stamp(version, owner)) for version in (1, 2, 3) for owner in (YOU, HIM)]
    for seed in range(20):
        made = table()
        for item in random.Random(seed).sample(items, len(items)):
            made.take(item, 0.0)
        assert shown(made) == {"k": "33"}


def test_what_is_published_here_is_later_than_what_is_known() -> None:
    made = table()
    made.take(yours(version=7), 0.0)
    record = made.publish("k", "mine", 0.0, lease=LEASE)
    assert record is not None
    assert record.stamp == (8, ME)
    made.withdraw("k", 0.0)
    again = made.publish("k", "mine", 0.0, lease=LEASE)
    assert again is not None
    assert again.stamp == (10, ME)


def test_only_what_changes_is_delivered() -> None:
    made = table()
    made.publish("k", "a", 0.0, lease=0.0)
    made.publish("k", "a", 0.0, lease=0.0)
    made.take(yours(value="a", version=9), 0.0)
    made.take(yours(value="b", version=10), 0.0)
    made.withdraw("k", 0.0)
    made.withdraw("k", 0.0)
    assert made.events == [Delivery("k", "a"), Delivery("k", "b"), Delivery("k", None, "withdrawn")]


def test_a_tuple_lives_on_its_owners_signs_of_life() -> None:
    made = table()
    made.take(yours(left=LEASE), 0.0)
    assert made.hear(Beat(YOU, 1, 0.0), 40.0)
    assert not made.hear(Beat(YOU, 1, 0.0), 50.0), "no news"
    made.pass_time(LEASE)
    assert shown(made) == {"k": "v"}
    made.pass_time(40.0 + LEASE)
    assert shown(made) == {}
    assert made.events[-1] == Delivery("k", None, "lapsed")
    assert made.hear(Beat(YOU, 2, 0.0), 110.0)
    assert shown(made) == {"k": "v"}, "it was only cut off"
    assert made.events[-1] == Delivery("k", "v")


def test_a_tuple_that_took_long_to_come_has_less_time_left() -> None:
    made = table()
    made.take(yours(left=5.0), 100.0)
    assert made.next_at == 105.0
    made.take(yours("other", left=1.0), 100.0)
    made.pass_time(104.9)
    assert shown(made) == {"k": "v", "other": "v"}, "its owner was heard later, by another way"
    made.pass_time(105.0)
    assert shown(made) == {}


def test_a_tuple_with_a_time_of_its_own_ends_with_it() -> None:
    made = table()
    made.publish("mine", "v", 0.0, lease=0.0, ttl=3.0)
    made.take(Tuple("theirs", "v", Stamp(1, YOU), left=2.0), 0.0)
    made.hear(Beat(YOU, 1, 0.0), 1.0)
    made.pass_time(2.0)
    assert shown(made) == {"mine": "v"}
    made.hear(Beat(YOU, 2, 0.0), 2.5)
    made.pass_time(3.0)
    assert shown(made) == {}


def test_what_is_lasting_and_what_is_our_own_needs_no_sign_of_life() -> None:
    made = table()
    made.publish("mine", "v", 0.0, lease=LEASE)
    made.take(Tuple("lasting", "v", Stamp(1, YOU)), 0.0)
    assert made.next_at == NEVER
    assert len(made) == 2


def test_what_is_gone_is_remembered_and_then_forgotten() -> None:
    made = table()
    item = yours()
    made.take(item, 0.0)
    made.pass_time(LEASE)
    assert made.take(item, LEASE) is None, "an old word does not bring it back"
    assert (len(made), made.remembered) == (0, 1)
    made.pass_time(LEASE + REMEMBER)
    assert (len(made), made.remembered, made.root, made.next_at) == (0, 0, 0, NEVER)


def test_a_withdrawal_is_remembered_for_as_long_as_somebody_may_bring_the_tuple_back() -> None:
    made = table()
    made.publish("mine", "v", 0.0, lease=LEASE)
    made.publish("lasting", "v", 0.0, lease=0.0)
    for key in ("mine", "lasting"):
        made.withdraw(key, 0.0)
    made.pass_time(REMEMBER)
    assert made.get("mine") is None
    assert made.get("lasting") is not None
    made.pass_time(3600.0)
    assert made.get("lasting") is None


def test_the_memory_of_what_is_gone_travels_with_its_age() -> None:
    one, other = table(), table(HIM)
    one.publish("k", "v", 0.0, lease=LEASE)
    record = one.withdraw("k", 0.0)
    assert record is not None
    other.take(one.to_send(record, 100.0), 100.0)
    other.pass_time(REMEMBER)
    assert other.remembered == 0, "or two tables would remind each other of it for ever"


def test_sums_are_equal_exactly_if_the_tables_have_heard_the_same() -> None:
    one, other = table(), table(HIM)
    items = [yours(f"k{n}", version=n % 3 + 1) for n in range(50)]
    for item in items:
        one.take(item, 0.0)
    for item in reversed(items):
        assert one.sums != other.sums
        other.take(item, 30.0)
    assert one.sums == other.sums
    assert one.root == other.root != 0
    assert len(one.sums) == BUCKETS
    for made in (one, other):
        made.pass_time(100.0)
        made.hear(Beat(YOU, 1, 0.0), 100.0)
    assert one.root == other.root != 0, "what had lapsed is back"
    for made in (one, other):
        made.pass_time(500.0)
    assert one.root == other.root == 0
    assert not any(one.sums)


@pytest.mark.parametrize("state", [State.LIVE, State.WITHDRAWN])
def test_the_table_is_bounded(state: int) -> None:
    made = table(tuples=10, remembered=5)
    for number in range(30):
        made.take(yours(f"k{number}", state=state), 0.0)
    if state == State.LIVE:
        assert (len(made), made.refused) == (10, 20)
        assert made.publish("more", "v", 0.0, lease=0.0) is None
        assert made.publish("k3", "new", 0.0, lease=0.0) is not None, "what is there may change"
    else:
        assert [record.key for record in map(made.get, (f"k{n}" for n in range(30))) if record] == [
            f"k{n}" for n in range(25, 30)
        ]


def test_a_value_is_bounded() -> None:
    made = table(value=10)
    assert made.publish("k", "é" * 5, 0.0, lease=0.0) is not None
    assert made.publish("k", "é" * 6, 0.0, lease=0.0) is None
    assert made.take(yours(value="x" * 11, version=5), 0.0) is None
    assert (shown(made), made.refused) == ({"k": "ééééé"}, 2)


def test_owners_are_bounded_and_forgotten() -> None:
    made = table(tuples=10)
    owners = [bytes([number]) * 16 for number in range(100, 130)]
    for number, owner in enumerate(owners):
        made.hear(Beat(owner, 1, 0.0), float(number))
    assert len(made.leases) == 10
    made.leases.forget_before(5.0, {owners[3]})
    assert [made.leases.heard_at(owner) for owner in owners[3:6]] == [3.0, -NEVER, 5.0]


def test_a_key_that_changes_often_does_not_fill_the_heap() -> None:
    made = table()
    for version in range(1, 1000):
        made.take(yours(version=version), version / 1000)
    assert len(made._deadlines) < 5
