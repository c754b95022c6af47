from __future__ import annotations

import asyncio

import pytest

import zyre
from tests.peers.harness import unused_port
from tests.support.nodes import expect, meeting, until
from zyre import ReliableShout, ReliableWhisper, Shout, Whisper
from zyre.bulk import packs

MANY = 2000


def test_messages_are_packed_in_order_by_shape_and_size() -> None:
    assert list(packs([])) == []
    assert list(packs([b"a", b"b"])) == [[(b"a",), (b"b",)]]
    assert list(packs(["a", ("b", b"c"), [b"d", "e"]])) == [[(b"a",)], [(b"b", b"c"), (b"d", b"e")]]
    assert list(packs([b"a", (), b"b"])) == [[(b"a",)], [()], [(b"b",)]]
    assert list(packs([(b"x",) * 17] * 2)) == [[(b"x",) * 17], [(b"x",) * 17]]
    assert [len(pack) for pack in packs([bytes(1000)] * 600)] == [65] * 9 + [15]
    assert [len(pack) for pack in packs([bytes(100_000)] * 2)] == [1, 1]
    assert [len(pack) for pack in packs(b"%d" % number for number in range(1200))] == [512, 512, 176]


def test_what_is_no_message_is_refused_before_anything_after_it() -> None:
    with pytest.raises(zyre.InvalidFrame):
        list(packs([b"a", 5]))


def test_many_whispers_and_shouts_arrive_in_order() -> None:
    with meeting("alice", "bob", "carol") as (alice, bob, carol):
        bob.join("G")
        carol.join("G")
        until(lambda: len(alice.peers_in("G")) == 2)
        messages = [b"%d" % number for number in range(MANY)]
        assert alice.whisper_many(bob, messages) == MANY
        assert alice.shout_many("G", messages) == 2 * MANY
        assert [expect(bob, Whisper).content[0] for _ in messages] == messages
        for node in (bob, carol):
            assert [expect(node, Shout).content[0] for _ in messages] == messages
        until(lambda: alice.statistics().fates.delivered == 3 * MANY, "the books")
        assert bob.statistics().messages_received < MANY


def test_plain_peers_get_them_one_by_one() -> None:
    with meeting("alice", "bob", extensions=()) as (alice, bob):
        assert alice.whisper_many(bob, ["a", ("b", "c"), ()]) == 3
        assert [expect(bob, Whisper).content for _ in range(3)] == [(b"a",), (b"b", b"c"), (b"",)]


def test_many_for_sure() -> None:
    with meeting("alice", "bob", groups=["G"]) as (alice, bob):
        messages = [b"%d" % number for number in range(MANY)]
        assert alice.whisper_many(bob, [*messages, ("two", "frames")], mode="reliable") == MANY + 1
        assert alice.shout_many("G", messages, mode="reliable") == MANY
        assert [expect(bob, ReliableWhisper).content[0] for _ in messages] == messages
        assert expect(bob, ReliableWhisper).content == (b"two", b"frames")
        assert [expect(bob, ReliableShout).content[0] for _ in messages] == messages
        until(lambda: alice.fates(bob).delivered == 2 * MANY + 1, "the books")
        assert bob.statistics().messages_received < MANY
        with pytest.raises(zyre.InvalidConfig):
            alice.whisper_many(bob, ["x"], mode="hopeful")


def test_a_task_sends_many_for_sure() -> None:
    async def main() -> None:
        config = zyre.NodeConfig(mode="reliable")
        async with zyre.AsyncNode("alice", port=port, interface="lo", config=config) as alice:
            while bob.uuid not in alice.peers or not alice.peers_in("G"):
                await alice.recv()
            assert await alice.whisper_many(bob, ["a", "b"]) == 2
            assert await alice.shout_many("G", ["c"]) == 1
            heard = [await asyncio.to_thread(expect, bob, kind) for kind in (ReliableWhisper, Whisper, ReliableShout)]
            assert [event.content[0] for event in heard] == [b"a", b"b", b"c"]

    port = unused_port()
    with zyre.Node("bob", port=port, interface="lo", groups=["G"]) as bob:
        asyncio.run(main())


def test_to_nobody() -> None:
    with meeting("alice") as alice:
        assert alice.whisper_many("A" * 32, ["a", "b"]) == 0
        assert alice.shout_many("G", ["a"]) == 0
        assert alice.statistics().fates.refused == 2
        with pytest.raises(zyre.InvalidPeer):
            alice.whisper_many("nobody", ["a"])


def test_a_receiver_that_reads_slowly_makes_its_sender_wait() -> None:
    limits = zyre.Limits(link_messages=100, inbox_messages=100)
    with meeting("alice", "bob", config=zyre.NodeConfig(limits=limits)) as (alice, bob):
        messages = [b"%d" % number for number in range(MANY)]
        assert alice.whisper_many(bob, messages) == MANY
        assert [expect(bob, Whisper).content[0] for _ in messages] == messages


def test_patience_with_who_does_not_read_ends() -> None:
    limits = zyre.Limits(mailbox_messages=100, mailbox_patience=1000, link_messages=100, inbox_messages=100)
    timing = zyre.Timing(send_patience=0.1)
    with meeting("alice", "bob", config=zyre.NodeConfig(limits=limits, timing=timing)) as (alice, bob):
        messages = [b"%d" % number for number in range(MANY)]
        taken = alice.whisper_many(bob, messages)
        assert taken < MANY
        assert alice.statistics().dropped == {"peer_slow": MANY - taken}
        assert [expect(bob, Whisper).content[0] for _ in range(taken)] == messages[:taken]
