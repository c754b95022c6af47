"""A node whose only interface gets another address, however its events are read."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

import zyre

from ..support import network

pytestmark = pytest.mark.lan

BEFORE, AFTER = "10.79.0.1", "10.79.0.9"
PATIENCE = 10.0


@pytest.fixture
def interface() -> Iterator[str]:
    network.add_veth("zmove0", "zmove1", f"{BEFORE}/24")
    yield "zmove0"
    network.delete_link("zmove0")


def _move(interface: str) -> None:
    """Away first: with an interface's first address go the others of its network."""
    network.delete_address(interface, f"{BEFORE}/24")
    network.add_address(interface, f"{AFTER}/24")


def _answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), PATIENCE):
            return True
    except OSError:
        return False


def _wait_forever(node: zyre.Node) -> None:
    try:
        node.recv()
    except zyre.NodeStopped:
        pass


@pytest.mark.parametrize("how", ["nobody reads", "a thread waits in recv", "a loop watches the descriptor"])
def test_its_inbox_moves_with_it(interface: str, how: str) -> None:
    config = zyre.NodeConfig(timing=zyre.Timing(beacon=0.1))
    with zyre.Node(interface=interface, config=config) as node:
        port = int(node.endpoint.rpartition(":")[2])
        assert _answers(BEFORE, port)
        reader = threading.Thread(target=_wait_forever, args=(node,))
        if how == "a thread waits in recv":
            reader.start()
        elif how == "a loop watches the descriptor":
            node.fileno()
        _move(interface)
        deadline = time.monotonic() + PATIENCE
        while not _answers(AFTER, port):
            assert time.monotonic() < deadline, f"nobody listens at {AFTER}"
            time.sleep(0.05)
        assert node.endpoint == f"tcp://{AFTER}:{port}"
    if how == "a thread waits in recv":
        reader.join(PATIENCE)
    assert not reader.is_alive()


def test_one_that_is_bound_by_hand_stays(interface: str) -> None:
    config = zyre.NodeConfig(timing=zyre.Timing(beacon=0.1), endpoint=f"tcp://{BEFORE}:*")
    with zyre.Node(interface=interface, config=config) as node:
        before = node.endpoint
        _move(interface)
        deadline = time.monotonic() + PATIENCE
        while not node.statistics().failures.get("beacon"):
            assert time.monotonic() < deadline, "no beacon failed"
            time.sleep(0.05)
        assert node.endpoint == before
