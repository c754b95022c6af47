"""Every fault does to a world what it says, in whatever state that is, and is a value that prints and compares."""

from __future__ import annotations

import pytest

from zyre.events import Exit, Silent
from zyre.events import Shout as Shouted
from zyre.events import Whisper as Whispered
from zyre.fates import Fate
from zyre.sim import LOSSY_WIFI, Power, World, all_checkers
from zyre.sim.actions import Burst, Connect, Contest, Join, Keep, Leave, Post, RemoveHeader, SetHeader, Shout, Whisper
from zyre.sim.faults import (
    VERBS,
    ClockJump,
    ClockRate,
    DiskFull,
    Fault,
    Hide,
    Kill,
    LinkDown,
    NewAddress,
    OneWay,
    Partition,
    PowerOff,
    Reset,
    Restart,
    Stall,
    Stop,
    Suspend,
    Weather,
    apply,
    verb_of,
)
from zyre.sim.history import History, Member, Step, begin
from zyre.sim.naming import expand, nodes_named

ONE_OF_EACH: tuple[Fault, ...] = (
    Partition(("a",), 5.0),
    OneWay("a", "b c", 5.0),
    Hide("b", 5.0),
    Reset("a", "b"),
    LinkDown("c", 5.0),
    NewAddress("a"),
    Weather("lossy wifi", seconds=5.0),
    Stall("b", 5.0),
    Suspend("a b", 5.0),
    Kill("c"),
    PowerOff("b"),
    Stop("a"),
    Restart("c", same_identity=True),
    ClockRate("a", 1.02),
    ClockJump("a", 3.0),
    DiskFull("b", 5.0),
    Join("b", "G"),
    Leave("b", "G"),
    Contest("a", "G"),
    Whisper("a", "b", 3),
    Shout("b", "G", 3),
    Post("b", "a", 3),
    Burst("b", "a", "G", 3),
    Burst("b", "", "G", 3),
    Keep("a", "b c", count=3, octets=100, ttl=5.0),
    Keep("b", "", "G"),
    Connect("c", "a"),
    SetHeader("a", "load", "1"),
    RemoveHeader("a", "load"),
)


def trio(**options: object) -> World:
    world = World(seed=3, checkers=all_checkers(), **options)  # type: ignore[arg-type]
    for name in "abc":
        world.node(name, groups=["G"])
    world.run_for(2.0)
    return world


def names_here(world: World, name: str) -> set[str]:
    (node,) = nodes_named(world, name)
    return {peer.name for peer in node.peers}


def test_there_is_one_of_each_in_this_test() -> None:
    assert {type(fault) for fault in ONE_OF_EACH} == set(VERBS.values())


@pytest.mark.parametrize("second", ONE_OF_EACH, ids=verb_of)
def test_whatever_comes_after_whatever_nothing_breaks(second: Fault) -> None:
    for first in ONE_OF_EACH:
        world = trio()
        apply(first, world)
        world.run_for(0.5)
        apply(second, world)
        world.run_for(8.0)
        assert world.now() == pytest.approx(10.5)


@pytest.mark.parametrize("fault", ONE_OF_EACH, ids=verb_of)
def test_a_fault_prints_as_it_is_written(fault: Fault) -> None:
    assert eval(str(fault)) == fault
    assert hash(fault) == hash(eval(str(fault)))


@pytest.mark.parametrize("fault", ONE_OF_EACH, ids=verb_of)
def test_names_that_nobody_has_are_nobody(fault: Fault) -> None:
    apply(fault, World(seed=1))


def test_texts_name_nodes() -> None:
    known = ["a", "n1", "n2", "n3"]
    assert expand("n1..n3, a", known) == ["n1", "n2", "n3", "a"]
    assert expand("*", known) == known
    assert expand("a a", known) == ["a"]
    assert expand("", known) == []


def test_a_partition_ends_after_its_time() -> None:
    world = trio()
    apply(Partition(("a",), 40.0), world)
    world.run_for(39.0)
    assert names_here(world, "a") == set()
    assert names_here(world, "b") == {"c"}
    world.run_for(5.0)
    assert names_here(world, "a") == {"b", "c"}


@pytest.mark.parametrize("seconds", [1.0, 3.1, 4.0, 6.3, 7.0, 9.0])
def test_after_an_outage_links_go_on_soon(seconds: float) -> None:
    """What was sent meanwhile arrives within two seconds, and not when TCP would have tried again by itself."""
    world = World(1)
    alice, bob = world.node("alice"), world.node("bob")
    world.run_for(2.0)
    apply(Partition(("alice",), seconds), world)
    alice.whisper(bob, "meanwhile")
    world.run_for(seconds + 2.0)
    assert [event.content for event in bob.events if isinstance(event, Whispered)] == [(b"meanwhile",)]
    assert not any(isinstance(event, Exit) for event in bob.events)


def test_of_several_interfaces_one_can_fail_and_move() -> None:
    """Who is in both networks hears a node by the other one; who is not, hears nothing of it but what others say."""
    world = World(seed=1, checkers=all_checkers())
    near, far = world.node("near", box=world.box("near", segments=("lan", "cellar"))), world.node("far")
    node = world.node("node", box=world.box("node", segments=("cellar", "lan")))
    world.run_for(2.0)
    before = [port.address for port in node.box.ports.values()]
    apply(NewAddress("node", "eth1"), world)
    apply(NewAddress("far", "eth1"), world)
    assert [port.address == old for port, old in zip(node.box.ports.values(), before, strict=True)] == [True, False]
    world.run_for(5.0)
    apply(LinkDown("node", 20.0, "eth1"), world)
    world.run_for(15.0)
    silent = [[event.name for event in one.events if isinstance(event, Silent)] for one in (near, far)]
    assert silent == [[], ["node"]]
    world.run_for(20.0)
    assert names_here(world, "far") == {"near", "node"}


def test_a_clock_that_jumps_is_no_silence_of_others() -> None:
    world = trio()
    apply(ClockJump("a", 3600.0), world)
    world.run_for(10.0)
    (a,) = nodes_named(world, "a")
    assert a.box.clock.now() > 3600.0
    assert not [event for node in world.nodes for event in node.events if isinstance(event, Exit)]


def test_a_disk_that_is_full_refuses_what_is_given_until_it_is_not() -> None:
    world = World(seed=1, checkers=all_checkers())
    a, b = (world.node(name, store=True) for name in "ab")
    b.read_on(0.0)
    world.run_for(2.0)
    apply(DiskFull("a", 5.0), world)
    for _ in range(2):
        apply(Keep("a", "b"), world)
        world.run_for(6.0)
    assert [kept.receipt.fate for kept in a.kept] == [Fate.REFUSED, Fate.DELIVERED]


def test_one_way_is_one_way() -> None:
    world = trio()
    apply(OneWay("a", "b"), world)
    world.run_for(40.0)
    assert "a" not in names_here(world, "b")


def test_who_is_hidden_cannot_be_connected_to() -> None:
    world = World(seed=3)
    a = world.node("a")
    apply(Hide("a"), world)
    b = world.node("b")
    world.run_for(3.0)
    assert not a.peers
    assert [peer.name for peer in b.peers] == ["a"]
    world.heal()
    world.run_for(10.0)
    assert [peer.name for peer in a.peers] == ["b"]


def test_a_pulled_cable_stops_links_as_well() -> None:
    world = trio()
    apply(LinkDown("a", 3.0), world)
    a, b, _ = world.nodes
    assert a.whisper(b.uuid, b"#1")
    world.run_for(2.0)
    assert not any(isinstance(event, Whispered) for event in b.events)
    world.run_for(3.0)
    assert any(isinstance(event, Whispered) for event in b.events)


def test_weather_changes_and_changes_back() -> None:
    world = trio()
    before = world.network.conditions
    apply(Weather("lossy wifi", seconds=5.0), world)
    assert world.network.conditions == LOSSY_WIFI
    world.run_for(6.0)
    assert world.network.conditions == before
    assert Weather(loss=0.25).conditions.loss == 0.25


def test_a_laptop_that_was_unplugged_is_not_woken() -> None:
    world = trio()
    apply(Suspend("a", 5.0), world)
    apply(PowerOff("a"), world)
    world.run_for(6.0)
    assert world.nodes[0].box.power is Power.OFF


def test_a_process_does_not_run_while_its_computer_sleeps() -> None:
    world = trio()
    apply(Stall("a", 2.0), world)
    apply(Suspend("a", 5.0), world)
    world.run_for(3.0)
    assert world.nodes[0].host.stalled
    world.run_for(3.0)
    assert not world.nodes[0].host.stalled


def test_a_clock_never_goes_back() -> None:
    world = trio()
    clock = world.nodes[0].box.clock
    apply(Suspend("a", 5.0), world)
    apply(Suspend("a", 1.0), world)
    apply(ClockRate("a", 1.03), world)
    shown = []
    for _ in range(20):
        world.run_for(0.5)
        if world.nodes[0].box.power is Power.ON:
            shown.append(clock.now())
    assert shown == sorted(shown)


def test_a_dead_node_comes_back_at_its_old_place() -> None:
    world = trio()
    apply(Kill("a"), world)
    apply(Kill("a"), world)
    world.run_for(1.0)
    port = world.nodes[0].transport.tcp_port
    apply(Restart("a"), world)
    world.run_for(3.0)
    again = nodes_named(world, "a")[0]
    assert again is not world.nodes[0]
    assert again.transport.tcp_port == port
    assert names_here(world, "b") == {"a", "c"}


def test_what_programs_do() -> None:
    world = trio()
    a, b, c = world.nodes
    for action in (Leave("b", "G"), Contest("c", "G"), Whisper("a", "b", 2), Shout("a", "G")):
        apply(action, world)
        world.run_for(0.1)
    world.run_for(3.0)
    assert len([event for event in b.events if isinstance(event, Whispered)]) == 2
    assert len([event for event in c.events if isinstance(event, Shouted)]) == 1
    assert not any(isinstance(event, Shouted) for event in b.events)
    assert a.machine.leader("G") == c.uuid
    apply(Stop("c"), world)
    world.run_for(1.0)
    assert any(isinstance(event, Exit) and event.reason == "left" for event in a.events)


def test_a_step_is_over_when_the_history_is() -> None:
    assert Step(5.0, Stall("a", 10.0)).within(8.0) == Step(5.0, Stall("a", 3.0))
    assert Step(5.0, Kill("a")).within(8.0) == Step(5.0, Kill("a"))


def test_a_history_makes_its_world() -> None:
    members = (Member("a", box="desk"), Member("b", box="desk", plain=True), Member("c", late=True, clock_rate=1.01))
    history = History(members, 5.0, (Step(2.0, Restart("c")), Step(3.0, Join("a", "G"))))
    world = begin(history)
    world.run_for(1.5)
    a, b, c = world.nodes
    assert a.box is b.box
    assert not c.alive
    assert c.box.clock.rate == 1.01
    world.run_for(3.5)
    assert names_here(world, "c") == {"a", "b"}
    assert a.host.machine.own_groups == {"G"}
    assert "Restart(node='c', same_identity=False)" in history.text()
