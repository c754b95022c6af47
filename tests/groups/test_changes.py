"""A snapshot of a group and the changes after it: together they are the truth, however they come."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import zyre
from tests.support.nodes import in_threads, meeting, until
from zyre.core.membership import Standing
from zyre.events import Enter, Event, Exit, Join, Leave
from zyre.groups import changes as module
from zyre.groups.changes import Changes
from zyre.identity import PeerId

PEERS = [PeerId(f"{number:032X}") for number in range(4)]
OWN = PeerId("5" * 32)


class Host:
    """As much of a host as changes need."""

    class machine:
        identity = OWN
        name = "own"

    def __init__(self, members: dict[PeerId, str] | None = None, own: bool = False) -> None:
        self.standing = Standing(members or {}, own)

    def watch(self, watcher: Changes, question: str, group: str) -> None:
        watcher.begin(self.standing)

    def unwatch(self, watcher: Changes) -> None:
        pass


def happening(draw: tuple[int, str]) -> Event:
    number, kind = draw
    peer = PEERS[number]
    return {
        "join": Join(peer, "x", "G"),
        "leave": Leave(peer, "x", "G"),
        "other": Join(peer, "x", "OTHER"),
        "exit": Exit(peer, "x", "left"),
        "enter": Enter(peer, "x", "tcp://h:1", {}),
    }[kind]


HAPPENINGS = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(["join", "leave", "other", "exit", "enter"])).map(happening),
    max_size=30,
)


@given(st.sets(st.sampled_from(PEERS)), HAPPENINGS, st.integers(1, 40))
@settings(max_examples=200)
def test_what_was_there_and_what_changed_is_what_is(first: set[PeerId], events: list[Event], most: int) -> None:
    """Whatever happens, however much of it is summed up because nobody took it."""
    changes = Changes(Host(dict.fromkeys(first, "x")), "G", False)  # type: ignore[arg-type]
    truth = set(first)
    kept = module._MOST
    module._MOST = most  # type: ignore[misc]
    try:
        for event in events:
            changes.hear([event])
            if isinstance(event, Join) and event.group == "G":
                truth.add(event.peer)
            elif isinstance(event, (Leave, Exit)):
                truth.discard(event.peer)
    finally:
        module._MOST = kept  # type: ignore[misc]
    changes.close()
    assert len(changes._waiting) <= max(most, 8)
    for change in changes:
        assert getattr(change, "group", "G") == "G"
    assert changes.members == truth


def test_this_node_counts_if_it_is_wanted() -> None:
    without, including = Changes(Host(own=True), "G", False), Changes(Host(own=True), "G", True)  # type: ignore[arg-type]
    assert (without.members, including.members) == (frozenset(), {OWN})
    for changes in (without, including):
        changes.hear([Leave(OWN, "own", "G")])
        changes.close()
    assert list(without) == []
    assert list(including) == [Leave(OWN, "own", "G")]


@pytest.fixture
def pair() -> Iterator[tuple[zyre.Node, zyre.Node]]:
    with meeting("alice", "bob") as pair:
        yield pair


def test_a_loop_follows_and_ends_with_the_node(pair: tuple[zyre.Node, zyre.Node]) -> None:
    alice, bob = pair
    changes = alice.group("G").changes()
    seen: list[object] = []
    follower = threading.Thread(target=lambda: seen.extend(changes))
    follower.start()
    bob.join("G")
    until(lambda: len(changes.members) == 1, "bob is in")
    bob.stop()
    until(lambda: not changes.members, "bob is gone")
    alice.stop()
    follower.join(20)
    assert [type(change) for change in seen] == [Join, Exit]


def test_nothing_comes(pair: tuple[zyre.Node, zyre.Node]) -> None:
    with pair[0].group("G").changes() as changes:
        with pytest.raises(zyre.WouldBlock):
            changes.get_nowait()
        with pytest.raises(zyre.RecvTimeout):
            changes.get(0.01)
    with pytest.raises(zyre.NodeStopped):
        changes.get(0.01)


def test_nobody_is_missed_and_nobody_comes_twice_however_threads_interleave(pair: tuple[zyre.Node, zyre.Node]) -> None:
    alice, bob = pair

    def flip() -> None:
        for _ in range(100):
            bob.join("G")
            bob.leave("G")
        bob.join("END")

    def follow() -> None:
        for _ in range(50):
            with alice.group("G").changes() as changes:
                inside = bool(changes.members)
                for _ in range(3):
                    try:
                        change = changes.get(0.002)
                    except zyre.RecvTimeout:
                        break
                    assert isinstance(change, Leave) is inside, "each change is a change"
                    inside = not inside

    in_threads(flip, follow, follow)
    until(lambda: bob in alice.peers_in("END"), "the end")
    assert not alice.group("G").changes().members


def test_a_task_follows(pair: tuple[zyre.Node, zyre.Node]) -> None:
    _, bob = pair
    port = bob._host.machine._profile.cluster.port  # type: ignore[attr-defined]

    async def follow() -> list[type]:
        async with zyre.AsyncNode("carol", port=port, interface="lo") as carol:
            changes = carol.group("G", include_self=True).changes()
            carol.join("G")
            seen = [type(await changes.get(20))]
            with pytest.raises(zyre.RecvTimeout):
                await changes.get(0.01)
            changes.close()
            return seen + [type(change) async for change in changes]

    assert asyncio.run(follow()) == [Join]
