from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.core.rig import peer_id
from zyre.core.groups import Groups
from zyre.core.peer import PeerRecord
from zyre.endpoint import Endpoint


def record(number: int = 1) -> PeerRecord:
    return PeerRecord(peer_id(number), Endpoint("tcp", "10.0.0.2", number), number, "beacon")


def test_only_changes_are_counted() -> None:
    groups = Groups()
    assert [groups.join("A"), groups.join("A"), groups.leave("B"), groups.leave("A"), groups.leave("A")] == [
        True,
        False,
        False,
        True,
        False,
    ]
    assert groups.status == 2


def test_the_count_wraps_at_256() -> None:
    groups = Groups()
    for _ in range(128):
        groups.join("A")
        groups.leave("A")
    assert groups.status == 0
    groups.join("A")
    assert groups.status == 1


def test_own_groups_stand_in_the_order_of_joining() -> None:
    groups = Groups()
    for name in ("B", "A", "C"):
        groups.join(name)
    assert list(groups.own) == ["B", "A", "C"]


def test_a_peers_change_makes_its_snapshot_anew() -> None:
    groups, one = Groups(), record()
    before = one.to_public()
    assert groups.enter(one, "A")
    assert not groups.enter(one, "A")
    assert one.to_public() is not before
    assert one.to_public() is one.to_public()
    assert groups.exit(one, "A")
    assert not groups.exit(one, "A")
    assert one.to_public().groups == frozenset()


@given(st.lists(st.tuples(st.sampled_from("er"), st.integers(1, 3), st.sampled_from("ABC")), max_size=40))
def test_both_views_of_who_is_where_agree(steps: list[tuple[str, int, str]]) -> None:
    groups, records = Groups(), {number: record(number) for number in (1, 2, 3)}
    for verb, number, group in steps:
        (groups.enter if verb == "e" else groups.exit)(records[number], group)
    for number, one in records.items():
        assert one.groups == {group for group in "ABC" if peer_id(number) in groups.members(group)}
    assert groups.all_known() == {group for one in records.values() for group in one.groups}


def test_who_is_removed_is_in_no_group_and_the_order_depends_on_no_hash() -> None:
    groups, one = Groups(), record()
    names = [f"group{number}" for number in range(50)]
    for name in names:
        groups.enter(one, name)
    assert groups.remove(one) == tuple(sorted(names))
    assert groups.all_known() == frozenset()
    assert groups.members("group1") == {}


def test_a_peers_wrong_count_is_noticed_and_taken_over() -> None:
    groups, one = Groups(), record()
    one.status = 254
    assert [groups.count_of(one, status) for status in (255, 0, 1, 7, 8)] == [True, True, True, False, True]
