"""The books of a node about its peers, in the simulator: they end closed and true, whatever the network does."""

from __future__ import annotations

import pytest

from tests.core.rig import Rig
from zyre.config import Limits, NodeConfig, Timing
from zyre.core.outqueue import octet_window_of
from zyre.events import Shout, Whisper
from zyre.sim import World
from zyre.sim.checkers import all_checkers
from zyre.statistics import Fates
from zyre.wire import tally, zre


def pair(extensions: tuple[str, ...] | None = None) -> tuple[World, list]:  # type: ignore[type-arg]
    world = World(1, checkers=all_checkers())
    nodes = [world.node("alice", groups=["G"]), world.node("bob", groups=["G"], extensions=extensions)]
    world.run_for(2)
    return world, nodes


def fates(node) -> Fates:  # type: ignore[no-untyped-def]
    return node.host.statistics().fates  # type: ignore[no-any-return]


def test_what_arrived_is_confirmed() -> None:
    world, (alice, bob) = pair()
    alice.whisper(bob, b"one")
    alice.shout("G", b"two")
    assert fates(alice) == Fates(offered=2, in_flight=2)
    world.run_for(3)
    assert fates(alice) == Fates(offered=2, delivered=2)
    assert alice.host.ask("fates", bob.uuid) == Fates(offered=2, delivered=2)
    assert fates(bob) == Fates()


def test_what_a_reset_destroys_is_known_to_be_lost() -> None:
    world, (alice, bob) = pair()
    alice.whisper(bob, b"#0")
    world.run_for(1)
    for number in range(1, 6):
        alice.whisper(bob, b"#%d" % number)
    world.reset(alice, bob)
    world.run_for(3)
    assert fates(alice) == Fates(offered=6, delivered=1, lost=5)
    alice.whisper(bob, b"#6")
    world.run_for(3)
    assert fates(alice) == Fates(offered=7, delivered=2, lost=5)


def test_what_is_destroyed_before_anything_arrived_is_unknown_because_nobody_had_begun_to_count() -> None:
    world, (alice, bob) = pair()
    alice.whisper(bob, b"#0")
    world.reset(alice, bob)
    world.run_for(3)
    assert fates(alice) == Fates(offered=1, unknown=1)


def test_whoever_is_not_here_is_refused() -> None:
    world, (alice, bob) = pair()
    bob.stop()
    world.run_for(3)
    alice.whisper(bob, b"hello?")
    assert fates(alice) == Fates(offered=1, refused=1)
    assert alice.host.ask("fates", bob.uuid) is None


def test_who_leaves_says_first_what_arrived() -> None:
    world, (alice, bob) = pair()
    for number in range(5):
        alice.whisper(bob, b"#%d" % number)
    world.run_for(0.05)
    bob.stop()
    world.run_for(1)
    assert fates(alice) == Fates(offered=5, delivered=5)


def test_who_dies_takes_the_knowledge_with_him() -> None:
    world, (alice, bob) = pair()
    alice.whisper(bob, b"hello?")
    bob.host.kill()
    world.run_for(40)
    assert fates(alice) == Fates(offered=1, unknown=1)


def test_plain_peers_confirm_nothing_and_are_asked_nothing() -> None:
    world, (alice, bob) = pair(extensions=())
    alice.whisper(bob, b"hello")
    before = bob.host.statistics().messages_received
    world.run_for(3)
    assert fates(alice) == Fates(offered=1, unknown=1)
    assert bob.host.statistics().violations == {}
    assert before <= bob.host.statistics().messages_received <= before + 1


@pytest.mark.parametrize(("beacons", "deadlines"), [(100, 2), (1_000_000, 1)])
def test_who_beacons_among_any_number_of_peers_needs_no_timer_to_look_for_what_to_ask(
    beacons: int, deadlines: int
) -> None:
    """A beacon that may come up to two seconds late where there are many would leave too much unasked."""
    timing = Timing(ask=5.0, evasive=5.0, silent=10.0, expired=30.0)
    world = World(1)
    node = world.node("alice", config=NodeConfig(timing=timing, limits=Limits(beacons=beacons)))
    world.run_for(5)
    assert len(node.machine.deadlines) == deadlines


def test_an_idle_node_asks_nothing() -> None:
    world, (alice, bob) = pair()
    alice.whisper(bob, b"hello")
    world.run_for(4)
    sent = alice.host.statistics().messages_sent
    world.run_for(4)
    assert alice.host.statistics().messages_sent == sent


@pytest.mark.parametrize("answer", [tally.Tallied(0, 9, 0, 9), tally.Tallied(0, 1, 0, 2), tally.Tallied(0, 0, 1, 0)])
def test_an_impossible_answer_is_a_violation(answer: tally.Tallied) -> None:
    rig = Rig(extensions=("tally",))
    peer = rig.ready(headers={"X-ZYRE-EXT": "tally"})
    rig.machine.whisper(peer.id, (b"x",))
    peer.send(tally.TALLIED, tally.encode_tallied(answer._replace(link=peer.link)))
    assert rig.count("tally_wrong") == 1
    peer.send(tally.TALLIED, tally.encode_tallied(answer._replace(link=peer.link + 1)))
    assert rig.count("tally_wrong") == 1, "that is about another link"
    peer.send(zre.PING)
    assert rig.machine.statistics(unread=0, mailbox_dropped=0, beacons_sent=0, beacons_failed=0).fates.balanced


@pytest.mark.parametrize("how", ["whisper", "shout", "bundle"])
def test_no_more_octets_are_on_their_way_than_there_may_be_and_the_rest_waits_and_leaves_in_order(how: str) -> None:
    """Whose node does not read holds no more than that of ours, however large messages are."""
    world = World(1, checkers=all_checkers())
    limits = Limits(link_bytes=800_000)
    alice, bob = (world.node(name, groups=["G"], config=NodeConfig(limits=limits)) for name in ("alice", "bob"))
    world.run_for(2)
    sent = [b"%d" % number + bytes(10_000) for number in range(60)]
    for number in range(0, 60, 2):
        if how == "bundle":
            assert alice.bundle(bob, sent[number : number + 2]) == 2
        else:
            for content in sent[number : number + 2]:
                assert alice.whisper(bob, content) if how == "whisper" else alice.shout("G", content)
    record = alice.machine._directory.by_id[bob.uuid]
    assert record.queue
    window = octet_window_of(limits)
    assert window <= record.account.unsettled_weight < window + 30_000
    world.run_for(3)
    assert not record.queue
    assert record.account.unsettled_weight == 0
    assert [event.content[0] for event in bob.events if isinstance(event, (Whisper, Shout))] == sent
    assert fates(alice) == Fates(offered=60, delivered=60)
