"""Explicit connections: to an endpoint, with or without knowing who is there; kept up, and never doubled."""

from __future__ import annotations

import pytest

from tests.core.invariants import check_machine
from tests.core.rig import LOCALITY, Foreign, Rig, check_lives, names, peer_id
from zyre.core.dialling import Dialling
from zyre.core.effects import CloseLink, LinkFailed, OpenLink
from zyre.core.peer import PeerRecord
from zyre.endpoint import Endpoint
from zyre.events import Exit
from zyre.identity import PeerId

THERE = Endpoint("tcp", "10.0.0.2", 49152)


def anonymous(endpoint: Endpoint, link: int = 1) -> PeerRecord:
    return PeerRecord(None, endpoint, link, "connect")


# -- the book of dials -----------------------------------------------------------------------------------------------


def test_an_endpoint_is_dialled_once() -> None:
    dialling = Dialling()
    assert dialling.add(THERE, None) is not None
    assert dialling.add(THERE, None) is None
    assert [dial.endpoint for dial in dialling] == [THERE]


@pytest.mark.parametrize(
    ("dialled", "says", "source", "claimed"),
    [
        (["tcp://10.0.0.2:49152"], "tcp://10.0.0.2:49152", "", 1),
        (["tcp://hostb:49152"], "tcp://10.0.0.2:49152", "", 1),
        (["tcp://hostb:49152"], "tcp://10.0.0.2:5", "", None),
        (["tcp://hostb:49152", "tcp://10.0.0.2:49152"], "tcp://10.0.0.2:49152", "", 2),
        (["tcp://10.0.0.99:49152"], "tcp://10.0.0.2:49152", "", None),
        (["tcp://10.0.0.2:49152"], "tcp://10.9.9.9:49152", "10.0.0.2", 1),
        (["tcp://10.0.0.2:6000"], "tcp://172.17.0.2:5000", "10.0.0.2", 1),
        (["tcp://10.0.0.2:6000"], "tcp://10.0.0.2:5000", "10.0.0.2", None),
        (["tcp://10.0.0.2:6000", "tcp://10.0.0.2:6001"], "tcp://172.17.0.2:5000", "10.0.0.2", None),
        (["tcp://hostb:5", "tcp://hostc:5"], "tcp://10.0.0.3:5", "", None),
        (["inproc://b"], "inproc://b", "", 1),
        (["inproc://b"], "inproc://c", "", None),
        ([], "tcp://10.0.0.2:49152", "10.0.0.2", None),
    ],
)
def test_who_answers_takes_over_the_link_that_leads_to_it(
    dialled: list[str], says: str, source: str, claimed: int | None
) -> None:
    dialling = Dialling()
    for link, text in enumerate(dialled, 1):
        dial = dialling.add(Endpoint.parse(text), None)
        assert dial is not None
        dial.record = anonymous(dial.endpoint, link)
    record = dialling.claim(peer_id(1), Endpoint.parse(says), source)
    assert (record and record.link) == claimed
    assert dialling.claim(peer_id(1), Endpoint.parse(says), source) is None or len(dialled) == 2, "it is theirs alone"


def test_a_host_name_is_told_from_another_once_both_are_resolved() -> None:
    dialling = Dialling()
    for link, host in enumerate(("hostb", "hostc"), 1):
        dial = dialling.add(Endpoint("tcp", host, 5), None)
        assert dial is not None
        dial.record = anonymous(dial.endpoint, link)
        dialling.on_resolved(host, (f"10.0.0.{link}", f"10.0.1.{link}"))
    record = dialling.claim(peer_id(1), Endpoint("tcp", "10.0.1.2", 5), "")
    assert record is not None
    assert record.link == 2


def test_an_anonymous_record_is_found_by_its_link() -> None:
    dialling = Dialling()
    dial = dialling.add(THERE, None)
    assert dial is not None
    assert list(dialling.anonymous()) == []
    dial.record = anonymous(THERE, 7)
    assert dialling.at_link(7) is dial.record
    assert dialling.at_link(8) is None


# -- what the machine makes of it ------------------------------------------------------------------------------------


def connect(rig: Rig, endpoint: str = "tcp://10.0.0.2:49152", peer: PeerId | None = None) -> None:
    rig.machine.connect(Endpoint.parse(endpoint), peer, rig.now)
    check_machine(rig.machine)


def links(rig: Rig) -> int:
    """How many links are open after all that was asked for."""
    rig.effects()
    return len(rig.links)


def test_connecting_greets_whoever_is_there() -> None:
    rig = Rig(port=0)
    connect(rig)
    assert rig.commands() == ["HELLO"]
    assert rig.events() == []
    assert rig.machine.pending == 1


def test_whoever_answers_enters_on_the_link_that_was_dialled() -> None:
    rig = Rig(port=0)
    connect(rig)
    peer = Foreign(rig)
    peer.hello()
    assert names(rig.events()) == ["Enter"]
    assert links(rig) == 1
    assert rig.machine.roster[peer.id].found_by == "connect"
    check_machine(rig.machine)


def test_with_a_uuid_that_peer_is_expected() -> None:
    rig, peer = Rig(port=0), peer_id(1)
    connect(rig, peer=peer)
    assert rig.state(peer).name == "PENDING"
    Foreign(rig, 1).hello()
    assert names(rig.events()) == ["Enter"]
    assert links(rig) == 1


def test_a_dial_before_the_start_is_made_at_the_start() -> None:
    rig = Rig(port=0, start=False)
    connect(rig)
    assert rig.effects() == []
    rig.machine.start(LOCALITY, rig.now)
    assert rig.commands() == ["HELLO"]


def test_dialling_twice_is_dialling_once() -> None:
    rig = Rig(port=0)
    connect(rig)
    connect(rig)
    assert links(rig) == 1


@pytest.mark.parametrize("peer", [None, peer_id(1)])
def test_nobody_there_is_greeted_again_on_a_new_link_and_never_on_two(peer: PeerId | None) -> None:
    rig = Rig(port=0)
    connect(rig, peer=peer)
    for _ in range(40):
        rig.run_for(1.0)
        assert links(rig) == 1
        check_machine(rig.machine)
    assert 4 <= max(rig.links) <= 9, "about once in the handshake time"
    assert rig.events() == []


@pytest.mark.parametrize("identity", [None, peer_id(1)])
@pytest.mark.parametrize("reason", ["left", "expired"])
def test_a_dialled_peer_that_exits_is_dialled_again(identity: PeerId | None, reason: str) -> None:
    rig = Rig(port=0)
    connect(rig, peer=identity)
    peer = Foreign(rig)
    peer.hello()
    if reason == "left":
        peer.send(10)
    else:
        rig.run_for(30.0)
    rig.effects()
    rig.run_for(1.0)
    assert [event.reason for event in rig.events() if isinstance(event, Exit)] == [reason]
    assert links(rig) == 1
    peer.hello()
    assert names(rig.events())[-1] == "Enter"
    assert links(rig) == 1


def test_a_peer_that_is_here_already_is_not_dialled() -> None:
    rig = Rig()
    peer = rig.ready()
    connect(rig, peer.endpoint)
    connect(rig, "tcp://10.0.0.77:1", peer.id)
    rig.run_for(3.0)
    assert links(rig) == 1
    check_machine(rig.machine)


def test_a_dialled_peer_that_greets_anew_is_replaced_on_one_link() -> None:
    rig = Rig(port=0)
    connect(rig)
    peer = Foreign(rig)
    peer.hello()
    peer.hello()
    assert names(rig.events()) == ["Enter", "Exit", "Enter"]
    assert links(rig) == 1
    rig.run_for(3.0)
    assert links(rig) == 1


def test_a_name_for_a_peer_that_is_here_costs_one_replacement_and_one_link() -> None:
    """Only its HELLO tells that the host name and the known address are the same peer."""
    rig = Rig()
    peer = rig.ready()
    connect(rig, "tcp://hostb:49152")
    assert links(rig) == 2
    peer.hello()
    assert names(rig.events()) == ["Exit", "Enter"]
    assert links(rig) == 1
    rig.run_for(3.0)
    assert links(rig) == 1
    check_machine(rig.machine)


def test_another_than_expected_at_the_endpoint_is_no_reason_to_fight() -> None:
    rig = Rig()
    peer = rig.ready(1)
    connect(rig, peer.endpoint, peer_id(2))
    rig.run_for(4.0)
    assert links(rig) == 1
    assert peer.id in rig.machine.roster


def test_a_dial_that_cannot_be_opened_is_counted_and_tried_again() -> None:
    rig = Rig(port=0)
    connect(rig)
    (link,) = [effect.link for effect in rig.effects() if isinstance(effect, OpenLink)]
    rig.machine.receive_report(LinkFailed(link), rig.now)
    assert rig.machine.counters.failures["link"] == 1
    rig.run_for(6.0)
    kinds = [type(effect) for effect in rig.effects()]
    assert kinds.count(OpenLink) == kinds.count(CloseLink) == 1
    assert rig.events() == []


def test_anonymous_links_hear_of_groups_too() -> None:
    """A JOIN behind the HELLO: otherwise who answers late would know the groups of before."""
    rig = Rig(port=0)
    connect(rig)
    rig.machine.join("G", rig.now)
    assert rig.commands() == ["HELLO", "JOIN"]


def test_lives_are_whole_whatever_a_dialled_peer_does() -> None:
    rig = Rig(port=0)
    connect(rig)
    peer = Foreign(rig)
    for step in (peer.hello, lambda: peer.send(10), peer.hello, lambda: rig.run_for(31.0), peer.hello):
        step()
        rig.run_for(2.0)
        rig.events()
        assert links(rig) == 1
        check_machine(rig.machine)
    assert check_lives(rig.history) == {peer.id}


# -- known defects -----------------------------------------------------------------------------------------------------


def test_two_host_names_with_one_port_make_no_storm_of_hellos() -> None:
    """Once a peer that we greeted by a host name is READY, it answers our second HELLO by its own, and so on."""
    rig = Rig(port=0)
    connect(rig, "tcp://hostb:49152")
    connect(rig, "tcp://hostc:49152")
    peer = Foreign(rig)
    for _ in range(3):
        peer.hello()
        rig.effects()
    peer.hello()
    assert "HELLO" not in rig.commands()


def test_a_dial_that_nobody_answers_is_not_the_way_to_another_computer() -> None:
    rig = Rig(port=0)
    connect(rig, "tcp://10.0.0.99:49152")
    peer = Foreign(rig)
    peer.hello()
    rig.effects()
    assert rig.links[peer.link] == peer.endpoint
