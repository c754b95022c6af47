"""A full mailbox lets its peers wait, and yet hears what they say of themselves: all but those whose own data is before
it in the same connection."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

import zyre
from tests.peers.harness import ReferencePeer, unused_port
from tests.support.nodes import drain, expect, in_threads, meeting, until
from zyre import Join, Limits, NodeConfig, Timing, Whisper
from zyre.engine.pacing import one_of_each

pytestmark = pytest.mark.lan

#: Whoever waits here for patience waits too long for a test. A sip of three messages costs less of the reserve than its
#: time of 20 ms costs of patience.
ROOM = Limits(mailbox_messages=20_000, inbox_messages=100, mailbox_patience=20)
FLOOD = 40_000


def index_of(event: Any) -> int:
    return int.from_bytes(bytes(event.content[0][:8]), "big")


def is_paused(node: zyre.Node) -> bool:
    return bool(node._host._pacing.paused)  # type: ignore[attr-defined]


@contextmanager
def asleep(kind: str, limits: Limits) -> Iterator[tuple[zyre.Node, ReferencePeer, int]]:
    """A node whose program sleeps, a peer that does nothing but send to it, and their port."""
    port = unused_port()
    with (
        ReferencePeer(kind, name="noisy", port=port, interface="va") as noisy,
        zyre.Node("sleeper", port=port, interface="va", config=NodeConfig(limits=limits)) as sleeper,
    ):
        expect(sleeper, zyre.Enter, peer=noisy.uuid)
        noisy.wait_for("ENTER", peer=sleeper.uuid)
        yield sleeper, noisy, port


def test_who_is_quiet_is_heard_though_others_wait() -> None:
    with asleep("libzyre", ROOM) as (sleeper, noisy, port):
        noisy.flood(sleeper.uuid, FLOOD)
        until(lambda: is_paused(sleeper), "a full mailbox")
        with zyre.Node("quiet", port=port, interface="va") as quiet:
            until(lambda: quiet.uuid in sleeper.peers, "who comes is seen")
            for number in range(5):
                quiet.join(f"G{number}")
                until(lambda n=number: f"G{n}" in sleeper.peer_groups)
                quiet.leave(f"G{number}")
                until(lambda n=number: f"G{n}" not in sleeper.peer_groups)
        until(lambda: quiet.uuid not in sleeper.peers, "who goes is seen")
        statistics = sleeper.statistics()
        assert is_paused(sleeper)
        assert statistics.dropped == {}
        assert ROOM.mailbox_messages * 7 // 8 <= statistics.unread <= ROOM.mailbox_messages, "the others wait"
        for number in range(FLOOD):
            assert index_of(expect(sleeper, Whisper)) == number


def test_what_a_peer_says_behind_its_own_data_is_heard_behind_them() -> None:
    """Of a plain peer: it is one connection, as 36/ZRE has it."""
    with asleep("libzyre", ROOM) as (sleeper, noisy, _):
        noisy.flood(sleeper.uuid, FLOOD)
        noisy.join("behind")
        until(lambda: is_paused(sleeper), "a full mailbox")
        assert "behind" not in sleeper.peer_groups
        for number in range(FLOOD):
            assert index_of(expect(sleeper, Whisper)) == number
        expect(sleeper, Join, group="behind")
        assert sleeper.statistics().dropped == {}


@pytest.mark.parametrize("when_full", ["drop_newest", "drop_oldest"])
def test_no_membership_waits_where_data_is_dropped_at_once(when_full: str) -> None:
    limits = Limits(mailbox_messages=1000)
    with asleep("libzyre", limits) as (sleeper, noisy, port):
        sleeper.stop()
        config = NodeConfig(limits=limits, when_full=when_full)
        with zyre.Node("other", port=port, interface="va", config=config) as other:
            expect(other, zyre.Enter, peer=noisy.uuid)
            noisy.wait_for("ENTER", peer=other.uuid)
            noisy.flood(other.uuid, FLOOD)
            noisy.join("behind")
            until(lambda: "behind" in other.peer_groups)
            statistics = other.statistics()
            assert statistics.unread + statistics.dropped["mailbox_full"] == FLOOD


def test_where_the_reserve_is_used_up_membership_waits_for_patience_and_no_longer() -> None:
    """One message takes all of it: nothing is read until patience is over, and then everything is."""
    limits = Limits(mailbox_messages=100, mailbox_reserve=0.01, inbox_messages=10, mailbox_patience=0.5)
    with asleep("libzyre", limits) as (sleeper, noisy, port):
        noisy.flood(sleeper.uuid, 5000)
        with zyre.Node("quiet", port=port, interface="va", groups=["G"]) as quiet:
            until(lambda: quiet.uuid in sleeper.peers and "G" in sleeper.peer_groups)
            until(lambda: sleeper.statistics().unread + sleeper.statistics().dropped.get("mailbox_full", 0) == 5000)
            kept = [index_of(event) for event in drain(sleeper) if isinstance(event, Whisper)]
            assert len(kept) + sleeper.statistics().dropped["mailbox_full"] == 5000


def test_plain_peers_are_held_up_by_their_connection() -> None:
    """Sips are few beside what a peer could send: it finds no room, until the reader reads on."""
    config = NodeConfig(limits=replace(ROOM, mailbox_messages=2000), timing=Timing(send_patience=100))
    with meeting("noisy", "sleeper", config=config, extensions=()) as (noisy, sleeper):
        sent = 0

        def fill() -> bool:
            nonlocal sent
            try:
                while True:
                    noisy.whisper_nowait(sleeper, sent.to_bytes(8, "big") + bytes(1000))
                    sent += 1
            except zyre.WouldBlock:
                return is_paused(sleeper)

        until(fill, "a full mailbox, and no room on the way there")

        def write() -> None:
            for number in range(sent, sent + 10_000):
                assert noisy.whisper(sleeper, number.to_bytes(8, "big") + bytes(1000))

        def read() -> None:
            for number in range(sent + 10_000):
                assert index_of(expect(sleeper, Whisper)) == number

        in_threads(write, read)
        assert sleeper.statistics().dropped == {}


def test_a_sip_is_one_message_of_each_who_has_some() -> None:
    def of(*speakers: bytes) -> list[bytes]:
        waiting = [[[speaker, b"xx"]] for speaker in speakers]
        took = one_of_each(lambda limit: waiting.pop(0) if waiting else [], 10, 100)
        return [speaker for speaker, _ in took]

    assert of() == []
    assert of(b"a") == [b"a"]
    assert of(b"a", b"b", b"c") == [b"a", b"b", b"c"]
    assert of(b"a", b"b", b"a", b"b") == [b"a", b"b", b"a"]
    assert len(of(*(bytes([number]) for number in range(50)))) == 10
    assert len(one_of_each(lambda limit: [[bytes(60), b""]], 10, 100)) == 2
    assert len(one_of_each(lambda limit: [[bytes([0]), bytes(1000)]], 10, 100)) == 1
