"""Durable messages between real nodes: over lives, over polite and other ends, with threads and tasks."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import zyre
from tests.peers.harness import unused_port
from tests.support.nodes import PATIENCE, drain, expect, until


class Pair:
    """Two nodes with stores, which live again and again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = unused_port()
        self.running: list[zyre.Node] = []

    def node(self, name: str, **options: Any) -> zyre.Node:
        node = zyre.Node(name, store=self.folder / f"{name}.db", port=self.port, interface="lo", **options)
        node.start()
        self.running.append(node)
        return node

    def close(self) -> None:
        for node in self.running:
            node.stop()


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    made = Pair(tmp_path)
    yield made
    made.close()


def durable(node: zyre.Node) -> Any:
    return expect(node, zyre.DurableWhisper)


def test_a_store_keeps_the_identity_beside_it(pair: Pair) -> None:
    first = pair.node("alice")
    first.stop()
    assert pair.node("alice").uuid == first.uuid
    assert (pair.folder / "alice.db.identity").exists()


def test_a_message_waits_for_who_is_not_here_over_lives_of_both(pair: Pair) -> None:
    bob = pair.node("bob")
    bob.stop()
    alice = pair.node("alice")
    receipt = alice.whisper(bob, "hello", mode="durable")
    assert receipt.wait_stored(PATIENCE)
    assert receipt.fate is None
    alice.stop()
    assert receipt.fate is zyre.Fate.KEPT
    bob, alice = pair.node("bob"), pair.node("alice")
    event = durable(bob)
    assert event.content == (b"hello",)
    assert event.name == "alice"
    drain(bob)
    until(lambda: alice.statistics().fates == zyre.Fates(offered=1, delivered=1))


def test_it_is_taken_when_the_program_comes_for_more(pair: Pair) -> None:
    alice, bob = pair.node("alice"), pair.node("bob")
    expect(alice, zyre.Enter)
    receipts = [alice.whisper(bob, b"%d" % number, mode="durable") for number in range(3)]
    assert [durable(bob).content[0] for _ in range(3)] == [b"0", b"1", b"2"]
    assert receipts[1].wait(PATIENCE) is zyre.Fate.DELIVERED
    assert receipts[2].fate is None
    drain(bob)
    assert receipts[2].wait(PATIENCE) is zyre.Fate.DELIVERED


def test_a_program_that_stops_has_taken_what_it_read_and_nothing_else(pair: Pair) -> None:
    alice, bob = pair.node("alice"), pair.node("bob")
    expect(alice, zyre.Enter)
    receipts = [alice.whisper(bob, b"%d" % number, mode="durable") for number in range(2)]
    assert durable(bob).content == (b"0",)
    until(lambda: len(bob._host.mailbox) >= 1)  # type: ignore[arg-type]
    bob.stop()
    assert receipts[0].wait(PATIENCE) is zyre.Fate.DELIVERED
    assert not [event for event in _rest(bob) if isinstance(event, zyre.DurableWhisper)]
    assert durable(pair.node("bob")).content == (b"1",)


def test_an_exception_while_it_worked_is_no_reason_to_lose_a_message(pair: Pair) -> None:
    alice, receipts = pair.node("alice"), []

    def work() -> None:
        with zyre.Node("bob", store=pair.folder / "bob.db", port=pair.port, interface="lo") as bob:
            expect(alice, zyre.Enter)
            receipts.append(alice.whisper(bob, "0", mode="durable"))
            assert durable(bob).number == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert receipts[0].fate is None
    again = durable(pair.node("bob"))
    assert (again.content, again.number) == ((b"0",), 1)


def _rest(node: zyre.Node) -> list[zyre.Event]:
    events = []
    try:
        while True:
            events.append(node.recv_nowait())
    except zyre.NodeStopped:
        return events


def test_shouts_by_the_mode_of_their_group(pair: Pair) -> None:
    config = zyre.NodeConfig(group_modes={"ORDERS": "durable"})
    alice, bob = pair.node("alice", config=config), pair.node("bob", groups=["ORDERS"])
    expect(alice, zyre.Join)
    assert alice.shout("ORDERS", "one") == alice.shout_nowait("ORDERS", "two", ttl=60) == 1
    assert [expect(bob, zyre.DurableShout).content[0] for _ in range(2)] == [b"one", b"two"]


def test_tasks_send_and_read_them_too(pair: Pair) -> None:
    async def program() -> None:
        def node(name: str) -> zyre.AsyncNode:
            return zyre.AsyncNode(name, store=pair.folder / f"{name}.db", port=pair.port, interface="lo")

        async with node("alice") as alice, node("bob") as bob:
            receipt = await alice.whisper(bob.uuid, "hello", mode="durable", ttl=60)
            assert await receipt.until_stored()
            async for event in bob:
                if isinstance(event, zyre.DurableWhisper):
                    break
            await bob.stop()
            assert await receipt is zyre.Fate.DELIVERED

    asyncio.run(asyncio.wait_for(program(), 2 * PATIENCE))


def test_a_node_without_a_store_says_how_to_have_one(tmp_path: Path) -> None:
    with (
        zyre.Node("alice", port=0, interface="lo") as alice,
        pytest.raises(zyre.InvalidConfig, match=r"make the node with store="),
    ):
        alice.whisper("A" * 32, "x", mode="durable")
    with pytest.raises(zyre.InvalidConfig, match="make the node with store="):
        zyre.Node(config=zyre.NodeConfig(mode="durable"))


def test_a_time_to_live_is_for_durable_messages(pair: Pair) -> None:
    alice = pair.node("alice")
    for mode, ttl, complaint in (
        ("reliable", 5, "ttl= is for mode='durable'"),
        (None, 5, "ttl= is for mode='durable'"),
        ("durable", 0, "number of seconds"),
        ("durable", "long", "number of seconds"),
    ):
        with pytest.raises(zyre.InvalidConfig, match=complaint):
            alice.whisper("A" * 32, "x", mode=mode, ttl=ttl)  # type: ignore[arg-type]


def test_a_full_store_raises_and_says_what_bounds_it(pair: Pair) -> None:
    alice = pair.node("alice", config=zyre.NodeConfig(limits=zyre.Limits(durable_messages=2)))
    for _ in range(2):
        assert alice.whisper("A" * 32, "x", mode="durable")
    with pytest.raises(zyre.WouldBlock, match=r"Limits\.durable_messages"):
        alice.whisper("A" * 32, "x", mode="durable")


def test_a_peer_that_has_no_store_is_refused(pair: Pair) -> None:
    alice = pair.node("alice")
    with zyre.Node("bob", port=pair.port, interface="lo") as bob:
        expect(alice, zyre.Enter)
        with pytest.raises(zyre.PlainPeer, match="has no store"):
            alice.whisper(bob, "x", mode="durable")


def test_a_store_that_cannot_be_opened_is_told_at_the_start_which_may_be_tried_again(pair: Pair) -> None:
    alice = zyre.Node("alice", store=pair.folder / "alice.db", port=pair.port, interface="lo")
    (pair.folder / "alice.db").mkdir()
    with pytest.raises(zyre.StoreError, match="cannot be opened"):
        alice.start()
    (pair.folder / "alice.db").rmdir()
    alice.start()
    pair.running.append(alice)
    assert alice.whisper("A" * 32, "x", mode="durable").wait_stored(PATIENCE)


def test_a_child_after_a_fork_leaves_the_store_alone(pair: Pair) -> None:
    alice = pair.node("alice")
    assert alice.whisper("A" * 32, "1", mode="durable").wait_stored(PATIENCE)
    child = os.fork()
    if not child:
        try:
            alice.whisper("A" * 32, "child", mode="durable")
        except zyre.ForkedNodeError:
            os._exit(7)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert alice.whisper("A" * 32, "2", mode="durable").wait_stored(PATIENCE)
    alice.stop()
    assert pair.node("alice").statistics().fates.in_flight == 2
