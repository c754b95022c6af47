"""The private network itself: what is in it, and what is not."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from . import network

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def private() -> None:
    if not network.in_private_network():
        pytest.skip("This test looks at the private network, and this process is not in one.")


def interfaces() -> set[str]:
    return {name for _, name in socket.if_nameindex()}


def route_to(address: str) -> str:
    return subprocess.run(["ip", "route", "get", address], capture_output=True, text=True, check=False).stderr


@pytest.mark.lan
def test_it_holds_nothing_that_leads_outside() -> None:
    assert interfaces() >= {"lo", "va", "vb"}  # some kernels put idle tunnel devices into every namespace
    assert "unreachable" in route_to("192.0.2.1")


@pytest.mark.lan
def test_a_broadcast_comes_back() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        one.settimeout(2)
        one.bind(("", 0))
        one.sendto(b"hello", ("10.77.0.255", one.getsockname()[1]))
        data, (address, _) = one.recvfrom(100)
    assert (data, address) == (b"hello", "10.77.0.1")


@pytest.mark.lan
def test_entering_twice_is_entering_once() -> None:
    before = interfaces()
    assert network.enter_private_network()
    assert interfaces() == before


@pytest.mark.lan
def test_a_child_process_is_inside_and_knows_it() -> None:
    code = "from tests.support.network import in_private_network as inside; raise SystemExit(not inside())"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@pytest.mark.lan
def test_the_mark_alone_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(network.MARK, "net:[1]")
    assert not network.in_private_network()


@pytest.mark.lan
def test_links_come_and_go() -> None:
    network.add_veth("vx", "vy", "10.77.9.1/24")
    try:
        assert {"vx", "vy"} <= interfaces()
        network.set_link("vx", up=False)
        network.add_address("vy", "10.77.8.1/24")
        network.delete_address("vy", "10.77.8.1/24")
    finally:
        network.delete_link("vx")
    assert not {"vx", "vy"} & interfaces()


def test_a_failing_command_is_told() -> None:
    with pytest.raises(OSError, match=r"ip link delete no-such-link.*Cannot find device"):
        network.delete_link("no-such-link")


def test_threads_are_an_obstacle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.listdir", lambda path: ["1", "2"])
    monkeypatch.delenv(network.MARK)
    entered = network.enter_private_network()
    assert not entered
    assert "threads" in entered.reason
