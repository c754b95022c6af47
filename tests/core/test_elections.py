from __future__ import annotations

from tests.core.rig import OWN, Rig, peer_id
from zyre.wire import zre


def test_nobody_leads_a_group_of_which_nothing_is_known() -> None:
    assert Rig().machine.leader("G") is None


def test_standing_alone_leads_when_the_time_is_over() -> None:
    rig = Rig()
    rig.machine.contest("G", rig.now)
    rig.run_for(1.9)
    assert rig.machine.leader("G") is None
    rig.run_for(0.2)
    assert rig.machine.leader("G") == OWN


def test_withdrawing_forgets() -> None:
    rig = Rig()
    rig.machine.contest("G", rig.now)
    rig.run_for(3)
    rig.machine.leave("G", rig.now)
    assert rig.machine.leader("G") is None


def test_a_group_without_peers_in_which_we_do_not_stand_is_forgotten() -> None:
    """Peers name groups as they like, so a group that is gone must cost nothing."""
    rig = Rig()
    peer = rig.ready(1, groups=("stood", "passing"))
    rig.machine.contest("stood", rig.now)
    for group in ("stood", "passing"):
        peer.send(zre.ELECT, zre.encode_vote(group, peer_id(1)))
    known = rig.machine._elections._by_group
    assert set(known) == {"stood", "passing"}
    peer.send(zre.GOODBYE)
    assert set(known) == {"stood"}
