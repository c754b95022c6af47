from __future__ import annotations

from tests.core.rig import peer_id
from zyre.core.lease import MOST_TERM, Claim, Seat, token_of

A, B = peer_id(1), peer_id(2)


def test_a_voter_grants_a_name_to_one_at_a_time_and_in_rising_terms() -> None:
    seat = Seat()
    assert seat.vote(A, 5, 10.0, now=0.0, may_vote=True)
    assert not seat.vote(B, 6, 10.0, now=9.0, may_vote=True), "A has it"
    assert seat.vote(A, 5, 10.0, now=9.0, may_vote=True), "A renews"
    assert not seat.vote(B, 6, 10.0, now=11.0, may_vote=True), "from then on"
    assert not seat.vote(B, 5, 10.0, now=19.0, may_vote=True), "that term was A's"
    assert seat.vote(B, 6, 10.0, now=19.0, may_vote=True)
    assert not seat.vote(A, 5, 10.0, now=19.0, may_vote=True)


def test_who_may_not_vote_yet_grants_nothing() -> None:
    seat = Seat()
    assert not seat.vote(A, 5, 10.0, now=0.0, may_vote=False)
    assert (seat.highest, seat.holder) == (0, None)


def test_only_the_holder_releases() -> None:
    seat = Seat()
    seat.vote(A, 5, 10.0, now=0.0, may_vote=True)
    assert not seat.release(B, 5)
    assert not seat.release(A, 4)
    assert seat.release(A, 5)
    assert seat.vote(B, 6, 10.0, now=0.0, may_vote=True)


def test_a_majority_is_of_the_stated_size_and_of_those_who_are_there() -> None:
    assert [Claim("G", "", 3.0, 5).needed(present) for present in (1, 3, 5, 7)] == [3, 3, 3, 4]
    assert [Claim("G", "", 3.0, 0).needed(present) for present in (1, 2, 3)] == [1, 2, 2]


def test_a_claimant_holds_from_before_it_asked_and_for_less_than_was_granted() -> None:
    claim = Claim("G", "", 10.0, 3)
    claim.ask(7, now=100.0)
    assert not claim.count(A, present=3)
    assert not claim.count(A, present=3), "a vote counts once"
    assert claim.count(B, present=3)
    assert claim.held_until == 109.0


def test_tokens_rise_with_terms_and_fit_in_63_bits() -> None:
    assert token_of(5, A) == token_of(5, B), "small identities differ in low digits only"
    assert token_of(5, peer_id(15 << 124)) < token_of(6, A)
    assert token_of(MOST_TERM - 1, peer_id(2**128 - 1)) < 2**63
