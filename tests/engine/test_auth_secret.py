"""A cluster with one secret on real sockets: members meet, strangers of every kind do not."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import zmq

import zyre
from tests.peers import raw
from tests.peers.harness import ReferencePeer, require, unused_port
from tests.support.nodes import expect, until
from zyre.core.locality import Interface
from zyre.engine.auth_secret import SealedBeacons, SecretProtection
from zyre.engine.keyring import pair_from
from zyre.security.seal import BeaconSeal, SecretProof
from zyre.security.secret import cluster_keys
from zyre.sim.replay import Replay
from zyre.wire.beacon import Beacon, encode_beacon
from zyre.wire.sealed import sealed_time

pytestmark = pytest.mark.lan

SECRET = "correct horse battery staple"
SOON = zyre.Timing(beacon=0.1, handshake=0.5)
Nodes = Any


@pytest.fixture
def port() -> int:
    return unused_port()


@pytest.fixture
def nodes(port: int) -> Iterator[Nodes]:
    """Makes running nodes, by default with the secret."""
    with ExitStack() as stack:

        def make(name: str, secret: str = SECRET, **options: Any) -> zyre.Node:
            options.setdefault("port", port)
            options.setdefault("config", zyre.NodeConfig(timing=SOON))
            return stack.enter_context(zyre.Node(name, interface="va", secret=secret, **options))

        yield make


def drained(node: zyre.Node) -> list[zyre.Event]:
    events = []
    while True:
        try:
            events.append(node.recv_nowait())
        except zyre.WouldBlock:
            return events


def count(node: zyre.Node, kind: str) -> int:
    return node.statistics().violations.get(kind, 0)


def meet(one: zyre.Node, two: zyre.Node) -> None:
    expect(one, zyre.Enter, peer=two.uuid)
    expect(two, zyre.Enter, peer=one.uuid)
    assert one.whisper(two.uuid, "hello")
    expect(two, zyre.Whisper, peer=one.uuid, content=(b"hello",))


def test_members_meet_and_strangers_do_not(nodes: Nodes) -> None:
    one, two = nodes("one"), nodes("two")
    wrong, bare = nodes("wrong", "another secret altogether"), nodes("bare", "")
    meet(one, two)
    until(lambda: count(wrong, "beacon_forged") > 4 and count(bare, "beacon_secured") > 4, "beacons")
    until(lambda: count(one, "beacon_forged") > 2 and count(one, "beacon_open") > 2, "beacons")
    assert not wrong.peers
    assert not bare.peers
    assert {event.code for event in drained(wrong) if isinstance(event, zyre.Refused)} == {"wrong secret", "open peer"}
    assert [event.code for event in drained(bare)] == ["secured peer"], "said once"
    assert len(one.peers) == len(two.peers) == 1


def test_the_secret_may_come_from_the_environment(
    nodes: Nodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZYRE_SECRET", SECRET)
    one = nodes("one", None)
    monkeypatch.delenv("ZYRE_SECRET")
    (tmp_path / "secret").write_text(SECRET + "\n")
    monkeypatch.setenv("ZYRE_SECRET_FILE", str(tmp_path / "secret"))
    two = nodes("two", None)
    meet(one, two)
    assert nodes("open", "").public_key == ""
    monkeypatch.setenv("ZYRE_SECRET_FILE", str(tmp_path / "nowhere"))
    with pytest.raises(zyre.InvalidConfig, match="nowhere"):
        zyre.Node(interface="va")


def test_a_chosen_port_needs_no_key(nodes: Nodes) -> None:
    place = unused_port()
    one = nodes("one", port=0, config=zyre.NodeConfig(timing=SOON, peer_port=place))
    two = nodes("two", port=0)
    two.connect(f"tcp://10.77.0.1:{place}")
    meet(one, two)
    other = nodes("other", "another secret altogether", port=0)
    other.connect(f"tcp://10.77.0.1:{place}")
    with pytest.raises(zyre.RecvTimeout):
        other.recv(0.4)


def test_any_other_port_needs_one(nodes: Nodes) -> None:
    one, two = nodes("one", port=0), nodes("two", port=0)
    two.connect(one.endpoint, public_key=one.public_key)
    meet(one, two)
    assert one.public_key != two.public_key


def test_who_knows_the_public_keys_only_stays_outside(nodes: Nodes) -> None:
    one = nodes("one")
    keys = zmq.curve_keypair()
    with raw.RawPeer(0, keys=keys) as thief:
        thief.connect(one.endpoint, one.public_key.encode())
        thief.say(raw.HELLO, raw.hello(thief.endpoint, "thief", headers=[("X-PUBLICKEY", keys[0].decode())]))
        assert expect(one, zyre.Refused).code == "wrong secret"
    assert drained(one) == []


class Attacker:
    """Hears all datagrams of a port and sends its own, from the address of a node or from another."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.sockets: list[socket.socket] = []
        self.known: list[bytes] = []
        self.ear = self._open("", port)
        self.ear.settimeout(10)

    def _open(self, address: str, port: int) -> socket.socket:
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sockets.append(udp)
        for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT, socket.SO_BROADCAST):
            udp.setsockopt(socket.SOL_SOCKET, option, 1)
        udp.bind((address, port))
        return udp

    def record(self, uuid: str) -> bytes:
        while True:
            data, _ = self.ear.recvfrom(2000)
            if data[4:20] == bytes.fromhex(uuid) and data not in self.known:
                self.known.append(data)
                return data

    def send(self, data: bytes, address: str = "10.77.0.1") -> None:
        self.known.append(data)
        self._open(address, 0).sendto(data, ("10.77.0.255", self.port))

    def close(self) -> None:
        for udp in self.sockets:
            udp.close()


@pytest.fixture
def attacker(port: int) -> Iterator[Attacker]:
    made = Attacker(port)
    yield made
    made.close()


def test_forged_and_replayed_and_redirected_beacons_are_seen_and_do_nothing(nodes: Nodes, attacker: Attacker) -> None:
    one, two = nodes("one"), nodes("two")
    meet(one, two)
    beacon = attacker.record(two.uuid)
    forged = beacon[:20] + b"\0\0" + beacon[22:]  # "I am leaving"
    attacker.send(forged)
    until(lambda: count(one, "beacon_forged") == 1, "a forged beacon")
    attacker.send(b"ZRE\x03" + beacon[4:20] + b"\0\0" + beacon[22:54])
    until(lambda: count(one, "beacon_forged") == 2, "one without a seal")
    while sealed_time(attacker.record(two.uuid)) < sealed_time(beacon) + 600:
        pass  # what is only overtaken is no recording
    attacker.send(beacon)
    until(lambda: count(one, "beacon_replayed") == 1, "a replayed beacon")
    attacker.send(attacker.record(two.uuid), "10.77.1.1")
    until(lambda: count(one, "beacon_redirected") >= 1, "a redirected beacon")
    codes = [event.code for event in drained(one) if isinstance(event, zyre.Refused)]
    assert sorted(codes) == ["redirected", "replayed", "wrong secret"]
    assert two.uuid in one.peers
    assert one.whisper(two.uuid, "still here")
    expect(two, zyre.Whisper, content=(b"still here",))


def test_a_recording_of_a_node_that_left_brings_nobody_back(nodes: Nodes, attacker: Attacker) -> None:
    one, two = nodes("one"), nodes("two")
    meet(one, two)
    beacon = attacker.record(two.uuid)
    two.stop()
    expect(one, zyre.Exit, peer=two.uuid, reason="left")

    def seen() -> bool:
        """What arrives together with the farewell is taken for what came before it."""
        attacker.send(beacon)
        return count(one, "beacon_replayed") > 0

    until(seen, "a replayed beacon")
    assert one.statistics().pending == 0, one.statistics()
    assert not [event for event in drained(one) if isinstance(event, zyre.Enter)]


def test_a_connection_to_one_node_leads_to_no_other(nodes: Nodes) -> None:
    """Whoever owns the wires between two members sends one's connection to a third: nothing gets through."""
    one, two = nodes("one", port=0), nodes("two", port=0)
    two.connect(one.endpoint, public_key=two.public_key)  # what it would be told of another node
    with pytest.raises(zyre.RecvTimeout):
        one.recv(0.4)


def test_nothing_of_it_is_seen_on_the_wire(nodes: Nodes, attacker: Attacker) -> None:
    """A man in the middle who passes everything on sees no name, no header, no group, no message."""
    place = unused_port()
    one = nodes("one-its-name", port=0, config=zyre.NodeConfig(timing=SOON, peer_port=place), headers={"x": "header"})
    seen = bytearray()
    with Tap("10.77.0.1", place, seen) as tap:
        two = nodes("two-its-name", groups=["its-group"])
        two.connect(tap.endpoint, public_key=one.public_key)
        meet(one, two)
        one.whisper(two.uuid, "its-payload")
        expect(two, zyre.Whisper, content=(b"its-payload",))
        beacon = attacker.record(two.uuid)
    assert b"CURVE" in seen
    assert len(seen) > 500
    for word in (b"its-name", b"header", b"its-group", b"hello", b"its-payload", b"X-ZYRE"):
        assert word not in seen
        assert word not in beacon
    assert b"its-name" not in beacon


class Tap:
    """Passes a connection on, and keeps what it passes."""

    def __init__(self, address: str, port: int, seen: bytearray) -> None:
        self.server = socket.create_server((address, 0))
        self.endpoint = f"tcp://{address}:{self.server.getsockname()[1]}"
        self.target = (address, port)
        self.seen = seen
        self.open: list[socket.socket] = [self.server]
        self.threads = [threading.Thread(target=self._accept)]

    def __enter__(self) -> Tap:
        self.threads[0].start()
        return self

    def __exit__(self, *about: object) -> None:
        for end in self.open:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()
        for thread in self.threads:
            thread.join()

    def _accept(self) -> None:
        try:
            near, _ = self.server.accept()
        except OSError:
            return
        far = socket.create_connection(self.target)
        self.open += [near, far]
        self.threads.append(threading.Thread(target=self._pump, args=(far, near)))
        self.threads[-1].start()
        self._pump(near, far)

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                self.seen += data
                sink.sendall(data)
        except OSError:
            pass


def test_the_secret_is_nowhere_to_be_read(nodes: Nodes, tmp_path: Path) -> None:
    one, two = nodes("one", journal=tmp_path / "journal"), nodes("two")
    meet(one, two)
    one.stop()
    keys = cluster_keys(SECRET)
    member = pair_from(keys.member)
    journal = (tmp_path / "journal").read_bytes()
    held: list[object] = [one, one._protection, one._host.machine._profile]
    shown = repr([*held, *(vars(one._protection).items())])
    for told in (SECRET, member.secret, keys.beacon.hex()):
        assert told.encode() not in journal
        assert told not in shown


@pytest.mark.parametrize("secured_by", ["secret", "certificate"])
def test_a_journal_of_a_secured_node_replays_without_its_keys(nodes: Nodes, tmp_path: Path, secured_by: str) -> None:
    options: dict[str, Any] = {"secret": SECRET}
    if secured_by == "certificate":
        options = {"secret": None, "certificate": zyre.new_certificate(), "access": "*"}
    one, two = nodes("one", journal=tmp_path / "journal", **options), nodes("two", **options)
    nodes("bare", "")
    meet(two, one)
    until(lambda: count(one, "beacon_open"), "an open node")
    two.stop()
    expect(one, zyre.Exit, peer=two.uuid)
    one.stop()
    kinds = [type(event) for moment in Replay(tmp_path / "journal") for event in moment.events]
    assert {zyre.Enter, zyre.Whisper, zyre.Refused, zyre.Exit} <= set(kinds)


def test_it_is_in_no_process_list() -> None:
    """Of the commands none takes it as an argument."""
    command = [sys.executable, "-m", "zyre.cli", "peers", "--interface", "va", "--port", str(unused_port())]
    environment = {**os.environ, "ZYRE_SECRET": SECRET}
    with subprocess.Popen([*command, "--wait", "0.3"], env=environment, stdout=-1, stderr=-1) as process:
        shown = Path(f"/proc/{process.pid}/cmdline").read_bytes()
        process.communicate(timeout=20)
    assert SECRET.encode() not in shown
    assert process.returncode == 1


@pytest.mark.interop
@pytest.mark.parametrize("kind", ["libzyre", "pyre"])
def test_foreign_nodes_on_the_same_port_live_on_and_stay_outside(nodes: Nodes, port: int, kind: str) -> None:
    require(kind)
    with ReferencePeer(kind, port=port) as peer, ReferencePeer(kind, port=port) as other:
        peer.wait_for("ENTER", peer=other.uuid)  # pyre dies of any foreign datagram in its first moment
        one, two = nodes("one"), nodes("two")
        meet(one, two)
        assert expect(one, zyre.Refused, address="10.77.0.1").code == "open peer"
        peer.never("ENTER", within=0, peer=one.uuid)
        peer.whisper(other.uuid, b"alive")
        other.wait_for("WHISPER", peer=peer.uuid, content=[b"alive"])
    assert len(one.peers) == 1


def test_a_secret_and_a_certificate_are_two_ways() -> None:
    with pytest.raises(zyre.InvalidConfig, match="one of them"):
        zyre.Node(secret=SECRET, certificate=zyre.new_certificate(), access="*")
    with pytest.raises(zyre.InvalidConfig, match="certificate"):
        zyre.Node(secret=SECRET, interface="va").set_access("*")


def test_a_beacon_for_a_host_beyond_broadcasts_names_the_address_that_leads_there(attacker: Attacker) -> None:
    lo = Interface("lo", "127.0.0.1", 8, "127.255.255.255")
    own, theirs = (BeaconSeal(SecretProof(b"k" * 32), uuid * 16, 300.0, 10) for uuid in (b"o", b"t"))
    beacons = SealedBeacons(attacker.port, [lo], own, b"", lambda code, address: None)
    there = attacker._open("10.77.1.1", attacker.port)  # who binds an address hears what is sent to it alone
    there.settimeout(10)
    try:
        beacons.targets = ("10.77.1.1", "nowhere")
        beacon = encode_beacon(Beacon(b"o" * 16, 5, b"p" * 32))
        beacons.broadcast(beacon)
        data, source = there.recvfrom(2000)
        assert source[0] != "127.0.0.1"
        assert theirs.unseal(data, source[0], time.time()) == beacon
    finally:
        beacons.close()


def test_what_waited_to_be_read_while_the_secrets_were_replaced_is_no_strangers(attacker: Attacker) -> None:
    lo = Interface("lo", "127.0.0.1", 8, "127.255.255.255")
    told: list[str] = []
    old, new = (cluster_keys(secret) for secret in (SECRET, "another one, and as long"))
    member = SecretProtection((old, new), b"o" * 16, zyre.NodeConfig())
    theirs = BeaconSeal(SecretProof(old.beacon), b"t" * 16, 300.0, 10)
    beacon = encode_beacon(Beacon(b"t" * 16, 5, b"p" * 32))
    member.refuse = lambda code, address: told.append(code)  # type: ignore[method-assign]
    beacons = member.beacon_sockets(attacker.port, [lo])
    try:
        assert beacons.unwrap([(theirs.seal(beacon, ("127.0.0.1",), time.time() - 2), ("127.0.0.1", 1))])
        late = theirs.seal(beacon, ("127.0.0.1",), time.time() - 1)
        member.use((new,))
        assert beacons.unwrap([(late, ("127.0.0.1", 1))]) == []
        assert told == []
        younger = theirs.seal(beacon, ("127.0.0.1",), time.time() + 1)
        assert beacons.unwrap([(younger, ("127.0.0.1", 1))]) == []
        assert told == ["wrong secret"]
    finally:
        beacons.close()
