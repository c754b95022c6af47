"""Worlds as a whole: the same seed gives the same history, and whoever is there finds everybody."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from zyre.config import NodeConfig, Timing
from zyre.events import Enter, Evasive, Exit, Gap, Leader, Returned, Shout, Silent, Whisper
from zyre.sim import LAN, LOSSY_WIFI, PERFECT, WIFI, Conditions, SimNode, World, all_checkers, check_agreement

QUICK = NodeConfig(timing=Timing.within(3.0))


def told(node: SimNode, *kinds: type) -> list[str]:
    return [type(event).__name__ for event in node.events if not kinds or isinstance(event, kinds)]


def eventful(seed: int, conditions: Conditions = WIFI) -> World:
    """A history with some of everything."""
    world = World(seed, conditions, checkers=all_checkers())
    nodes = [world.node(f"node{number}", groups=["A", "B", "C"], config=QUICK) for number in range(5)]
    nodes[0].contest("A")
    nodes[1].contest("A")
    world.run_for(2.0)
    nodes[2].shout("B", "hello")
    nodes[1].kill()
    world.partition(nodes[:1], nodes[2:])
    world.run_for(8.0)
    world.heal()
    nodes[3].stop()
    world.run_for(8.0)
    return world


# -- the same seed, the same history -----------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_history() -> None:
    one, other = eventful(7), eventful(7)
    assert one.trace == other.trace
    assert [node.events for node in one.nodes] == [node.events for node in other.nodes]


def test_another_seed_gives_another_history() -> None:
    assert len({eventful(seed).trace for seed in range(4)}) == 4


def test_one_octet_more_is_another_history() -> None:
    def history(text: str) -> int:
        world = World(1)
        alice, bob = world.node("alice"), world.node("bob")
        world.run_for(1.0)
        alice.whisper(bob, text)
        world.run_for(1.0)
        return world.trace

    assert history("x") == history("x") != history("y")


def test_the_history_is_the_same_in_another_process() -> None:
    """A regression: sets of names were spelled, and groups left, in the order of the process's hashes."""
    program = (
        "from zyre.sim import World\n"
        "world = World(3)\n"
        "nodes = [world.node(str(n), groups=['A', 'B', 'C', 'D']) for n in range(3)]\n"
        "for node in nodes: node.contest('A'), node.contest('B')\n"
        "world.run_for(3.0)\n"
        "nodes[0].stop()\n"
        "world.run_for(3.0)\n"
        "print(world.trace)"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        for seed in ("1", "2")
    ]
    assert runs[0].stdout == runs[1].stdout != ""


def test_a_world_that_follows_nothing_has_the_same_events() -> None:
    def history(trace: bool) -> list[object]:
        world = World(4, trace=trace)
        nodes = [world.node(str(number)) for number in range(3)]
        world.run_for(2.0)
        assert bool(world.trace) is trace
        return [node.events for node in nodes]

    assert history(True) == history(False)


# -- meeting -----------------------------------------------------------------------------------------------------------


def test_two_nodes_meet_within_a_tenth_of_a_second() -> None:
    world = World()
    alice, bob = world.node("alice"), world.node("bob")
    took = world.run_until(lambda: bob.uuid in alice.peers and alice.uuid in bob.peers, within=1.0)
    assert took < 0.1


@pytest.mark.parametrize("conditions", [LAN, PERFECT, WIFI, LOSSY_WIFI, Conditions(loss=0.2)])
def test_eight_nodes_meet_whatever_the_network_is_like(conditions: Conditions) -> None:
    for seed in range(3):
        world = World(seed, conditions, checkers=all_checkers())
        nodes = [world.node(f"node{number}", groups=["G"]) for number in range(8)]
        world.run_until(lambda nodes=nodes: all(len(node.peers.in_group("G")) == 7 for node in nodes), within=60.0)
        assert all(told(node, Enter) == ["Enter"] * 7 for node in nodes), "and each tells each once"


def test_fifty_nodes_make_a_full_mesh() -> None:
    world = World(5, checkers=all_checkers())
    nodes = [world.node(f"node{number}") for number in range(50)]
    world.run_for(3.0)
    assert {len(node.peers) for node in nodes} == {49}
    assert {node.transport.link_count for node in nodes} == {49}
    check_agreement(world)


def test_plain_nodes_and_ours_meet() -> None:
    world = World(6, checkers=all_checkers())
    nodes = [world.node("plain", extensions=()), world.node("half", extensions=["empty"]), world.node("ours")]
    world.run_for(1.0)
    check_agreement(world)
    nodes[0].stop()
    nodes[1].stop()
    world.run_for(1.0)
    assert told(nodes[2], Exit) == ["Exit", "Exit"]


# -- leaving -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("extensions", [(), None])
@pytest.mark.parametrize(("end", "reason"), [(SimNode.stop, "left"), (SimNode.kill, "crashed")])
def test_who_ends_is_told_of_once_with_the_reason(
    end: Callable[[SimNode], None], reason: str, extensions: tuple[str, ...] | None
) -> None:
    world = World(checkers=all_checkers())
    alice, bob = (world.node(name, extensions=extensions, config=QUICK) for name in ("alice", "bob"))
    world.run_for(1.0)
    end(bob)
    world.run_for(10.0)
    assert [event.reason for event in alice.events if isinstance(event, Exit)] == [reason]
    assert len(alice.peers) == 0


@pytest.mark.parametrize("same_identity", [True, False])
def test_who_starts_again_at_its_place_replaces_itself(same_identity: bool) -> None:
    world = World(checkers=all_checkers())
    alice, bob = world.node("alice", config=QUICK), world.node("bob", config=QUICK)
    world.run_for(1.0)
    bob.kill()
    again = world.restart(bob, same_identity=same_identity)
    world.run_for(2.0)
    assert told(alice) == ["Enter", "Exit", "Enter"]
    assert [event.reason for event in alice.events if isinstance(event, Exit)] == ["replaced"]
    assert alice.whisper(again, "hello")
    world.run_for(1.0)
    assert told(again) == ["Enter", "Whisper"]


def test_messages_of_who_leaves_arrive_before_the_goodbye() -> None:
    for seed in range(20):
        world = World(seed)
        alice, bob = world.node("alice", extensions=()), world.node("bob", extensions=())
        world.run_for(1.0)
        bob.whisper(alice, "last words")
        bob.stop()
        world.run_for(1.0)
        assert told(alice) == ["Enter", "Whisper", "Exit"], f"seed {seed}"


# -- cut and mended ----------------------------------------------------------------------------------------------------


def test_a_short_cut_is_a_silence_and_a_return() -> None:
    world = World(checkers=all_checkers())
    alice, bob = world.node("alice"), world.node("bob")
    world.run_for(1.0)
    world.partition([alice], [bob])
    world.run_for(8.0)
    world.heal()
    world.run_for(3.0)
    for node in (alice, bob):
        assert told(node, Evasive, Silent, Returned, Exit) == ["Evasive", "Silent", "Returned"]
    check_agreement(world)


def test_a_long_cut_is_an_exit_and_an_entry() -> None:
    world = World(checkers=all_checkers())
    alice, bob = world.node("alice", config=QUICK), world.node("bob", config=QUICK)
    world.run_for(1.0)
    world.partition([alice], [bob])
    world.run_for(10.0)
    assert [len(node.peers) for node in (alice, bob)] == [0, 0]
    world.heal()
    world.run_for(5.0)
    check_agreement(world)
    assert told(alice, Enter, Exit) == ["Enter", "Exit", "Enter"]


def test_a_network_that_was_cut_in_two_becomes_one() -> None:
    for seed in range(4):
        world = World(seed, checkers=all_checkers())
        nodes = [world.node(f"node{number}", groups=["G"], config=QUICK) for number in range(8)]
        world.run_for(2.0)
        world.partition(nodes[:3], nodes[3:])
        world.run_for(10.0)
        assert [len(node.peers) for node in nodes] == [2] * 3 + [4] * 5
        world.heal()
        world.run_for(10.0)
        check_agreement(world)


def test_a_node_whose_process_rests_a_moment_misses_nothing() -> None:
    world = World(checkers=all_checkers())
    alice, bob = world.node("alice"), world.node("bob")
    world.run_for(1.0)
    bob.stall(3.0)
    for number in range(10):
        alice.whisper(bob, f"#{number}")
    world.run_for(10.0)
    assert told(bob, Whisper, Gap) == ["Whisper"] * 10
    assert told(alice, Exit) == []


def test_two_links_that_are_reset_cost_no_peer() -> None:
    world = World(checkers=all_checkers())
    alice, bob = world.node("alice"), world.node("bob")
    world.run_for(1.0)
    alice.whisper(bob, "#1")
    world.reset(alice, bob)
    world.run_for(1.0)
    alice.whisper(bob, "#2")
    world.run_for(1.0)
    assert told(bob) == ["Enter", "Gap", "Whisper"], "what was in flight is lost, and said to be"


# -- talking -----------------------------------------------------------------------------------------------------------


def test_messages_of_one_sender_arrive_in_order_and_once() -> None:
    world = World(2, WIFI, checkers=all_checkers())
    nodes = [world.node(f"node{number}", groups=["G"]) for number in range(4)]
    world.run_for(5.0)
    for number in range(50):
        for node in nodes:
            assert node.shout("G", f"#{number}") == 3
        world.run_for(0.01)
    world.run_for(5.0)
    assert {len(told(node, Shout)) for node in nodes} == {150}


def test_a_leader_is_elected_and_followed() -> None:
    world = World(9, checkers=all_checkers())
    nodes = [world.node(f"node{number}", config=QUICK) for number in range(4)]
    world.run_for(1.0)
    for node in nodes:
        node.contest("G")
    world.run_for(3.0)
    first, second = sorted(nodes, key=lambda node: node.uuid)[:2]
    assert {node.machine.leader("G") for node in nodes} == {first.uuid}
    first.kill()
    world.run_for(10.0)
    assert {node.machine.leader("G") for node in nodes if node is not first} == {second.uuid}
    assert [event.peer for event in second.events if isinstance(event, Leader)][-1] == second.uuid


# -- the world itself --------------------------------------------------------------------------------------------------


def test_run_until_says_how_long_it_took_or_that_it_did_not_happen() -> None:
    world = World()
    world.after(2.0, lambda: None)
    assert world.run_until(lambda: world.now() >= 2.0, within=5.0) == 2.0
    with pytest.raises(TimeoutError, match="within 3 s"):
        world.run_until(lambda: False, within=3.0)


def test_nodes_of_one_computer_talk_and_have_ports_of_their_own() -> None:
    world = World(checkers=all_checkers())
    box = world.box()
    alice, bob = world.node("alice", box=box), world.node("bob", box=box)
    world.run_for(1.0)
    check_agreement(world)
    assert alice.transport.tcp_port != bob.transport.tcp_port
    assert alice.address == bob.address


def test_a_node_on_two_networks_is_reached_by_each_at_its_own_address() -> None:
    world = World(checkers=all_checkers())
    router = world.node("router", box=world.box(segments=("left", "right")))
    left, right = (
        world.node("left", box=world.box(segments=("left",))),
        world.node("right", box=world.box(segments=("right",))),
    )
    world.run_for(2.0)
    assert (len(left.peers), len(right.peers), len(router.peers)) == (1, 1, 2)
    ports = router.box.ports
    assert ports["eth0"].address in next(iter(left.peers)).address
    assert ports["eth1"].address in next(iter(right.peers)).address
