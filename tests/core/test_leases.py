from __future__ import annotations

from tests.core.rig import OWN, Foreign, Rig, names
from zyre.config import Timing
from zyre.core.lease import token_of
from zyre.core.leases import LockFreed, LockTaken
from zyre.events import Leader
from zyre.wire import leases
from zyre.wire.extension import EXTENSION_HEADER
from zyre.wire.zre import encode_group_change

FEATURES = {EXTENSION_HEADER: "leases"}


def bench(peers: int = 2) -> tuple[Rig, list[Foreign]]:
    patient = Timing(evasive=100, silent=200, expired=300)
    rig = Rig(extensions=["leases"], groups=["G"], incarnation=7_000_000_000, timing=patient)
    rig.run_for(20.0)
    return rig, [rig.ready(number, headers=FEATURES, groups=("G",)) for number in range(1, peers + 1)]


def asked(rig: Rig, peer: Foreign) -> leases.Claim:
    claims = [message for message in rig.sent(peer) if message.command == "CLAIM"]
    return leases.decode_claim(b"......" + claims[-1].fields)


def vote(peer: Foreign, claim: leases.Claim, granted: bool = True, highest: int = 0) -> None:
    ballot = leases.Vote(claim.group, claim.name, claim.term, claim.attempt, granted, highest or claim.term)
    peer.send(leases.VOTE, leases.encode_vote(ballot))


def claim_of(peer: Foreign, term: int, name: str = "", milliseconds: int = 3000) -> leases.Claim:
    claim = leases.Claim("G", name, term, 1, milliseconds)
    peer.send(leases.CLAIM, leases.encode_claim(claim))
    return claim


def test_a_majority_makes_a_leader_with_a_term_that_is_no_lower_than_the_time_of_day() -> None:
    rig, (one, two) = bench()
    rig.machine.change("claim", ["G", "", 3.0, 3], rig.now)
    claim = asked(rig, one)
    assert claim.term >= 7000 + 20_000
    assert rig.events() == []
    vote(one, claim)
    assert rig.events() == [Leader(OWN, "own", "G", claim.term, token_of(claim.term, OWN))]
    assert rig.machine.leader("G") == OWN
    assert rig.commands(two) == ["HELD"]
    vote(two, claim)
    assert rig.events() == []


def test_who_cannot_renew_leads_no_more() -> None:
    rig, (one, _) = bench()
    rig.machine.change("claim", ["G", "", 3.0, 3], rig.now)
    vote(one, asked(rig, one))
    rig.events()
    rig.run_for(2.0)
    assert rig.events() == []
    rig.run_for(0.8)
    assert names(rig.events()) == ["Leaderless"]
    assert rig.machine.leader("G") is None


def test_renewal_keeps_the_term() -> None:
    rig, (one, _) = bench()
    rig.machine.change("claim", ["G", "", 3.0, 3], rig.now)
    first = asked(rig, one)
    vote(one, first)
    rig.events()
    for _ in range(10):
        rig.run_for(1.01)
        again = asked(rig, one)
        assert again.term == first.term
        vote(one, again)
    assert rig.events() == []


def test_an_old_vote_counts_for_nothing() -> None:
    rig, (one, _) = bench()
    rig.machine.change("claim", ["G", "", 3.0, 3], rig.now)
    first = asked(rig, one)
    rig.run_for(3.0)
    vote(one, first)
    assert rig.events() == []


def test_who_has_just_started_does_not_vote() -> None:
    rig = Rig(extensions=["leases"], groups=["G"])
    peer = rig.ready(1, headers=FEATURES, groups=("G",))
    claim_of(peer, 5)
    (answer,) = rig.sent(peer)
    assert not leases.decode_vote(b"......" + answer.fields).granted
    rig.run_for(3.0)
    rig.effects()
    claim_of(peer, 6)
    (answer,) = rig.sent(peer)
    assert leases.decode_vote(b"......" + answer.fields).granted


def test_a_refusal_says_the_highest_term_and_the_next_attempt_is_above_it() -> None:
    rig, (one, _) = bench()
    rig.machine.change("claim", ["G", "", 3.0, 3], rig.now)
    vote(one, asked(rig, one), granted=False, highest=10**12)
    rig.run_for(3.0)
    assert asked(rig, one).term > 10**12


def test_absurd_terms_are_nobodys() -> None:
    rig, (one, _) = bench()
    rig.machine.change("claim", ["G", "", 3.0, 3], rig.now)
    vote(one, asked(rig, one), granted=False, highest=2**63)
    claim_of(one, 2**63)
    one.send(leases.HELD, leases.encode_claim(leases.Claim("G", "", 2**63, 1, 1000)))
    assert "VOTE" not in rig.commands(one)
    rig.run_for(3.0)
    assert asked(rig, one).term < 10**12
    assert rig.events() == []


def test_another_leader_is_told_of_and_forgotten_when_its_lease_is_over_or_it_says_so() -> None:
    rig, (one, two) = bench()
    one.send(leases.HELD, leases.encode_claim(leases.Claim("G", "", 50, 1, 2000)))
    one.send(leases.HELD, leases.encode_claim(leases.Claim("G", "", 50, 2, 2000)))
    two.send(leases.HELD, leases.encode_claim(leases.Claim("G", "", 49, 2, 2000)))
    assert rig.events() == [Leader(one.id, one.name, "G", 50, token_of(50, one.id))]
    rig.run_for(2.1)
    assert names(rig.events()) == ["Leaderless"]
    two.send(leases.HELD, leases.encode_claim(leases.Claim("G", "", 51, 1, 2000)))
    two.send(leases.RELEASE, leases.encode_release(leases.Release("G", "", 51)))
    assert names(rig.events()) == ["Leader", "Leaderless"]


def test_a_lock_is_told_to_watchers_only_and_lost_for_good() -> None:
    rig, (one, _) = bench()
    rig.machine.change("claim", ["G", "printer", 2.0, 3], rig.now)
    claim = asked(rig, one)
    vote(one, claim)
    token = token_of(claim.term, OWN)
    assert rig.machine.asides == [LockTaken("G", "printer", token)]
    assert rig.machine.answer("lock_token", ("G", "printer")) == token
    rig.run_for(5.0)
    assert rig.machine.asides[1:] == [LockFreed("G", "printer")]
    assert rig.machine.answer("lock_token", ("G", "printer")) is None
    rig.effects()
    rig.run_for(5.0)
    assert "CLAIM" not in rig.commands(one)
    assert rig.events() == []


def test_leaving_lets_go() -> None:
    rig, (one, two) = bench()
    rig.machine.change("claim", ["G", "", 3.0, 3], rig.now)
    vote(one, asked(rig, one))
    rig.events()
    rig.machine.leave("G", rig.now)
    assert [command for command in rig.commands(two) if command in ("RELEASE", "LEAVE")] == ["RELEASE", "LEAVE"]
    assert names(rig.events()) == ["Leaderless"]


def test_votes_are_for_members_only() -> None:
    rig, (one, _) = bench()
    rig.machine.change("claim", ["G", "", 3.0, 3], rig.now)
    claim = asked(rig, one)
    one.send(5, encode_group_change("G", 1))  # LEAVE
    vote(one, claim)
    assert names(rig.events()) == ["Leave"]
    rig.effects()
    one.send(leases.CLAIM, leases.encode_claim(leases.Claim("OTHER", "", 5, 1, 3000)))
    assert rig.commands(one) == []


def test_a_plain_node_has_no_part_in_it() -> None:
    rig = Rig(groups=["G"])
    peer = rig.ready(1, headers=FEATURES, groups=("G",))
    rig.machine.change("claim", ["G", "", 3.0, 1], rig.now)
    claim_of(peer, 5)
    rig.run_for(5.0)
    assert "CLAIM" not in rig.commands(peer)
    assert rig.count("message_unknown") == 1
