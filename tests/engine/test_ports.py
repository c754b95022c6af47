"""Where a node listens."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

import zyre
from tests.support.nodes import until
from zyre.config import NodeConfig, peer_ports
from zyre.core.locality import Interface
from zyre.engine.ports import wanted_endpoints, was_used_lately

pytestmark = pytest.mark.lan

LO = Interface("lo", "127.0.0.1", 8, "127.255.255.255")
ETH = Interface("eth0", "10.77.0.1", 24, "10.77.0.255")


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """At the first port of some range."""
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


def test_what_is_said_is_the_only_choice() -> None:
    assert wanted_endpoints(NodeConfig(endpoint="ipc:///tmp/x"), [LO], 5670) == ["ipc:///tmp/x"]
    assert wanted_endpoints(NodeConfig(peer_port=6000), [LO], 5670) == ["tcp://127.0.0.1:6000"]
    assert wanted_endpoints(NodeConfig(peer_port=6000), [LO, ETH], 5670) == ["tcp://*:6000"]


def test_the_first_port_then_the_others_then_any() -> None:
    wanted = wanted_endpoints(NodeConfig(), [LO, ETH], 55670)
    assert wanted == [*(f"tcp://*:{port}" for port in peer_ports(55670)), "tcp://*:*"]
    assert wanted_endpoints(NodeConfig(), [LO, ETH], 0) == ["tcp://*:*"]


def test_a_port_that_is_taken_comes_last(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    first, second, *_ = wanted_endpoints(NodeConfig(), [LO], port)
    assert first != second == f"tcp://127.0.0.1:{port}"


@pytest.mark.parametrize("who_ends", ["the node", "its peer"])
def test_the_port_of_a_former_life(listener: socket.socket, who_ends: str) -> None:
    """Who ends a connection keeps it for a while: a process that dies has ended all of its own."""
    port = listener.getsockname()[1]
    with socket.create_connection(listener.getsockname()) as peer:
        accepted, _ = listener.accept()
        assert was_used_lately("127.0.0.1", port)
        listener.close()
        assert was_used_lately("127.0.0.1", port)
        for end in (accepted, peer) if who_ends == "the node" else (peer, accepted):
            end.close()
    until(lambda: was_used_lately("127.0.0.1", port) == (who_ends == "the node"))


def test_nodes_on_one_host_take_one_after_the_other() -> None:
    with zyre.Node("one", interface="lo", port=5670) as one, zyre.Node("two", interface="lo", port=5670) as two:
        ports = [int(node.endpoint.rpartition(":")[2]) for node in (one, two)]
        assert ports[0] < ports[1]
        assert set(ports) <= set(peer_ports(5670))
