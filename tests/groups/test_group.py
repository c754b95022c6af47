from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

import zyre
from tests.peers.harness import unused_port
from tests.support.nodes import expect, in_threads, meeting, until

pytestmark = pytest.mark.lan


@pytest.fixture
def trio() -> Iterator[tuple[zyre.Node, zyre.Node, zyre.Node]]:
    with meeting("alice", "bob", "carol") as nodes:
        yield nodes


def test_its_verbs_are_those_of_the_node(trio: tuple[zyre.Node, zyre.Node, zyre.Node]) -> None:
    alice, bob, _ = trio
    group = bob.group("G")
    group.join()
    assert bob.groups == {"G"}
    until(lambda: bob in alice.group("G"), "bob is in")
    assert alice.group("G").shout("hello", b"x") == 1
    assert expect(bob, zyre.Shout).content == (b"hello", b"x")
    group.contest()
    until(lambda: group.leader_now == bob.uuid, "bob leads")
    group.leave()
    until(lambda: len(alice.group("G")) == 0, "bob is out")
    assert repr(group) == "<Group G of bob>"
    with pytest.raises(zyre.InvalidName):
        alice.group("")


def test_a_group_is_asked(trio: tuple[zyre.Node, zyre.Node, zyre.Node]) -> None:
    alice, bob, carol = trio
    for node in (bob, carol):
        node.join("G")
        node.service("sum", codec="json")(lambda request: sum(request.json()))
    group = alice.group("G")
    group.wait_for(2, timeout=20)
    with group.ask("sum", [1, 2, 3], codec="json", quorum=2, timeout=20) as answers:
        assert [reply.json() for reply in answers] == [6, 6]


def test_members_are_peers_and_with_include_self_this_node(trio: tuple[zyre.Node, zyre.Node, zyre.Node]) -> None:
    alice, bob, _ = trio
    alice.join("G")
    bob.join("G")
    both = alice.group("G", include_self=True)
    until(lambda: len(both) == 2, "both are in")
    assert {peer.name for peer in both.members} == {"alice", "bob"}
    assert both.members[alice].address == alice.endpoint
    assert [peer.name for peer in alice.group("G").members] == ["bob"]
    alice.leave("G")
    assert [peer.name for peer in both.members] == ["bob"]


def test_waiting_for_members(trio: tuple[zyre.Node, zyre.Node, zyre.Node]) -> None:
    alice, bob, carol = trio
    group = alice.group("G", include_self=True)
    assert len(group.wait_for(0)) == 0
    found = in_threads(lambda: group.wait_for(3, timeout=20), lambda: [node.join("G") for node in trio])[0]
    assert {peer.name for peer in found} == {"alice", "bob", "carol"}
    with pytest.raises(zyre.GroupTimeout) as caught:
        group.wait_for(4, timeout=0.02)
    assert (caught.value.group, caught.value.wanted, caught.value.members) == ("G", 4, 3)
    bob.stop()
    until(lambda: len(group) == 2, "bob is gone")
    alice.stop()
    with pytest.raises(zyre.NodeStopped):
        group.wait_for(9)
    assert carol.groups == {"G"}


def test_in_tasks() -> None:
    async def meet() -> set[str]:
        port = unused_port()
        async with (
            zyre.AsyncNode("alice", port=port, interface="lo", groups=["G"]) as alice,
            zyre.AsyncNode("bob", port=port, interface="lo") as bob,
        ):
            group = alice.group("G", include_self=True)
            waiting = asyncio.create_task(group.wait_for(2, timeout=20))
            await bob.group("G").wait_for(1, timeout=20)
            bob.join("G")
            found = await waiting
            assert await group.shout("hello") == 1
            with pytest.raises(zyre.GroupTimeout):
                await group.wait_for(3, timeout=0.01)
            return {peer.name for peer in found}

    assert asyncio.run(meet()) == {"alice", "bob"}
