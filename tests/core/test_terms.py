from __future__ import annotations

from tests.core.rig import OWN, Foreign, Rig, peer_id
from zyre.config import Timing
from zyre.core.lease import count_of, token_of
from zyre.events import Event, Leader
from zyre.identity import PeerId
from zyre.wire import terms, zre
from zyre.wire.extension import EXTENSION_HEADER

FEATURES = {EXTENSION_HEADER: "terms"}
BORN = 7_000_000_000
BEFORE = token_of(500, peer_id(1))
LATER = token_of(10**12, peer_id(1))


def bench(*, stands: bool = True) -> tuple[Rig, Foreign]:
    """A node and a peer of its kind in group G. The peer's identity is the lower one."""
    patient = Timing(ask=50, evasive=100, silent=200, expired=300)
    rig = Rig(extensions=["terms"], groups=["G"], incarnation=BORN, timing=patient)
    rig.run_for(20.0)
    peer = rig.ready(1, headers=FEATURES, groups=("G",))
    if stands:
        rig.machine.contest("G", rig.now)
        rig.effects()
    return rig, peer


def say(peer: Foreign, message_id: int, term: int, group: str = "G") -> None:
    peer.send(message_id, terms.encode_term(group, term))


def vote(peer: Foreign, message_id: int, candidate: PeerId) -> None:
    peer.send(message_id, zre.encode_vote("G", candidate))


def elected(rig: Rig) -> list[int]:
    """We stand, and nobody answers for a while: the terms that were told."""
    rig.run_for(2.1)
    return [event.term for event in rig.events() if isinstance(event, Leader) and event.peer == OWN]


def said(rig: Rig, peer: Foreign) -> list[tuple[str, int]]:
    """What was said to a peer: commands, and the term of those that have one."""
    return [
        (message.command, terms.decode_term(b"......" + message.fields).term if message.command in _OURS else 0)
        for message in rig.sent(peer)
    ]


_OURS = terms.MESSAGE_NAMES.values()


def led_by(peer: Foreign, term: int) -> list[Event]:
    return [Leader(peer.id, peer.name, "G", term, term)]


def test_who_is_elected_says_its_term_before_it_says_so() -> None:
    rig, peer = bench()
    (term,) = elected(rig)
    assert count_of(term) >= 7000 + 20_000
    assert said(rig, peer)[-2:] == [("TERM", term), ("LEADER", 0)]
    leading = rig.machine.answer("leading", ("G",))
    assert (leading.peer, leading.term, leading.token) == (OWN, term, term)


def test_its_term_is_above_what_a_voter_has_seen() -> None:
    rig, peer = bench()
    say(peer, terms.SEEN, LATER)
    (term,) = elected(rig)
    assert term > LATER


def test_who_leads_takes_a_higher_term_when_somebody_has_seen_one() -> None:
    rig, peer = bench()
    (term,) = elected(rig)
    rig.effects()
    say(peer, terms.SEEN, term)
    assert said(rig, peer) == []
    say(peer, terms.SEEN, 0)
    assert said(rig, peer) == [("TERM", term)]
    say(peer, terms.SEEN, LATER)
    ((command, higher),) = said(rig, peer)
    assert command == "TERM"
    assert higher > LATER
    assert rig.events() == [Leader(OWN, "own", "G", higher, higher)]


def test_who_is_elected_again_keeps_its_term() -> None:
    rig, _ = bench()
    (term,) = elected(rig)
    rig.ready(2, headers=FEATURES, groups=("G",))
    assert elected(rig) == []
    assert rig.machine.answer("leading", ("G",)).term == term


def test_a_candidate_is_told_what_it_has_to_exceed_before_its_wave_is_answered() -> None:
    rig, peer = bench(stands=False)
    say(peer, terms.SEEN, BEFORE)
    vote(peer, zre.ELECT, peer.id)
    assert said(rig, peer) == [("SEEN", BEFORE), ("ELECT", 0)]


def test_a_leader_is_believed_in_the_term_that_it_says() -> None:
    rig, peer = bench(stands=False)
    for _ in range(2):
        say(peer, terms.TERM, BEFORE)
        vote(peer, zre.LEADER, peer.id)
    assert rig.events() == led_by(peer, BEFORE)
    say(peer, terms.TERM, LATER)
    assert rig.events() == led_by(peer, LATER)


def test_a_leader_whose_term_is_too_low_is_told_so_and_believed_when_it_has_a_higher_one() -> None:
    rig, peer = bench(stands=False)
    say(peer, terms.SEEN, BEFORE)
    say(peer, terms.TERM, BEFORE - 1)
    vote(peer, zre.LEADER, peer.id)
    assert said(rig, peer)[-1] == ("SEEN", BEFORE)
    assert rig.events() == []
    assert rig.machine.leader("G") is None
    rig.run_for(2.1)
    assert said(rig, peer)[-1] == ("SEEN", BEFORE), "it is asked again"
    say(peer, terms.TERM, LATER)
    assert rig.events() == led_by(peer, LATER)
    rig.run_for(5.0)
    assert said(rig, peer) == []


def test_a_leader_whose_term_was_lost_is_asked_for_it() -> None:
    rig, peer = bench(stands=False)
    vote(peer, zre.LEADER, peer.id)
    assert said(rig, peer) == [("SEEN", 0)]
    peer.leave("G")
    rig.events()
    rig.run_for(5.0)
    assert said(rig, peer) == []


def test_a_plain_leader_has_no_term_and_plain_members_hear_of_none() -> None:
    rig, peer = bench()
    plain = rig.ready(2, groups=("G",))
    elected(rig)
    assert not set(_OURS) & {command for command, _ in said(rig, plain)}
    peer.leave("G")
    rig.events()
    vote(plain, zre.LEADER, plain.id)
    assert rig.events() == [Leader(plain.id, plain.name, "G", 0, 0)]


def test_absurd_terms_and_those_of_other_groups_are_nobodys() -> None:
    rig, peer = bench()
    say(peer, terms.SEEN, 2**63)
    say(peer, terms.TERM, 2**64 - 1)
    say(peer, terms.TERM, 5, "OTHER")
    (term,) = elected(rig)
    assert count_of(term) < 10**12
    assert set(rig.machine._elections.terms._reigns) == {"G"}


def test_a_plain_node_leads_without_a_term() -> None:
    rig = Rig(groups=["G"])
    rig.machine.contest("G", rig.now)
    assert elected(rig) == [0]
