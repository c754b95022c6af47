"""Leaders by a majority's vote, and locks, on real sockets and in virtual time."""

from __future__ import annotations

import asyncio
import threading

import pytest

import zyre
from tests.peers.harness import unused_port
from tests.support.nodes import expect, in_threads, meeting, until

pytestmark = pytest.mark.lan

LEASE = 0.4


def test_a_majority_elects_a_leader_and_another_one_after_it_left() -> None:
    with meeting("alice", "bob", "carol") as nodes:
        for node in nodes:
            node.group("G").contest(size=3, lease=LEASE)
        found = in_threads(*(lambda node=node: node.group("G").leader(timeout=20) for node in nodes))
        until(lambda: len({node.leader("G") for node in nodes} - {None}) == 1, "one leader")
        first = nodes[0].group("G").leader(timeout=20)
        assert found
        assert (first.term > 0, first.token > first.term) == (True, True)
        (leader,) = (node for node in nodes if node.uuid == first.peer)
        rest = [node for node in nodes if node is not leader]
        leader.stop()
        until(lambda: rest[0].leader("G") in {node.uuid for node in rest}, "the next leader")
        second = rest[0].group("G").leader(timeout=20)
        assert (second.term > first.term, second.token > first.token) == (True, True)


def test_without_a_majority_there_is_no_leader() -> None:
    with meeting("alice", "bob") as (alice, bob):
        for node in (alice, bob):
            node.group("G").contest(size=5, lease=LEASE)
        with pytest.raises(zyre.LockTimeout) as caught:
            alice.group("G").leader(timeout=3 * LEASE)
        assert (caught.value.group, caught.value.lock) == ("G", "")
        assert alice.leader("G") is None


def test_a_leader_of_the_wave_has_a_term_that_all_members_are_told() -> None:
    with meeting("alice", "bob") as (alice, bob):
        alice.group("G").contest()
        leading = alice.group("G").leader(timeout=20)
        assert leading.peer == alice.uuid
        assert leading.term == leading.token > 0
        bob.join("G")
        assert bob.group("G").leader(timeout=20) == leading


def test_one_at_a_time_has_the_lock_and_tokens_rise() -> None:
    tokens: list[int] = []
    inside = threading.Lock()

    def work(node: zyre.Node) -> None:
        for _ in range(2):
            with node.group("G").lock("printer", size=3, lease=LEASE) as token:
                assert inside.acquire(blocking=False), "somebody else has it as well"
                tokens.append(token)
                inside.release()

    with meeting("alice", "bob", "carol", groups=["G"]) as nodes:
        in_threads(*(lambda node=node: work(node) for node in nodes))
    assert tokens == sorted(set(tokens))
    assert len(tokens) == 6


def test_a_lock_that_is_taken_is_waited_for_so_long_and_no_longer() -> None:
    with meeting("alice", "bob", groups=["G"]) as (alice, bob):
        lock = alice.group("G").lock("printer", lease=LEASE)
        token = lock.acquire(timeout=20)
        assert (lock.held, lock.token) == (True, token)
        waiting = bob.group("G").lock("printer", lease=LEASE)
        with pytest.raises(zyre.LockTimeout):
            waiting.acquire(timeout=0.2)
        assert not waiting.held
        lock.release()
        lock.release()
        assert (lock.held, lock.token) == (False, None)
        assert waiting.acquire(timeout=20) > token
        bob.stop()
        waiting.release()
        with pytest.raises(zyre.NodeStopped):
            waiting.acquire()


def test_in_tasks() -> None:
    async def work() -> None:
        port = unused_port()
        async with zyre.AsyncNode("alice", port=port, interface="lo", groups=["G"]) as alice:
            group = alice.group("G")
            async with group.lock("printer", lease=LEASE) as token:
                assert token > 0
                other = group.lock("other", size=3, lease=LEASE)
                with pytest.raises(zyre.LockTimeout):
                    await other.acquire(timeout=0.1)
            group.contest(size=1, lease=LEASE)
            assert (await group.leader(timeout=20)).peer == alice.uuid

    asyncio.run(work())


def test_what_makes_no_sense_is_refused() -> None:
    group = zyre.Node("alice", interface="lo").group("G")
    for size in (0, True, "3"):
        with pytest.raises(zyre.InvalidConfig, match="at most"):
            group.contest(size=size)  # type: ignore[arg-type]
    for lease in (0, 1e9, "1"):
        with pytest.raises(zyre.InvalidConfig, match="seconds"):
            group.lock("printer", lease=lease)  # type: ignore[arg-type]
    with pytest.raises(zyre.InvalidName):
        group.lock("")


def test_leaders_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    with meeting("alice", "bob") as (alice, bob):
        for node in (alice, bob):
            node.group("G").contest(size=2, lease=LEASE)
        event = expect(alice, zyre.Leader, group="G")
        assert event.term > 0
        bob.stop()
        if event.peer == alice.uuid:
            assert expect(alice, zyre.Leaderless, group="G").term == event.term
