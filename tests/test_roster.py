from __future__ import annotations

import dataclasses

import pytest

from zyre.errors import InvalidPeer
from zyre.events import Evasive
from zyre.identity import PeerId
from zyre.roster import Peer, Roster

ALICE, BOB, NOBODY = (PeerId(digit * 32) for digit in "ABC")


def peer(identity: PeerId, name: str, *groups: str) -> Peer:
    return Peer(identity, name, "tcp://10.0.0.2:49152", {}, frozenset(groups), "beacon")


@pytest.fixture
def roster() -> Roster:
    return Roster({ALICE: peer(ALICE, "alice", "CHAT", "DEV"), BOB: peer(BOB, "bob", "CHAT")})


def test_it_iterates_and_counts(roster: Roster) -> None:
    assert [entry.name for entry in roster] == ["alice", "bob"]
    assert len(roster) == 2
    assert repr(roster) == "Roster(alice, bob)"


@pytest.mark.parametrize("key", [ALICE, ALICE.lower(), ALICE.octets, Evasive(ALICE, "x"), peer(ALICE, "x")])
def test_it_is_asked_by_whatever_denotes_a_peer(roster: Roster, key: object) -> None:
    assert key in roster
    assert roster[key].name == "alice"
    assert roster.get(key) is roster[key]


def test_who_is_not_here_is_a_key_error_or_none(roster: Roster) -> None:
    assert NOBODY not in roster
    assert roster.get(NOBODY) is None
    with pytest.raises(KeyError):
        roster[NOBODY]


def test_what_is_no_identity_is_said_to_be_none(roster: Roster) -> None:
    assert "alice" not in roster
    with pytest.raises(InvalidPeer):
        roster["alice"]


def test_names_need_not_be_unique() -> None:
    twins = Roster({ALICE: peer(ALICE, "eve"), BOB: peer(BOB, "eve")})
    assert {entry.uuid for entry in twins.named("eve")} == {ALICE, BOB}
    assert twins.named("alice") == ()


def test_in_group_is_a_roster_too(roster: Roster) -> None:
    assert [entry.name for entry in roster.in_group("DEV")] == ["alice"]
    assert len(roster.in_group("CHAT")) == 2
    assert not roster.in_group("none")


def test_rosters_compare_by_content_and_have_no_hash(roster: Roster) -> None:
    assert roster == Roster({entry.uuid: entry for entry in roster})
    assert roster != Roster({})
    assert roster != "roster"
    with pytest.raises(TypeError):
        hash(roster)


def test_a_peer_cannot_be_changed(roster: Roster) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        roster[ALICE].name = "mallory"  # type: ignore[misc]


def test_peers_are_chosen_by_their_headers() -> None:
    gpu = dataclasses.replace(peer(ALICE, "alice"), headers={"role": "gpu", "load": "1"})
    cpu = dataclasses.replace(peer(BOB, "bob"), headers={"role": "cpu", "load": "1"})
    both = Roster({ALICE: gpu, BOB: cpu})
    assert [entry.name for entry in both(role="gpu")] == ["alice"]
    assert len(both(load="1")) == len(both()) == 2
    assert len(both(role="gpu", load="2")) == len(both(missing="")) == 0
    assert [entry.name for entry in both(role="cpu")] == ["bob"]
