"""Nodes that keep their identity: restarts, sight lost and found again, and two of one identity, in virtual time."""

from __future__ import annotations

import pytest

from zyre.config import NodeConfig, Timing
from zyre.endpoint import Endpoint
from zyre.events import Collision, Enter, Event, Exit, Gap, Join, Leave, Updated
from zyre.sim import SimNode, World, all_checkers, check_agreement
from zyre.sim.accounts import Calm
from zyre.sim.checkers import Bounds, Lifecycle, Lives

QUICK = NodeConfig(timing=Timing.within(6))


def told(node: SimNode, *kinds: type[Event]) -> list[Event]:
    return [event for event in node.events if isinstance(event, kinds)]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("polite", [False, True])
def test_two_hundred_restarts_a_minute_are_as_many_exits_and_entries(seed: int, polite: bool) -> None:
    world = World(seed, checkers=all_checkers())
    watchers = [world.node(f"watcher{number}", groups=["G"]) for number in range(3)]
    node = world.node("busy", groups=["G"])
    world.run_for(2.0)
    for _ in range(60):
        if polite:
            node.stop()
        else:
            node.kill()
        world.run_for(0.05)
        node = world.restart(node, same_identity=True)
        world.run_for(0.25)
    world.run_for(3.0)
    check_agreement(world)
    for watcher in watchers:
        lives = [event for event in told(watcher, Enter, Exit) if event.peer == node.uuid]
        entered, gone = lives[::2], lives[1::2]
        assert all(isinstance(event, Enter) for event in entered)
        assert {event.reason for event in gone if isinstance(event, Exit)} == {"left" if polite else "replaced"}
        assert len(entered) == len(gone) + 1 == 61
        assert told(watcher, Collision) == []


@pytest.mark.parametrize("seed", range(5))
def test_who_was_out_of_sight_on_one_side_did_not_leave_on_the_other(seed: int) -> None:
    """Bob expires alice, who cannot be heard, while she hears him all the time."""
    world = World(seed, checkers=all_checkers())
    alice = world.node("alice", config=QUICK, headers={"load": "1"}, groups=["G"])
    bob = world.node("bob", config=QUICK, groups=["G"])
    world.run_for(2.0)
    world.network.block([alice.box], [bob.box])
    world.run_for(1.0)
    bob.host.change("set_header", "load", "7")
    alice.join("H")
    world.run_for(8.0)
    assert [event.reason for event in told(bob, Exit) if isinstance(event, Exit)] != []
    world.heal()
    world.run_for(20.0)
    check_agreement(world)
    assert len(told(bob, Enter)) == 2
    if not told(alice, Exit):
        assert len(told(alice, Enter)) == 1
        assert [type(event) for event in told(alice, Join, Leave, Updated)] == [Join, Updated]


def pair_of_twins(seed: int) -> tuple[World, SimNode, SimNode, SimNode, SimNode]:
    world = World(seed, checkers=(Lifecycle(), Lives(), Bounds(), Calm()))  # Accounts tells senders by identity
    third, plain = world.node("third", groups=["G"]), world.node("plain", extensions=())
    early = world.node("early", groups=["G"])
    world.run_for(3.0)
    late = world.node("late", identity=early.uuid, groups=["G"])
    return world, third, plain, early, late


@pytest.mark.parametrize("seed", range(10))
def test_of_two_that_live_the_later_one_stays(seed: int) -> None:
    world, third, plain, early, late = pair_of_twins(seed)
    world.run_for(10.0)
    (mine,), (theirs,), (seen,) = (told(node, Collision) for node in (late, early, third))
    assert isinstance(mine, Collision)
    assert (mine.name, mine.rival_name, mine.lost) == ("late", "early", False)
    assert (theirs.name, theirs.rival_name, theirs.lost) == ("late", "early", True)
    assert (seen.name, seen.rival_name, seen.lost) == ("late", "early", False)
    assert (mine.rival_address, seen.address) == (early.host.endpoint, late.host.endpoint)
    assert {event.reason for event in told(early, Exit)} == {"collision"}
    assert len(early.peers) == 0
    assert {peer.name for peer in late.peers} == {"third", "plain"}
    for other in (third, plain):
        assert other.peers[late.uuid].name == "late"
    assert [event.reason for event in told(third, Exit)] == ["replaced"]
    assert third.machine._groups.members("G").keys() == {late.uuid}
    early.stop()
    world.run_for(40.0)
    assert third.peers[late.uuid].name == plain.peers[late.uuid].name == "late"
    assert len(told(third, Exit)) == 1


@pytest.mark.parametrize("seed", range(5))
def test_two_that_were_apart_meet(seed: int) -> None:
    world = World(seed, checkers=(Lifecycle(), Lives(), Bounds(), Calm()))
    third, early = world.node("third", config=QUICK), world.node("early", config=QUICK)
    world.run_for(2.0)
    late = world.node("late", identity=early.uuid, config=QUICK, start=False)
    world.partition([third, early], [late])
    late.start()
    world.run_for(10.0)
    assert third.peers[early.uuid].name == "early"
    world.heal()
    world.run_for(30.0)
    assert third.peers[late.uuid].name == "late"
    assert len(early.peers) == 0
    assert [len(told(node, Collision)) for node in (early, late)] == [1, 1]


@pytest.mark.parametrize("seed", range(5))
def test_without_beacons_a_third_one_makes_them_known_to_each_other(seed: int) -> None:
    world = World(seed, checkers=(Lifecycle(), Lives(), Bounds(), Calm()))
    third = world.node("third", port=0, config=QUICK)
    early = world.node("early", port=0, config=QUICK)
    late = world.node("late", port=0, identity=early.uuid, config=QUICK)
    from zyre.sim.actions import Connect

    for name in ("early", "late"):
        Connect(name, "third").apply(world)
        world.run_for(2.0)
    world.run_for(60.0)
    assert third.peers[late.uuid].name == "late"
    assert [event.lost for event in told(early, Collision)] == [True]
    assert [event.lost for event in told(late, Collision)] == [False]


@pytest.mark.parametrize("seed", range(3))
def test_a_clock_that_went_back_delays_a_restart_and_no_more(seed: int) -> None:
    world = World(seed, checkers=all_checkers())
    watcher, node = world.node("watcher", config=QUICK), world.node("node", config=QUICK)
    world.run_for(2.0)
    node.kill()
    again = world.node("node", box=node.box, identity=node.uuid, config=QUICK, incarnation=1)
    world.run_until(lambda: len(told(watcher, Enter)) == 2 and bool(again.peers), 40.0)
    check_agreement(world)


def two_in_both_networks(seed: int) -> tuple[World, SimNode, SimNode]:
    world = World(seed, checkers=all_checkers())
    networks = ("lan", "cellar"), ("cellar", "lan")
    one, other = (
        world.node(name, box=world.box(name, segments=each)) for name, each in zip("ab", networks, strict=True)
    )
    world.run_for(3.0)
    return world, one, other


@pytest.mark.parametrize("seed", range(5))
def test_whoever_follows_a_dead_node_at_its_port_is_known_by_every_interface(seed: int) -> None:
    """Or there would be two links to the living one, and libzmq takes two links of one sender for one."""
    world, watcher, node = two_in_both_networks(seed)
    node.kill()
    again = world.restart(node)
    world.run_for(3.0)
    assert [event.reason for event in told(watcher, Exit) if isinstance(event, Exit)] == ["replaced"]
    assert [peer.uuid for peer in watcher.peers] == [again.uuid]
    assert watcher.transport.link_count == 1


@pytest.mark.parametrize("seed", range(5))
def test_a_peer_that_is_known_already_is_not_called_a_second_time_by_its_other_interface(seed: int) -> None:
    world, one, other = two_in_both_networks(seed)
    for port in other.box.ports.values():
        one.host.change("connect", Endpoint("tcp", port.address, other.transport.tcp_port), None)
    world.run_for(60.0)
    assert one.transport.link_count == other.transport.link_count == 1
    assert told(one, Gap, Exit) == told(other, Gap, Exit) == []


@pytest.mark.parametrize("seed", range(5))
def test_who_answers_an_explicit_connection_is_reached_by_it_from_then_on(seed: int) -> None:
    """Also if it was known by another address: it counts what comes by the link on which it was greeted last."""
    world = World(seed, checkers=all_checkers())
    hub = world.node("hub", box=world.box("hub", segments=("lan", "cellar")))
    node, helper = world.node("node", port=0, box=world.box("node", segments=("lan", "cellar"))), world.node("helper")
    ports = [Endpoint("tcp", port.address, hub.transport.tcp_port) for port in hub.box.ports.values()]
    node.host.change("connect", ports[0], hub.uuid)
    world.run_until(lambda: bool(node.peers), 10)
    node.host.change("connect", ports[1], None)
    world.run_for(60.0)
    assert node.peers[hub.uuid].address == str(ports[1])
    assert node.transport.link_count == len(node.peers)
    assert told(hub, Gap, Exit) == told(node, Gap, Exit) == []
    assert helper.peers
