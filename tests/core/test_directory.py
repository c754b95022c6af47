from __future__ import annotations

from tests.core.rig import peer_id
from zyre.core.directory import Directory
from zyre.core.peer import PeerRecord
from zyre.core.tables import PeerState
from zyre.endpoint import Endpoint
from zyre.wire.zre import identity_frame


def record(number: int, host: str = "") -> PeerRecord:
    return PeerRecord(peer_id(number), Endpoint("tcp", host or f"10.0.0.{number}", 1), number, "beacon")


def test_a_record_is_found_under_all_its_keys() -> None:
    directory, one = Directory(9), record(1)
    directory.add(one)
    assert directory.by_id[one.peer] is one
    assert directory.by_frame[identity_frame(one.peer.octets)] is one
    assert directory.at_link(1) is one
    assert directory.at_endpoint(one.endpoint) is one
    assert (len(directory), list(directory)) == (1, [one])


def test_a_removed_record_is_found_under_none() -> None:
    directory, one = Directory(9), record(1)
    directory.add(one)
    directory.remove(one)
    assert (directory.by_id, directory.by_frame, len(directory)) == ({}, {}, 0)
    assert directory.at_link(1) is None
    assert directory.at_endpoint(one.endpoint) is None


def test_who_took_over_an_endpoint_keeps_it() -> None:
    directory, old, new = Directory(9), record(1, "10.0.0.9"), record(2, "10.0.0.9")
    directory.add(old)
    directory.add(new)
    directory.remove(old)
    assert directory.at_endpoint(new.endpoint) is new


def test_who_is_unknown_is_absent() -> None:
    directory, one = Directory(9), record(1)
    assert directory.state_of(one.peer) is PeerState.ABSENT
    directory.add(one)
    assert directory.state_of(one.peer) is PeerState.PENDING


def test_the_roster_holds_those_who_entered() -> None:
    directory, pending, ready = Directory(9), record(1), record(2)
    ready.state = PeerState.READY
    directory.add(pending)
    directory.add(ready)
    assert list(directory.ready()) == [ready]
    assert [peer.uuid for peer in directory.roster()] == [ready.peer]
