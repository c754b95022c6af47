"""Which interfaces a node uses."""

from __future__ import annotations

import pytest

import zyre
from zyre.core.locality import Interface
from zyre.engine.interfaces import INTERFACE_VARIABLE, choose_interfaces, list_interfaces

LO = Interface("lo", "127.0.0.1", 8, "127.255.255.255")
ETH = Interface("eth0", "192.168.1.7", 24, "192.168.1.255")
ETH2 = Interface("eth0", "10.0.0.7", 8, "10.255.255.255")
TUN = Interface("tun0", "10.9.9.9", 32, None)
ALL = (ETH, ETH2, LO, TUN)


@pytest.mark.parametrize(
    ("wanted", "expected", "is_choice"),
    [
        (None, (ETH, ETH2, LO), False),
        ("*", (ETH, ETH2, LO), False),
        ("eth0", (ETH, ETH2), True),
        ("10.0.0.7", (ETH2,), True),
        ("lo", (LO,), True),
        ("tun0", (TUN,), True),
    ],
)
def test_chosen(
    wanted: str | None, expected: tuple[Interface, ...], is_choice: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(INTERFACE_VARIABLE, raising=False)
    assert choose_interfaces(wanted, ALL) == (expected, is_choice)


def test_the_environment_speaks_where_the_program_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(INTERFACE_VARIABLE, "lo")
    assert choose_interfaces(None, ALL) == ((LO,), True)
    assert choose_interfaces("eth0", ALL)[0] == (ETH, ETH2)
    assert choose_interfaces("*", ALL)[0] == (ETH, ETH2, LO)
    monkeypatch.setenv(INTERFACE_VARIABLE, "")
    assert choose_interfaces(None, ALL)[0] == (ETH, ETH2, LO)


def test_nothing_that_fits_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(INTERFACE_VARIABLE, raising=False)
    with pytest.raises(zyre.NoInterface, match=r"'wlan0'; this machine has: eth0 \(192\.168\.1\.7\)"):
        choose_interfaces("wlan0", ALL)
    with pytest.raises(zyre.NoInterface, match=r"Node\(interface='lo'\) works without a network"):
        choose_interfaces(None, (TUN,))
    with pytest.raises(zyre.NoInterface, match="has: none"):
        choose_interfaces(None, ())


@pytest.mark.lan
def test_what_this_machine_has() -> None:
    found = {interface.address: interface for interface in list_interfaces()}
    assert found["127.0.0.1"].is_loopback
    assert found["10.77.0.1"] == Interface("va", "10.77.0.1", 24, "10.77.0.255")
    assert list_interfaces()[-1].is_loopback
