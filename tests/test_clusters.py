"""Named clusters: neighbours on one port that keep to themselves, by whatever way they hear of each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import zyre
from tests.peers.harness import ReferencePeer, require, unused_port
from tests.support.nodes import drain, expect, maker, until
from zyre.testing import Lan

pytestmark = pytest.mark.lan


@pytest.fixture
def port() -> int:
    return unused_port()


@pytest.fixture
def nodes(port: int) -> Iterator[Any]:
    with maker(port=port, interface="va") as make:
        yield make


def refusals(node: zyre.Node) -> list[tuple[str, str]]:
    """Of the events that came so far."""
    return [(event.name, event.code) for event in drain(node) if isinstance(event, zyre.Refused)]


def refused(node: zyre.Node) -> int:
    return node.statistics().violations.get("cluster_other", 0)


def test_clusters_on_one_port(lan: Lan) -> None:
    """Ten clusters, one of them without a name, on one network."""
    clusters = ("", *"abcdefghi")
    nodes = {(cluster, n): lan.node(f"{cluster}{n}", cluster=cluster) for cluster in clusters for n in range(3)}
    lan.run_for(5.0)
    for (cluster, _), node in nodes.items():
        assert {peer.name for peer in node.peers} == {f"{cluster}{n}" for n in range(3)} - {node.name}
        told = [event for event in drain(node) if isinstance(event, zyre.Refused)]
        assert len(told) == 27, "each stranger once"
        assert {event.code for event in told} == {"other cluster"}
        assert refused(node) > 2 * 27, "and counted every time"


def test_plain_nodes_do_not_see_them(nodes: Any, port: int) -> None:
    require("libzyre", "pyre")
    one, two = nodes("one", cluster="robots"), nodes("two", cluster="robots")
    with (
        ReferencePeer("libzyre", name="plain", port=port, verbose=True) as plain,
        ReferencePeer("pyre", name="pyre", port=port) as pyre,
    ):
        plain.wait_for("ENTER", peer=pyre)
        expect(one, zyre.Enter, name="two")
        expect(two, zyre.Enter, name="one")
        until(lambda: refused(one) > 5 and refused(two) > 5, "strangers' beacons")
        assert len(plain.peers()) == len(pyre.peers()) == 1
        assert refusals(one)[0][1] == refusals(two)[0][1] == "other cluster"


@pytest.mark.parametrize("theirs", ["b", ""])
def test_a_connection_is_refused_and_both_are_told(nodes: Any, theirs: str) -> None:
    one = nodes("one", port=0, cluster="a")
    two = nodes("two", port=0, cluster=theirs)
    one.connect(two.endpoint)
    for node, other in ((one, two), (two, one)):
        event = expect(node, zyre.Refused)
        assert (event.name, event.code, event.peer) == (other.name, "other cluster", other.uuid)
    assert refused(one) == refused(two) == 1
    assert not one.peers
    assert not two.peers
    until(lambda: one.statistics().pending == 0, "nobody is waited for")


def test_with_a_secret(nodes: Any) -> None:
    one, two = (nodes(name, cluster="a", secret="a word that we know") for name in ("one", "two"))
    other = nodes("other", cluster="b", secret="a word that we know")
    bare = nodes("bare", secret="")
    expect(one, zyre.Enter, name="two")
    expect(two, zyre.Enter, name="one")
    until(lambda: min(map(refused, (one, other, bare))) > 4, "strangers' beacons")
    assert {code for _, code in refusals(other)} == {code for _, code in refusals(bare)} == {"other cluster"}
    assert not other.peers
    assert not bare.peers


def test_by_gossip(nodes: Any) -> None:
    with zyre.Gossip("hub") as hub:
        at = hub.bind("tcp://127.0.0.1:*")
        one, two, other, bare = (
            nodes(name, port=0, cluster=cluster, gossip_connect=at)
            for name, cluster in (("one", "a"), ("two", "a"), ("other", "b"), ("bare", ""))
        )
        expect(one, zyre.Enter, name="two")
        expect(two, zyre.Enter, name="one")
        until(lambda: len(hub.tuples) == 4, "all are known to the hub")
        assert not other.peers
        assert not bare.peers
        assert bare.statistics().violations == other.statistics().violations == {}, "nobody was even asked"
        gone = str(two.uuid)
        assert one.gossip_unpublish(gone)


def test_a_plain_peer_that_was_told_where_we_are(nodes: Any, port: int) -> None:
    """It greets us, and hears nothing."""
    require("libzyre")
    one = nodes("one", cluster="a")
    with ReferencePeer("libzyre", name="plain", endpoint=f"tcp://127.0.0.1:{unused_port()}") as plain:
        plain.require_peer(str(one.uuid), one.endpoint)
        assert expect(one, zyre.Refused).name == "plain"
        assert not [event for event in plain.events if event["type"] == "ENTER"]


def test_the_environment_says_it(nodes: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZYRE_CLUSTER", "a")
    one = nodes("one")
    monkeypatch.delenv("ZYRE_CLUSTER")
    two, bare = nodes("two", cluster="a"), nodes("bare")
    expect(one, zyre.Enter, name="two")
    expect(two, zyre.Enter, name="one")
    until(lambda: refused(bare) > 2, "strangers' beacons")
    monkeypatch.setenv("ZYRE_CLUSTER", "a")
    nodes("explicit", cluster="")
    expect(bare, zyre.Enter, name="explicit")
    with pytest.raises(zyre.InvalidName, match="cluster"):
        zyre.Node(cluster="x" * 256)
