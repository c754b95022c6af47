"""Reliable streams, in the simulator: whatever the network does, each message arrives once and in order."""

from __future__ import annotations

from typing import Any

import pytest

from tests.core.rig import Rig
from zyre.config import Limits, NodeConfig, Timing
from zyre.core.effects import Send
from zyre.core.outcome import Outcome
from zyre.events import ReliableShout, ReliableWhisper
from zyre.fates import Fate, Fates
from zyre.sim import World
from zyre.sim.checkers import all_checkers
from zyre.sim.conditions import LOSSY_WIFI
from zyre.sim.node import SimNode
from zyre.wire import batch, reliable, zre


def pair(seed: int = 1, *, conditions: Any = None, **config: Any) -> tuple[World, SimNode, SimNode]:
    world = World(seed, *(() if conditions is None else (conditions,)), checkers=all_checkers(), trace=False)
    settings = NodeConfig(**config)
    alice, bob = (world.node(name, groups=["G"], config=settings) for name in ("alice", "bob"))
    world.run_until(lambda: len(alice.peers) == len(bob.peers) == 1, 10)
    return world, alice, bob


def numbers(node: SimNode) -> list[int]:
    return [int(event.content[0]) for event in node.events if isinstance(event, ReliableWhisper)]


def fates(node: SimNode) -> Fates:
    return node.host.statistics().fates


class Pump:
    """Sends numbers as fast as there is room, and reads what arrives; breaks the connections now and then."""

    def __init__(self, world: World, source: SimNode, target: SimNode, count: int, every: float | None = None) -> None:
        self.world, self.source, self.target, self.count = world, source, target, count
        self.sent = 0
        self.reading = True
        self._run()
        if every is not None:
            self._reset(every)

    def _run(self) -> None:
        while self.sent < self.count and self.source.post(self.target, b"%d" % self.sent):
            self.sent += 1
        while self.reading and len(self.target.host.mailbox):
            self.target.host.mailbox.get_nowait()
        if self.sent < self.count or not self.reading:
            self.world.after(0.005, self._run)

    def _reset(self, every: float) -> None:
        self.world.reset(self.source, self.target)
        if self.sent < self.count:
            self.world.after(every, lambda: self._reset(every))


def test_a_message_arrives_and_its_receipt_says_so() -> None:
    world, alice, bob = pair()
    receipt = alice.post(bob, b"0", b"more")
    assert receipt
    assert receipt.fate is None
    assert fates(alice) == Fates(offered=1, in_flight=1) == alice.machine.fates(bob.uuid)
    world.run_for(1)
    assert bob.events[-1] == ReliableWhisper(alice.uuid, "alice", (b"0", b"more"), 0)
    assert receipt.fate is Fate.DELIVERED
    assert fates(alice) == Fates(offered=1, delivered=1) == alice.machine.fates(bob.uuid)


def test_whispers_and_shouts_are_in_one_order() -> None:
    world, alice, bob = pair()
    for number in range(4):
        alice.host.post_nowait(bob.uuid, "G" if number % 2 else "", (b"%d" % number,), alice.post(bob, b"between"))
    world.run_for(1)
    arrived = [event for event in bob.events if isinstance(event, (ReliableWhisper, ReliableShout))]
    assert [event.number for event in arrived] == list(range(8))
    assert b"".join(event.content[0][-1:] for event in arrived) == b"n0n1n2n3"
    assert [isinstance(event, ReliableShout) for event in arrived] == [False] * 3 + [True] + [False] * 3 + [True]


@pytest.mark.parametrize("seed", range(3))
def test_resets_lose_nothing_and_repeat_nothing(seed: int) -> None:
    world, alice, bob = pair(seed)
    Pump(world, alice, bob, 5000, every=0.05)
    world.run_until(lambda: fates(alice).delivered == 5000, 120)
    assert numbers(bob) == list(range(5000))
    assert fates(alice) == Fates(offered=fates(alice).offered, delivered=5000, refused=fates(alice).refused)


def test_both_ways_at_once_over_a_bad_network() -> None:
    world, alice, bob = pair(5, conditions=LOSSY_WIFI)
    Pump(world, alice, bob, 2000, every=0.3)
    Pump(world, bob, alice, 2000)
    world.run_until(lambda: fates(alice).delivered == fates(bob).delivered == 2000, 300)
    assert numbers(bob) == numbers(alice) == list(range(2000))


def test_an_absence_loses_nothing() -> None:
    """The peer expires, comes back as the same life, and the stream goes on."""
    world, alice, bob = pair(2, timing=Timing.within(6))
    pump = Pump(world, alice, bob, 20_000)
    world.partition([alice], [bob])
    world.run_for(20)
    assert not alice.peers
    assert fates(alice).in_flight > 0
    world.heal()
    world.run_until(lambda: pump.sent == fates(alice).delivered == 20_000, 60)
    assert numbers(bob) == list(range(20_000))


def test_an_absence_that_is_too_long_lets_them_expire() -> None:
    world, alice, bob = pair(2, timing=Timing(evasive=1, silent=2, expired=6, keep=10))
    world.partition([alice], [bob])
    receipt = alice.post(bob, b"0")
    world.run_for(10)
    assert receipt.fate is None
    world.run_for(10)
    assert receipt.fate is Fate.EXPIRED
    assert fates(alice).expired == 1


def test_a_new_life_of_the_peer_gets_what_had_not_left_and_the_rest_is_unknown() -> None:
    world, alice, bob = pair(3, timing=Timing.within(6), limits=Limits(window_messages=50))
    alice.post(bob, b"0")
    world.run_for(1)
    bob.host.stall()
    sent = [alice.post(bob, b"%d" % number) for number in range(1, 200)]
    world.run_for(1)
    bob.kill()
    again = world.restart(bob, same_identity=True)
    world.run_for(20)
    known = [receipt.fate for receipt in sent]
    assert known == [Fate.UNKNOWN] * known.count(Fate.UNKNOWN) + [Fate.DELIVERED] * known.count(Fate.DELIVERED)
    assert known.count(Fate.UNKNOWN) < len(known), "beyond the window nothing had left"
    assert numbers(again) == list(range(known.count(Fate.UNKNOWN) + 1, 200))


def test_a_new_life_of_the_sender_begins_a_new_stream() -> None:
    world, alice, bob = pair(3)
    alice.post(bob, b"0")
    world.run_for(1)
    alice.kill()
    again = world.restart(alice, same_identity=True)
    world.run_until(lambda: bool(again.peers), 20)
    again.post(bob, b"1")
    world.run_for(1)
    assert numbers(bob) == [0, 1]


def test_who_leaves_says_what_it_has_and_the_rest_is_lost() -> None:
    world, alice, bob = pair()
    first = alice.post(bob, b"0")
    world.run_for(1)
    second = alice.post(bob, b"1")
    bob.stop()
    world.run_for(1)
    assert (first.fate, second.fate) == (Fate.DELIVERED, Fate.LOST)
    assert fates(alice) == Fates(offered=2, delivered=1, lost=1)


def test_the_end_of_the_sender_ends_all_waiting() -> None:
    _, alice, bob = pair()
    bob.host.stall()
    receipt = alice.post(bob, b"0")
    alice.stop()
    assert receipt.fate is Fate.UNKNOWN
    assert fates(alice) == Fates(offered=1, unknown=1)


def test_a_plain_peer_is_not_bothered_and_the_sender_is_told() -> None:
    world = World(1, checkers=all_checkers())
    alice, plain = world.node("alice"), world.node("plain", extensions=())
    world.run_for(2)
    before = plain.host.statistics().messages_received
    assert alice.host.post_nowait(plain.uuid, "", (b"x",), alice.post("0" * 32)) is Outcome.PLAIN
    world.run_for(1)
    assert plain.host.statistics().messages_received == before
    assert alice.host.statistics().dropped == {"plain_peer": 1, "absent": 1}
    assert fates(alice) == Fates(offered=2, refused=2)


def test_what_is_kept_is_bounded_and_room_is_told() -> None:
    world, alice, bob = pair(limits=Limits(kept_messages=100, kept_bytes=1000))
    bob.host.stall()
    taken = sum(bool(alice.post(bob, b"%d" % number)) for number in range(200))
    assert taken == 100
    assert fates(alice).refused == 0, "nothing was taken, so nothing is refused"
    room: list[float] = []
    alice.host.on_room(lambda: room.append(world.now()))
    bob.resume()
    world.run_for(2)
    assert room
    big = [bool(alice.post(bob, bytes(600))) for _ in range(3)]
    assert big == [True, False, False]


def test_a_reader_that_sleeps_slows_its_senders_and_loses_nothing() -> None:
    """Credit: at most half the mailbox, and a few windows more, is on this side, and nothing is dropped."""
    world, alice, bob = pair(limits=Limits(mailbox_messages=1000, kept_messages=200))
    pump = Pump(world, alice, bob, 5000)
    pump.reading = False
    world.run_for(60)
    unread = len(bob.host.mailbox)
    assert 500 < unread <= 1000 // 2 + 2 * 1000 // 10
    assert pump.sent <= unread + 200
    assert len(bob.peers) == len(alice.peers) == 1
    pump.reading = True
    world.run_until(lambda: fates(alice).delivered == 5000, 60)
    assert numbers(bob) == list(range(5000))
    assert bob.host.statistics().dropped == {}


def test_a_tiny_queue_behind_the_link_only_delays() -> None:
    world, alice, bob = pair(4, limits=Limits(link_messages=3, inbox_messages=3))
    Pump(world, alice, bob, 1000, every=1.0)
    world.run_until(lambda: fates(alice).delivered == 1000, 120)
    assert numbers(bob) == list(range(1000))


# -- a peer that lies, on the bench ----------------------------------------------------------------------------------


def rig() -> tuple[Rig, Any]:
    made = Rig(extensions=("reliable",))
    return made, made.ready(headers={"X-ZYRE-EXT": "reliable"})


def send_batch(peer: Any, first: int, *contents: bytes, stream: int = 7) -> None:
    fields, *frames = batch.encode_batch(stream, first, [("", (content,)) for content in contents])
    peer.send(batch.BATCH, fields, *frames)


def test_messages_of_no_stream_or_of_a_former_one_are_not_taken() -> None:
    made, peer = rig()
    send_batch(peer, 0, b"x")
    peer.send(reliable.OPEN, reliable.encode_open(7, 0, 0))
    send_batch(peer, 0, b"x", stream=6)
    peer.send(reliable.OPEN, reliable.encode_open(6, 0, 0))
    send_batch(peer, 0, b"y", stream=6)
    assert made.events() == []
    send_batch(peer, 0, b"z")
    send_batch(peer, 0, b"z")
    assert [event.content for event in made.events()] == [(b"z",)]  # type: ignore[union-attr]


def test_what_follows_a_hole_is_not_taken_and_one_word_is_said() -> None:
    made, peer = rig()
    peer.send(reliable.OPEN, reliable.encode_open(7, 0, 0))
    made.effects()
    send_batch(peer, 1, b"b")
    send_batch(peer, 2, b"c")
    (said,) = [effect.frames[0] for effect in made.effects()]  # type: ignore[union-attr]
    assert reliable.decode_ack(said)[:1] == (reliable.GAP,)
    assert reliable.decode_ack(said).expected == 0
    send_batch(peer, 0, b"a", b"b", b"c")
    assert len(made.events()) == 3


def test_more_than_was_granted_is_a_violation_and_not_taken() -> None:
    made, peer = rig()
    peer.send(reliable.OPEN, reliable.encode_open(7, 0, 0))
    send_batch(peer, 0, *[b""] * 20_000)
    assert made.count("credit_exceeded") == 1
    assert made.events() == []


def test_confirming_what_was_never_sent_is_a_violation() -> None:
    made, peer = rig()
    made.machine.post(peer.id, 1, "", (b"x",), made.now)
    opening = next(
        effect.frames[0]
        for effect in made.effects()
        if zre.unpack_header(effect.frames[0])[0] == reliable.OPEN  # type: ignore[union-attr]
    )
    stream = reliable.decode_open(opening)[0]
    peer.send(reliable.ACK, reliable.encode_ack(reliable.Ack(0, stream, 1, 5, 100, 100)))
    peer.send(reliable.ACK, reliable.encode_ack(reliable.Ack(0, stream + 1, 1, 1, 100, 100)))
    assert made.count("ack_wrong") == 1
    assert made.machine.settled == []
    peer.send(reliable.ACK, reliable.encode_ack(reliable.Ack(0, stream, 1, 1, 100, 100)))
    assert made.machine.settled == [(1, Fate.DELIVERED)]


def test_a_lone_one_never_waits_and_what_follows_closely_travels_together() -> None:
    world, alice, bob = pair()
    flow = None
    for number in range(100):
        alice.post(bob, b"%d" % number)
        flow = alice.machine._reliable._outflows[bob.uuid]
        assert flow.sent == flow.next, "each alone"
        world.run_for(0.001)
    assert flow is not None
    received = bob.host.statistics().messages_received
    for number in range(100, 400):
        alice.post(bob, b"%d" % number)
    assert flow.sent < flow.next, "the last wait for others"
    world.run_for(0.01)
    assert numbers(bob) == list(range(400))
    assert bob.host.statistics().messages_received - received < 50


def test_who_leaves_takes_along_what_waits_for_others() -> None:
    world, alice, bob = pair()
    for number in range(50):
        alice.post(bob, b"%d" % number)
    assert alice.machine._reliable._outflows[bob.uuid].packing
    alice.stop()
    world.run_for(1)
    assert numbers(bob) == list(range(50))


def test_what_waits_for_others_outlives_its_link() -> None:
    world, alice, bob = pair()
    for number in range(50):
        alice.post(bob, b"%d" % number)
    world.reset(alice, bob)
    world.run_for(10)
    assert numbers(bob) == list(range(50))


def test_who_comes_back_is_asked_at_once_where_it_is_in_our_stream() -> None:
    made, peer = rig()
    made.machine.post(peer.id, 1, "", (b"x",), made.now)
    made.machine._membership.remove(peer.record, "crashed")
    made.effects()
    peer.hello(headers={"X-ZYRE-EXT": "reliable"})
    messages = [zre.unpack_header(effect.frames[0])[0] for effect in made.effects() if isinstance(effect, Send)]
    assert messages == [zre.HELLO, reliable.OPEN]
