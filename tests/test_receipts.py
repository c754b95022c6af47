"""Receipts and modes on every face: what a send returns, and how one waits for what becomes of it."""

from __future__ import annotations

import pickle

import pytest

import zyre
from tests.support.loops import LOOPS, Loop
from tests.support.nodes import PATIENCE, drain, expect, meeting, until
from zyre.config import Limits, NodeConfig
from zyre.events import ReliableShout, ReliableWhisper
from zyre.fates import Fate
from zyre.receipts import REFUSED, TAKEN, Receipt
from zyre.testing import simulated


def test_a_receipt_is_true_unless_it_was_refused_and_counts_like_a_bool() -> None:
    assert TAKEN
    assert not REFUSED
    assert sum([TAKEN, REFUSED, TAKEN]) == 2  # type: ignore[list-item]
    assert (TAKEN.wait(0), REFUSED.wait(0)) == (Fate.UNKNOWN, Fate.REFUSED)
    assert repr(Receipt(None)) == "<Receipt pending>"


def test_in_threads() -> None:
    with meeting("alice", "bob", groups=["G"]) as (alice, bob):
        receipt = alice.whisper(bob, "hello", mode="reliable")
        assert receipt.wait(PATIENCE) is Fate.DELIVERED
        assert isinstance(expect(bob, zyre.Whisper), ReliableWhisper)
        assert alice.shout("G", "all", mode="reliable") == 1
        assert isinstance(expect(bob, zyre.Shout), ReliableShout)
        assert alice.whisper_nowait(bob, "again", mode="reliable").wait(PATIENCE) is Fate.DELIVERED
        assert alice.shout_nowait("G", "all", mode="reliable") == 1
        assert alice.whisper("0" * 32, "nobody", mode="reliable").wait(0) is Fate.REFUSED
        until(lambda: alice.fates(bob) == zyre.Fates(offered=4, delivered=4))


def test_the_mode_may_be_that_of_the_node_or_of_a_group() -> None:
    config = NodeConfig(mode="reliable", group_modes={"FAST": "best_effort"})
    with meeting("alice", "bob", groups=["G", "FAST"], config=config) as (alice, bob):
        alice.whisper(bob, "1")
        alice.shout("G", "2")
        alice.shout("FAST", "3")
        alice.whisper(bob, "4", mode="best_effort")
        until(lambda: bob.statistics().unread == 4)
        kinds = {type(event) for event in drain(bob) if isinstance(event, (zyre.Whisper, zyre.Shout))}
        assert kinds == {ReliableWhisper, ReliableShout, zyre.Shout, zyre.Whisper}


def test_plain_peers_are_refused_in_words_that_teach() -> None:
    with simulated() as lan:
        alice, plain = lan.node("alice", groups=["G"]), lan.node("plain", groups=["G"], extensions=())
        lan.run_until(lambda: len(alice.peers) == len(plain.peers) == 1)
        for send in (alice.whisper, alice.whisper_nowait):
            with pytest.raises(zyre.PlainPeer, match="best_effort"):
                send(plain, "x", mode="reliable")
        for shout in (alice.shout, alice.shout_nowait):
            with pytest.raises(zyre.PlainPeer, match="everybody in G"):
                shout("G", "x", mode="reliable")
        lan.node("bob", groups=["G"])
        lan.run_until(lambda: len(alice.peers_in("G")) == 2)
        assert alice.shout("G", "x", mode="reliable") == 1
        assert alice.statistics().dropped["plain_peer"] == 3


@pytest.mark.parametrize("wrong", ["fast", "", 1])
def test_there_is_no_other_mode(wrong: object) -> None:
    with pytest.raises(zyre.InvalidConfig, match="there are: best_effort, reliable"):
        NodeConfig(mode=wrong)  # type: ignore[arg-type]
    node = zyre.Node("alice")
    with pytest.raises(zyre.InvalidConfig, match="there are: best_effort, reliable"):
        node.whisper("0" * 32, "x", mode=wrong)  # type: ignore[arg-type]


def fill(node: zyre.Node, peer: object, mode: str) -> None:
    for _ in range(100):
        node.whisper_nowait(peer, "x", mode=mode)


def test_there_is_no_other_policy_for_a_full_mailbox() -> None:
    with pytest.raises(zyre.InvalidConfig, match="there are: block, drop_newest, drop_oldest"):
        NodeConfig(when_full="explode")


def test_a_send_that_never_waits_says_who_has_no_room() -> None:
    config = NodeConfig(limits=Limits(kept_messages=10, link_messages=10, inbox_messages=10))
    with simulated() as lan:
        alice, bob = (lan.node(name, groups=["G"], config=config) for name in ("alice", "bob"))
        lan.run_until(lambda: len(alice.peers) == len(bob.peers) == 1)
        lan.stall(bob, 60)
        for mode in ("best_effort", "reliable"):
            with pytest.raises(zyre.WouldBlock, match="no room in the queue") as caught:
                fill(alice, bob, mode)
            assert caught.value.peers == (bob.uuid,)
            with pytest.raises(zyre.WouldBlock) as caught:
                alice.shout_nowait("G", "x", mode=mode)
            assert caught.value.peers == (bob.uuid,)
        assert alice.statistics().fates.refused == 0


@pytest.mark.parametrize("loop", LOOPS)
def test_in_tasks(loop: Loop) -> None:
    async def main() -> None:
        alice, bob = (zyre.AsyncNode(name, groups=["G"], interface="lo") for name in ("alice", "bob"))
        async with alice, bob:
            async for event in alice:
                if isinstance(event, zyre.Enter) and event.peer == bob.uuid:
                    break
            receipt = await alice.whisper(bob, "hello", mode="reliable")
            assert await receipt is Fate.DELIVERED
            assert await alice.shout("G", "all", mode="reliable") == 1
            assert await (await alice.whisper("0" * 32, "x", mode="reliable")) is Fate.REFUSED
            assert await (await alice.whisper(bob, "x")) is Fate.UNKNOWN

    loop.run(main)


def test_a_reliable_shout_has_a_receipt_of_each_member() -> None:
    with meeting("alice", "bob", "carol") as (alice, bob, carol):
        for node in (bob, carol):
            node.join("G")
        until(lambda: len(alice.peers_in("G")) == 2)
        sent = alice.shout("G", "hello", mode="reliable")
        assert sent == 2
        assert sent.wait(PATIENCE) == {bob.uuid: zyre.Fate.DELIVERED, carol.uuid: zyre.Fate.DELIVERED}
        assert alice.shout_nowait("G", "hello", mode="reliable").wait(PATIENCE).keys() == {bob.uuid, carol.uuid}
        plain = alice.shout("G", "hello")
        assert (plain, plain.receipts, plain.wait()) == (2, {}, {})
        assert pickle.loads(pickle.dumps(sent)) == 2
