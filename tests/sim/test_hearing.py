"""What is noted instead of handed over comes to the same: every event, every count, every moment."""

from __future__ import annotations

from dataclasses import replace

import pytest

from zyre.config import NodeConfig, Timing
from zyre.events import Evasive, Event, Exit, Returned
from zyre.sim import Checker, Conditions, Fixed, SimNode, Uniform, World, all_checkers
from zyre.sim import hearing as hearing_module
from zyre.sim.chance import random_history
from zyre.sim.faults import Stall, Suspend
from zyre.sim.hearing import Hearing
from zyre.sim.history import begin
from zyre.sim.swarm import live_through

LOSSY = Conditions(Uniform(0.0005, 0.002), loss=0.3, duplication=0.05)
QUICK = NodeConfig(timing=Timing.within(3.0))


class Chronicle(Checker):
    """All that happens, and when. With ``wants_inputs`` every node is handed each datagram."""

    def __init__(self, each: bool) -> None:
        self.wants_inputs = each
        self.lines: list[tuple[float, str, Event]] = []

    def on_events(self, world: World, node: SimNode, events: list[Event]) -> None:
        self.lines += [(world.now(), node.name, event) for event in events]


def figures(world: World) -> list[object]:
    network = world.network
    counts = [node.host.statistics() for node in world.nodes]
    return [network.datagrams, network.datagram_octets, *counts]


def noted(node: SimNode) -> int:
    hearing: Hearing | None = node.transport.hearing
    return 0 if hearing is None else hearing.noted


@pytest.mark.parametrize("numbers", [255, 3])
@pytest.mark.parametrize("first", range(0, 60, 20))
def test_histories_are_the_same_whether_beacons_are_noted_or_handed_over(
    first: int, numbers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through all faults but those of processes that stand still, which see what they missed in another order; and
    without proofs, for which those who note look more seldom. With few numbers for waves, some are used again before
    everybody has heard a later one."""
    monkeypatch.setattr(hearing_module, "_MOST", numbers)
    seen = 0
    for seed in range(first, first + 20):
        history = random_history(seed)
        steps = tuple(step for step in history.steps if not isinstance(step.fault, (Stall, Suspend)))
        history = replace(history, steps=steps, timing=replace(history.timing, prove=1e9))
        each, together = Chronicle(True), Chronicle(False)
        worlds = [begin(history, (chronicle,), trace=False) for chronicle in (each, together)]
        for world in worlds:
            live_through(history, world, forgiving=True)
        assert together.lines == each.lines, f"seed {seed}"
        assert figures(worlds[1]) == figures(worlds[0]), f"seed {seed}"
        assert sum(map(noted, worlds[0].nodes)) == 0
        seen += sum(map(noted, worlds[1].nodes))
    assert seen > 1000, "or nothing was compared"


def test_whatever_befalls_them_nodes_that_note_come_to_agree() -> None:
    for seed in range(40):
        history = random_history(seed)
        checkers = [checker for checker in all_checkers() if not checker.wants_inputs]
        world = begin(history, checkers, trace=False)
        live_through(history, world)


def test_nearly_all_beacons_of_a_quiet_mesh_are_noted() -> None:
    world = World(1, LOSSY, trace=False)
    nodes = [world.node(f"node{number}") for number in range(10)]
    world.run_for(60.0)
    received = sum(node.host.statistics().beacons_received for node in nodes)
    assert sum(map(noted, nodes)) > 0.8 * received
    assert received == pytest.approx(10 * 9 * (60 / 0.9 + 3) * 0.7 * 1.05, rel=0.05), (
        "each is lost or doubled by its own chance"
    )


def test_a_node_whose_inputs_are_followed_is_handed_each() -> None:
    world = World(1, trace=True)
    nodes = [world.node("alice"), world.node("bob")]
    world.run_for(10.0)
    assert [noted(node) for node in nodes] == [0, 0]


def test_nodes_that_share_a_computer_are_handed_each() -> None:
    world = World(1, trace=False)
    box = world.box()
    nodes = [world.node("alice", box=box), world.node("bob", box=box), world.node("carol")]
    world.run_for(10.0)
    assert noted(nodes[0]) == noted(nodes[1]) == 0 < noted(nodes[2])
    assert [len(node.peers) for node in nodes] == [2, 2, 2]


def test_what_was_heard_before_a_change_counts() -> None:
    """Its cable is pulled: the silence of the others begins with their last beacon, not with the last look at them."""
    world = World(1, Conditions(Fixed(0.001)), trace=False)
    alice, bob = world.node("alice", config=QUICK), world.node("bob", config=QUICK)
    world.run_for(10.0)
    assert noted(alice) > 20
    alice.box.ports["eth0"].switch(False)
    alice.events.clear()
    pulled = world.now()
    world.run_until(lambda: bool(alice.events), within=3.0)
    timing = QUICK.timing
    assert isinstance(alice.events[0], Evasive)
    assert timing.evasive - timing.beacon <= world.now() - pulled <= timing.evasive + 0.1
    alice.box.ports["eth0"].switch(True)
    world.run_until(lambda: isinstance(alice.events[-1], Returned), within=1.0)
    assert not any(isinstance(event, Exit) for event in alice.events + bob.events)


def test_what_nobody_knows_any_more_is_forgotten() -> None:
    world = World(1, trace=False)
    nodes = [world.node(f"node{number}", config=QUICK) for number in range(4)]
    world.run_for(5.0)
    assert len(world.network.refrains) == 4
    for node in nodes[:3]:
        node.kill()
    world.run_for(10.0)
    assert len(nodes[3].peers) == 0
    assert not world.network.refrains
