"""Secured nodes of ours on real sockets: who gets in, who does not, and that it is said."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import zmq

import zyre
from tests.peers import raw
from tests.peers.harness import unused_port
from tests.support.nodes import expect, until
from zyre.engine.engine import shared_engine
from zyre.engine.keyring import new_pair
from zyre.engine.zap import shared_zap_handler

pytestmark = pytest.mark.lan

Nodes = Any

#: A node that was refused tries again after this handshake time.
SOON = zyre.NodeConfig(timing=zyre.Timing(beacon=0.1, handshake=0.5))


@pytest.fixture
def nodes() -> Iterator[Nodes]:
    """Makes running nodes with a certificate."""
    port = unused_port()
    with ExitStack() as stack:

        def make(name: str, access: Any = "*", **options: Any) -> zyre.Node:
            options.setdefault("certificate", zyre.new_certificate(name=name))
            options.setdefault("port", port)
            options.setdefault("config", SOON)
            return stack.enter_context(zyre.Node(name, interface="va", access=access, **options))

        yield make


def test_nodes_with_certificates_meet_and_talk(nodes: Nodes) -> None:
    one, two = nodes("one", groups=["G"]), nodes("two", groups=["G"])
    expect(one, zyre.Join, peer=two.uuid)
    expect(two, zyre.Join, peer=one.uuid)
    assert one.peers[two.uuid].headers["X-PUBLICKEY"] == two.public_key
    assert one.whisper(two.uuid, "hello", b"x" * 100_000)
    assert expect(two, zyre.Whisper, peer=one.uuid).content == (b"hello", b"x" * 100_000)
    assert two.shout("G", "hi") == 1
    expect(one, zyre.Shout, peer=two.uuid, content=(b"hi",))
    two.stop()
    expect(one, zyre.Exit, peer=two.uuid, reason="left")
    assert one.statistics().violations == {}


def test_only_those_whose_certificate_is_there_get_in(nodes: Nodes, tmp_path: Path) -> None:
    known, unknown = zyre.new_certificate(name="known"), zyre.new_certificate()
    zyre.save_certificate(known.public, tmp_path / "known")
    one = nodes("one", access=tmp_path)
    stranger = nodes("stranger", certificate=unknown)
    friend = nodes("friend", certificate=known)
    expect(one, zyre.Enter, peer=friend.uuid)
    expect(friend, zyre.Enter, peer=one.uuid)
    until(lambda: one.statistics().violations.get("key_unknown", 0) >= 2, "refusals")
    zyre.save_certificate(unknown.public, tmp_path / "stranger")  # without a restart
    expect(one, zyre.Enter, peer=stranger.uuid)
    refused = [event for event in drained(one) if isinstance(event, zyre.Refused)]
    assert refused == []


def drained(node: zyre.Node) -> list[zyre.Event]:
    events = []
    while True:
        try:
            events.append(node.recv_nowait())
        except zyre.WouldBlock:
            return events


def test_who_loses_the_certificate_has_to_go(nodes: Nodes, tmp_path: Path) -> None:
    certificates = [zyre.new_certificate(name=name) for name in ("one", "two", "three")]
    for certificate in certificates:
        zyre.save_certificate(certificate.public, tmp_path / certificate.metadata["name"])
    one, two, three = (nodes(c.metadata["name"], certificate=c, access=tmp_path) for c in certificates)
    for peer in (two, three):
        expect(one, zyre.Enter, peer=peer.uuid)
        expect(peer, zyre.Enter, peer=one.uuid)
    (tmp_path / "two").unlink()
    refused = expect(one, zyre.Refused, peer=two.uuid)
    assert (refused.code, refused.name) == ("revoked", "two")
    expect(one, zyre.Exit, peer=two.uuid, reason="revoked")
    two.whisper(one.uuid, "still me")
    assert one.whisper(three.uuid, "hello")
    expect(three, zyre.Whisper, peer=one.uuid)
    assert not [event for event in drained(one) if isinstance(event, (zyre.Enter, zyre.Whisper))]
    zyre.save_certificate(certificates[1].public, tmp_path / "two")
    expect(one, zyre.Enter, peer=two.uuid)


def test_a_refusal_is_told_once(nodes: Nodes) -> None:
    one = nodes("one", access=zyre.Access(keys=[new_pair().public]))
    nodes("stranger")
    refused = expect(one, zyre.Refused)
    assert (refused.code, refused.address, refused.peer) == ("unknown key", "10.77.0.1", "0" * 32)
    until(lambda: one.statistics().violations["key_unknown"] >= 3, "more refusals")
    assert drained(one) == []


def test_addresses_are_denied_and_allowed_again(nodes: Nodes) -> None:
    one = nodes("one", access=zyre.Access("*", deny=["10.77.0.0/24", "fe80::/10"]))
    two = nodes("two")
    expect(one, zyre.Refused, code="denied address")
    one.set_access("*")
    expect(one, zyre.Enter, peer=two.uuid)


def test_an_open_node_and_a_secured_one_are_told_of_each_other(nodes: Nodes) -> None:
    one = nodes("one")
    with zyre.Node("open", interface="va", port=one._host.machine._profile.cluster.port) as other:
        assert expect(one, zyre.Refused).code == "open peer"
        assert expect(other, zyre.Refused).code == "secured peer"
        assert not one.peers
        assert not other.peers


def test_connections_without_beacons_need_the_key(nodes: Nodes) -> None:
    one, two = nodes("one", port=0), nodes("two", port=0)
    with pytest.raises(zyre.InvalidKey, match="public_key="):
        two.connect(one.endpoint)
    with pytest.raises(zyre.InvalidKey, match="39 characters"):
        two.connect(one.endpoint, public_key=one.public_key[1:])
    with pytest.raises(zyre.InvalidKey, match="public_key="):
        nodes("three", join=[one.endpoint])
    two.connect(one.endpoint, public_key=one.public_key)
    expect(one, zyre.Enter, peer=two.uuid)
    expect(two, zyre.Enter, peer=one.uuid)
    assert two.whisper(one.uuid, "hi")
    expect(one, zyre.Whisper, peer=two.uuid)


def test_the_key_may_follow_the_endpoint(nodes: Nodes) -> None:
    one, two = nodes("one", port=0), nodes("two", port=0)
    two.connect(f"{one.endpoint}|{one.public_key}", one.uuid)
    expect(one, zyre.Enter, peer=two.uuid)
    expect(two, zyre.Enter, peer=one.uuid)


def test_nobody_is_there_under_the_wrong_key(nodes: Nodes) -> None:
    one, two = nodes("one", port=0), nodes("two", port=0)
    two.connect(one.endpoint, public_key=new_pair().public)
    with pytest.raises(zyre.RecvTimeout):
        two.recv(0.5)
    assert not one.peers


def test_over_ipc_it_is_encrypted_too(nodes: Nodes, tmp_path: Path) -> None:
    place = f"ipc://{tmp_path}/one"
    one = nodes("one", port=0, config=zyre.NodeConfig(endpoint=place))
    two = nodes("two", port=0, config=zyre.NodeConfig(endpoint=f"ipc://{tmp_path}/two"))
    two.connect(place, public_key=one.public_key)
    expect(one, zyre.Enter, peer=two.uuid)
    expect(two, zyre.Enter, peer=one.uuid)


def test_who_borrows_a_name_is_heard_under_no_name(nodes: Nodes) -> None:
    """Somebody who may join says to be somebody else, whose connection they take over."""
    one, two = nodes("one"), nodes("two")
    expect(one, zyre.Enter, peer=two.uuid)
    keys = zmq.curve_keypair()
    with raw.RawPeer(0, keys=keys) as thief:
        thief.identity = bytes.fromhex(two.uuid)
        thief.connect(one.endpoint, one.public_key.encode())
        thief.sequence = 1
        thief.say(raw.WHISPER, content=[b"I am two"])
        until(lambda: one.statistics().violations.get("stranger", 0) == 1, "a stranger")
        about = (("X-PUBLICKEY", keys[0].decode()),)
        thief.sequence = 0
        thief.say(raw.HELLO, raw.hello(thief.endpoint, "two", headers=about))
        assert expect(one, zyre.Refused).code == "wrong key"
    assert drained(one) == []
    assert two.uuid in one.peers


def test_nobody_gets_in_if_nobody_answers(nodes: Nodes) -> None:
    """Without a ZAP handler libzmq would let everybody in."""
    one = nodes("one", port=0)
    shared_zap_handler().dismiss(one._protection._domain)
    shared_engine().call(lambda: None)
    keys = zmq.curve_keypair()
    with raw.RawPeer(0, keys=keys) as stranger:
        stranger.connect(one.endpoint, one.public_key.encode())
        stranger.say(raw.HELLO, raw.hello(stranger.endpoint, "x", headers=[("X-PUBLICKEY", keys[0].decode())]))
        with pytest.raises(zyre.RecvTimeout):
            one.recv(0.4)
    assert one.statistics().violations == {}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"certificate": zyre.new_certificate()}, "whom to let in"),
        ({"certificate": zyre.new_certificate().public, "access": "*"}, "no secret key"),
        ({"access": "*"}, "give Node(certificate=...)"),
        ({"certificate": 7, "access": "*"}, "a path"),
        ({"certificate": zyre.new_certificate(), "access": 7}, "a path"),
    ],
)
def test_what_makes_no_sense_is_said_when_the_node_is_made(options: dict[str, Any], words: str) -> None:
    with pytest.raises((zyre.InvalidConfig, zyre.InvalidKey)) as caught:
        zyre.Node(**options)
    assert words in str(caught.value)


def test_an_open_node_has_no_use_for_keys() -> None:
    node = zyre.Node(interface="va")
    assert node.public_key == ""
    with pytest.raises(zyre.InvalidKey, match="open node"):
        node.connect("tcp://10.77.0.1:5", public_key=new_pair().public)
    with pytest.raises(zyre.InvalidConfig, match="certificate"):
        node.set_access("*")


def test_a_certificate_may_be_good_for_some_groups_only(nodes: Nodes, tmp_path: Path) -> None:
    guest, host = zyre.new_certificate(name="guest", groups="public, lab-*"), zyre.new_certificate(name="host")
    zyre.save_certificate(guest.public, tmp_path / "guest")
    zyre.save_certificate(host.public, tmp_path / "host")
    one = nodes("one", certificate=host, access=tmp_path, groups=["secret"])
    two = nodes("two", certificate=guest, access=tmp_path, groups=["secret", "lab-1"])
    refused = expect(one, zyre.Refused)
    assert (refused.code, refused.peer, refused.name) == ("forbidden group", two.uuid, "two")
    assert "metadata 'groups'" in refused.explanation
    assert expect(one, zyre.Enter, peer=two.uuid).groups == {"lab-1"}
    expect(two, zyre.Join, peer=one.uuid, group="secret")
    assert one.shout("secret", "for us") == 0
    assert two.shout("secret", "let me in") == 1
    assert two.whisper(one.uuid, "anyway")
    assert not isinstance(expect(one, zyre.Whisper), zyre.Shout)
    assert not [event for event in drained(one) if isinstance(event, zyre.Shout)]
    assert one.statistics().violations["group_forbidden"] >= 2
    two.join("public")
    expect(one, zyre.Join, group="public")


def test_the_secret_is_nowhere_to_be_read(nodes: Nodes, tmp_path: Path) -> None:
    certificate = zyre.new_certificate(name="x")
    assert certificate.secret_key is not None
    one = nodes("one", certificate=certificate, journal=tmp_path / "journal")
    nodes("two")
    expect(one, zyre.Enter)
    one.stop()
    journal = (tmp_path / "journal").read_bytes()
    assert certificate.public_key.encode() in journal
    assert certificate.secret_key.encode() not in journal
    shown = repr([one, certificate, one._protection, vars(one._protection)])
    assert certificate.secret_key not in shown
