"""Node on real sockets: every verb and property, what it refuses and how it says so, and many threads at once."""

from __future__ import annotations

import select
import socket
import threading
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import zyre
from tests.peers.harness import unused_port
from tests.support.nodes import PATIENCE, drain, expect, in_threads, meeting, repeat, until
from zyre import Enter, Exit, Join, Leader, Leave, NodeConfig, PeerId, Shout, Updated, Whisper
from zyre.engine.interfaces import list_interfaces

pytestmark = pytest.mark.lan


def new(name: str | None = None, **options: Any) -> zyre.Node:
    """A node that is not started, and that would disturb nobody if it were."""
    return zyre.Node(name, port=options.pop("port", None) or unused_port(), interface="lo", **options)


@pytest.fixture
def node() -> Iterator[zyre.Node]:
    with new("alice") as node:
        yield node


@pytest.fixture
def pair() -> Iterator[tuple[zyre.Node, zyre.Node]]:
    with meeting("alice", "bob", groups=["G"]) as pair:
        yield pair


class TestArguments:
    """What is refused is refused at once, with a sentence that helps."""

    @pytest.mark.parametrize(
        ("arguments", "error", "helpful"),
        [
            ({"name": ""}, zyre.InvalidName, "is empty"),
            ({"name": "a\0b"}, zyre.InvalidName, "NUL"),
            ({"name": "x" * 256}, zyre.InvalidName, "256 octets in UTF-8; the limit is 255"),
            ({"name": "ä" * 128}, zyre.InvalidName, "256 octets in UTF-8; the limit is 255"),
            ({"name": 7}, zyre.InvalidName, "must be a str, not int"),
            ({"groups": "CHAT"}, zyre.InvalidConfig, "groups=['CHAT']"),
            ({"groups": ["x" * 256]}, zyre.InvalidName, "the limit is 255"),
            ({"groups": [b"CHAT"]}, zyre.InvalidName, "must be a str, not bytes"),
            ({"headers": {"x" * 256: ""}}, zyre.InvalidName, "header name"),
            ({"headers": {"role": 1}}, zyre.InvalidName, "header value 1 must be a str"),
            ({"headers": {"role": "x" * 65537}}, zyre.InvalidName, "the limit is 65536"),
            ({"port": 70000}, zyre.InvalidConfig, "from 0 to 65535"),
            ({"port": "5670"}, zyre.InvalidConfig, "from 0 to 65535"),
            ({"config": {}}, zyre.InvalidConfig, "zyre.NodeConfig"),
            ({"extensions": "empty"}, zyre.InvalidConfig, "('empty',)"),
            ({"extensions": ["warp"]}, zyre.InvalidConfig, "there are: bulletin, bundle"),
        ],
    )
    def test_of_a_node(self, arguments: dict[str, Any], error: type[Exception], helpful: str) -> None:
        with pytest.raises(error) as caught:
            zyre.Node(**arguments)
        assert helpful in str(caught.value)

    @pytest.mark.parametrize(
        ("call", "error", "helpful"),
        [
            (lambda node: node.join(""), zyre.InvalidName, "is empty"),
            (lambda node: node.join("x" * 256), zyre.InvalidName, "takes 256 octets in UTF-8; the limit is 255"),
            (lambda node: node.leave(None), zyre.InvalidName, "must be a str, not NoneType"),
            (lambda node: node.contest("a\0"), zyre.InvalidName, "NUL"),
            (lambda node: node.peers_in(3), zyre.InvalidName, "must be a str, not int"),
            (lambda node: node.leader(""), zyre.InvalidName, "is empty"),
            (lambda node: node.shout("", "hello"), zyre.InvalidName, "is empty"),
            (lambda node: node.shout("CHAT", 1), zyre.InvalidFrame, "frame 0 is int"),
            (lambda node: node.shout("CHAT", "a", {"b": 1}), zyre.InvalidFrame, "codec='json'"),
            (lambda node: node.whisper("bob", "hello"), zyre.InvalidPeer, "node.peers.named"),
            (lambda node: node.whisper(b"short", "hello"), zyre.InvalidPeer, "32 hexadecimal digits"),
            (lambda node: node.whisper(None, "hello"), zyre.InvalidPeer, "an event's .peer"),
            (lambda node: node.whisper("0" * 32, ["hello"]), zyre.InvalidFrame, "frame 0 is list"),
            (lambda node: node.connect("192.168.1.7:5670"), zyre.InvalidEndpoint, "tcp://192.168.1.7:5670"),
            (lambda node: node.connect("tcp://*:5670"), zyre.InvalidEndpoint, "wildcard"),
            (lambda node: node.connect("udp://10.0.0.1:1"), zyre.InvalidEndpoint, "none of tcp, ipc, inproc"),
            (lambda node: node.connect("tcp://10.0.0.1:1", "bob"), zyre.InvalidPeer, "does not identify a peer"),
            (lambda node: node.set_header("", "x"), zyre.InvalidName, "header name"),
            (lambda node: node.set_header("x", 1), zyre.InvalidName, "header value"),
            (lambda node: node.on(), zyre.InvalidConfig, "node.on(zyre.Shout)"),
            (lambda node: node.on("Shout"), zyre.InvalidConfig, "kinds of events"),
            (lambda node: node.on(print), zyre.InvalidConfig, "kinds of events"),
            (lambda node: node.on(Shout, group=1), zyre.InvalidName, "group"),
            (lambda node: node.on(Shout, peer="bob"), zyre.InvalidPeer, "bob"),
        ],
    )
    def test_of_a_verb(
        self, node: zyre.Node, call: Callable[[zyre.Node], object], error: type[Exception], helpful: str
    ) -> None:
        with pytest.raises(error) as caught:
            call(node)
        assert helpful in str(caught.value)
        assert isinstance(caught.value, zyre.UsageError)
        assert (node.groups, dict(node.headers)) == (frozenset(), {})

    def test_names_of_255_octets_pass(self) -> None:
        long_name, long_group = "ä" * 127 + "x", "g" * 255
        with meeting(long_name, "other", groups=[long_group]) as (one, other):
            assert other.peers[one].name == long_name
            assert other.shout(long_group, "hello") == 1
            assert expect(one, Shout).group == long_group

    def test_no_such_interface(self) -> None:
        node = zyre.Node(port=unused_port(), interface="nonsense0")
        with pytest.raises(zyre.NoInterface) as caught:
            node.start()
        assert "'nonsense0'" in str(caught.value)
        assert "lo (127.0.0.1)" in str(caught.value)
        assert caught.value.wanted == "nonsense0"


class TestLife:
    def test_before_the_start(self) -> None:
        node = new("alice", headers={"role": "test"}, groups=["A"])
        for verb, call in {
            "recv": node.recv,
            "recv_nowait": node.recv_nowait,
            "whisper": lambda: node.whisper("0" * 32, "x"),
            "shout": lambda: node.shout("A", "x"),
        }.items():
            with pytest.raises(zyre.NodeNotStarted) as caught:
                call()
            assert f"node.{verb}() needs a running node: call node.start()" in str(caught.value)
            assert caught.value.verb == verb
        with pytest.raises(zyre.NodeNotStarted):
            next(iter(node))
        node.join("B")
        node.leave("A")
        node.contest("C")
        node.set_header("more", "yes")
        assert node.groups == {"B", "C"}
        assert dict(node.headers) == {"role": "test", "more": "yes"}
        assert (len(node.peers), node.peer_groups, node.endpoint, node.leader("C")) == (0, frozenset(), "", None)
        assert node.statistics().messages_sent == 0
        assert repr(node) == f"<Node alice {node.uuid.short} new>"

    def test_what_was_said_before_the_start_is_in_the_first_hello(self) -> None:
        port = unused_port()
        early = new("early", port=port, groups=["A"])
        early.join("B")
        early.set_header("role", "test")
        with new("late", port=port) as late, early:
            enter = expect(late, Enter)
            assert (enter.name, enter.groups, dict(enter.headers)) == ("early", {"A", "B"}, {"role": "test"})

    def test_after_the_stop(self) -> None:
        node = new("alice", groups=["A"])
        node.start()
        node.stop()
        for verb, call in {
            "start": node.start,
            "recv": node.recv,
            "recv_nowait": node.recv_nowait,
            "whisper": lambda: node.whisper("0" * 32, "x"),
            "shout": lambda: node.shout("A", "x"),
            "join": lambda: node.join("B"),
            "leave": lambda: node.leave("A"),
            "contest": lambda: node.contest("A"),
            "connect": lambda: node.connect("tcp://127.0.0.1:1"),
            "set_header": lambda: node.set_header("a", "b"),
        }.items():
            with pytest.raises(zyre.NodeStopped) as caught:
                call()
            assert f"node.{verb}() came after node.stop()" in str(caught.value)
        assert list(node) == []
        assert node.groups == {"A"}
        assert node.statistics().messages_received == 0
        assert repr(node).endswith(" stopped>")
        node.stop()

    def test_stopped_without_a_start(self) -> None:
        node = new()
        node.stop()
        with pytest.raises(zyre.NodeStopped):
            node.start()
        with pytest.raises(zyre.NodeStopped):
            node.recv()

    def test_started_twice_is_started_once(self, node: zyre.Node) -> None:
        endpoint = node.endpoint
        node.start()
        assert node.endpoint == endpoint

    def test_a_start_that_failed_can_be_tried_again(self) -> None:
        with meeting("other") as other:
            taken = int(other.endpoint.rpartition(":")[2])
            node = new(config=NodeConfig(peer_port=taken))
            for _ in range(2):
                with pytest.raises(zyre.AddressInUse):
                    node.start()
            other.stop()
            until(lambda: _starts(node), "a start at the free port")
            node.stop()

    def test_what_came_before_the_stop_can_be_read_after_it(self) -> None:
        with meeting("alice", "bob") as (alice, bob):
            alice.whisper(bob, "last words")
            until(lambda: bob.statistics().unread, "the message")
            bob.stop()
            assert [event.content for event in bob if isinstance(event, Whisper)] == [(b"last words",)]

    def test_iteration_ends_when_another_thread_stops_the_node(self, node: zyre.Node) -> None:
        waiting = threading.Event()

        def read() -> str:
            waiting.set()
            for _ in node:
                pass
            return "ended"

        def stop() -> None:
            waiting.wait(PATIENCE)
            node.stop()

        assert in_threads(read, stop)[0] == "ended"

    def test_defaults(self) -> None:
        node = zyre.Node()
        assert node.name == node.uuid.short == node.uuid[:6]
        assert (node.groups, dict(node.headers)) == (frozenset(), {})
        assert zyre.Node().uuid != node.uuid


def _starts(node: zyre.Node) -> bool:
    try:
        node.start()
    except zyre.AddressInUse:
        return False
    return True


class TestMeeting:
    def test_enter_says_who_and_where(self) -> None:
        port = unused_port()
        with (
            new("alice", port=port) as alice,
            new("bob", port=port, headers={"role": "test"}, groups=["G", "H"]) as bob,
        ):
            enter = expect(alice, Enter)
            assert (enter.peer, enter.name, dict(enter.headers)) == (bob.uuid, "bob", {"role": "test"})
            assert enter.address == bob.endpoint
            assert enter.groups == {"G", "H"}
            assert {expect(alice, Join, peer=bob.uuid).group for _ in range(2)} == {"G", "H"}
            peer = alice.peers[bob]
            assert (peer.uuid, peer.name, peer.address) == (bob.uuid, "bob", bob.endpoint)
            assert (dict(peer.headers), peer.groups) == ({"role": "test"}, {"G", "H"})
            assert peer.found_by in ("beacon", "hello")
            assert (alice.peer_groups, [p.name for p in alice.peers_in("G")]) == ({"G", "H"}, ["bob"])
            assert alice not in alice.peers
            with pytest.raises(TypeError):
                peer.headers["role"] = "else"  # type: ignore[index]

    def test_leaving_is_an_exit_at_once(self) -> None:
        with meeting("alice", "bob", groups=["G"]) as (alice, bob):
            bob.stop()
            exit_event = expect(alice, Exit)
            assert (exit_event.peer, exit_event.name, exit_event.reason) == (bob.uuid, "bob", "left")
            assert (len(alice.peers), alice.peer_groups, len(alice.peers_in("G"))) == (0, frozenset(), 0)

    def test_join_and_leave(self) -> None:
        with meeting("alice", "bob") as (alice, bob):
            bob.join("G")
            bob.join("G")
            bob.leave("H")
            event = expect(alice, Join)
            assert (event.peer, event.name, event.group) == (bob.uuid, "bob", "G")
            assert (bob.groups, alice.groups, alice.peer_groups) == ({"G"}, frozenset(), {"G"})
            bob.leave("G")
            bob.whisper(alice, "done")
            assert [type(event) for event in _until_whisper(alice)] == [Leave, Whisper]
            assert alice.peer_groups == frozenset()

    def test_headers_set_later_reach_everybody(self) -> None:
        port = unused_port()
        with meeting("alice", "bob", port=port, headers={"a": "1"}) as (alice, bob):
            bob.headers["b"] = "ü"
            event = expect(alice, Updated)
            assert (event.peer, event.name, dict(event.changed), event.removed) == (bob.uuid, "bob", {"b": "ü"}, set())
            del bob.headers["a"]
            assert expect(alice, Updated).removed == {"a"}
            assert dict(bob.headers) == dict(alice.peers[bob].headers) == {"b": "ü"}
            with new("carol", port=port) as carol:
                assert dict(expect(carol, Enter, name="bob").headers) == {"b": "ü"}

    def test_headers_set_later_reach_plain_nodes_that_come_later(self) -> None:
        port = unused_port()
        with meeting("alice", "bob", port=port, headers={"a": "1"}, extensions=()) as (alice, bob):
            bob.set_header("a", "2")
            assert dict(alice.peers[bob].headers) == {"a": "1"}
            with new("carol", port=port) as carol:
                assert dict(expect(carol, Enter, name="bob").headers) == {"a": "2"}

    def test_leader(self) -> None:
        with meeting("alice", "bob") as (alice, bob):
            lowest = min(alice, bob, key=lambda node: node.uuid)
            for node in alice, bob:
                node.contest("G")
            for node in alice, bob:
                event = expect(node, Leader, group="G")
                while event.peer != lowest.uuid:  # one may have led for the moment before it heard of the other
                    event = expect(node, Leader, group="G")
                assert event.name == lowest.name
                until(lambda node=node: node.leader("G") == lowest.uuid)
            assert alice.groups == bob.groups == {"G"}
            assert alice.leader("H") is None

    @pytest.mark.parametrize(("one", "other"), [("lo", "va"), ("va", "vb"), ("127.0.0.1", "10.77.1.1")])
    def test_nodes_on_different_interfaces_do_not_meet(self, one: str, other: str) -> None:
        """Although they share a process and the port. A witness on each side shows that beacons went out."""
        port = unused_port()

        def on(interface: str) -> zyre.Node:
            timing = zyre.Timing(beacon=0.05)
            # By IPv4 only: va and vb are the two ends of one link.
            address = next(face.address for face in list_interfaces() if interface in (face.name, face.address))
            return zyre.Node(interface, port=port, interface=address, config=NodeConfig(timing=timing))

        with on(one) as first, on(other) as second, on(one) as near_first, on(other) as near_second:
            assert expect(first, Enter).peer == near_first.uuid
            assert expect(second, Enter).peer == near_second.uuid
            until(lambda: all(node.statistics().violations.get("beacon_elsewhere") for node in (first, second)))
            assert [peer.uuid for peer in first.peers] == [near_first.uuid]
            assert [peer.uuid for peer in second.peers] == [near_second.uuid]


def _until_whisper(node: zyre.Node) -> list[Any]:
    events = []
    while not events or not isinstance(events[-1], Whisper):
        events.append(node.recv(PATIENCE))
    return events


class TestEndpoints:
    @pytest.mark.parametrize("known", [True, False], ids=["with peer id", "without"])
    @pytest.mark.parametrize("transport", ["tcp", "ipc", "inproc"])
    def test_connected_by_endpoint_without_beacons(self, transport: str, known: bool, tmp_path: Path) -> None:
        place = {"tcp": None, "ipc": f"ipc://{tmp_path}/node", "inproc": f"inproc://{uuid.uuid4()}"}[transport]
        there = zyre.Node("there", port=0, interface="lo", config=NodeConfig(endpoint=place))
        here = zyre.Node("here", port=0, interface="lo")
        with there, here:
            assert place in (None, there.endpoint)
            here.connect(there.endpoint, there if known else None)
            assert expect(here, Enter).peer == there.uuid
            assert expect(there, Enter).peer == here.uuid
            assert (here.peers[there].found_by, there.peers[here].found_by) == ("connect", "hello")
            assert here.whisper(there, "over", transport)
            assert expect(there, Whisper).content == (b"over", transport.encode())
            assert there.whisper(here, "and back")
            assert expect(here, Whisper).content == (b"and back",)
            there.stop()
            assert expect(here, Exit).reason == "left"
        assert here.statistics().beacons_sent == 0

    def test_connected_before_the_start_and_before_there_is_anybody(self) -> None:
        port = unused_port()  # a UDP port that is free tells nothing of TCP, and yet it almost always is
        timing = zyre.Timing(redial=0.05, handshake=0.1)
        here = zyre.Node("here", port=0, interface="lo", config=NodeConfig(timing=timing))
        here.connect(f"tcp://127.0.0.1:{port}")
        with here:
            until(lambda: here.statistics().messages_sent, "the first HELLO into the void")
            config = NodeConfig(endpoint=f"tcp://127.0.0.1:{port}")
            with zyre.Node("there", port=0, interface="lo", config=config) as there:
                assert expect(here, Enter).peer == there.uuid

    def test_fixed_port(self) -> None:
        with meeting("probe") as probe:
            port = int(probe.endpoint.rpartition(":")[2])
        node = new(config=NodeConfig(peer_port=port))
        until(lambda: _starts(node), "a start at the fixed port")
        assert node.endpoint == f"tcp://127.0.0.1:{port}"
        node.stop()

    def test_address_in_use(self) -> None:
        with meeting("first") as first:
            second = new(config=NodeConfig(endpoint=first.endpoint))
            with pytest.raises(zyre.AddressInUse) as caught:
                second.start()
            assert caught.value.endpoint == first.endpoint
            assert f"{first.endpoint} is in use" in str(caught.value)
            assert isinstance(caught.value, OSError)

    def test_beacon_port_in_use_by_somebody_who_does_not_share(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as selfish:
            selfish.bind(("", 0))
            port = selfish.getsockname()[1]
            with pytest.raises(zyre.AddressInUse) as caught:
                new(port=port).start()
            assert str(port) in str(caught.value)

    def test_what_cannot_be_bound_is_a_sentence(self) -> None:
        with pytest.raises(zyre.NetworkError) as caught:
            new(config=NodeConfig(endpoint="ipc:///no/such/folder/node")).start()
        assert "ipc:///no/such/folder/node" in str(caught.value)

    def test_advertised_endpoint(self) -> None:
        with meeting("probe") as probe:
            port = int(probe.endpoint.rpartition(":")[2])
        told = f"tcp://localhost:{port}"
        there = new("there", config=NodeConfig(peer_port=port, advertise=told), port=(shared := unused_port()))
        with new("here", port=shared) as here:
            until(lambda: _starts(there), "a start at the advertised port")
            with there:
                assert there.endpoint == told
                assert expect(here, Enter).peer == there.uuid
                assert here.whisper(there, "hello")
                assert expect(there, Whisper).content == (b"hello",)

    def test_environment_chooses_the_interface(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ZYRE_INTERFACE", "va")
        with zyre.Node(port=unused_port()) as node:
            assert node.endpoint.startswith("tcp://10.77.0.1:")


class TestMessages:
    @pytest.mark.parametrize(
        "frames",
        [
            (),
            (b"",),
            ("",),
            (b"one",),
            ("text ü", b"\xff\xfe\x00", "", b"", bytearray(b"array"), memoryview(b"view")),
            ("\udcff",),
            (bytes(1 << 20),),
            tuple(b"%d" % number for number in range(1000)),
        ],
        ids=["none", "empty", "empty text", "one", "mixed", "surrogate", "1 MB", "1000 frames"],
    )
    def test_frames_arrive_exactly(self, pair: tuple[zyre.Node, zyre.Node], frames: tuple[Any, ...]) -> None:
        alice, bob = pair
        expected = tuple(
            frame.encode("utf-8", "surrogateescape") if isinstance(frame, str) else bytes(frame) for frame in frames
        )
        assert alice.whisper(bob, *frames)
        whisper = expect(bob, Whisper)
        assert (whisper.content, whisper.peer, whisper.name) == (expected, alice.uuid, "alice")
        assert alice.shout("G", *frames) == 1
        shout = expect(bob, Shout)
        assert (shout.content, shout.peer, shout.name, shout.group) == (expected, alice.uuid, "alice", "G")

    @pytest.mark.parametrize(
        "spelling",
        [
            lambda bob: bob.uuid,
            lambda bob: str(bob.uuid),
            lambda bob: bob.uuid.lower(),
            lambda bob: str(uuid.UUID(bob.uuid)),
            lambda bob: uuid.UUID(bob.uuid),
            lambda bob: bytes.fromhex(bob.uuid),
            lambda bob: bytearray.fromhex(bob.uuid),
            lambda bob: bob,
        ],
        ids=["PeerId", "str", "lower", "dashes", "UUID", "bytes", "bytearray", "Node"],
    )
    def test_a_peer_is_given_as_it_is_at_hand(
        self, pair: tuple[zyre.Node, zyre.Node], spelling: Callable[[zyre.Node], object]
    ) -> None:
        alice, bob = pair
        assert alice.whisper(spelling(bob), "hello")
        event = expect(bob, Whisper)
        assert bob.whisper(event, "answer to an event")
        assert expect(alice, Whisper).peer == bob.uuid
        assert alice.whisper(alice.peers[spelling(bob)], "to a Peer")
        assert expect(bob, Whisper).content == (b"to a Peer",)

    def test_who_is_not_here_gets_nothing_and_that_is_counted(self, pair: tuple[zyre.Node, zyre.Node]) -> None:
        alice, _ = pair
        before = alice.statistics().dropped.get("absent", 0)
        assert not alice.whisper("0" * 32, "hello")
        assert not alice.whisper(alice, "myself")
        assert alice.shout("NOBODY", "hello") == 0
        assert alice.statistics().dropped["absent"] == before + 2

    def test_who_has_gone_gets_nothing(self) -> None:
        with meeting("alice", "bob") as (alice, bob):
            bob.stop()
            exit_event = expect(alice, Exit)
            assert not alice.whisper(exit_event, "hello")
            assert alice.statistics().dropped == {"absent": 1}

    def test_shout_says_to_how_many(self) -> None:
        with meeting("alice", "bob", "carol", groups=["G"]) as (alice, bob, carol):
            assert alice.shout("G", "hello") == 2
            for node in bob, carol:
                assert expect(node, Shout).content == (b"hello",)
            carol.leave("G")
            expect(alice, Leave)
            assert alice.shout("G", "hello") == 1
            alice.leave("G")
            assert alice.shout("G", "from outside") == 1
            assert expect(bob, Shout, content=(b"from outside",)).peer == alice.uuid

    def test_many_in_order(self) -> None:
        with meeting("alice", "bob", groups=["G"]) as (alice, bob):
            for number in range(5000):
                alice.whisper(bob, str(number)) if number % 2 else alice.shout("G", str(number))
            for number in range(5000):
                assert expect(bob, Whisper if number % 2 else Shout).content == (str(number).encode(),)
            assert bob.statistics().messages_missed == 0

    def test_statistics(self) -> None:
        with meeting("alice", "bob") as (alice, bob):
            before = alice.statistics(), bob.statistics()
            for _ in range(3):
                alice.whisper(bob, "hello")
            until(lambda: bob.statistics().unread == 3)
            after = alice.statistics(), bob.statistics()
            assert after[0].fates.offered - before[0].fates.offered == 3
            assert after[0].messages_sent - before[0].messages_sent >= 3
            assert after[1].messages_received - before[1].messages_received >= 3
            until(lambda: alice.fates(bob) == zyre.Fates(offered=3, delivered=3))
            assert alice.statistics().fates.balanced
            assert (after[0].peers, after[0].pending) == (1, 0)
            assert after[0].beacons_sent >= 1
            assert (after[0].dropped, after[0].violations, after[0].failures) == ({}, {}, {})


class TestReceiving:
    def test_timeout(self, node: zyre.Node) -> None:
        for timeout in (0, 0.01, -1):
            with pytest.raises(zyre.RecvTimeout) as caught:
                node.recv(timeout=timeout)
            assert isinstance(caught.value, TimeoutError)
        with pytest.raises(zyre.RecvTimeout, match=r"no event within 0\.01 s"):
            node.recv(0.01)

    def test_nowait(self, node: zyre.Node) -> None:
        with pytest.raises(zyre.WouldBlock, match=r"recv\(timeout=...\) waits"):
            node.recv_nowait()

    def test_no_time_is_too_long(self) -> None:
        with meeting("alice", "bob") as (alice, bob):
            for timeout in (float("inf"), 1e300, None):
                alice.whisper(bob, "hello")
                assert bob.recv(timeout).content == (b"hello",)

    def test_descriptor_is_readable_while_there_are_events(self) -> None:
        with meeting("alice", "bob") as (alice, bob):
            assert drain(bob) == []
            assert not select.select([bob], [], [], 0)[0]
            for number in range(3):
                alice.whisper(bob, str(number))
            until(lambda: bob.statistics().unread == 3)
            for number in range(3):
                assert select.select([bob], [], [], PATIENCE)[0]
                assert bob.recv_nowait().content == (str(number).encode(),)
            assert drain(bob) == []  # a wake-up too many is allowed once
            assert not select.select([bob], [], [], 0)[0]
            bob.stop()
            assert select.select([bob], [], [], 0)[0]
            with pytest.raises(zyre.NodeStopped):
                bob.recv_nowait()

    def test_every_message_is_seen_through_the_descriptor(self) -> None:
        with meeting("alice", "bob") as (alice, bob):
            got: list[int] = []

            def read() -> None:
                while len(got) < 3000:
                    assert select.select([bob], [], [], PATIENCE)[0]
                    got.extend(int(event.content[0]) for event in drain(bob))

            def write() -> None:
                for number in range(3000):
                    alice.whisper(bob, str(number))

            in_threads(read, write)
            assert got == list(range(3000))

    def test_several_readers_share_the_events(self) -> None:
        with meeting("alice", "bob") as (alice, bob):
            total, seen = 4000, [[], [], [], []]  # type: ignore[var-annotated]

            def reader(number: int) -> Callable[[], None]:
                def run() -> None:
                    seen[number].extend(int(event.content[0]) for event in bob if isinstance(event, Whisper))

                return run

            def write() -> None:
                for number in range(total):
                    alice.whisper(bob, str(number))
                until(lambda: sum(map(len, seen)) >= total)
                bob.stop()

            in_threads(*repeat(4, reader), write)
            assert sorted(number for share in seen for number in share) == list(range(total))
            assert all(share == sorted(share) for share in seen)


class TestHandlers:
    def test_called_before_the_reader_and_by_every_way_to_read(self) -> None:
        with meeting("alice", "bob") as (alice, bob):
            seen: list[object] = []
            bob.on(Whisper)(seen.append)
            for read in (
                lambda: bob.recv(PATIENCE),
                lambda: next(iter(bob)),
                lambda: next(bob.stream()),
                lambda: select.select([bob], [], [], PATIENCE) and bob.recv_nowait(),
            ):
                alice.whisper(bob, "hello")
                event = read()
                assert seen[-1:] == [event]
            assert len(seen) == 4

    def test_by_kind_group_and_peer(self) -> None:
        with meeting("alice", "bob", "carol") as (alice, bob, carol):
            heard: list[tuple[str, bytes]] = []

            @alice.on(Shout, group="CHAT")
            def chat(event: Shout) -> None:
                heard.append(("chat", event.content[0]))

            @alice.on(Whisper, Shout, peer=bob)
            def from_bob(event: Shout | Whisper) -> None:
                heard.append(("bob", event.content[0]))

            alice.join("CHAT")
            alice.join("OTHER")
            for node in bob, carol:
                expect(node, Join, group="OTHER")
                node.shout("CHAT", "1")
                node.shout("OTHER", "2")
                node.whisper(alice, "3")
                expect(alice, Whisper)
            assert heard == [("chat", b"1"), ("bob", b"1"), ("bob", b"2"), ("bob", b"3"), ("chat", b"1")]
            alice.off(chat)
            bob.shout("CHAT", "4")
            expect(alice, Shout)
            assert heard[-1] == ("bob", b"4")

    def test_a_bound_method_can_be_taken_off(self, node: zyre.Node) -> None:
        class Layer:
            def take(self, event: object) -> None: ...

        layer = Layer()
        node.on(Whisper)(layer.take)
        node.off(layer.take)
        assert not node._handlers

    def test_what_a_handler_raises_is_raised_at_the_reader(self) -> None:
        with meeting("alice", "bob") as (alice, bob):

            @bob.on(Whisper)
            def refuse(event: Whisper) -> None:
                raise LookupError(event.content[0])

            alice.whisper(bob, "one")
            with pytest.raises(LookupError, match="one"):
                bob.recv(PATIENCE)
            bob.off(refuse)
            alice.whisper(bob, "two")
            assert bob.recv(PATIENCE).content == (b"two",)

    def test_a_coroutine_function_is_refused_with_the_way_out(self) -> None:
        with meeting("alice", "bob") as (alice, bob):

            @bob.on(Whisper)
            async def take(event: Whisper) -> None: ...

            alice.whisper(bob, "hello")
            with pytest.raises(zyre.UsageError, match="is a coroutine function"):
                bob.recv(PATIENCE)

    def test_run_reads_until_the_node_is_stopped(self) -> None:
        with meeting("alice", "bob") as (alice, bob):
            seen: list[bytes] = []

            @bob.on(Whisper)
            def take(event: Whisper) -> None:
                seen.append(event.content[0])
                if event.content == (b"stop",):
                    bob.stop()

            for text in ("one", "two", "stop"):
                alice.whisper(bob, text)
            bob.run()
            assert seen == [b"one", b"two", b"stop"]

    def test_run_for_a_time(self, node: zyre.Node) -> None:
        node.run(timeout=0.01)
        node.run(timeout=0.01)

    def test_event_kinds_may_be_a_union(self) -> None:
        with meeting("alice", "bob") as (alice, bob):
            seen: list[object] = []
            bob.on(zyre.Event)(seen.append)
            alice.whisper(bob, "hello")
            assert seen == [] and [bob.recv(PATIENCE)] == seen  # noqa: PT018


class TestThreads:
    def test_eight_threads_at_one_node(self) -> None:
        """Whispers, shouts, joins and reads all at once: each thread's messages in its order, and none lost."""
        each, writers = 400, 4
        with meeting("one", "two", groups=["G"]) as nodes:
            got: dict[PeerId, list[Any]] = {node.uuid: [] for node in nodes}
            done = threading.Event()

            def write(node: zyre.Node, other: zyre.Node, number: int) -> Callable[[], None]:
                def run() -> None:
                    for index in range(each):
                        text = f"{number}:{index}"
                        if number % 2:
                            assert node.whisper(other, text)
                        else:
                            assert node.shout("G", text) == 1

                return run

            def join(node: zyre.Node, number: int) -> Callable[[], None]:
                def run() -> None:
                    for index in range(each // 4):
                        node.join(f"group-{number}-{index}")
                        node.peers_in("G")
                        node.statistics()
                        node.leave(f"group-{number}-{index}")

                return run

            def read(node: zyre.Node) -> Callable[[], None]:
                def run() -> None:
                    while not done.is_set():
                        try:
                            got[node.uuid].append(node.recv(0.05))
                        except zyre.RecvTimeout:
                            pass

                return run

            def finish(*jobs: Callable[[], None]) -> Callable[[], None]:
                def run() -> None:
                    in_threads(*jobs)
                    until(
                        lambda: all(
                            sum(isinstance(event, (Whisper, Shout)) for event in got[node.uuid]) == each * writers
                            and sum(isinstance(event, Leave) for event in got[node.uuid]) == each // 4 * 2
                            for node in nodes
                        ),
                        "everything that was sent",
                    )
                    done.set()

                return run

            jobs = [
                job
                for node, other in (nodes, nodes[::-1])
                for job in (
                    *(write(node, other, number) for number in range(writers)),
                    *(join(node, number) for number in range(2)),
                )
            ]
            in_threads(finish(*jobs), *(read(node) for node in nodes for _ in range(2)), timeout=40)
            for node in nodes:
                # Two readers append to one list, so neighbours may be swapped; each thread's numbers must be complete.
                numbers = defaultdict(list)
                for event in got[node.uuid]:
                    if isinstance(event, (Whisper, Shout)):
                        thread, index = event.content[0].split(b":")
                        numbers[thread].append(int(index))
                assert {thread: sorted(seen) for thread, seen in numbers.items()} == {
                    b"%d" % number: list(range(each)) for number in range(writers)
                }
                assert node.statistics().messages_missed == 0
                assert node.statistics().violations == {}

    def test_each_threads_messages_in_its_order(self) -> None:
        with meeting("one", "two", groups=["G"]) as (one, two):

            def write(number: int) -> Callable[[], None]:
                def run() -> None:
                    for index in range(500):
                        (one.whisper(two, f"{number}:{index}") if index % 3 else one.shout("G", f"{number}:{index}"))

                return run

            numbers = defaultdict(list)

            def read() -> None:
                for event in two.stream().of(Whisper, Shout).take(4000):
                    thread, index = event.content[0].split(b":")
                    numbers[thread].append(int(index))

            in_threads(read, *repeat(8, write), timeout=40)
            assert len(numbers) == 8
            assert all(seen == list(range(500)) for seen in numbers.values())

    def test_nodes_started_and_stopped_by_many_threads(self) -> None:
        """One engine serves them all: no alarm, descriptor or thread may be lost between them."""

        def live(_: int) -> Callable[[], None]:
            def run() -> None:
                for _ in range(5):
                    with meeting("alice", "bob") as (alice, bob):
                        alice.whisper(bob, "hello")
                        expect(bob, Whisper)

            return run

        in_threads(*repeat(6, live), timeout=40)

    def test_stopped_by_many_threads_at_once(self) -> None:
        with meeting("alice", "bob") as (alice, bob):
            in_threads(*[alice.stop] * 6)
            assert expect(bob, Exit).reason == "left"
