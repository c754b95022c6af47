"""The reference peers among themselves: proof that a failing interop test is not the fault of its harness."""

from __future__ import annotations

import signal
import time

import pytest

from . import raw
from .harness import ReferencePeer, meet, require, unused_port

pytestmark = pytest.mark.interop


def test_two_libzyre_nodes_meet_talk_and_part() -> None:
    require("libzyre")
    port = unused_port()
    with (
        ReferencePeer("libzyre", name="one", port=port, headers={"X-ONE": "été"}, groups=["G"]) as one,
        ReferencePeer("libzyre", name="two", port=port) as two,
    ):
        enter = two.wait_for("ENTER", peer=one, name="one", headers={"X-ONE": "été"})
        assert enter["address"].startswith("tcp://10.77.0.1:")
        two.wait_for("JOIN", peer=one, group="G")
        one.wait_for("ENTER", peer=two)

        one.whisper(two, b"hello", b"", b"\x00\xff")
        two.wait_for("WHISPER", peer=one, content=[b"hello", b"", b"\x00\xff"])
        two.shout("G", b"to all")
        one.wait_for("SHOUT", peer=two, group="G", content=[b"to all"])
        assert two.peers() == two.peers_in("G") == [one.uuid]

        one.leave("G")
        two.wait_for("LEAVE", peer=one, group="G")
        one.close()
        two.wait_for("EXIT", peer=one)


@pytest.mark.parametrize(("foreign", "name_length"), [("pyre", 6), ("zyrejs", 12)])
def test_other_implementations_meet_libzyre(foreign: str, name_length: int) -> None:
    require("libzyre", foreign)
    port = unused_port()
    with (
        ReferencePeer("libzyre", name="one", port=port, headers={"X-ONE": "1"}, groups=["G"]) as one,
        ReferencePeer(foreign, port=port, headers={"X-TWO": "2"}, groups=["G", "H"]) as two,
    ):
        assert two.name == two.uuid[:name_length].lower()
        one.wait_for("ENTER", peer=two, name=two.name, headers={"X-TWO": "2"})
        for group in ("G", "H"):
            one.wait_for("JOIN", peer=two, group=group)
        two.wait_for("ENTER", peer=one, name="one", headers={"X-ONE": "1"})
        two.wait_for("JOIN", peer=one, group="G")

        one.whisper(two, b"hello")
        two.wait_for("WHISPER", peer=one, content=[b"hello"])
        two.whisper(one, b"")
        one.wait_for("WHISPER", peer=two, content=[b""])
        one.shout("G", b"shout")
        two.wait_for("SHOUT", peer=one, group="G", content=[b"shout"])
        two.shout("G", b"back")
        one.wait_for("SHOUT", peer=two, group="G", content=[b"back"])

        two.leave("H")
        one.wait_for("LEAVE", peer=two, group="H")
        two.join("K")
        one.wait_for("JOIN", peer=two, group="K")
        assert two.own_groups() == ["G", "K"]
        assert two.peers() == two.peers_in("G") == [one.uuid]

        two.count(until=5000)
        one.flood(two, 5000)
        assert two.wait_for("COUNTED")["in_order"]
        one.count(until=5000)
        two.flood(one, 5000)
        assert one.wait_for("COUNTED")["in_order"]

        two.close()
        # On a busy machine libzmq sometimes aborts while node ends; what zyre.js had to say is said by then.
        assert two.returncode in ((0, -signal.SIGABRT) if foreign == "zyrejs" else (0,))
        one.wait_for("EXIT", peer=two)


def test_a_peer_played_by_hand_meets_libzyre() -> None:
    require("libzyre")
    port = unused_port()
    with raw.RawPeer(port) as peer, ReferencePeer("libzyre", name="one", port=port, groups=["G"]) as one:
        peer.connect(peer.wait_beacon(lambda data: True).endpoint)
        peer.say(raw.HELLO, raw.hello(peer.endpoint, "raw", groups=["G"], status=1))
        assert one.wait_for("ENTER", peer=peer.uuid, name="raw")["address"] == peer.endpoint
        identity, hello = peer.wait_message(raw.HELLO)
        assert identity == b"\x01" + bytes.fromhex(one.uuid)
        assert hello.endswith(raw.string("one") + raw.dictionary([]))

        peer.say(raw.WHISPER, content=[b"by hand"])
        one.wait_for("WHISPER", peer=peer.uuid, content=[b"by hand"])
        one.shout("G", b"a", b"b")
        assert peer.receive()[1:] == [raw.header(raw.SHOUT, 2) + raw.string("G"), b"a", b"b"]
        peer.beacon(port=0)
        one.wait_for("EXIT", peer=peer.uuid)


def test_nodes_on_different_ports_do_not_meet() -> None:
    require("libzyre")
    with (
        ReferencePeer("libzyre", name="one", port=unused_port()) as one,
        ReferencePeer("libzyre", name="two", port=unused_port()) as two,
    ):
        one.never("ENTER", within=1.2)
        two.never("ENTER", within=0)


def test_libzyre_meets_without_beacons() -> None:
    require("libzyre")
    with (
        ReferencePeer("libzyre", name="one", endpoint="tcp://127.0.0.1:20001") as one,
        ReferencePeer("libzyre", name="two", endpoint="tcp://127.0.0.1:20002") as two,
    ):
        two.require_peer(one, "tcp://127.0.0.1:20001")
        meet(one, two)
        two.close()
        one.wait_for("EXIT", peer=two)


def test_libzyre_meets_through_gossip() -> None:
    require("libzyre")
    hub = "tcp://127.0.0.1:20010"
    with (
        ReferencePeer("libzyre", name="one", endpoint="tcp://127.0.0.1:20011", gossip_bind=hub) as one,
        ReferencePeer("libzyre", name="two", endpoint="tcp://127.0.0.1:20012", gossip_connect=hub) as two,
    ):
        meet(one, two)


def test_a_flood_is_counted_past_the_wrap_of_the_sequence() -> None:
    require("libzyre")
    port = unused_port()
    with ReferencePeer("libzyre", port=port) as one, ReferencePeer("libzyre", port=port) as two:
        meet(one, two)
        two.count(until=70_000)
        one.flood(two, 70_000)
        counted = two.wait_for("COUNTED", timeout=20)
        assert (counted["received"], counted["first"], counted["last"]) == (70_000, 0, 69_999)
        assert counted["in_order"]
        two.never("EXIT", within=0)


@pytest.mark.parametrize("kind", ["libzyre", "zyrejs"])
def test_a_hole_in_a_flood_is_seen(kind: str) -> None:
    """The two kinds count by code of their own, in Python and in JavaScript."""
    require("libzyre", kind)
    port = unused_port()
    with ReferencePeer("libzyre", port=port) as one, ReferencePeer(kind, port=port) as two:
        meet(one, two)
        two.count(until=20)
        one.flood(two, 10)
        one.flood(two, 10, first=11)
        counted = two.wait_for("COUNTED")
        assert counted["broken_at"] == [10, 11]
        assert not counted["in_order"]
        assert two.counted()["last"] == 20


def test_a_frozen_peer_is_evasive_and_returns() -> None:
    require("libzyre")
    port = unused_port()
    with (
        ReferencePeer("libzyre", port=port, evasive=300, expired=10_000) as one,
        ReferencePeer("libzyre", port=port) as two,
    ):
        meet(one, two)
        two.pause()
        one.wait_for("EVASIVE", peer=two)
        two.resume()
        one.whisper(two, b"still there?")
        two.wait_for("WHISPER", peer=one)
        one.never("EXIT", within=0)


def test_a_killed_peer_expires() -> None:
    require("libzyre")
    port = unused_port()
    with (
        ReferencePeer("libzyre", port=port, evasive=300, expired=900) as one,
        ReferencePeer("libzyre", port=port) as two,
    ):
        meet(one, two)
        two.kill()
        assert two.returncode == -signal.SIGKILL
        killed = time.monotonic()
        one.wait_for("EXIT", peer=two)
        assert time.monotonic() - killed > 0.5


def test_libzyre_elects_a_leader() -> None:
    require("libzyre")
    port = unused_port()
    with (
        ReferencePeer("libzyre", port=port, groups=["G"], contest=["G"]) as one,
        ReferencePeer("libzyre", port=port, groups=["G"], contest=["G"]) as two,
    ):
        meet(one, two)
        leaders = {peer.wait_for("LEADER", group="G")["peer"] for peer in (one, two)}
        assert leaders == {min(one.uuid, two.uuid)}


def test_what_goes_wrong_is_told() -> None:
    require("libzyre")
    with ReferencePeer("libzyre", port=unused_port(), name="one") as one:
        with pytest.raises(AssertionError, match=r"never reported .*LEADER.* within 0\.1 s"):
            one.wait_for("LEADER", timeout=0.1)
        with pytest.raises(AssertionError, match="without a content frame"):
            one.whisper("0" * 32)
        one.kill()
        with pytest.raises(AssertionError, match="ended with status -9"):
            one.wait_for("LEADER")
        with pytest.raises(AssertionError, match="is gone"):
            one.join("G")


def test_no_peer_starts_outside_a_private_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ZYRE_TEST_NETWORK", raising=False)
    with pytest.raises(RuntimeError, match="real network"):
        ReferencePeer("libzyre", port=unused_port())
