"""One group's election, as a kernel: inputs one by one, without a node, a network or a clock."""

from __future__ import annotations

import random
from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.rig import peer_id
from zyre.core.election import Ballot, Election
from zyre.identity import PeerId
from zyre.wire.zre import ELECT, LEADER

A, B, C, D = (peer_id(number) for number in (1, 2, 3, 4))


def test_who_does_not_stand_starts_nothing() -> None:
    election = Election(A)
    assert election.start([B]) == Ballot()
    assert election.on_arrival(B, [B]) == Ballot()
    assert election.lead([]) == Ballot()


def test_a_candidate_sends_its_wave_to_everybody_and_waits_where_nobody_is() -> None:
    election = Election(A, candidate=True)
    assert election.on_arrival(None, []) == Ballot()
    assert election.on_arrival(C, [B, C]) == Ballot(((ELECT, A, (B, C)),))
    assert election.is_running


def test_a_wave_is_passed_on_to_all_but_who_brought_it() -> None:
    assert Election(C).on_elect(A, A, [A, B]) == Ballot(((ELECT, A, (B,)),))


def test_the_echo_goes_to_who_brought_the_wave_when_everybody_has_echoed() -> None:
    election = Election(C)
    election.on_elect(A, A, [A, B])
    assert election.on_elect(B, A, [A, B]) == Ballot(((ELECT, A, (A,)),))


def test_who_has_only_the_candidate_echoes_at_once() -> None:
    assert Election(B).on_elect(A, A, [A]) == Ballot(((ELECT, A, (A,)),))


def test_a_lower_id_drowns_a_higher_one_and_not_the_other_way() -> None:
    election = Election(D)
    election.on_elect(B, B, [A, B, C])
    assert election.on_elect(A, A, [A, B, C]) == Ballot(((ELECT, A, (B, C)),))
    assert election.on_elect(C, B, [A, B, C]) == Ballot()
    assert election.wave is not None
    assert election.wave.candidate == A


def test_a_candidate_answers_a_weaker_wave_with_its_own() -> None:
    """A regression: a leader took the wave of a later, higher candidate for the strongest, and handed over."""
    election = Election(A, candidate=True, leader=A)
    assert election.on_elect(B, B, [B, C]) == Ballot(((ELECT, A, (B, C)),))


def test_a_candidate_whose_wave_came_back_from_everybody_leads_and_says_so() -> None:
    election = Election(A, candidate=True)
    election.start([B, C])
    assert election.on_elect(B, A, [B, C]) == Ballot()
    assert election.on_elect(C, A, [B, C]) == Ballot(((LEADER, A, (B, C)),), elected=A)
    assert (election.leader, election.wave) == (A, None)


def test_a_result_is_passed_on_once_and_believed_from_the_leader_itself() -> None:
    election = Election(C)
    election.on_elect(A, A, [A, B])
    assert election.on_leader(B, A, [A, B]) == Ballot(((LEADER, A, (A, B)),))
    assert election.on_leader(A, A, [A, B]) == Ballot(elected=A)
    assert election.on_leader(A, A, [A, B]) == Ballot(), "an unchanged leader is no news"


def test_nobody_is_made_leader_by_others() -> None:
    assert Election(A).on_leader(B, A, [B]) == Ballot()
    assert Election(A).leader is None


def test_who_leads_does_not_give_way_to_a_weaker_one() -> None:
    """Two that could not hear each other both lead, and what they say of it crosses: one of them must go on."""
    stronger, weaker = Election(A, candidate=True, leader=A), Election(B, candidate=True, leader=B)
    assert stronger.on_leader(B, B, [B]) == Ballot(((ELECT, A, (B,)),))
    assert weaker.on_leader(A, A, [A]) == Ballot(elected=A)
    assert weaker.on_elect(A, A, [A]) == Ballot(((ELECT, A, (A,)),))
    assert stronger.on_elect(B, A, [B]) == Ballot(((LEADER, A, (B,)),))
    assert stronger.leader == weaker.leader == A


def test_a_member_that_goes_is_waited_for_no_longer() -> None:
    election = Election(C)
    election.on_elect(A, A, [A, B])
    assert election.on_departure(B, [A]) == Ballot(((ELECT, A, (A,)),))


@pytest.mark.parametrize("candidate", [True, False])
def test_who_is_left_alone_leads_if_it_stands(candidate: bool) -> None:
    election = Election(A, candidate=candidate, leader=B)
    assert election.on_departure(B, []).elected == (A if candidate else None)
    assert election.leader == (A if candidate else None)


def test_whoever_comes_while_a_wave_is_under_way_gets_our_echo_of_it() -> None:
    election = Election(C, candidate=True)
    election.on_elect(A, A, [A, B])
    assert election.on_arrival(D, [A, B, D]) == Ballot(((ELECT, A, (D,)),))


def test_a_stronger_candidate_calls_again_when_somebody_comes() -> None:
    election = Election(A, candidate=True)
    election.start([B])
    assert election.on_arrival(C, [B, C]) == Ballot(((ELECT, A, (B, C)),))


def test_a_leader_that_goes_is_followed_by_an_election() -> None:
    election = Election(B, candidate=True, leader=A)
    assert election.on_departure(A, [C]) == Ballot(((ELECT, B, (C,)),))
    assert election.leader is None


def test_another_that_goes_changes_nothing() -> None:
    election = Election(B, candidate=True, leader=A)
    assert election.on_departure(C, [A]) == Ballot()
    assert election.leader == A


def test_the_candidate_of_a_wave_that_goes_takes_its_wave_along() -> None:
    election = Election(C, candidate=True)
    election.on_elect(A, A, [A, B])
    assert election.on_departure(A, [B]) == Ballot(((ELECT, C, (B,)),))


@pytest.mark.parametrize(
    ("election", "members", "elected"),
    [
        (Election(A, candidate=True), [], A),
        (Election(A, candidate=True), [B], None),
        (Election(A), [], None),
        (Election(A, candidate=True, leader=A), [], None),
    ],
)
def test_when_patience_is_over(election: Election, members: list[PeerId], elected: PeerId | None) -> None:
    assert election.on_patience_over(members).elected == elected


def test_an_own_wave_that_is_not_complete_leads_when_patience_is_over() -> None:
    election = Election(A, candidate=True)
    election.start([B])
    assert election.on_patience_over([B]) == Ballot(((LEADER, A, (B,)),), elected=A)


# -- a fixed group, links in order, everything else as it happens ------------------------------------------------------


def run(ids: list[PeerId], candidates: set[PeerId], entropy: random.Random) -> dict[PeerId, Election]:
    """Candidates stand at random moments, some of them after they were woken by another's wave, which makes a second
    start; messages of one link keep their order, links race each other; when all is quiet, patience ends."""
    elections = {peer: Election(peer, candidate=peer in candidates) for peer in ids}
    links: dict[tuple[PeerId, PeerId], deque[tuple[int, PeerId]]] = {}
    starting = sorted(candidates)
    steps = 0

    def others(peer: PeerId) -> list[PeerId]:
        return [other for other in ids if other != peer]

    def send(peer: PeerId, ballot: Ballot) -> None:
        for message_id, candidate, voters in ballot.messages:
            for voter in voters:
                links.setdefault((peer, voter), deque()).append((message_id, candidate))

    def patience_over() -> bool:
        running = [peer for peer in ids if elections[peer].is_running]
        for peer in running:
            send(peer, elections[peer].on_patience_over(others(peer)))
        return bool(running)

    while starting or any(links.values()) or patience_over():
        steps += 1
        assert steps < 5000, "an election ends"
        busy = [key for key in sorted(links) if links[key]]
        if starting and (not busy or entropy.random() < 0.2):
            peer = starting.pop(entropy.randrange(len(starting)))
            send(peer, elections[peer].on_arrival(None, others(peer)))
            continue
        sender, receiver = entropy.choice(busy)
        message_id, candidate = links[sender, receiver].popleft()
        election = elections[receiver]
        handle = election.on_elect if message_id == ELECT else election.on_leader
        send(receiver, handle(sender, candidate, others(receiver)))
    return elections


@settings(max_examples=150)
@given(st.integers(2, 6), st.data())
def test_a_fixed_group_elects_its_lowest_candidate_in_any_order(size: int, data: st.DataObject) -> None:
    """Invariant: the wave ends, and everybody names the lowest candidate, however the messages race."""
    ids = [peer_id(number) for number in range(1, size + 1)]
    candidates = data.draw(st.sets(st.sampled_from(ids), min_size=1))
    elections = run(ids, candidates, random.Random(data.draw(st.integers(0, 2**32))))
    assert {election.leader for election in elections.values()} == {min(candidates)}


@given(st.data())
def test_any_votes_from_anybody_are_taken_without_harm(data: st.DataObject) -> None:
    """Invariant: no order of inputs raises; answers go to members only; one answer is at most one round of votes."""
    election = Election(B, candidate=data.draw(st.booleans()))
    members = [A, C]
    for _ in range(data.draw(st.integers(0, 20))):
        verb = data.draw(st.sampled_from(["elect", "leader", "arrive", "depart", "patience"]))
        who, candidate = data.draw(st.sampled_from([A, C, D])), data.draw(st.sampled_from([A, B, C, D]))
        if verb == "elect" and who in members:
            ballot = election.on_elect(who, candidate, members)
        elif verb == "leader" and who in members:
            ballot = election.on_leader(who, candidate, members)
        elif verb == "arrive":
            members = sorted({*members, who})
            ballot = election.on_arrival(who, members)
        elif verb == "depart" and who in members:
            members = [member for member in members if member != who]
            ballot = election.on_departure(who, members)
        else:
            ballot = election.on_patience_over(members)
        assert len(ballot.messages) <= 2
        assert ballot.elected in (None, election.leader)
        assert ballot.elected != B or election.candidate, "who does not stand does not lead"


def test_a_candidate_that_started_anew_and_stands_no_more_is_not_waited_for_without_end() -> None:
    """Late echoes bring its old wave back to everybody, and it is here again, under the same identity."""
    election = Election(peer_id(5), candidate=True)
    members = (peer_id(1), peer_id(7))
    election.on_elect(peer_id(7), peer_id(1), members)
    assert election.on_patience_over(members) == Ballot()
    ballot = election.on_patience_over(members)
    assert ballot.messages == ((ELECT, peer_id(5), members),)
    assert election.on_patience_over(members).elected == peer_id(5)
