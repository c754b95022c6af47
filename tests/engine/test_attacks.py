"""Floods against a secured node, while two honest ones talk: nobody gets in, nothing grows, and the talk goes on."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
import zmq

import zyre
from tests.peers import raw
from tests.peers.harness import unused_port
from tests.support.clusters import LabCluster
from tests.support.nodes import expect, until

pytestmark = pytest.mark.lan

TIMING = zyre.Timing(beacon=0.1, handshake=0.5)
SECRET = "correct horse battery staple"
#: Fewer than the descriptors that a process has where nobody raised the limit.
MANY = 150


@pytest.fixture
def pair() -> Iterator[tuple[zyre.Node, zyre.Node]]:
    """Two members that have met; only the first is attacked."""
    port = unused_port()
    config = zyre.NodeConfig(timing=TIMING, limits=zyre.Limits(refusals=16, handshakes=8))
    with ExitStack() as stack:
        one, two = (
            stack.enter_context(zyre.Node(name, interface="va", port=port, secret=SECRET, config=config))
            for name in ("one", "two")
        )
        expect(one, zyre.Enter, peer=two.uuid)
        expect(two, zyre.Enter, peer=one.uuid)
        yield one, two
        talk(one, two)
        left = [event for node in (one, two) for event in rest(node)]
        assert {type(event) for event in left} <= {zyre.Refused}
        assert len(left) <= 32
        assert len(one.peers) == len(two.peers) == 1


def rest(node: zyre.Node) -> list[zyre.Event]:
    events = []
    while True:
        try:
            events.append(node.recv_nowait())
        except zyre.WouldBlock:
            return events


def talk(one: zyre.Node, two: zyre.Node) -> None:
    for number in range(20):
        assert one.whisper(two.uuid, str(number))
        assert expect(two, zyre.Whisper, peer=one.uuid).content == (str(number).encode(),)


def address_of(node: zyre.Node) -> tuple[str, int]:
    host, _, port = node.endpoint.removeprefix("tcp://").rpartition(":")
    return host, int(port)


def refusals(node: zyre.Node) -> int:
    counted = node.statistics().violations
    return counted.get("beacon_forged", 0) + counted.get("tried_too_often", 0)


@pytest.mark.parametrize(
    "opening",
    [
        b"",
        b"\xff\0\0\0\0\0\0\0\1\x7f",
        b"\xff\0\0\0\0\0\0\0\1\x7f\3\1CURVE".ljust(64, b"\0"),
        b"GET / HTTP/1.1\r\n\r\n",
    ],
    ids=["silence", "half a greeting", "a greeting", "something else"],
)
def test_half_open_connections_end(pair: tuple[zyre.Node, zyre.Node], opening: bytes) -> None:
    with ExitStack() as stack:
        connections = [stack.enter_context(socket.create_connection(address_of(pair[0]))) for _ in range(MANY)]
        for connection in connections:
            connection.sendall(opening)
        talk(*pair)
        for connection in connections:
            connection.settimeout(20)
            try:
                while connection.recv(4096):
                    pass
            except ConnectionResetError:
                pass


def test_strangers_at_the_door_are_turned_away(pair: tuple[zyre.Node, zyre.Node]) -> None:
    one, two = pair
    context = zmq.Context()
    strangers = [context.socket(zmq.DEALER) for _ in range(MANY)]
    try:
        for stranger in strangers:
            stranger.curve_publickey, stranger.curve_secretkey = zmq.curve_keypair()
            stranger.curve_serverkey = one.public_key.encode()
            stranger.routing_id = b"\x01" + os.urandom(16)
            stranger.connect(one.endpoint)
            with suppress(zmq.Again):  # it may have been turned away already
                stranger.send(raw.header(raw.HELLO, 1) + raw.hello("tcp://10.77.0.1:9", "stranger"), zmq.NOBLOCK)
        talk(one, two)
        until(lambda: refusals(one) >= MANY, "refusals")
        assert one.statistics().violations.get("tried_too_often", 0) > 0
    finally:
        context.destroy(linger=0)
    assert one.statistics().pending == 0


def test_members_come_in_from_the_address_of_one_who_guesses() -> None:
    port = unused_port()
    config = zyre.NodeConfig(timing=TIMING, limits=zyre.Limits(handshakes=1))
    with ExitStack() as stack:

        def member(name: str) -> zyre.Node:
            return stack.enter_context(zyre.Node(name, interface="va", port=port, secret=SECRET, config=config))

        one = member("one")
        context = stack.enter_context(zmq.Context())
        for _ in range(20):
            stranger = stack.enter_context(context.socket(zmq.DEALER))
            stranger.linger = 0
            stranger.curve_publickey, stranger.curve_secretkey = zmq.curve_keypair()
            stranger.curve_serverkey = one.public_key.encode()
            stranger.connect(one.endpoint)
        until(lambda: one.statistics().violations.get("tried_too_often", 0) > 0, "they are refused from memory")
        two = member("two")
        expect(one, zyre.Enter, peer=two.uuid)
        expect(two, zyre.Enter, peer=one.uuid)
        talk(one, two)
        assert len(one.peers) == 1


def test_hellos_of_strangers_who_are_connected(tmp_path: Path) -> None:
    """In a cluster with an authority a stranger may say one thing, HELLO: it says that without end."""
    lab, port = LabCluster(tmp_path), unused_port()
    config = zyre.NodeConfig(timing=TIMING, limits=zyre.Limits(refusals=16))
    with ExitStack() as stack:
        one, two = (
            stack.enter_context(zyre.Node(name, interface="va", port=port, membership=lab.member(name), config=config))
            for name in ("one", "two")
        )
        expect(one, zyre.Enter, peer=two.uuid)
        expect(two, zyre.Enter, peer=one.uuid)
        context = stack.enter_context(zmq.Context())
        strangers: dict[zmq.Socket[bytes], bytes] = {}
        for number in range(8):
            stranger = stack.enter_context(context.socket(zmq.DEALER))
            stranger.linger = 0
            strangers[stranger], secret = zmq.curve_keypair()
            stranger.curve_publickey, stranger.curve_secretkey = strangers[stranger], secret
            stranger.curve_serverkey = one.public_key.encode()
            stranger.routing_id = b"\x01" + bytes((number + 1,)) * 16
            stranger.connect(one.endpoint)

        def flood() -> bool:
            for stranger, public in strangers.items():
                for number in range(50):
                    hello = raw.hello(
                        "tcp://10.77.0.1:9",
                        f"stranger {number}",
                        headers=[("X-PUBLICKEY", public.decode()), ("X", "x" * 1000)],
                    )
                    with suppress(zmq.Again):  # turned away, or its queue is full
                        stranger.send(raw.header(raw.HELLO, 1) + hello, zmq.NOBLOCK)
            talk(one, two)
            return one.statistics().violations.get("key_unknown", 0) >= 2000

        until(flood, "HELLOs that were read")
        assert len(one.peers) == len(two.peers) == 1
        assert one.statistics().pending == 0
        connections = one._host.transport.connections
        assert connections.strangers <= len(strangers)
        assert len(connections._by_identity) <= len(strangers) + 1
        left = rest(one)
        assert {type(event) for event in left} <= {zyre.Refused}
        assert len(left) <= 16


def test_hellos_in_clear_text_are_not_even_read(pair: tuple[zyre.Node, zyre.Node]) -> None:
    one, two = pair
    with ExitStack() as stack:
        for _ in range(10):
            stranger = stack.enter_context(raw.RawPeer(0))
            stranger.connect(one.endpoint)
            for _ in range(100):
                stranger.say(raw.HELLO, raw.hello(stranger.endpoint, "stranger"))
        talk(one, two)
    assert one.statistics().messages_received <= 3
    assert one.statistics().violations == {}


def test_a_storm_of_forged_beacons(pair: tuple[zyre.Node, zyre.Node]) -> None:
    one, two = pair
    port = one._host.machine._profile.cluster.port
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        udp.bind(("10.77.0.1", 0))
        for number in range(2000):
            start = (b"ZYR\x01", b"ZRE\x03", b"ZRE\x01")[number % 3]
            udp.sendto((start + os.urandom(100))[: 22 if number % 3 == 2 else 200], ("10.77.0.255", port))
            if number % 200 == 0:
                talk(one, two)
    until(lambda: sum(one.statistics().violations.values()) > 100, "violations")
    assert one.statistics().pending == 0
