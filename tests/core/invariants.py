"""What holds of a NodeMachine between any two inputs, whatever they were."""

from __future__ import annotations

from zyre.core.dialling import Dial
from zyre.core.node import NodeMachine
from zyre.core.tables import PeerState, Phase, Violation
from zyre.core.vigil import Tick
from zyre.wire import zre
from zyre.wire.zre import identity_frame


def check_machine(machine: NodeMachine) -> None:
    """Assert every one of them."""
    check_directory(machine)
    check_groups(machine)
    check_timers(machine)
    check_counters(machine)


def check_directory(machine: NodeMachine) -> None:
    """The keys of the directory agree, and every record in it is somebody in a state that the table knows."""
    directory = machine._directory
    records = list(directory)
    assert len(records) <= machine._profile.config.limits.peers
    assert set(directory.by_frame) == {identity_frame(peer.octets) for peer in directory.by_id}
    assert len(directory._by_link) == len(records)
    for peer, record in directory.by_id.items():
        assert record.identity == peer != machine.identity
        assert record.state in (PeerState.PENDING, PeerState.READY)
        assert record.phase is not Phase.EXPIRED
        assert directory.by_frame[identity_frame(peer.octets)] is record
        assert directory.at_link(record.link) is record
        assert directory.at_endpoint(record.endpoint) is record, "two peers at one endpoint"
        assert 0 <= record.sent < 65536
        votes = [message_id for message_id, _ in record.backlog if message_id in (zre.ELECT, zre.LEADER)]
        assert len(votes) <= machine._profile.config.limits.backlog
    assert all(record in records for record in directory._by_endpoint.values())
    for anonymous in machine._membership.dialling.anonymous():
        assert anonymous.identity is None
        assert directory.at_link(anonymous.link) is None


def check_groups(machine: NodeMachine) -> None:
    """Who is in a group and which groups a peer is in are two views of one thing."""
    groups, limit = machine._groups, machine._profile.config.limits.groups
    by_record = {(group, record.peer) for record in machine._directory for group in record.groups}
    by_group = {(group, peer) for group in groups.all_known() for peer in groups.members(group)}
    assert by_record == by_group
    assert all(groups.members(group) for group in groups.all_known()), "an empty group is forgotten"
    for record in machine._directory:
        assert len(record.groups) <= limit
        assert record.state is PeerState.READY or not record.groups
    assert 0 <= groups.status < 256


def check_timers(machine: NodeMachine) -> None:
    """Every peer and dial has exactly one entry among the deadlines; entries of the gone wait for theirs only."""
    if not machine._running:
        assert machine._timers.next_at == float("inf")
        return
    subjects = [item for _, _, item in machine._timers._heap]
    ticks = machine._membership.vigil._ticks
    assert {item.number for item in subjects if isinstance(item, Tick)} == set(ticks), "one timer for each tick"
    here = [record for watched in ticks.values() for record in watched if record.state is not PeerState.ABSENT]
    assert len(here) == len(set(map(id, here))) == len(machine._directory)
    dials = [item for item in subjects if isinstance(item, Dial)]
    assert sorted(map(id, dials)) == sorted(map(id, machine._membership.dialling))


def check_counters(machine: NodeMachine) -> None:
    """The keys of the counters are closed sets: no peer makes them grow."""
    counters = machine.counters
    assert set(counters.violations) <= set(Violation)
    assert set(counters.dropped) <= {"absent", "peer_slow"}
    assert set(counters.failures) <= {"link"}
    assert min(counters.sent, counters.received, counters.missed, counters.beacons_received) >= 0
