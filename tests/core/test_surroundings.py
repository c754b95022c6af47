"""The node's networks change: who is told, and what follows."""

from __future__ import annotations

from tests.core.rig import OWN, Rig
from zyre.core.effects import LocalityChanged
from zyre.core.locality import Interface, Locality
from zyre.endpoint import Endpoint
from zyre.events import NetworkChanged

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
