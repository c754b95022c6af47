"""Our gossip services among CZMQ's, on real sockets, in processes of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq

from tests.peers.harness import ReferencePeer, require
from tests.support.gossip import PATIENCE, until, until_all_hold
from tests.wire.test_zgossip import CAPTURED
from zyre import Access, Delivery, Gossip, new_certificate
from zyre.wire.zgossip import HELLO, INVALID, PING, PONG, encode_command, encode_publish

pytestmark = pytest.mark.interop


@pytest.fixture(autouse=True)
def needs_czmq() -> None:
    require("zgossip")


@pytest.fixture
def foreign_hub() -> Iterator[tuple[ReferencePeer, str]]:
    with ReferencePeer("zgossip", name="hub", gossip_bind="tcp://127.0.0.1:*") as hub:
        hub.command("send", frames=["PORT"])
        yield hub, f"tcp://127.0.0.1:{hub.wait_for('PORT')['number']}"


def publish(peer: ReferencePeer, key: str, value: str) -> None:
    peer.command("send", frames=["PUBLISH", key, value])


def status(peer: ReferencePeer) -> int:
    peer.command("send", frames=["STATUS"])
    return int(peer.wait_for("STATUS")["number"])


def test_czmq_sends_what_was_captured(foreign_hub: tuple[ReferencePeer, str]) -> None:
    hub, endpoint = foreign_hub
    frames = {vector["command"]: bytes.fromhex(vector["frame"]) for vector in reversed(CAPTURED)}
    with zmq.Context() as context, context.socket(zmq.DEALER) as dealer:
        dealer.linger, dealer.rcvtimeo = 0, 10_000
        dealer.connect(endpoint)
        dealer.send(encode_command(PING))
        assert dealer.recv() == frames["PONG"] == encode_command(PONG)
        for command in (HELLO, PING):  # the PONG shows that HELLO was read before the next command comes another way
            dealer.send(encode_command(command))
        assert dealer.recv() == frames["PONG"]
        publish(hub, "k1", "v1")
        assert dealer.recv() == frames["PUBLISH"] == encode_publish("k1", "v1")
        dealer.send(encode_command(PONG))
        assert dealer.recv() == frames["INVALID"] == encode_command(INVALID)
    with zmq.Context() as context, context.socket(zmq.ROUTER) as router:
        router.linger, router.rcvtimeo = 0, 10_000
        port = router.bind_to_random_port("tcp://127.0.0.1")
        with ReferencePeer("zgossip", gossip_connect=f"tcp://127.0.0.1:{port}"):
            assert router.recv_multipart()[1] == frames["HELLO"] == encode_command(HELLO)


@pytest.mark.parametrize("kinds", [("czmq", "ours", "czmq"), ("ours", "czmq", "ours"), ("ours", "czmq", "czmq")])
def test_the_scenario_of_czmqs_own_test_mixed(kinds: tuple[str, str, str], tmp_path: Path) -> None:
    """Three services, four tuples: base, alpha and beta, of either kind; all hold all, each was delivered once."""
    base = f"ipc://{tmp_path}/base"
    ours: dict[str, Gossip] = {}
    peers: dict[str, ReferencePeer] = {}
    try:
        for name, kind in zip(("base", "alpha", "beta"), kinds, strict=True):
            if kind == "ours":
                service = ours[name] = Gossip(name)
                if name == "base":
                    service.bind(base)
                else:
                    service.connect(base)
                    service.publish(f"inproc://{name}-1", "service1")
                    service.publish(f"inproc://{name}-2", "service2")
            else:
                bind, connect = (base, None) if name == "base" else (None, base)
                peer = ReferencePeer("zgossip", name=name, gossip_bind=bind, gossip_connect=connect)
                peer.open()
                peers[name] = peer
                if name != "base":
                    publish(peer, f"inproc://{name}-1", "service1")
                    publish(peer, f"inproc://{name}-2", "service2")
        everything = {f"inproc://{name}-{n}": f"service{n}" for name in ("alpha", "beta") for n in (1, 2)}
        until_all_hold(everything, *ours.values())
        for peer in peers.values():
            until(lambda peer=peer: status(peer) == 4)  # type: ignore[misc]
            delivered = [event["key"] for event in peer.events if event["type"] == "DELIVER"]
            assert sorted(delivered) == sorted(everything)
        for service in ours.values():
            assert sorted(service.recv(PATIENCE).key for _ in range(4)) == sorted(everything)
    finally:
        for service in ours.values():
            service.close()
        for peer in peers.values():
            peer.close()


def test_ping_is_answered_and_silence_ends_it_as_in_czmqs_own_test() -> None:
    with Gossip("server") as server, zmq.Context() as context, context.socket(zmq.DEALER) as dealer:
        server.set("server/timeout", "100")
        dealer.linger, dealer.rcvtimeo = 0, 10_000
        dealer.connect(server.bind("tcp://127.0.0.1:*"))
        dealer.send(encode_command(HELLO))
        dealer.send(encode_command(PING))
        assert dealer.recv() == encode_command(PONG)
        until(lambda: server.statistics()["clients"] == 0)
        dealer.send(encode_publish("k", "v"))
        assert dealer.recv() == encode_command(INVALID)


def test_a_client_of_ours_stays_with_a_hub_of_czmqs(foreign_hub: tuple[ReferencePeer, str]) -> None:
    """CZMQ's own clients are forgotten after a second of silence, and never notice."""
    hub, endpoint = foreign_hub
    with Gossip("ours") as ours:
        ours.connect(endpoint)
        until(lambda: ours.statistics()["received"] >= 6)  # PONGs, one each half second
        publish(hub, "k", "v")
        assert ours.recv(PATIENCE) == Delivery("k", "v")
        ours.publish("mine", "v")
        hub.wait_for("DELIVER", key="mine", value="v")
        assert hub.returncode is None, "and it lives: a message that it does not know would have ended it"


def test_two_of_ours_around_a_hub_of_czmqs_and_side_by_side(foreign_hub: tuple[ReferencePeer, str]) -> None:
    hub, endpoint = foreign_hub
    with Gossip("one") as one, Gossip("two") as two:
        for service in (one, two):
            service.connect(endpoint)
        two.connect(one.bind("tcp://127.0.0.1:*"))
        one.publish("k", "v")
        hub.wait_for("DELIVER", key="k")
        until_all_hold({"k": "v"}, one, two)
        one.unpublish("k")
        until_all_hold({}, one, two)
        for value in ("a", "b", "c"):
            publish(hub, "bounce", value)
            one.publish("bounce", f"one {value}")
            two.publish("bounce", f"two {value}")
        until(lambda: one.tuples == two.tuples)
        publish(hub, "last", "v")
        until(lambda: "last" in one.tuples and "last" in two.tuples)
        until(lambda: status(hub) == 3)


@pytest.mark.parametrize("hub", ["theirs", "ours"])
def test_secured_in_both_roles(hub: str) -> None:
    """The client names the hub's key; a stranger, who does not, gets nothing."""
    theirs, ours = new_certificate(), new_certificate()
    with (
        ReferencePeer("zgossip", name="secured", port=1) as peer,
        Gossip("ours", certificate=ours, access=Access(keys=[theirs.public_key])) as service,
        Gossip("stranger") as stranger,
    ):
        peer.command("send", frames=["SET PUBLICKEY", theirs.public_key])
        peer.command("send", frames=["SET SECRETKEY", theirs.pair.secret])
        if hub == "theirs":
            peer.command("send", frames=["BIND", "tcp://127.0.0.1:*"])
            peer.command("send", frames=["PORT"])
            endpoint = f"tcp://127.0.0.1:{peer.wait_for('PORT')['number']}"
            service.connect(endpoint, public_key=theirs.public_key)
        else:
            endpoint = service.bind("tcp://127.0.0.1:*")
            peer.command("send", frames=["CONNECT", endpoint, ours.public_key])
        stranger.connect(endpoint)
        publish(peer, "from", "them")
        assert service.recv(PATIENCE) == Delivery("from", "them")
        service.publish("to", "them")
        peer.wait_for("DELIVER", key="to", value="them")
        assert not stranger.tuples
