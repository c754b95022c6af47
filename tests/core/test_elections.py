from __future__ import annotations

from tests.core.rig import OWN, peer_id
from zyre.core.elections import Elections


def test_an_election_is_made_when_first_asked_for_and_kept() -> None:
    elections = Elections(OWN)
    assert elections.known("G") is None
    made = elections.of("G")
    assert made.own == OWN
    assert elections.of("G") is elections.known("G") is made


def test_who_leads_is_known_where_somebody_does() -> None:
    elections = Elections(OWN)
    assert elections.leader("G") is None
    elections.of("G").leader = peer_id(1)
    assert elections.leader("G") == peer_id(1)


def test_withdrawing_forgets() -> None:
    elections = Elections(OWN)
    elections.of("G").candidate = True
    elections.forget("G")
    elections.forget("G")
    assert elections.known("G") is None


def test_a_group_without_peers_in_which_we_do_not_stand_is_forgotten() -> None:
    """Peers name groups as they like, so a group that is gone must cost nothing."""
    elections = Elections(OWN)
    elections.of("stood").candidate = True
    elections.of("busy")
    elections.of("empty")
    for group, members in (("stood", []), ("busy", [peer_id(1)]), ("empty", []), ("unknown", [])):
        elections.tidy(group, members)
    assert [group for group in ("stood", "busy", "empty") if elections.known(group)] == ["stood", "busy"]
