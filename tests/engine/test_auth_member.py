"""Clusters with an authority, on real sockets: whom it has signed gets in, by whatever way, and nobody else."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import zmq

import zyre
from tests.peers import raw
from tests.peers.harness import unused_port
from tests.support.clusters import LabCluster
from tests.support.nodes import drain, expect, until
from zyre.engine.auth_member import SignedProof, Vouchers
from zyre.engine.authority import load_member
from zyre.engine.keyring import new_pair
from zyre.engine.signing import signing_key_of
from zyre.security.credential import credential_of, format_certificate
from zyre.security.revocation import NONE_REVOKED
from zyre.security.seal import BeaconSeal

pytestmark = pytest.mark.lan

Nodes = Any
SOON = zyre.NodeConfig(timing=zyre.Timing(beacon=0.1, handshake=0.5))


@pytest.fixture
def lab(tmp_path: Path) -> LabCluster:
    return LabCluster(tmp_path)


@pytest.fixture
def nodes(lab: LabCluster) -> Iterator[Nodes]:
    """Makes running nodes, members unless it is said otherwise."""
    port = unused_port()
    with ExitStack() as stack:

        def make(name: str, **options: Any) -> zyre.Node:
            if not {"membership", "secret", "certificate"} & options.keys():
                options["membership"] = lab.member(name)
            options.setdefault("config", SOON)
            options.setdefault("port", port)
            return stack.enter_context(zyre.Node(name, interface="va", **options))

        yield make


def test_members_meet_by_beacon_and_talk(nodes: Nodes) -> None:
    one, two = nodes("one", groups=["G"]), nodes("two", groups=["G"])
    expect(one, zyre.Join, peer=two.uuid)
    expect(two, zyre.Join, peer=one.uuid)
    assert one.peers[two.uuid].headers["X-PUBLICKEY"] == two.public_key
    assert not [name for name in one.peers[two.uuid].headers if name.startswith("X-ZYRE")]
    one.whisper(two.uuid, "hello")
    expect(two, zyre.Whisper, content=(b"hello",))
    assert one.statistics().violations == two.statistics().violations == {}


def test_members_meet_without_beacons(nodes: Nodes) -> None:
    one, two = nodes("one", port=0), nodes("two", port=0)
    two.connect(one.endpoint, public_key=one.public_key)
    expect(one, zyre.Enter, peer=two.uuid)
    expect(two, zyre.Enter, peer=one.uuid)
    until(lambda: one._host.transport.connections.strangers == 0, "the stranger has shown itself")
    assert one.statistics().violations == {}


@pytest.mark.parametrize("port", [None, 0], ids=["by beacon", "by connect"])
def test_whom_another_authority_has_signed_stays_outside(nodes: Nodes, tmp_path: Path, port: int | None) -> None:
    options = {} if port is None else {"port": port}
    one = nodes("one", **options)
    other = nodes("two", membership=LabCluster(tmp_path, "other").member("two"), **options)
    if port == 0:
        other.connect(one.endpoint, public_key=one.public_key)
    assert expect(one, zyre.Refused).code == "unknown key"
    friend = nodes("three", **options)
    if port == 0:
        friend.connect(one.endpoint, public_key=one.public_key)
    expect(one, zyre.Enter, peer=friend.uuid)
    assert len(one.peers) == 1
    assert not other.peers


def test_nodes_of_other_kinds_stay_outside(nodes: Nodes) -> None:
    one = nodes("one")
    nodes("certificate", certificate=zyre.new_certificate(), access="*")
    nodes("secret", secret="sesame")
    nodes("open", secret="")
    codes = {expect(one, zyre.Refused).code for _ in range(2)}
    assert codes <= {"unknown key", "open peer", "wrong secret"}
    until(lambda: one.statistics().violations.get("beacon_open", 0) > 0, "the open one")
    assert not one.peers


def test_who_is_revoked_or_too_late_does_not_get_in(nodes: Nodes, lab: LabCluster) -> None:
    late, revoked = lab.member("late", days=1e-9), lab.member("revoked")
    lab.authority.revoke("revoked")
    folder = lab.member("one")
    (folder / "revoked").write_bytes((lab.authority.directory / "revoked").read_bytes())
    one = nodes("one", membership=folder)
    nodes("late", membership=late)
    assert expect(one, zyre.Refused).code == "expired"
    nodes("revoked", membership=revoked)
    until(lambda: "key_revoked" in one.statistics().violations, "the revoked one")
    assert not one.peers


def test_a_certificate_that_is_somebody_else_s_opens_nothing(nodes: Nodes, lab: LabCluster) -> None:
    """Certificates are public: who shows one must have proven to own its key."""
    one = nodes("one", port=0)
    stolen = load_member(lab.member("two")).certificate.public
    pair = new_pair()
    with zmq.Context() as context, context.socket(zmq.DEALER) as thief:
        thief.linger = 0
        thief.curve_publickey, thief.curve_secretkey = pair.public.encode(), pair.secret.encode()
        thief.curve_serverkey = one.public_key.encode()
        thief.routing_id = b"\x01" + b"t" * 16
        thief.connect(one.endpoint)
        headers = {"X-PUBLICKEY": pair.public, "X-ZYRE-CERTIFICATE": format_certificate(stolen)}
        thief.send(raw.header(raw.HELLO, 1) + raw.hello("tcp://10.77.0.1:9", "thief", headers=list(headers.items())))
        thief.send(raw.header(raw.WHISPER, 2))
        refused = expect(one, zyre.Refused)
        assert refused.code == "wrong key"
        until(lambda: one.statistics().violations.get("stranger", 0) == 1, "what it says is not heard")
    assert not one.peers
    assert not [event for event in drain(one) if not isinstance(event, zyre.Refused)]


def test_permissions_stand_in_the_certificate(nodes: Nodes, lab: LabCluster) -> None:
    one = nodes("one", groups=["lab-1", "secret"])
    guest = nodes("guest", membership=lab.member("guest", groups="lab-*"), groups=["lab-1", "secret"])
    assert expect(one, zyre.Refused).code == "forbidden group"
    expect(one, zyre.Enter, peer=guest.uuid, groups={"lab-1"})


def test_strangers_are_few(nodes: Nodes) -> None:
    """Whoever comes with keys that nobody knows takes a place until libzmq ends the connection; members do not care."""
    limits = zyre.Limits(strangers=8)
    one = nodes("one", config=zyre.NodeConfig(timing=SOON.timing, limits=limits))
    with zmq.Context() as context, ExitStack() as stack:
        for _ in range(60):
            stranger = stack.enter_context(context.socket(zmq.DEALER))
            stranger.linger = 0
            stranger.curve_publickey, stranger.curve_secretkey = zmq.curve_keypair()
            stranger.curve_serverkey = one.public_key.encode()
            stranger.connect(one.endpoint)
        assert expect(one, zyre.Refused).code == "crowded"
        until(lambda: one.statistics().violations.get("strangers_full", 0) >= 40, "refusals")
        until(lambda: one._host.transport.connections.strangers <= 8, "refused connections are over")
        friend = nodes("friend")
        expect(one, zyre.Enter, peer=friend.uuid)
        expect(friend, zyre.Enter, peer=one.uuid)
    until(lambda: one._host.transport.connections.strangers == 0, "they are gone")


def test_without_the_directory_nothing_starts(tmp_path: Path, lab: LabCluster) -> None:
    with pytest.raises(zyre.InvalidConfig, match="zyre enroll"):
        zyre.Node(membership=tmp_path)
    with pytest.raises(zyre.InvalidConfig, match="give one of them"):
        zyre.Node(membership=lab.member("x"), secret="y")


def test_the_environment_names_the_directory(lab: LabCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = lab.member("x")
    monkeypatch.setenv("ZYRE_MEMBERSHIP", str(folder))
    assert zyre.Node().public_key == load_member(folder).certificate.public_key
    assert zyre.Node(secret="").public_key == ""


# -- beacons -------------------------------------------------------------------------------------------------------

BEACON_BODY = b"ZRE\x03" + b"a" * 16 + b"\x12\x34"


def seal_of(lab: LabCluster, name: str, uuid: bytes) -> tuple[BeaconSeal, bytes]:
    member = load_member(lab.member(name))
    vouchers = Vouchers(member.authority, NONE_REVOKED, 3)
    credential = credential_of(member.certificate)
    proof = SignedProof(credential, signing_key_of(member.certificate.pair), vouchers)
    return BeaconSeal(proof, uuid, 300.0, 10), b"ZRE\x03" + uuid + b"\x12\x34" + credential.key


def test_signed_beacons_are_believed_and_others_not(lab: LabCluster, tmp_path: Path) -> None:
    import time

    now = time.time()
    alice, said = seal_of(lab, "alice", b"a" * 16)
    bob, _ = seal_of(lab, "bob", b"b" * 16)
    mallory, forged = seal_of(LabCluster(tmp_path, "other"), "alice", b"a" * 16)
    data = alice.seal(said, ("10.0.0.1",), now)
    assert b"alice" not in data
    assert bob.unseal(data, "10.0.0.1", now) == said
    assert bob.unseal(data, "10.0.0.2", now) == "redirected"
    assert bob.unseal(mallory.seal(forged, ("10.0.0.1",), now), "10.0.0.1", now) == "unknown key"
    assert bob.unseal(forged, "10.0.0.1", now) == "unknown key"
    for place in (25, 60, len(data) - 1):  # the key, the time, the signature
        broken = bytearray(data)
        broken[place] ^= 1
        assert bob.unseal(bytes(broken), "10.0.0.1", now) == "wrong key"
    broken = bytearray(data)
    broken[-100] ^= 1  # the authority's signature
    assert bob.unseal(bytes(broken), "10.0.0.1", now) == "unknown key"
    later = alice.seal(said, ("10.0.0.1",), now + 2)
    assert bob.unseal(later, "10.0.0.1", now + 2) == said
    assert bob.unseal(data, "10.0.0.1", now + 2) == "replayed"


def test_what_is_remembered_of_keys_is_bounded(lab: LabCluster) -> None:
    member = load_member(lab.member("one"))
    vouchers = Vouchers(member.authority, NONE_REVOKED, 3)
    for number in range(10):
        certificate = load_member(lab.member(f"m{number}")).certificate
        assert vouchers.take(credential_of(certificate), certificate, 0.0) is None
    assert len(vouchers._known) == len(vouchers._verified) == 3


def test_a_port_that_somebody_else_has_sealed_for(nodes: Nodes) -> None:
    """A datagram of any length that begins like a sealed beacon is counted, and that is all."""
    one = nodes("one")
    port = one._host.machine._profile.cluster.port
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        for size in (4, 60, 200, 310, 700, 1400):
            udp.sendto(b"ZYR\x01".ljust(size, b"\1"), ("10.77.0.1", port))
    until(lambda: sum(one.statistics().violations.values()) >= 1, "violations")
    assert not one.peers


def test_members_meet_by_gossip_at_the_authority_s(nodes: Nodes, lab: LabCluster) -> None:
    """A hub knows whom the machine has signed; to others it says nothing."""
    first = lab.member("first", directory="lab-authority")
    hub = nodes("first", membership=first, port=0)
    contact = hub.gossip_bind("tcp://10.77.0.1:*")
    one, two = nodes("one", port=0), nodes("two", port=0)
    for node in (one, two):
        node.gossip_connect(contact, public_key=hub.public_key)
    expect(one, zyre.Enter, peer=two.uuid)
    expect(two, zyre.Enter, peer=one.uuid)
