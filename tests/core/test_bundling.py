"""Bundles between simulated nodes: what is sent together arrives as it would one by one, and the books say so."""

from __future__ import annotations

import pytest

from tests.core.rig import Rig
from zyre.config import Limits, NodeConfig
from zyre.core.effects import LinkBlocked, LinkWritable, Send
from zyre.core.outcome import Outcome
from zyre.core.outqueue import window_of
from zyre.events import Shout, Whisper
from zyre.sim import World
from zyre.sim.checkers import all_checkers
from zyre.sim.world import SimNode
from zyre.statistics import Fates
from zyre.wire import bundle

PLAIN = ("tally",)
MANY = [b"text %d" % number for number in range(20)]


def trio(*extensions: tuple[str, ...] | None, limits: Limits | None = None) -> tuple[World, list[SimNode]]:
    world = World(1, checkers=all_checkers())
    nodes = [
        world.node(name, groups=["G"], extensions=each, config=NodeConfig(limits=limits or Limits()))
        for name, each in zip(("alice", "bob", "carol"), (None, *extensions), strict=False)
    ]
    world.run_for(2)
    return world, nodes


def heard(node: SimNode) -> list[bytes]:
    return [event.content[0] for event in node.events if isinstance(event, (Whisper, Shout))]


def messages(node: SimNode) -> int:
    return node.host.statistics().messages_sent


def test_what_understands_it_gets_one_frame_and_others_one_for_each() -> None:
    world, (alice, bob, carol) = trio(None, PLAIN)
    before = messages(alice)
    assert alice.bundle(bob, MANY) == 20
    assert messages(alice) == before + 2  # and a tally before the first
    assert alice.bundle(carol, MANY) == 20
    assert messages(alice) == before + 23
    world.run_for(3)
    assert heard(bob) == heard(carol) == MANY
    assert alice.host.statistics().fates == Fates(offered=40, delivered=40)


def test_who_does_not_tally_gets_none_because_nothing_would_bound_them() -> None:
    world, (alice, bob) = trio(("bundle",))
    before = messages(alice)
    alice.bundle(bob, MANY)
    assert messages(alice) == before + 20
    world.run_for(1)
    assert heard(bob) == MANY


def test_order_is_kept_between_bundled_and_other_messages() -> None:
    world, (alice, bob) = trio(None)
    alice.whisper(bob, b"first")
    alice.bundle(bob, [b"a", b"bb"])
    alice.shout("G", b"between")
    alice.bundle(bob, [b"c", b"d"], group="G")
    alice.whisper(bob, b"last")
    world.run_for(1)
    assert heard(bob) == [b"first", b"a", b"bb", b"between", b"c", b"d", b"last"]
    assert [type(event) for event in bob.events[-3:]] == [Shout, Shout, Whisper]


def test_a_shout_of_many_reaches_members_of_both_kinds_and_nobody_else() -> None:
    world, (alice, bob, carol) = trio(None, PLAIN)
    assert alice.shout_many("G", MANY) == 40
    world.run_for(1)
    assert heard(bob) == heard(carol) == MANY
    carol.leave("G")
    world.run_for(1)
    assert alice.shout_many("G", MANY) == 20
    assert alice.bundle(carol, MANY, group="G") == 0
    world.run_for(3)
    assert alice.host.statistics().fates == Fates(offered=80, delivered=60, refused=20)


def test_who_is_not_here_is_refused() -> None:
    world, (alice, bob) = trio(None)
    bob.stop()
    world.run_for(1)
    assert alice.bundle(bob, MANY) == 0
    assert alice.host.statistics().dropped == {"absent": 20}
    assert alice.host.statistics().fates == Fates(offered=20, refused=20)


def test_what_a_reset_destroys_is_lost_by_the_message() -> None:
    world, (alice, bob) = trio(None)
    alice.bundle(bob, MANY)
    world.run_for(2)
    alice.bundle(bob, MANY)
    world.reset(alice, bob)
    world.run_for(3)
    assert alice.host.statistics().fates == Fates(offered=40, delivered=20, lost=20)


def test_no_more_are_on_their_way_than_there_may_be() -> None:
    """Who takes nothing makes its sender wait, whatever else is said; what it takes then lets it go on."""
    limits = Limits(link_messages=50, inbox_messages=50)
    world, (alice, bob) = trio(None, limits=limits)
    sent = 0
    while alice.bundle(bob, MANY):
        sent += 20
    assert window_of(limits) <= sent < window_of(limits) + 20
    assert alice.host.statistics().fates == Fates(offered=sent, in_flight=sent)
    room: list[bool] = []
    alice.host.on_room(lambda: room.append(True))
    world.run_for(2)
    assert room
    assert alice.bundle(bob, MANY) == 20
    world.run_for(3)
    assert heard(bob) == [*MANY * (sent // 20), *MANY]
    assert alice.host.statistics().fates == Fates(offered=sent + 20, delivered=sent + 20)


def test_patience_with_who_takes_nothing_ends_and_begins_anew() -> None:
    world, (alice, bob) = trio(None, limits=Limits(link_messages=20, inbox_messages=20))
    while alice.bundle(bob, MANY):
        pass
    alice.host.shed(bob.uuid)
    assert alice.bundle(bob, MANY) == 0
    assert not alice.whisper(bob, b"x")
    assert alice.host.statistics().dropped == {"peer_slow": 21}
    world.run_for(3)
    assert alice.bundle(bob, MANY) == 20
    world.run_for(3)
    assert alice.host.statistics().fates == Fates(offered=81, delivered=60, refused=21)


def test_room_comes_when_who_took_nothing_is_gone() -> None:
    world, (alice, bob) = trio(None, limits=Limits(link_messages=20, inbox_messages=20))
    while alice.bundle(bob, MANY):
        pass
    room: list[bool] = []
    alice.host.on_room(lambda: room.append(True))
    bob.kill()
    world.run_for(15)
    assert room
    assert alice.bundle(bob, MANY) == 0


def test_who_was_turned_down_while_the_link_was_full_hears_of_its_room() -> None:
    """Though nothing waits in front of the link, because too much is on its way already."""
    limits = Limits(link_messages=50, inbox_messages=50)
    rig = Rig(extensions=("bundle", "tally"), limits=limits)
    peer = rig.ready(headers={"X-ZYRE-EXT": "bundle tally"})
    rig.machine.join("A", rig.now)
    (join,) = (effect for effect in rig.machine.effects if isinstance(effect, Send))
    while peer.record.account.unsettled < window_of(limits):
        assert rig.machine.bundle(peer.id, "", [(b"x",)] * 20) is Outcome.SENT
    rig.machine.effects.clear()
    rig.machine.receive_report(LinkBlocked(peer.link, join.frames), rig.now)
    assert rig.machine.bundle(peer.id, "", [(b"x",)] * 20) is Outcome.BLOCKED
    assert not rig.machine.settled
    rig.machine.receive_report(LinkWritable(peer.link), rig.now)
    assert rig.machine.settled, "who waits for room looks again"


@pytest.mark.parametrize("contents", [[b""], [], [b"hello", b""]])
def test_a_broken_one_is_counted_and_nothing_else(contents: list[bytes]) -> None:
    rig = Rig(extensions=("bundle", "tally"))
    peer = rig.ready(headers={"X-ZYRE-EXT": "bundle tally"})
    fields, body = bundle.encode_bundle("", [(b"hello",)])
    peer.send(bundle.BUNDLE, fields, *contents)
    assert rig.count("frame_malformed") == 1
    peer.send(bundle.BUNDLE, fields, body)
    assert [event for event in rig.events() if isinstance(event, Whisper)] == [Whisper(peer.id, peer.name, (b"hello",))]
