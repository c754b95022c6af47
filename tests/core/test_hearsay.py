from __future__ import annotations

from tests.core.rig import Rig, names
from zyre.config import Limits
from zyre.events import Join, Leave, Updated


def test_what_was_known_is_no_event() -> None:
    rig = Rig()
    peer = rig.ready(groups=("A",), headers={"load": "1"})
    hearsay = rig.machine._membership.hearsay
    assert hearsay.take_groups(peer.record, ("A",), 0) == ()
    hearsay.take_headers(peer.record, {"load": "1"})
    assert rig.events() == []


def test_the_difference_is_told() -> None:
    rig = Rig()
    peer = rig.ready(groups=("A", "B"), headers={"load": "1", "role": "gpu", "same": "x"})
    hearsay = rig.machine._membership.hearsay
    moves = hearsay.take_groups(peer.record, ("B", "C"), 9)
    assert [type(move).__name__ for move in moves] == ["Departure", "Arrival"]
    assert rig.events() == [Leave(peer.id, peer.name, "A"), Join(peer.id, peer.name, "C")]
    hearsay.take_headers(peer.record, {"load": "2", "same": "x", "X-ZYRE-EXT": "hidden"})
    assert rig.events() == [Updated(peer.id, peer.name, {"load": "2"}, frozenset({"role"}))]
    assert rig.machine.roster[peer.id].headers == {"load": "2", "same": "x"}
    peer.join("D", status=10)
    assert rig.count("status_wrong") == 0, "the status was taken over"


def test_limits_hold() -> None:
    rig = Rig(limits=Limits(groups=2, headers=2, header_value=3))
    peer = rig.ready(groups=("A",), headers={"a": "1"})
    hearsay = rig.machine._membership.hearsay
    hearsay.take_groups(peer.record, ("A", "B", "C", ""), 0)
    assert names(rig.events()) == ["Join"]
    assert rig.count("group_refused") == 2
    hearsay.take_headers(peer.record, {"a": "1", "b": "2", "c": "3"})
    hearsay.take_headers(peer.record, {"a": "long"})
    assert rig.events() == []
    assert rig.count("headers_refused") == 2
