"""Shouts that come closely one after the other, between real nodes and through a real engine."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

import zyre
from tests.support.nodes import expect, in_threads, meeting, until
from zyre import Limits, NodeConfig, Shout, Timing, Whisper
from zyre.engine.lanes import SMALL

MANY = 3000
SMALL_QUEUES = Limits(mailbox_messages=1000, mailbox_patience=1000, link_messages=200, inbox_messages=200)


@pytest.fixture
def crew(request: pytest.FixtureRequest) -> Iterator[tuple[zyre.Node, ...]]:
    """Alice, and two more in her group; all of them know each other."""
    with meeting("alice", "bob", "carol", groups=["G"], **getattr(request, "param", {})) as nodes:
        yield nodes


def open_lane(node: zyre.Node, message: bytes = b"opening") -> int:
    """Shout until there is a lane, however busy the machine is; how many it took."""
    sent = 0
    while "G" not in node._host.group_lanes:
        assert node.shout("G", message) == 2
        sent += 1
        assert sent < 100_000
    return sent


def texts(node: zyre.Node, count: int) -> list[bytes]:
    return [expect(node, Shout).content[0] for _ in range(count)]


def test_a_lone_shout_leaves_at_once(crew: tuple[zyre.Node, ...]) -> None:
    alice, bob, carol = crew
    for _ in range(5):
        assert alice.shout("G", "alone") == 2
        assert texts(bob, 1) == texts(carol, 1) == [b"alone"]
    assert not alice._host.group_lanes


def test_what_comes_closely_arrives_in_order_and_in_fewer_frames(crew: tuple[zyre.Node, ...]) -> None:
    alice, *others = crew
    opening = open_lane(alice)
    for number in range(MANY):
        assert alice.shout("G", b"%d" % number) == 2
    for node in others:
        assert texts(node, opening + MANY)[opening:] == [b"%d" % number for number in range(MANY)]
        assert node.statistics().messages_received < opening + MANY // 2
        until(lambda node=node: alice.fates(node).delivered == opening + MANY, "the books")
    until(lambda: not alice._host.group_lanes, "a closed lane")


def test_whatever_else_is_said_comes_behind_it(crew: tuple[zyre.Node, ...]) -> None:
    alice, bob, _ = crew
    bob.join("H")
    until(lambda: bob.uuid in alice.peers_in("H"))
    for say in (
        lambda: alice.whisper(bob, "behind"),
        lambda: alice.whisper_nowait(bob, "behind"),
        lambda: alice.whisper_many(bob, ["behind"]),
        lambda: alice.shout("H", "behind"),
        lambda: alice.shout("G", bytes(SMALL + 1)),
        lambda: alice.shout("G", "two", "frames"),
        lambda: alice.shout_many("G", ["behind"]),
        lambda: alice.leave("H") if alice.join("H") else None,
    ):
        opening = open_lane(alice)
        alice.shout("G", "before")
        say()
        assert texts(bob, opening + 1)[-1] == b"before"
        expect(bob, (Shout, Whisper, zyre.Join))


def test_whispers_and_shouts_in_turn_stay_in_order(crew: tuple[zyre.Node, ...]) -> None:
    """Long runs of both, so that lanes of both kinds open and close."""
    alice, bob, _ = crew
    number = 0
    for run in range(30):
        for _ in range(100):
            if run % 2:
                alice.whisper(bob.uuid, b"%d" % number)
            else:
                alice.shout("G", b"%d" % number)
            number += 1
    heard = [expect(bob, (Whisper, Shout)).content[0] for _ in range(number)]
    assert heard == [b"%d" % each for each in range(number)]


@pytest.mark.parametrize(
    "crew", [{"config": NodeConfig(limits=SMALL_QUEUES, timing=Timing(send_patience=1000))}], indirect=True
)
def test_a_member_that_takes_nothing_makes_its_sender_wait_and_nothing_is_lost(crew: tuple[zyre.Node, ...]) -> None:
    alice, bob, carol = crew
    amount = 20_000

    def write() -> None:
        for number in range(amount):
            assert alice.shout("G", b"%d" % number) == 2

    def read(node: zyre.Node) -> None:
        assert texts(node, amount) == [b"%d" % number for number in range(amount)]

    def read_late() -> None:
        until(lambda: bob.statistics().unread > 999, "a full mailbox")
        read(bob)

    in_threads(write, read_late, lambda: read(carol))
    assert alice.statistics().dropped == {}


@pytest.mark.parametrize(
    "crew", [{"config": NodeConfig(limits=SMALL_QUEUES, timing=Timing(send_patience=0.05))}], indirect=True
)
def test_patience_with_a_member_ends_and_the_others_go_on(crew: tuple[zyre.Node, ...]) -> None:
    alice, bob, carol = crew
    heard: list[bytes] = []

    def read() -> None:
        while not heard or heard[-1] != b"end":
            heard.append(expect(carol, Shout).content[0])

    reader = threading.Thread(target=read)
    reader.start()
    sent = 0
    while not alice.statistics().dropped and sent < 1_000_000:
        for _ in range(100):
            alice.shout("G", b"%d" % sent)
            sent += 1
    alice.shout("G", b"end")
    reader.join()
    assert heard == [b"%d" % number for number in range(sent)] + [b"end"]
    got = texts(bob, 1000)
    assert got == [b"%d" % number for number in range(1000)], "what it has is in order and without a gap"


def test_what_is_in_a_lane_leaves_before_the_node_does(crew: tuple[zyre.Node, ...]) -> None:
    alice, bob, carol = crew
    opening = open_lane(alice)
    alice.shout("G", "the last")
    alice.stop()
    for node in (bob, carol):
        assert texts(node, opening + 1)[-1] == b"the last"


def test_a_member_who_goes_is_not_counted_any_more(crew: tuple[zyre.Node, ...]) -> None:
    alice, bob, carol = crew
    open_lane(alice)
    carol.stop()
    until(lambda: alice.shout("G", "x") == 1, "the others only")
    bob.leave("G")
    until(lambda: alice.shout("G", "x") == 0, "nobody")
    assert not alice._host.group_lanes
    assert alice.statistics().fates.balanced


def test_several_threads_shout_and_whisper_at_once(crew: tuple[zyre.Node, ...]) -> None:
    """Lanes of both kinds open and close all the time: nothing is lost, and each thread's messages stay in order."""
    alice, bob, _ = crew

    def shouter(thread: int) -> None:
        for number in range(MANY):
            assert alice.shout("G", b"%d %d" % (thread, number)) == 2

    def whisperer() -> None:
        for number in range(MANY):
            assert alice.whisper(bob.uuid, b"2 %d" % number)

    def reader() -> None:
        next_of = [0, 0, 0]
        for _ in range(3 * MANY):
            thread, number = map(int, expect(bob, (Whisper, Shout)).content[0].split())
            assert number == next_of[thread]
            next_of[thread] += 1

    in_threads(lambda: shouter(0), lambda: shouter(1), whisperer, reader)
