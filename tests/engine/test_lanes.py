"""Whispers that come closely one after the other, between real nodes and through a real engine."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

import zyre
from tests.peers.harness import unused_port
from tests.support.nodes import expect, in_threads, meeting, until
from zyre import Limits, NodeConfig, Shout, Timing, Whisper
from zyre.core.host import Life
from zyre.engine.lanes import SMALL, Lane

MANY = 3000


@pytest.fixture
def pair() -> Iterator[tuple[zyre.Node, zyre.Node]]:
    with meeting("alice", "bob") as (alice, bob):
        yield alice, bob


def open_lane(node: zyre.Node, peer: object, message: bytes = b"opening") -> int:
    """Whisper until there is a lane, however busy the machine is; how many it took."""
    sent = 0
    target = zyre.PeerId.parse(peer)
    while target not in node._host.lanes:
        sent += node.whisper(target, message)
        assert sent < 100_000
    return sent


def texts(node: zyre.Node, count: int) -> list[bytes]:
    return [expect(node, Whisper).content[0] for _ in range(count)]


def test_a_lone_message_leaves_at_once(pair: tuple[zyre.Node, zyre.Node]) -> None:
    alice, bob = pair
    record = alice._host.machine._directory.by_id[bob.uuid]
    for number in range(1, 6):
        alice.whisper(bob, "alone")
        assert record.account.offered == number
        assert texts(bob, 1) == [b"alone"]
    assert not alice._host.lanes


def test_what_comes_closely_arrives_in_order_and_in_fewer_frames(pair: tuple[zyre.Node, zyre.Node]) -> None:
    alice, bob = pair
    opening = open_lane(alice, bob.uuid)
    for number in range(MANY):
        assert alice.whisper(bob, b"%d" % number)
    assert texts(bob, opening + MANY)[opening:] == [b"%d" % number for number in range(MANY)]
    assert bob.statistics().messages_received < opening + MANY // 2
    until(lambda: alice.fates(bob).delivered == opening + MANY, "the books")
    assert alice.fates(bob).offered == opening + MANY


def test_what_is_in_a_lane_leaves_though_nothing_follows(pair: tuple[zyre.Node, zyre.Node]) -> None:
    alice, bob = pair
    opening = open_lane(alice, bob.uuid)
    alice.whisper(bob, "the last")
    assert texts(bob, opening + 1)[-1] == b"the last"
    until(lambda: not alice._host.lanes, "a closed lane")


def test_whatever_else_is_said_comes_behind_it(pair: tuple[zyre.Node, zyre.Node]) -> None:
    alice, bob = pair
    bob.join("G")
    until(lambda: bob.uuid in alice.peers_in("G"))
    for say in (
        lambda: alice.shout("G", "behind"),
        lambda: alice.whisper(bob, bytes(SMALL + 1)),
        lambda: alice.whisper(bob, "two", "frames"),
        lambda: alice.whisper_many(bob, ["behind"]),
        lambda: alice.shout_many("G", ["behind"]),
        lambda: alice.join("H"),
    ):
        opening = open_lane(alice, bob.uuid)
        alice.whisper(bob, "before")
        say()
        heard = texts(bob, opening + 1)
        assert heard[-1] == b"before"
        expect(bob, (Shout, Whisper, zyre.Join))


def test_a_question_for_the_books_counts_it(pair: tuple[zyre.Node, zyre.Node]) -> None:
    alice, bob = pair
    opening = open_lane(alice, bob.uuid)
    for sent in range(1, 300):
        alice.whisper(bob, "x")
        if sent % 100 == 0:
            assert alice.statistics().fates.offered == opening + sent


def test_several_threads_fill_one_lane(pair: tuple[zyre.Node, zyre.Node]) -> None:
    """While the lane opens and closes all the time, nothing is lost, and each thread's messages stay in order."""
    alice, bob = pair
    peer = bob.uuid

    def writer(thread: int) -> None:
        for number in range(MANY):
            assert alice.whisper(peer, b"%d %d" % (thread, number))

    def closer() -> None:
        for _ in range(200):
            with alice._host._lock:
                for lane in list(alice._host._sending.open_lanes.values()):
                    alice._host._sending.lanes._close(lane)
            threading.Event().wait(0.0005)

    def reader() -> None:
        next_of = [0, 0, 0]
        for _ in range(3 * MANY):
            thread, number = map(int, expect(bob, Whisper).content[0].split())
            assert number == next_of[thread]
            next_of[thread] += 1

    in_threads(*(lambda number=number: writer(number) for number in range(3)), closer, reader)


def test_who_fills_a_lane_that_is_being_closed_empties_it() -> None:
    emptied: list[Lane] = []
    lane = Lane(zyre.PeerId("A" * 32), 8, emptied.append)

    class Closing(list[tuple[bytes, ...]]):
        def append(self, content: tuple[bytes, ...]) -> None:
            super().append(content)
            lane.room = 0

    lane.pending = Closing()
    assert lane.take((b"x",))
    assert emptied == [lane]
    assert not lane.take((b"y",))


def test_what_is_in_a_lane_for_somebody_who_goes_is_refused_and_counted() -> None:
    with meeting("alice", "bob") as (alice, bob):
        opening = open_lane(alice, bob.uuid)
        peer = bob.uuid
        bob.stop()
        while alice.whisper(peer, "x"):
            opening += 1
        assert not alice._host.lanes
        fates = alice.statistics().fates
        assert fates.balanced
        assert fates.offered == opening + 1


def test_what_is_in_a_lane_leaves_before_the_node_does() -> None:
    with meeting("alice", "bob") as (alice, bob):
        opening = open_lane(alice, bob.uuid)
        alice.whisper(bob, "the last")
        alice.stop()
        assert alice._host.life is Life.STOPPED
        assert texts(bob, opening + 1)[-1] == b"the last"


def test_a_receiver_that_takes_nothing_makes_its_sender_wait_and_nothing_is_lost() -> None:
    limits = Limits(mailbox_messages=1000, mailbox_patience=1000, link_messages=200, inbox_messages=200)
    config = NodeConfig(limits=limits, timing=Timing(send_patience=1000))
    with meeting("alice", "bob", config=config) as (alice, bob):
        peer = bob.uuid

        def write() -> None:
            for number in range(20_000):
                assert alice.whisper(peer, b"%d" % number)

        def read() -> None:
            until(lambda: bob.statistics().unread > 999, "a full mailbox")
            for number in range(20_000):
                assert expect(bob, Whisper).content[0] == b"%d" % number

        in_threads(write, read)
        assert alice.statistics().dropped == bob.statistics().dropped == {}


def test_patience_with_a_receiver_that_takes_nothing_ends() -> None:
    limits = Limits(mailbox_messages=1000, mailbox_patience=1000, link_messages=200, inbox_messages=200)
    config = NodeConfig(limits=limits, timing=Timing(send_patience=0.05))
    with meeting("alice", "bob", config=config) as (alice, bob):
        peer, taken = bob.uuid, 0
        while alice.whisper(peer, b"%d" % taken):
            taken += 1
        dropped = alice.statistics().dropped["peer_slow"]
        kept = taken + 1 - dropped
        assert texts(bob, kept) == [b"%d" % number for number in range(kept)]
        reader = threading.Thread(target=texts, args=(bob, 1))  # and more room
        reader.start()
        until(lambda: alice.whisper(peer, b"again"), "room again")
        reader.join()
        until(lambda: alice.fates(bob).delivered == kept + 1, "the books")
        assert alice.statistics().fates.refused >= dropped


def test_tasks_and_sends_that_never_wait_use_lanes_as_well(pair: tuple[zyre.Node, zyre.Node]) -> None:
    alice, bob = pair
    opening = open_lane(alice, bob.uuid)
    for number in range(MANY):
        assert alice.whisper_nowait(bob.uuid, b"%d" % number)
    assert texts(bob, opening + MANY)[opening:] == [b"%d" % number for number in range(MANY)]
    assert bob.statistics().messages_received < opening + MANY // 2


def test_a_task_whispers_in_order_through_a_lane() -> None:
    async def main() -> None:
        async with zyre.AsyncNode("alice", port=port, interface="lo") as alice:
            while bob.uuid not in alice.peers:
                await alice.recv()
            for number in range(MANY):
                assert await alice.whisper(bob.uuid, b"%d" % number)
            heard = await asyncio.to_thread(texts, bob, MANY)
            assert heard == [b"%d" % number for number in range(MANY)]

    port = unused_port()
    with zyre.Node("bob", port=port, interface="lo") as bob:
        asyncio.run(main())
