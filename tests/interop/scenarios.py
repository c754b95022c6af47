"""The same scenarios for every other implementation: a test file names its kind and inherits them.

    class TestTalk(scenarios.Talk):
        kind = PYRE

Where implementations differ, `kinds.Kind` says how; no scenario asks for a name.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

import zyre

from ..peers.console import INDEX_SIZE
from ..peers.harness import ReferencePeer, meet, require, unused_port
from ..support.nodes import until
from .kinds import Frames, Kind
from .ours import HASTY, Ours

CONTENTS: dict[str, Frames] = {
    "one frame": (b"hello",),
    "five frames": (b"1", b"22", b"\x00\xff", b"", b"five"),
    "an empty frame": (b"",),
    "no frames": (),
    "octets that are no UTF-8": (bytes(range(256)),),
    "one megabyte": (bytes(range(256)) * 4096,),
}

FLOOD = 71_000
"""More messages than a sequence of 16 bits can number, with some to spare on the far side of the wrap."""

QUICK_TO_EXPIRE = {"evasive": 300, "expired": 900}
"""Options of the harness, in milliseconds, for a peer that is to notice a death soon."""


@contextmanager
def meeting(
    kind: Kind,
    *,
    ours: Mapping[str, Any] | None = None,
    theirs: Mapping[str, Any] | None = None,
) -> Iterator[tuple[Ours, ReferencePeer]]:
    """Start a node of theirs and one of ours, with these options, and wait until each has seen the other."""
    require(kind.name)
    port = unused_port()
    with (
        ReferencePeer(kind.name, port=port, **(theirs or {})) as peer,
        Ours(port=port, **(ours or {})) as node,
    ):
        node.wait_for(zyre.Enter, peer=peer)
        peer.wait_for("ENTER", peer=node.uuid)
        yield node, peer


def unused_tcp_port() -> int:
    """Return a TCP port at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("", 0))
        port: int = probe.getsockname()[1]
        return port


def numbered(index: int) -> bytes:
    """What the harness's own floods send: the index, and zeros up to 32 octets."""
    return index.to_bytes(INDEX_SIZE, "big") + bytes(32 - INDEX_SIZE)


class Talk:
    """Messages and groups between two nodes that stay: the fixture `talk` is shared by all tests of the class."""

    kind: Kind

    @pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
    def test_we_whisper(self, talk: tuple[Ours, ReferencePeer], content: Frames) -> None:
        node, peer = talk
        assert node.node.whisper(peer.uuid, *content)
        peer.wait_for("WHISPER", peer=node.uuid, content=self.kind.hears(content))

    @pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
    def test_we_shout(self, talk: tuple[Ours, ReferencePeer], content: Frames) -> None:
        node, peer = talk
        assert node.node.shout("T", *content) == 1
        peer.wait_for("SHOUT", peer=node.uuid, group="T", content=self.kind.hears(content))

    @pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
    def test_they_whisper(self, talk: tuple[Ours, ReferencePeer], content: Frames) -> None:
        node, peer = talk
        said = one_to(self.kind.most_frames, content)
        peer.whisper(node.uuid, *said)
        node.wait_for(zyre.Whisper, peer=peer, name=peer.name, content=said)

    @pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
    def test_they_shout(self, talk: tuple[Ours, ReferencePeer], content: Frames) -> None:
        node, peer = talk
        said = one_to(self.kind.most_frames, content)
        peer.shout("T", *said)
        node.wait_for(zyre.Shout, peer=peer, name=peer.name, group="T", content=said)

    def test_we_join_and_leave(self, talk: tuple[Ours, ReferencePeer]) -> None:
        node, peer = talk
        node.node.join("ours")
        peer.wait_for("JOIN", peer=node.uuid, group="ours")
        assert peer.peers_in("ours") == [node.uuid]
        node.node.join("ours")  # which changes nothing, so that nothing is said
        node.node.leave("ours")
        peer.wait_for("LEAVE", peer=node.uuid, group="ours")
        assert peer.peers_in("ours") == []
        peer.never("JOIN", within=0, group="ours")

    def test_they_join_and_leave(self, talk: tuple[Ours, ReferencePeer]) -> None:
        node, peer = talk
        peer.join("theirs")
        node.wait_for(zyre.Join, peer=peer, group="theirs")
        assert node.node.peers_in("theirs") == node.node.peers
        assert "theirs" in node.node.peer_groups
        peer.leave("theirs")
        node.wait_for(zyre.Leave, peer=peer, group="theirs")
        assert len(node.node.peers_in("theirs")) == 0
        assert "theirs" not in node.node.peer_groups

    def test_a_shout_to_a_group_that_they_left_does_not_reach_them(self, talk: tuple[Ours, ReferencePeer]) -> None:
        node, peer = talk
        peer.join("left")
        node.wait_for(zyre.Join, group="left")
        peer.leave("left")
        node.wait_for(zyre.Leave, group="left")
        assert node.node.shout("left", b"anybody?") == 0


def one_to(most: int, content: Frames) -> Frames:
    """What a peer that can send so many frames makes of some content; the harness lets none send no frame."""
    return content[:most] or (b"",)


class Life:
    """How nodes come, go, come again, and count: each test has two nodes of its own."""

    kind: Kind

    # -- coming --------------------------------------------------------------------------------------------------

    def test_they_meet(self) -> None:
        about = {"headers": {"X-TEXT": "Grüße", "X-EMPTY": "", "A": "1"}, "groups": ["G", "Ω"]}
        require(self.kind.name)
        port, arrives = unused_port(), self.kind.pronounce
        with (
            ReferencePeer(self.kind.name, name="nœud", port=port, **about) as peer,
            Ours(name="nœud à nous", port=port, **about) as node,
        ):
            enter = node.wait_for(zyre.Enter, peer=peer, name=arrives("nœud"))
            assert enter.headers == {key: arrives(value) for key, value in about["headers"].items()}
            assert enter.groups == {arrives(group) for group in about["groups"]}
            for group in about["groups"]:
                node.wait_for(zyre.Join, peer=peer, group=arrives(group))
            assert enter.address.startswith("tcp://10.77.0.1:")
            (known,) = node.node.peers
            assert (known.uuid, known.name, known.address) == (peer.uuid, enter.name, enter.address)
            assert (known.headers, known.groups) == (enter.headers, enter.groups)
            assert known.found_by in ("beacon", "hello")

            seen = peer.wait_for("ENTER", peer=node.uuid, name="nœud à nous", address=node.node.endpoint)
            assert seen["headers"].items() >= about["headers"].items()
            for group in about["groups"]:
                peer.wait_for("JOIN", peer=node.uuid, group=group)
            assert peer.peers() == [node.uuid]
            assert peer.address(node.uuid) == node.node.endpoint

    def test_who_has_no_name_is_given_one(self) -> None:
        with meeting(self.kind) as (node, peer):
            assert node.node.peers[peer.uuid].name == peer.name == self.kind.default_name(peer.uuid)
            assert node.node.name == node.uuid[:6]
            assert {event["name"] for event in peer.events} == {node.node.name}

    def test_an_idle_pair_stays_together(self) -> None:
        """Both ask early and often, and both answer: longer than either would wait for an answer."""
        with meeting(self.kind, ours={"timing": HASTY}, theirs=QUICK_TO_EXPIRE) as (node, peer):
            node.never(zyre.Exit, within=2 * HASTY.expired)
            for event in self.kind.gone:
                peer.never(event, within=0)

    # -- going ---------------------------------------------------------------------------------------------------

    def test_they_say_goodbye(self) -> None:
        with meeting(self.kind, theirs={"groups": ["G"]}) as (node, peer):
            peer.close()
            node.wait_for(zyre.Exit, peer=peer, name=peer.name, reason="left")
            assert len(node.node.peers) == len(node.node.peer_groups) == 0
            assert not node.node.whisper(peer.uuid, b"still there?")
            node.never(zyre.Leave)

    def test_we_say_goodbye(self) -> None:
        with meeting(self.kind, ours={"groups": ["G"]}) as (node, peer):
            node.node.stop()
            peer.wait_for("EXIT", peer=node.uuid)
            assert peer.peers() == []

    def test_they_are_killed(self) -> None:
        with meeting(self.kind, ours={"timing": HASTY}) as (node, peer):
            peer.kill()
            node.wait_for(zyre.Exit, peer=peer, reason="crashed")

    def test_we_are_killed(self) -> None:
        require(self.kind.name)
        port = unused_port()
        with (
            ReferencePeer(self.kind.name, port=port, **QUICK_TO_EXPIRE) as peer,
            ReferencePeer("zyre", port=port) as node,
        ):
            meet(peer, node)
            node.kill()
            for event in self.kind.gone:
                peer.wait_for(event, peer=node)

    # -- coming again --------------------------------------------------------------------------------------------

    @pytest.mark.parametrize("politely", [True, False], ids=["politely", "killed"])
    def test_they_restart(self, politely: bool) -> None:
        """A new life has a new UUID; where the kind lets us choose, it has the old TCP port."""
        options = {"peer_port": unused_tcp_port(), "groups": ["G"]}
        with meeting(self.kind, ours={"timing": HASTY}, theirs=options) as (node, before):
            end(before, politely)
            with ReferencePeer(self.kind.name, port=before.port, **options) as after:
                node.wait_for(zyre.Enter, peer=after)
                node.wait_for(zyre.Join, peer=after, group="G")
                assert (node.wait_for(zyre.Exit, peer=before).reason == "left") is politely
                after.wait_for("ENTER", peer=node.uuid)
                node.node.whisper(after.uuid, b"again")
                after.wait_for("WHISPER", content=[b"again"])
                after.whisper(node.uuid, b"again")
                node.wait_for(zyre.Whisper, peer=after)
                assert [peer.uuid for peer in node.node.peers] == [after.uuid]

    @pytest.mark.parametrize("politely", [True, False], ids=["politely", "killed"])
    def test_we_restart(self, politely: bool) -> None:
        require(self.kind.name)
        port, options = unused_port(), {"groups": ["G"]}
        if politely or self.kind.old_port_after_crash:
            options["peer_port"] = unused_tcp_port()
        with ReferencePeer(self.kind.name, port=port, **QUICK_TO_EXPIRE) as peer:
            with ReferencePeer("zyre", port=port, **options) as before:
                meet(peer, before)
                end(before, politely)
            with ReferencePeer("zyre", port=port, **options) as after:
                meet(peer, after)
                peer.wait_for("EXIT", peer=before)
                peer.wait_for("JOIN", peer=after, group="G")
                peer.whisper(after, b"again")
                after.wait_for("WHISPER", peer=peer)
                after.whisper(peer, b"again")
                peer.wait_for("WHISPER", peer=after, content=[b"again"])

    # -- counting ------------------------------------------------------------------------------------------------

    def test_they_send_more_than_the_sequence_can_count(self) -> None:
        with meeting(self.kind) as (node, peer):
            peer.flood(node.uuid, FLOOD)
            for index in range(FLOOD):
                assert node.wait_for(zyre.Whisper).content == (numbered(index),)
            node.never(zyre.Gap)
            node.never(zyre.Exit)
            statistics = node.node.statistics()
            assert statistics.messages_missed == 0
            assert statistics.violations == {}

    @pytest.mark.parametrize("name", [None, "named"])
    def test_we_send_more_than_the_sequence_can_count(self, name: str | None) -> None:
        """What the peer counts is complete and in order, though the group that we join in the end may overtake it."""
        with meeting(self.kind, theirs={"name": name}) as (node, peer):
            peer.count()
            for index in range(FLOOD):
                node.node.whisper(peer.uuid, numbered(index))
            node.node.join("done")
            peer.wait_for("JOIN", peer=node.uuid, group="done", timeout=20)

            def entries() -> int:
                return sum(event["type"] == "ENTER" for event in peer.events)

            until(lambda: peer.counted()["received"] == FLOOD or entries() > 1, "all are there")
            counted = peer.counted()
            peer.command("uncount")
            assert is_heard(node, peer, tries=1 + self.kind.reentries)
            assert entries() <= 1 + self.kind.reentries
            if entries() == 1:
                assert (counted["received"], counted["in_order"]) == (FLOOD, True)

    def test_they_change_groups_more_often_than_the_status_can_count(self) -> None:
        with meeting(self.kind) as (node, peer):
            for _ in range(self.kind.changes_sent // 2):
                peer.join("again")
                node.wait_for(zyre.Join, peer=peer, group="again")
                peer.leave("again")
                node.wait_for(zyre.Leave, peer=peer, group="again")
            assert node.node.statistics().violations.get("status_wrong", 0) == self.kind.wrong_status
            peer.whisper(node.uuid, b"well?")
            node.wait_for(zyre.Whisper, peer=peer, content=(b"well?",))
            node.never(zyre.Exit)

    def test_we_change_groups_more_often_than_the_status_can_count(self) -> None:
        with meeting(self.kind) as (node, peer):
            for _ in range(self.kind.changes_taken // 2):
                node.node.join("again")
                node.node.leave("again")
            for _ in range(self.kind.changes_taken // 2):
                peer.wait_for("JOIN", peer=node.uuid, group="again")
                peer.wait_for("LEAVE", peer=node.uuid, group="again")
            node.node.whisper(peer.uuid, b"well?")
            peer.wait_for("WHISPER", peer=node.uuid, content=[b"well?"])
            peer.never("EXIT", within=0)


def is_heard(node: Ours, peer: ReferencePeer, tries: int) -> bool:
    """Whisper until it is heard: of a peer that dropped us, and let us in, one may not know whether it is done."""
    for _ in range(tries):
        node.node.whisper(peer.uuid, b"well?")
        try:
            peer.wait_for("WHISPER", timeout=3, peer=node.uuid, content=[b"well?"])
        except AssertionError:
            continue
        return True
    return False


def end(peer: ReferencePeer, politely: bool) -> None:
    """End a peer's process, with a farewell or without."""
    if politely:
        peer.close()
    else:
        peer.kill()
