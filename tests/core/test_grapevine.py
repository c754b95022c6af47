"""Peers of whom a gossip service tells."""

from __future__ import annotations

import pytest

from tests.core.rig import OWN, Foreign, Rig, peer_id
from zyre.core.effects import OpenLink
from zyre.core.locality import Locality
from zyre.core.tables import PeerState
from zyre.endpoint import Endpoint

THERE = "tcp://10.0.0.8:49152"  # where the rig's peer number 7 is


def tell(made: Rig, key: str, contact: str = THERE) -> None:
    made.machine.change("gossiped", [key, contact], made.now)


def greetings(made: Rig) -> int:
    return sum(isinstance(effect, OpenLink) for effect in made.effects())


def test_whom_gossip_tells_of_is_greeted() -> None:
    made = Rig(port=0)
    tell(made, peer_id(7))
    assert made.state(peer_id(7)) is PeerState.PENDING
    assert made.commands() == ["HELLO"]
    Foreign(made, 7).hello()
    assert made.state(peer_id(7)) is PeerState.READY


def test_what_was_told_before_the_start_is_followed_then() -> None:
    made = Rig(port=0, start=False)
    tell(made, peer_id(7))
    assert made.effects() == []
    made.machine.start(Locality(Endpoint.parse("tcp://10.0.0.1:1"), ()), made.now)
    assert greetings(made) == 1


@pytest.mark.parametrize(
    ("key", "contact"),
    [
        ("colour", "blue"),
        (peer_id(7), "nowhere"),
        (peer_id(7), "tcp://*:5670"),
        (peer_id(7), "tcp://10.0.0.7:7|short"),
        (peer_id(7), "ipc:///run/other"),
        (peer_id(7), "inproc://other"),
        (OWN, THERE),
        ("", ""),
    ],
)
def test_what_names_nobody_to_go_to_means_nothing(key: str, contact: str) -> None:
    made = Rig(port=0)
    tell(made, key, contact)
    assert made.machine.pending == 0
    assert made.effects() == []


def test_who_is_on_the_same_host_only_looks_there_too() -> None:
    made = Rig(port=0, locality=Locality(Endpoint.parse("inproc://own"), ()))
    tell(made, peer_id(7), "inproc://other")
    assert greetings(made) == 1


def test_who_does_not_answer_is_looked_for_ever_more_seldom() -> None:
    made = Rig(port=0)
    tell(made, peer_id(7))
    made.run_for(600.0)
    early = greetings(made)
    assert early >= 3
    made.run_for(3600.0)
    assert 5 <= greetings(made) <= 13
    tell(made, peer_id(7), "")
    made.run_for(1000.0)
    made.effects()
    made.run_for(1000.0)
    assert greetings(made) == 0, "gossip tells of it no more"


def test_who_was_cut_off_is_found_again() -> None:
    made = Rig(port=0)
    tell(made, peer_id(7))
    made.effects()
    Foreign(made, 7).hello()
    made.run_for(100.0)
    assert made.state(peer_id(7)) is not PeerState.READY, "it was silent for too long"
    assert greetings(made) >= 1


def test_rumours_are_bounded() -> None:
    made = Rig(port=0, start=False)
    for number in range(1, 5000):
        tell(made, peer_id(number), f"tcp://10.1.{number // 250}.{number % 250}:7")
    made.machine.start(Locality(Endpoint.parse("tcp://10.0.0.1:1"), ()), made.now)
    assert greetings(made) == 4096


def test_whom_no_beacon_reaches_is_told_goodbye() -> None:
    made = Rig()
    tell(made, peer_id(7))
    met_us_first = Foreign(made, 8)
    met_us_first.hello()
    tell(made, met_us_first.id, met_us_first.endpoint)
    by_beacon = Foreign(made, 9)
    by_beacon.beacon()
    peer = Foreign(made, 7)
    peer.hello()
    by_beacon.hello()
    made.effects()
    made.machine.stop(made.now)
    effects = made.machine.take_effects()
    frames = [effect.frames[0][2] for effect in effects if hasattr(effect, "frames")]
    assert frames.count(10) == 2
