"""Watching over peers: what counts as a sign of life, and what a look leads to."""

from __future__ import annotations

import pytest

from tests.core.rig import Foreign, Rig, names
from zyre.config import Timing
from zyre.core.effects import (
    Broadcast,
    Hasten,
    LinkAnswered,
    LinkBlocked,
    LinkLost,
    LinkWritable,
    OpenLink,
    Probe,
    Send,
)
from zyre.events import Evasive, Exit, Returned
from zyre.sim import World
from zyre.wire import zre
from zyre.wire.zre import identity_frame


def beacons_only(peer: Foreign, seconds: int) -> None:
    for _ in range(seconds):
        peer.rig.run_for(1.0)
        peer.beacon()


def sleep(rig: Rig, seconds: float) -> None:
    """The process stands still, and goes on with the alarm that should have rung long ago."""
    rig.now += seconds
    rig.machine.handle_timeout(rig.now)


# -- beacons alone -----------------------------------------------------------------------------------------------------


def test_who_only_beacons_is_asked_now_and_then_whether_our_link_reaches_it() -> None:
    rig = Rig()
    peer = rig.ready()
    beacons_only(peer, 9)
    assert rig.commands() == []
    beacons_only(peer, 4)
    assert set(rig.commands()) == {"PING"}
    peer.send(zre.PING_OK)
    beacons_only(peer, 9)
    assert rig.commands() == []
    assert rig.events() == []


def test_the_more_peers_there_are_the_less_often_each_is_asked() -> None:
    rig = Rig(timing=Timing(prove=4.0, prove_next=2.0))
    peers = [rig.ready(number) for number in (1, 2, 3)]
    rig.commands()
    for second in range(1, 8):
        rig.run_for(1.0)
        for peer in peers:
            peer.beacon()
        assert ("PING" in rig.commands()) is (second > 6), f"three times two seconds, and it is {second}"


def test_of_two_of_our_own_kind_one_asks_and_that_proves_the_link_to_both() -> None:
    world = World(1)
    nodes = [world.node(name) for name in ("a", "b")]
    world.run_for(3.0)
    before = [node.machine.counters.sent for node in nodes]
    world.run_for(100.0)
    said = [node.machine.counters.sent - sent for node, sent in zip(nodes, before, strict=True)]
    assert said[0] == said[1], "a question or its answer"
    assert 7 <= said[0] <= 10


def test_a_link_that_reaches_nobody_is_noticed_although_the_beacons_come() -> None:
    rig = Rig()
    peer = rig.ready()
    beacons_only(peer, 14)
    assert rig.events() == []
    beacons_only(peer, 30)
    assert names(rig.events()) == ["Evasive", "Silent", "Exit"], "and it does not enter again without a word"


def test_a_full_link_that_takes_more_reaches_somebody_who_reads() -> None:
    rig = Rig()
    peer = rig.ready()
    rig.machine.whisper(peer.id, (b"x",))
    for _ in range(40):
        *_, waiting = (effect for effect in rig.effects() if isinstance(effect, Send))
        rig.machine.receive_report(LinkBlocked(peer.link, waiting.frames), rig.now)
        rig.run_for(1.0)
        rig.machine.receive_report(LinkWritable(peer.link), rig.now)
    assert rig.events() == [], "neither a beacon nor a message came"
    rig.run_for(40.0)
    assert names(rig.events()) == ["Evasive", "Silent", "Exit"]


def test_that_there_is_room_in_a_link_that_was_not_full_is_no_sign_of_life() -> None:
    rig = Rig()
    link = rig.ready().link
    for _ in range(40):
        rig.run_for(1.0)
        rig.machine.receive_report(LinkWritable(link), rig.now)
    assert names(rig.events()) == ["Evasive", "Silent", "Exit"]


def test_a_message_ends_the_doubt() -> None:
    rig = Rig()
    peer = rig.ready()
    beacons_only(peer, 17)
    assert names(rig.events()) == ["Evasive"]
    peer.send(zre.PING_OK)
    assert names(rig.events()) == ["Returned"]
    beacons_only(peer, 9)
    assert rig.events() == []


def test_beacons_of_whose_connection_broke_prove_nothing_until_somebody_answers_there() -> None:
    rig = Rig()
    peer, other = rig.ready(1), rig.ready(2)
    for each in (peer, other):
        rig.machine.receive_report(LinkLost(identity_frame(each.id.octets)), rig.now)
    rig.machine.receive_report(LinkAnswered(other.link), rig.now)
    for _ in range(6):
        rig.run_for(1.0)
        peer.beacon()
        other.beacon()
    assert rig.events() == [Evasive(peer.id, "peer1")]


def test_the_link_to_a_quiet_peer_is_to_go_on_soon_after_an_outage() -> None:
    rig = Rig()
    peer = rig.ready()
    rig.run_for(2.4)
    assert Hasten not in {type(effect) for effect in rig.effects()}
    rig.run_for(0.3)
    assert Hasten(peer.link) in rig.effects()


def test_a_quiet_peer_s_host_is_asked_when_it_is_evasive() -> None:
    rig = Rig()
    peer = rig.ready()
    rig.run_for(4.9)
    assert Probe not in {type(effect) for effect in rig.effects()}
    rig.run_for(0.2)
    assert Probe(peer.link, peer.endpoint) in rig.effects()


# -- our own sleep -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [7.0, 9.0, 60.0, 86400.0])
def test_whoever_slept_gives_everybody_time_again(seconds: float) -> None:
    rig = Rig()
    peer = rig.ready()
    rig.run_for(4.0)
    sleep(rig, seconds)
    rig.run_for(0.9)
    assert rig.events() == []
    peer.send(zre.PING_OK)
    rig.run_for(4.0)
    assert rig.events() == []


def test_whoever_slept_says_so_by_beacons_and_asks_everybody() -> None:
    rig = Rig()
    peer = rig.ready()
    rig.run_for(2.0)
    rig.effects()
    sleep(rig, 60.0)
    effects = rig.effects()
    assert Broadcast in {type(effect) for effect in effects}
    peer.send(zre.PING_OK)
    rig.run_for(1.1)
    assert len(rig.beacons()) == 4


def test_a_dead_peer_expires_also_where_every_alarm_is_late() -> None:
    rig = Rig()
    peer = rig.ready()
    for _ in range(100):
        rig.now = rig.machine.next_timeout() + 0.3
        rig.machine.handle_timeout(rig.now)
    assert Exit(peer.id, "peer1", "expired") in rig.events()


def test_who_is_silent_for_a_time_is_back_with_its_first_word() -> None:
    rig = Rig()
    peer = rig.ready()
    rig.run_for(8.0)
    peer.whisper(b"here")
    assert names(rig.events()) == ["Evasive", "Silent", "Returned", "Whisper"]


# -- those who were given up -------------------------------------------------------------------------------------------


def test_whoever_was_given_up_and_still_talks_to_us_is_greeted_where_it_was() -> None:
    """It slept, and does not know that it was away; nobody need wait for a beacon."""
    rig = Rig()
    peer = rig.ready()
    rig.run_for(11.0)
    rig.effects()
    peer.send(zre.PING)
    assert [effect.endpoint for effect in rig.effects() if isinstance(effect, OpenLink)] == [peer.endpoint]
    peer.send(zre.PING)
    assert rig.effects() == [], "once"
    peer.hello()
    assert names(rig.events()) == ["Evasive", "Silent", "Exit", "Enter"]


def test_whoever_left_is_not_greeted_for_a_late_word() -> None:
    rig = Rig()
    peer = rig.ready()
    peer.send(zre.GOODBYE)
    rig.effects()
    peer.whisper(b"late")
    assert rig.effects() == []


def test_short_times_need_no_others() -> None:
    rig = Rig(timing=Timing(evasive=0.2, silent=0.4, expired=1.0))
    peer = rig.ready()
    rig.run_for(0.3)
    peer.beacon()
    rig.run_for(0.9)
    peer.send(zre.PING_OK)
    assert [type(event) for event in rig.events()].count(Returned) == 2
    rig.run_for(1.1)
    assert rig.events()[-1] == Exit(peer.id, "peer1", "expired")
