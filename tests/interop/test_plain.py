"""What our node says to a peer that is played by hand: 36/ZRE, and nothing else to who did not ask for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import zyre
from zyre.wire import zre

from ..peers import raw
from ..peers.harness import unused_port
from ..peers.raw import RawPeer
from .ours import HASTY, Ours

pytestmark = pytest.mark.interop


@pytest.fixture
def port() -> int:
    return unused_port()


@pytest.fixture
def peer(port: int) -> Iterator[RawPeer]:
    with RawPeer(port) as peer:
        yield peer


def greet(peer: RawPeer, node: Ours) -> list[bytes]:
    """Say HELLO to our node; return the frames with which it answers."""
    beacon = peer.wait_beacon(lambda data: data[4:20] == node.node.uuid.octets)
    assert (len(beacon.data), beacon.endpoint) == (22, node.node.endpoint)
    peer.connect(beacon.endpoint)
    peer.say(raw.HELLO, raw.hello(peer.endpoint, "raw", groups=["G"], status=1))
    node.wait_for(zyre.Enter, peer=peer.uuid, name="raw", address=peer.endpoint)
    return peer.receive()


@pytest.mark.parametrize("environment", [False, True], ids=["extensions=()", "ZYRE_EXTENSIONS=none"])
def test_a_plain_node_says_a_plain_hello(
    peer: RawPeer, port: int, environment: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {} if environment else {"extensions": ()}
    if environment:
        monkeypatch.setenv("ZYRE_EXTENSIONS", "none")
    with Ours(name="plain", port=port, headers={"A": "1"}, groups=["G"], **options) as node:
        identity, hello = greet(peer, node)
        assert identity == b"\x01" + node.node.uuid.octets
        fields = raw.hello(node.node.endpoint, "plain", ["G"], [("A", "1")], status=1)
        assert hello == raw.header(raw.HELLO, 1) + fields


def test_else_there_are_more_headers(peer: RawPeer, port: int) -> None:
    with Ours(name="ours", port=port, headers={"A": "1"}) as node:
        _, hello = greet(peer, node)
        headers = zre.decode_hello(hello).headers
        assert headers.pop("X-ZYRE-EXT").split() == sorted(zyre.config.SUPPORTED_EXTENSIONS - {"durable"})
        assert int(headers.pop("X-ZYRE-INC"), 16) > 0
        assert headers == {"A": "1"}


def test_what_is_said_to_a_stranger_is_plain(peer: RawPeer, port: int) -> None:
    """All that an application can have a node say, and a farewell that is a beacon only."""
    with Ours(port=port) as node:
        greet(peer, node)
        node.node.whisper(peer.uuid)
        assert peer.receive()[1:] == [raw.header(raw.WHISPER, 2), b""]
        node.node.shout("G", b"1", b"")
        assert peer.receive()[1:] == [raw.header(raw.SHOUT, 3) + raw.string("G"), b"1", b""]
        node.node.join("H")
        assert peer.receive()[1:] == [raw.header(raw.JOIN, 4) + raw.string("H") + b"\x01"]
        node.node.leave("H")
        assert peer.receive()[1:] == [raw.header(raw.LEAVE, 5) + raw.string("H") + b"\x02"]
        peer.say(raw.PING)
        assert peer.receive()[1:] == [raw.header(raw.PING_OK, 6)]
        node.node.stop()
        farewell = peer.wait_beacon(lambda data: data[4:20] == node.node.uuid.octets and data[20:] == b"\0\0")
        assert len(farewell.data) == 22
        with pytest.raises(AssertionError, match="no message"):
            peer.receive(timeout=0.1)


def test_a_quiet_peer_is_asked_and_heard(peer: RawPeer, port: int) -> None:
    with Ours(port=port, timing=HASTY) as node:
        greet(peer, node)
        node.wait_for(zyre.Evasive, peer=peer.uuid)
        peer.wait_message(raw.PING)
        node.wait_for(zyre.Silent, peer=peer.uuid)
        peer.say(raw.PING_OK)
        node.wait_for(zyre.Returned, peer=peer.uuid)
        node.never(zyre.Evasive)  # the first episode had one of each
        node.wait_for(zyre.Exit, peer=peer.uuid, reason="unreachable")  # somebody listens there to the end


def test_content_of_no_frames_is_content_of_no_frames(peer: RawPeer, port: int) -> None:
    with Ours(port=port, groups=["G"]) as node:
        greet(peer, node)
        peer.say(raw.WHISPER)
        node.wait_for(zyre.Whisper, peer=peer.uuid, content=())
        peer.say(raw.SHOUT, raw.string("G"))
        node.wait_for(zyre.Shout, peer=peer.uuid, group="G", content=())


def test_a_message_that_is_missing_is_told_and_the_peer_stays(peer: RawPeer, port: int) -> None:
    with Ours(port=port) as node:
        greet(peer, node)
        peer.sequence += 2
        peer.say(raw.WHISPER, content=[b"after"])
        node.wait_for(zyre.Gap, peer=peer.uuid, missed=2)
        node.wait_for(zyre.Whisper, peer=peer.uuid, content=(b"after",))
        node.never(zyre.Exit)


NOISE = {
    "an empty frame": b"",
    "half a header": raw.header(raw.PING, 2)[:4],
    "a foreign signature": b"\xaa\xa0" + raw.header(raw.PING, 2)[2:],
    "message version 3": b"\xaa\xa1\x06\x03\x00\x02",
    "a command that does not exist": raw.header(11, 2),
    "a HELLO cut short": raw.header(raw.HELLO, 1) + raw.string("tcp://10.77.0.1:1"),
    "a JOIN without its fields": raw.header(raw.JOIN, 2),
    "a SHOUT whose group is longer than the frame": raw.header(raw.SHOUT, 2) + b"\xffG",
}
NUMBERED = {name for name in NOISE if name.startswith(("a JOIN", "a SHOUT"))}
"""Messages that are understood far enough for their sequence number to count."""


@pytest.mark.parametrize("name", NOISE)
def test_noise_is_counted_and_the_peer_stays(peer: RawPeer, port: int, name: str) -> None:
    """Some of it aborts libzyre's process, and most of it ends pyre's node."""
    with Ours(port=port) as node:
        greet(peer, node)
        peer.send(NOISE[name])
        peer.sequence += name in NUMBERED
        peer.say(raw.WHISPER, content=[b"and on"])
        node.wait_for(zyre.Whisper, peer=peer.uuid, content=(b"and on",))
        node.never(zyre.Exit)
        node.never(zyre.Gap)
        assert sum(node.node.statistics().violations.values()) == 1
