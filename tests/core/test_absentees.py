from __future__ import annotations

from tests.core.rig import OWN, Foreign, Rig, peer_id, read
from zyre.core.absentees import Absentees
from zyre.core.effects import LinkLost, LinkRefused, Send
from zyre.events import Exit
from zyre.wire import zre
from zyre.wire.extension import EXTENSION_HEADER


def test_who_is_missed_is_counted_for_as_long_as_libzyre_counts_it() -> None:
    absentees = Absentees()
    absentees.miss("G", peer_id(1), 100.0)
    absentees.miss("G", peer_id(2), 110.0)
    absentees.miss("H", peer_id(2), 110.0)
    assert [absentees.count("G", now) for now in (110.0, 129.9, 130.0, 140.0)] == [2, 2, 1, 0]
    absentees.forget("H")
    assert absentees.count("H", 111.0) == absentees.count("nowhere", 111.0) == 0


def test_who_is_back_is_missed_no_more_and_there_is_a_bound() -> None:
    absentees = Absentees()
    for number in range(1000):
        absentees.miss("G", peer_id(number), 0.0)
    assert absentees.count("G", 1.0) == 64
    absentees.welcome("G", peer_id(5))
    absentees.welcome("G", None)
    absentees.welcome("H", peer_id(5))
    assert absentees.count("G", 1.0) == 63


def votes(rig: Rig, peers: tuple[Foreign, ...]) -> list[list[str]]:
    """The votes that each of these is sent."""
    sends = [effect for effect in rig.effects() if isinstance(effect, Send)]
    return [
        [read(effect).command for effect in sends if effect.link == peer.link and read(effect).command in _VOTES]
        for peer in peers
    ]


_VOTES = ("ELECT", "LEADER")


def test_plain_peers_that_do_not_stand_get_the_votes_of_the_dead_as_well() -> None:
    rig = Rig(groups=["G"], extensions=["goodbye"])
    leader, member, rival = (rig.ready(number, groups=("G",)) for number in (1, 2, 6))
    kin = rig.ready(4, groups=("G",), headers={EXTENSION_HEADER: "goodbye"})
    rest = (member, rival, kin)
    rival.send(zre.ELECT, zre.encode_vote("G", rival.id))
    leader.send(zre.LEADER, zre.encode_vote("G", leader.id))
    rig.machine.contest("G", rig.now)
    rig.effects()
    rig.machine.receive_report(LinkLost(zre.identity_frame(leader.id.octets)), rig.now)
    link = leader.link
    for _ in range(2):
        rig.machine.receive_report(LinkRefused(link), rig.now)
        rig.run_for(0.25)
    assert [event.reason for event in rig.events() if isinstance(event, Exit)] == ["crashed"]
    rig.run_for(2.0)
    assert rig.machine.leader("G") == OWN
    assert votes(rig, rest) == [["ELECT", "ELECT", "LEADER", "LEADER"], ["ELECT", "LEADER"], ["ELECT", "LEADER"]]
