"""The node's networks change: who is told, and what follows."""

from __future__ import annotations

from dataclasses import replace

from tests.core.rig import OWN, Foreign, Rig, names
from zyre.config import Timing
from zyre.core.effects import LocalityChanged
from zyre.core.locality import Interface, Locality
from zyre.endpoint import Endpoint
from zyre.events import NetworkChanged
from zyre.wire import zre

ETH = Interface("eth0", "10.0.0.1", 24, "10.0.0.255")
WLAN = Interface("wlan0", "192.168.1.5", 24, "192.168.1.255")


def at(*interfaces: Interface) -> LocalityChanged:
    return LocalityChanged(Locality(Endpoint("tcp", "*", 49152), interfaces))


def test_an_address_that_comes_and_one_that_goes() -> None:
    rig = Rig()
    rig.run_for(0.5)
    rig.beacons()
    rig.machine.receive_report(at(ETH, WLAN), rig.now)
    rig.machine.receive_report(at(WLAN), rig.now)
    assert rig.events() == [
        NetworkChanged(OWN, "own", ("192.168.1.5",), ()),
        NetworkChanged(OWN, "own", (), ("10.0.0.1",)),
    ]
    assert len(rig.beacons()) == 2, "at once, whenever the next is due"


def test_nothing_is_told_of_what_stays() -> None:
    rig = Rig()
    rig.run_for(0.5)
    rig.beacons()
    rig.machine.receive_report(at(ETH), rig.now)
    assert rig.events() == []
    assert rig.beacons() == []


def test_a_node_without_beacons_is_told_too() -> None:
    rig = Rig(port=0)
    rig.machine.receive_report(at(WLAN), rig.now)
    assert rig.events() == [NetworkChanged(OWN, "own", ("192.168.1.5",), ("10.0.0.1",))]
    assert rig.beacons() == []


# -- whoever knows us by an address that is gone ----------------------------------------------------------------------

NEW = Interface("eth0", "10.0.0.8", 24, "10.0.0.255")
LO = Interface("lo", "127.0.0.1", 8, "127.255.255.255")
ANYWHERE = Locality(Endpoint("tcp", "*", 49152), (ETH,))


def here(rig: Rig, number: int, address: str) -> Foreign:
    """A peer of another kind that has entered."""
    peer = Foreign(rig, number, address=address)
    peer.hello()
    rig.events()
    rig.effects()
    return peer


def greeted(rig: Rig) -> list[str]:
    """The addresses that were told since the last question, each on a link of its own."""
    hellos = [message for message in rig.sent() if message.command == "HELLO"]
    assert all(message.sequence == 1 for message in hellos), "a link begins with HELLO"
    return [zre.decode_hello(bytes(6) + message.fields).endpoint for message in hellos]


def moved(rig: Rig, *interfaces: Interface) -> list[str]:
    rig.machine.receive_report(at(*interfaces), rig.now)
    return greeted(rig)


def test_peers_are_told_the_new_address_and_have_not_left() -> None:
    rig = Rig(locality=ANYWHERE)
    peer = here(rig, 1, "10.0.0.7")
    former = peer.link
    assert moved(rig, NEW) == ["tcp://10.0.0.8:49152"]
    assert peer.link != former
    assert former not in rig.links
    peer.hello(sequence=1)  # as nodes of other kinds answer one that they take for new
    peer.whisper(b"still here")
    assert names(rig.events()) == ["NetworkChanged", "Whisper"]
    rig.run_for(Timing().handshake)
    peer.hello(sequence=1)
    assert names(rig.events())[-2:] == ["Exit", "Enter"], "that one has started anew"


def test_they_are_told_as_soon_as_there_is_one() -> None:
    rig = Rig(locality=ANYWHERE)
    here(rig, 1, "10.0.0.7")
    assert moved(rig, LO) == []
    assert moved(rig, LO, NEW) == ["tcp://10.0.0.8:49152"]
    assert moved(rig, LO) == []
    assert moved(rig, LO, NEW) == [], "it is the one that they know"


def test_who_knows_another_address_is_left_alone() -> None:
    rig = Rig(locality=Locality(Endpoint("tcp", "*", 49152), (ETH, WLAN)))
    here(rig, 1, "10.0.0.7")
    here(rig, 2, "192.168.1.7")
    assert moved(rig, WLAN, NEW) == ["tcp://10.0.0.8:49152"]


def test_a_cable_that_is_out_is_told_and_changes_no_link() -> None:
    rig = Rig(locality=ANYWHERE)
    here(rig, 1, "10.0.0.7")
    for unplugged, (appeared, vanished) in (({"eth0"}, ((), ("10.0.0.1",))), (set(), (("10.0.0.1",), ()))):
        locality = replace(ANYWHERE, unplugged=frozenset(unplugged))
        rig.machine.receive_report(LocalityChanged(locality), rig.now)
        assert rig.events() == [NetworkChanged(OWN, "own", appeared, vanished)]
        assert greeted(rig) == []


def test_where_both_have_moved_a_beacon_leads_there() -> None:
    """As when a router is replaced. While we are in the peer's former network, a beacon from elsewhere is no proof."""
    rig = Rig(locality=ANYWHERE)
    peer = here(rig, 1, "10.0.0.7")
    elsewhere = Foreign(rig, 1, address="192.168.1.7")
    elsewhere.beacon()
    assert greeted(rig) == []
    moved(rig, WLAN)
    elsewhere.beacon()
    assert greeted(rig) == ["tcp://192.168.1.5:49152"]
    assert rig.links[peer.link] == "tcp://192.168.1.7:49152"
    assert "Exit" not in names(rig.events())
