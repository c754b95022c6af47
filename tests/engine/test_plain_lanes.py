"""Lanes to peers that understand no bundles: each message is a frame of its own, in order, and the books balance."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import zyre
from tests.peers.harness import unused_port
from tests.support.nodes import DeafPeer, expect, in_threads, is_waited_for, meeting, until
from zyre import Enter, Limits, NodeConfig, Shout, Timing, Whisper

MANY = 3000


@pytest.fixture
def pair() -> Iterator[tuple[zyre.Node, zyre.Node]]:
    with meeting("alice", "bob", extensions=()) as (alice, bob):
        yield alice, bob


def open_lane(node: zyre.Node, peer: object) -> int:
    """Whisper until there is a lane, however busy the machine is; how many it took."""
    sent, target = 0, zyre.PeerId.parse(peer)
    while target not in node._host.lanes:
        sent += node.whisper(target, b"opening")
        assert sent < 100_000
    return sent


def numbers(node: zyre.Node, count: int) -> list[int]:
    """What it hears, but for what opened a lane."""
    heard = (expect(node, (Whisper, Shout)).content[0] for _ in range(count))
    return [int(content) for content in heard if content != b"opening"]


def test_whispers_arrive_in_order_each_in_a_frame_of_its_own(pair: tuple[zyre.Node, zyre.Node]) -> None:
    alice, bob = pair
    before = bob.statistics().messages_received
    opening = open_lane(alice, bob.uuid)
    for number in range(MANY):
        assert alice.whisper(bob, b"%d" % number)
    assert numbers(bob, opening + MANY) == list(range(MANY))
    assert bob.statistics().messages_received - before >= opening + MANY
    assert alice.fates(bob).offered == opening + MANY
    until(lambda: not alice._host.lanes, "a closed lane")


def test_a_group_of_both_kinds_hears_all_in_order() -> None:
    port = unused_port()
    plain = zyre.Node("plain", port=port, interface="lo", groups=["G"], extensions=())
    kin = zyre.Node("kin", port=port, interface="lo", groups=["G"])
    with zyre.Node("alice", port=port, interface="lo") as alice, plain, kin:
        until(lambda: len(alice.peers_in("G")) == 2)
        opening = 0
        while "G" not in alice._host.group_lanes:
            opening += alice.shout("G", b"opening") == 2
        for number in range(MANY):
            assert alice.shout("G", b"%d" % number) == 2
        for node in (plain, kin):
            assert numbers(node, opening + MANY) == list(range(MANY))
        assert kin.statistics().messages_received < MANY // 2 < MANY <= plain.statistics().messages_received
        assert alice.statistics().fates.balanced


def test_whispers_and_shouts_in_turn_stay_in_order(pair: tuple[zyre.Node, zyre.Node]) -> None:
    alice, bob = pair
    bob.join("G")
    until(lambda: bob.uuid in alice.peers_in("G"))
    for number in range(MANY):
        if number // 100 % 2:
            alice.whisper(bob.uuid, b"%d" % number)
        else:
            alice.shout("G", b"%d" % number)
    assert numbers(bob, MANY) == list(range(MANY))


def test_several_threads_keep_their_order(pair: tuple[zyre.Node, zyre.Node]) -> None:
    alice, bob = pair
    peer = bob.uuid

    def writer(thread: int) -> None:
        for number in range(MANY):
            assert alice.whisper(peer, b"%d" % (3 * number + thread))

    def reader() -> None:
        heard = numbers(bob, 3 * MANY)
        for thread in range(3):
            assert [number for number in heard if number % 3 == thread] == list(range(thread, 3 * MANY, 3))

    in_threads(*(lambda number=number: writer(number) for number in range(3)), reader)


def test_a_receiver_that_takes_nothing_makes_its_sender_wait_and_nothing_is_lost() -> None:
    limits = Limits(mailbox_messages=1000, mailbox_patience=1000, link_messages=2000, inbox_messages=200)
    config = NodeConfig(limits=limits, timing=Timing(send_patience=1000))
    with meeting("alice", "bob", config=config, extensions=()) as (alice, bob):
        peer, amount = bob.uuid, 10_000  # more than the kernel keeps

        def write() -> None:
            for number in range(amount):
                assert alice.whisper(peer, b"%4000d" % number)

        def read() -> None:
            until(lambda: is_waited_for(alice), "a full queue")
            assert numbers(bob, amount) == list(range(amount))

        in_threads(write, read)
        assert alice.statistics().dropped == bob.statistics().dropped == {}


def test_what_waits_for_one_who_reads_nothing_is_bounded_and_counted() -> None:
    """Until patience ends; and when the peer is gone the books still balance."""
    limits = Limits(link_messages=2000)
    config = NodeConfig(limits=limits, timing=Timing(send_patience=0.05))
    with meeting("alice", config=config, extensions=()) as alice:
        with DeafPeer(alice) as deaf:
            expect(alice, Enter, name="deaf")
            taken = 0
            while alice.whisper(deaf.uuid, bytes(4096)):
                taken += 1
                record = alice._host.machine._directory.by_id[zyre.PeerId(deaf.uuid)]
                assert record.queue is None or record.queue.messages <= limits.link_messages
                assert taken < 100_000
            dropped = alice.statistics().dropped["peer_slow"]
            deaf.say_goodbye()
            expect(alice, zyre.Exit)
        fates = alice.statistics().fates
        assert fates.balanced
        assert fates.offered == taken + 1
        assert fates.refused >= dropped > 0
