"""Which interfaces a node uses."""

from __future__ import annotations

import pytest

import zyre
from tests.support.network import set_link
from zyre.core.locality import Interface
from zyre.engine.interfaces import (
    INTERFACE_VARIABLE,
    Why,
    choose_interfaces,
    consider_interfaces,
    is_up,
    list_interfaces,
)

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


def up(name: str) -> bool:
    return True


NAMES = {
    "eth*": (ETH, ETH2),
    "eth*, !10.0.0.0/8": (ETH,),
    "192.168.1.0/24": (ETH,),
    "10.0.0.0/8": (ETH2, TUN),
    "!lo": (ETH, ETH2),
    "!eth*": (LO,),
    "tun0,lo": (LO, TUN),
    "!tun0, !lo, !10.0.0.7": (ETH,),
}


@pytest.mark.parametrize("wanted", NAMES)
def test_chosen_by_words(wanted: str) -> None:
    assert choose_interfaces(wanted, ALL, up) == (NAMES[wanted], True)
    assert choose_interfaces(wanted.split(","), ALL, up) == (NAMES[wanted], True)


@pytest.mark.parametrize("wanted", ["!", "eth0, !", ["eth0", 7]])
def test_words_that_say_nothing(wanted: object) -> None:
    with pytest.raises(zyre.InvalidConfig, match="'!docker"):
        choose_interfaces(wanted, ALL)  # type: ignore[arg-type]


def test_everything_has_a_reason() -> None:
    switched_off = {"eth0"}
    considered = consider_interfaces("eth0, tun0, !10.0.0.7", ALL, lambda name: name not in switched_off)
    assert [one.why for one in considered] == [Why.DOWN, Why.EXCLUDED, Why.NOT_CHOSEN, Why.CHOSEN]
    assert [one.why for one in consider_interfaces("*", ALL, up)] == [Why.USED, Why.USED, Why.USED, Why.NO_BROADCAST]
    assert [one.is_used for one in consider_interfaces("*", ALL, up)] == [True, True, True, False]


@pytest.mark.lan
def test_whether_an_interface_is_up() -> None:
    assert is_up("lo")
    assert is_up("va")
    assert is_up("none that exists")
    set_link("va", up=False)
    try:
        assert not is_up("va")
        assert Why.DOWN in {one.why for one in consider_interfaces("va")}
    finally:
        set_link("va", up=True)
