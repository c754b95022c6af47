"""Nodes that meet by gossip, on real sockets."""

from __future__ import annotations

from pathlib import Path

import pytest

import zyre
from tests.support.gossip import until, until_all_hold
from tests.support.nodes import expect, unused_port
from zyre import Enter, Exit, Gossip, Node, NodeConfig
from zyre.engine.descriptors import budget
from zyre.engine.keyring import new_certificate
from zyre.testing import Lan


def plain(name: str, **options: object) -> Node:
    """A node without beacons."""
    return Node(name, port=0, interface="lo", **options)  # type: ignore[arg-type]


def test_nodes_meet_through_one_of_them() -> None:
    with plain("hub") as hub, plain("a") as a:
        endpoint = hub.gossip_bind("tcp://127.0.0.1:*")
        a.gossip_connect(endpoint)
        with plain("b", gossip_connect=endpoint) as b:
            for node, others in ((hub, {"a", "b"}), (a, {"hub", "b"}), (b, {"hub", "a"})):
                assert {expect(node, Enter).name, expect(node, Enter).name} == others
            assert {peer.found_by for peer in b.peers} <= {"gossip", "hello", "introduced"}
            assert a.whisper(b.uuid, "hi")
            assert expect(b, zyre.Whisper).content == (b"hi",)
        assert expect(a, Exit).reason == "left"


def test_a_gossip_service_alone_is_a_hub() -> None:
    with Gossip("hub") as hub:
        endpoint = hub.bind("tcp://127.0.0.1:*")
        with plain("a", gossip_connect=[endpoint]) as a, plain("b", gossip_connect=endpoint) as b:
            expect(a, Enter, name="b")
            expect(b, Enter, name="a")
            until_all_hold({str(a.uuid): a.endpoint, str(b.uuid): b.endpoint}, hub)
        until(lambda: hub.status() == 0)


def test_over_ipc_and_inproc_endpoints(tmp_path: Path) -> None:
    with plain("ipc", config=NodeConfig(endpoint=f"ipc://{tmp_path}/ipc")) as one:
        one.gossip_bind(f"ipc://{tmp_path}/hub")
        one.gossip_bind("inproc://gossip-hub")
        config = NodeConfig(endpoint="inproc://node-two")
        with (
            plain("inproc", config=config, gossip_connect="inproc://gossip-hub") as two,
            plain("third", config=NodeConfig(endpoint=f"ipc://{tmp_path}/third")) as third,
        ):
            third.gossip_connect(f"ipc://{tmp_path}/hub")
            for node in (one, two, third):
                until(lambda node=node: len(node.peers) == 2)  # type: ignore[misc]


def test_who_starts_again_under_a_name_of_the_process_is_met_again() -> None:
    """Nothing breaks where there is no connection: a stop is told of, and the name leads to the next life."""
    before = budget._taken
    with plain("one", config=NodeConfig(endpoint="inproc://one"), gossip_bind="inproc://lives") as one:
        for life in range(3):
            endpoint = NodeConfig(endpoint="inproc://again")
            with plain("again", config=endpoint, gossip_connect="inproc://lives") as again:
                expect(again, Enter, name="one")
                assert expect(one, Enter, name="again").address == "inproc://again"
                assert one.whisper(again.uuid, str(life))
                assert expect(again, zyre.Whisper).content == (str(life).encode(),)
            assert expect(one, Exit).reason == "left"
    until(lambda: budget._taken == before)


def test_gossip_and_beacons_go_together() -> None:
    port = unused_port()
    with (
        Node("both", port=port, interface="va", gossip_bind="inproc://both") as both,
        Node("beacon", port=port, interface="va") as beacon,
        plain("gossip", gossip_connect="inproc://both") as gossip,
    ):
        expect(both, Enter, name="beacon")
        expect(both, Enter, name="gossip")
        expect(beacon, Enter, name="both")
        expect(gossip, Enter, name="both")
        both.stop()
        assert expect(gossip, Exit, name="both").reason == "left"


def test_what_is_advertised_is_what_is_said() -> None:
    with Gossip("hub") as hub:
        endpoint = hub.bind("inproc://advertised")
        with plain("a", config=NodeConfig(advertise="tcp://nat.example:7"), gossip_connect=endpoint) as a:
            until(lambda: hub.tuples == {str(a.uuid): "tcp://nat.example:7"})


def test_a_node_that_is_gone_can_be_unpublished_by_others() -> None:
    gone = "0" * 31 + "7"
    with Gossip("hub") as hub:
        hub.bind("inproc://unpublish")
        with Gossip("gone") as other:
            other.connect("inproc://unpublish")
            other.publish(gone, "tcp://127.0.0.1:9", lasting=True)
            until(lambda: hub.status() == 1)
        with plain("a", gossip_connect="inproc://unpublish") as a:
            until(lambda: a.statistics().pending == 1)
            assert a.gossip_unpublish(gone)
            assert not a.gossip_unpublish(gone)
            until(lambda: hub.status() == 1)
            with pytest.raises(zyre.InvalidPeer):
                a.gossip_unpublish("nobody")


def test_secured_nodes_meet_through_a_secured_hub() -> None:
    certificates = [new_certificate(), new_certificate()]
    with plain("hub", certificate=certificates[0], access="*") as hub:
        endpoint = hub.gossip_bind("tcp://127.0.0.1:*")
        with plain("a", certificate=certificates[1], access="*") as a:
            with pytest.raises(zyre.InvalidKey):
                a.gossip_connect(endpoint)
            a.gossip_connect(endpoint, public_key=hub.public_key)
            expect(a, Enter, name="hub")
            expect(hub, Enter, name="a")
    with plain("one", secret="correct horse") as one:
        endpoint = one.gossip_bind("tcp://127.0.0.1:*")
        with plain("two", secret="correct horse", gossip_connect=endpoint) as two:
            expect(two, Enter, name="one")


def test_mistakes_are_explained() -> None:
    node = plain("a")
    with pytest.raises(zyre.InvalidEndpoint, match="wildcard"):
        node.gossip_connect("tcp://*:5670")
    with pytest.raises(zyre.InvalidKey, match="open node"):
        node.gossip_connect("tcp://127.0.0.1:1", public_key=new_certificate().public_key)
    node.stop()
    with pytest.raises(zyre.NodeStopped):
        node.gossip_bind("inproc://late")
    with pytest.raises(zyre.UsageError, match="simulator"):
        Lan().node("a").gossip_connect("tcp://10.0.0.1:1")


def test_a_node_that_was_never_started_ends_its_service_all_the_same() -> None:
    with Gossip("hub") as hub:
        endpoint = hub.bind("inproc://never")
        node = plain("a", gossip_connect=endpoint)
        until(lambda: hub.statistics()["clients"] == 1)
        del node
