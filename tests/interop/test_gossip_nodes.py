"""Our nodes and libzyre's meet by gossip, through hubs of either kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers.harness import ReferencePeer, meet, require, unused_port
from tests.support.nodes import expect
from zyre import Enter, Exit, Gossip, Node, NodeConfig, Whisper

pytestmark = pytest.mark.interop


@pytest.fixture(autouse=True)
def needs_libzyre() -> None:
    require("libzyre")


@pytest.fixture(params=["ours", "zgossip"])
def hub(request: pytest.FixtureRequest) -> Iterator[str]:
    """The endpoint of a hub that is no node."""
    if request.param == "ours":
        with Gossip("hub") as service:
            yield service.bind("tcp://127.0.0.1:*")
    else:
        endpoint = f"tcp://127.0.0.1:{unused_port()}"
        with ReferencePeer("zgossip", gossip_bind=endpoint):
            yield endpoint


def libzyre(name: str, hub: str) -> ReferencePeer:
    return ReferencePeer("libzyre", name=name, endpoint=f"tcp://127.0.0.1:{unused_port()}", gossip_connect=hub)


def test_through_a_hub_that_is_no_node(hub: str) -> None:
    with libzyre("one", hub) as one, Node("ours", port=0, interface="lo", gossip_connect=hub) as ours:
        expect(ours, Enter, name="one")
        one.wait_for("ENTER", peer=str(ours.uuid))
        with libzyre("two", hub) as two, Node("late", port=0, interface="lo", gossip_connect=hub) as late:
            meet(one, two)
            for node in (ours, late):
                expect(node, Enter, name="two")
            for peer in (one, two):
                peer.wait_for("ENTER", peer=str(late.uuid))
            two.whisper(str(late.uuid), b"hello")
            assert expect(late, Whisper).content == (b"hello",)
        one.wait_for("EXIT", peer=str(late.uuid))
        assert expect(ours, Exit, name="two").reason == "left"


@pytest.mark.parametrize("transport", ["tcp", "ipc"])
def test_a_node_of_either_kind_is_the_hub(transport: str, tmp_path: Path) -> None:
    def endpoint(name: str) -> str:
        return f"ipc://{tmp_path}/{name}" if transport == "ipc" else f"tcp://127.0.0.1:{unused_port()}"

    hub, other_hub = endpoint("hub"), endpoint("other-hub")
    config = NodeConfig(endpoint=endpoint("ours"))
    with (
        Node("ours", port=0, interface="lo", config=config, gossip_bind=hub) as ours,
        ReferencePeer("libzyre", name="theirs", endpoint=endpoint("theirs"), gossip_connect=hub) as theirs,
    ):
        expect(ours, Enter, name="theirs")
        theirs.wait_for("ENTER", peer=str(ours.uuid))
    with ReferencePeer("libzyre", name="theirs", endpoint=endpoint("b"), gossip_bind=other_hub) as theirs:
        config = NodeConfig(endpoint=endpoint("c"))
        with Node("ours", port=0, interface="lo", config=config, gossip_connect=other_hub) as ours:
            expect(ours, Enter, name="theirs")
            theirs.wait_for("ENTER", peer=str(ours.uuid))
        theirs.wait_for("EXIT", peer=str(ours.uuid))
