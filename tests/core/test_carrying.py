"""Large messages in pieces, in the simulator: what else there is to say goes between them."""

from __future__ import annotations

from typing import Any

import pytest

from zyre.config import Limits, NodeConfig, Timing
from zyre.core.checkpoint import freeze, thaw
from zyre.core.outcome import Outcome
from zyre.events import DurableWhisper, Exit, ReliableWhisper, Shout, Whisper
from zyre.fates import Fate, Fates
from zyre.sim import World
from zyre.sim.accounts import Accounts
from zyre.sim.checkers import all_checkers
from zyre.sim.node import SimNode
from zyre.wire import chunk, zre

#: So small that a message of some thousands of octets is a large one.
SMALL = Limits(chunk_bytes=500, chunk_window=2000)


def pair(seed: int = 1, *, plain: bool = False, limits: Limits = SMALL, **more: Any) -> tuple[World, SimNode, SimNode]:
    """The accounts of the simulator follow whispers from link to link, and these are none there."""
    checkers = [checker for checker in all_checkers() if not isinstance(checker, Accounts)]
    world = World(seed, checkers=checkers, trace=False)
    config = NodeConfig(limits=limits, timing=Timing.within(6))
    alice = world.node("alice", groups=["G"], config=config, **more)
    bob = world.node("bob", groups=["G"], config=config, extensions=() if plain else None, **more)
    world.run_until(lambda: len(alice.peers) == len(bob.peers) == 1, 10)
    return world, alice, bob


def body(size: int) -> bytes:
    return bytes(number % 251 for number in range(size))


def contents(node: SimNode) -> list[tuple[bytes, ...]]:
    return [event.content for event in node.events if isinstance(event, (Whisper, Shout))]


def sizes(node: SimNode) -> list[int]:
    return [sum(map(len, content)) for content in contents(node)]


def fates(node: SimNode) -> Fates:
    return node.host.statistics().fates


@pytest.mark.parametrize(
    "frames",
    [
        (body(2001),),
        (body(100_000),),
        (b"", body(5000), b"", b"x", b""),
        tuple(body(number % 40) for number in range(1000)),
        (body(500), body(500), body(500), body(501)),
    ],
    ids=["just", "large", "empty frames", "thousand", "even"],
)
def test_it_arrives_as_it_was(frames: tuple[bytes, ...]) -> None:
    world, alice, bob = pair()
    assert alice.whisper(bob, *frames)
    assert fates(alice) == Fates(offered=1, in_flight=1)
    world.run_for(2)
    assert contents(bob) == [frames]
    assert type(bob.events[-1]) is Whisper
    assert fates(alice) == Fates(offered=1, delivered=1) == alice.machine.fates(bob.uuid)
    assert not alice.machine.counters.violations
    assert not bob.machine.counters.violations


def test_a_shout_does_too() -> None:
    world, alice, bob = pair()
    assert alice.shout("G", body(5000)) == 1
    world.run_for(2)
    assert bob.events[-1] == Shout(alice.uuid, "alice", "G", (body(5000),))


def test_small_ones_go_between_and_no_more_is_on_the_way_than_a_window() -> None:
    world, alice, bob = pair()
    assert alice.whisper(bob, body(100_000))
    assert world.network.queued + alice.transport.waiting <= 5
    assert alice.whisper(bob, b"small")
    world.run_for(5)
    assert sizes(bob) == [5, 100_000]
    assert fates(alice).delivered == 2


def test_several_follow_each_other_and_too_many_wait() -> None:
    world, alice, bob = pair(limits=Limits(chunk_bytes=500, chunk_window=2000, kept_bytes=12_000))
    assert alice.whisper(bob, body(5000))
    assert alice.whisper(bob, body(6000))
    assert alice.host.whisper_nowait(bob.uuid, (body(7000),)) is Outcome.BLOCKED
    assert alice.whisper(bob, b"small")
    world.run_for(5)
    assert alice.whisper(bob, body(7000))
    world.run_for(5)
    assert sizes(bob) == [5, 5000, 6000, 7000]


def test_who_waits_for_room_gets_it_or_is_refused_in_the_end() -> None:
    world, alice, bob = pair(limits=Limits(chunk_bytes=500, chunk_window=2000, kept_bytes=12_000))
    sent: list[bool] = []

    def program() -> None:
        sent.append(alice.host.whisper(bob.uuid, (body(10_000),)))
        sent.append(alice.host.whisper(bob.uuid, (body(10_000),)))
        bob.host.stall()
        sent.append(alice.host.whisper(bob.uuid, (body(10_000),)))
        sent.append(alice.host.whisper(bob.uuid, (body(10_000),)))

    world.spawn(program)
    world.run_until(lambda: len(sent) == 4, 20)
    assert sent == [True, True, False, False]
    bob.resume()
    world.run_for(5)
    assert sizes(bob) == [10_000] * 2
    assert fates(alice) == Fates(offered=4, delivered=2, refused=2)
    assert alice.host.statistics().dropped["peer_slow"] == 2


def test_a_plain_peer_gets_one_message() -> None:
    world, alice, bob = pair(plain=True)
    assert alice.whisper(bob, body(5000))
    world.run_for(1)
    assert contents(bob) == [(body(5000),)]


@pytest.mark.parametrize("seed", range(4))
def test_resets_do_not_keep_it_from_arriving_once(seed: int) -> None:
    world, alice, bob = pair(seed)
    assert alice.whisper(bob, body(1_000_000))
    for tenth in range(5):
        world.after(0.01 + tenth * seed / 10, lambda: world.reset(alice, bob))
    world.run_for(40)
    assert contents(bob) == [(body(1_000_000),)]
    assert fates(alice) == Fates(offered=1, delivered=1)


def test_who_dies_in_the_middle_is_lost_and_forgotten_on_both_sides() -> None:
    world, alice, bob = pair()
    alice.whisper(bob, body(500_000))
    bob.whisper(alice, body(500_000))
    world.run_for(0.01)
    parts = [alice.machine._handlers[chunk.CHUNK].__self__, bob.machine._handlers[chunk.CHUNK].__self__]
    assert all(part._expected == 500_000 for part in parts)
    bob.kill()
    world.run_until(lambda: any(isinstance(event, Exit) for event in alice.events), 20)
    assert fates(alice) == Fates(offered=1, lost=1)
    assert (parts[0]._expected, parts[0]._arriving, parts[0]._carriages) == (0, {}, {})


def test_what_is_too_large_is_refused() -> None:
    world, alice, bob = pair(limits=Limits(chunk_bytes=500, chunk_window=2000, unfinished_bytes=10_000))
    alice.whisper(bob, body(11_000))
    alice.whisper(bob, body(9000))
    world.run_for(5)
    assert sizes(bob) == [9000]
    assert fates(alice) == Fates(offered=2, delivered=1, refused=1)
    assert bob.host.statistics().dropped == {"too_large": 1}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("durable", [False, True])
def test_a_stream_goes_on_in_order_around_its_large_ones(seed: int, durable: bool) -> None:
    world, alice, bob = pair(seed, store=durable)
    send = alice.keep if durable else alice.post
    sent = [body(100_000) if number % 5 == 2 else b"%d" % number for number in range(20)]
    for content in sent:
        assert send(bob, content)
    for tenth in range(5):
        world.after(0.01 + tenth * seed / 10, lambda: world.reset(alice, bob))

    def read() -> None:
        while len(bob.host.mailbox):
            bob.host.mailbox.get_nowait()
        bob.host.mailbox.finish()
        world.after(0.05, read)

    read()
    world.run_until(lambda: fates(alice).delivered == 20, 60)
    kind = DurableWhisper if durable else ReliableWhisper
    assert [event.content[0] for event in bob.events if isinstance(event, kind)] == sent


def say(node: SimNode, sender: SimNode, message_id: int, fields: bytes, *octets: bytes) -> None:
    record = node.machine._directory.by_id[sender.uuid]
    header = zre.pack_header(message_id, record.received + 1)
    node.machine.receive_frames([b"\x01" + sender.uuid.octets, header + fields, *octets], world_now(node))


def world_now(node: SimNode) -> float:
    return float(node.box.clock.now())


def test_pieces_that_make_no_message_are_violations_and_cost_nothing() -> None:
    world, alice, bob = pair()
    for transfer, head in enumerate((bytes((zre.HELLO,)), bytes((chunk.CHUNK,)), b"\xff"), 1):
        say(bob, alice, chunk.CHUNK, *chunk.encode_chunk(chunk.Chunk(transfer, 0, b"abc", head, (3,))))
    assert bob.machine.counters.violations == {"frame_malformed": 3}
    say(bob, alice, chunk.CHUNK, *chunk.encode_chunk(chunk.Chunk(9, 0, b"abc", bytes((zre.WHISPER,)), (5,))))
    say(bob, alice, chunk.CHUNK, *chunk.encode_chunk(chunk.Chunk(9, 3, b"abcdef")))
    assert bob.machine.counters.violations == {"frame_malformed": 4}
    assert contents(bob) == []
    assert bob.machine._handlers[chunk.CHUNK].__self__._expected == 0
    alice.whisper(bob, body(5000))
    world.run_for(1)
    assert sizes(bob) == [5000]


def test_who_claims_more_than_there_is_is_a_violation() -> None:
    world, alice, bob = pair()
    alice.whisper(bob, body(50_000))
    say(alice, bob, chunk.CHUNKED, chunk.encode_chunked(chunk.Chunked(0, 1, 60_000)))
    assert alice.machine.counters.violations == {"ack_wrong": 1}
    world.run_for(5)
    assert sizes(bob) == [50_000]


def test_a_node_that_stops_ends_them() -> None:
    world, alice, bob = pair()
    alice.whisper(bob, body(500_000))
    alice.stop()
    assert fates(alice) == Fates(offered=1, unknown=1)
    world.run_for(5)
    assert contents(bob) == []
    assert Fate.UNKNOWN in alice.machine.counters.ledger.ends


def test_a_machine_with_half_a_message_is_frozen_and_thawed() -> None:
    world, alice, bob = pair()
    pieces = [chunk.Chunk(1, 0, body(700), bytes((zre.WHISPER,)), (1000, 0, 400)), chunk.Chunk(1, 700, body(700))]
    say(bob, alice, chunk.CHUNK, *chunk.encode_chunk(pieces[0]))
    thawed = thaw(freeze(bob.machine))
    told = []
    for machine in (bob.machine, thawed):
        record = machine._directory.by_id[alice.uuid]
        fields, octets = chunk.encode_chunk(pieces[1])
        header = zre.pack_header(chunk.CHUNK, record.received + 1)
        machine.receive_frames([b"\x01" + alice.uuid.octets, header + fields, octets], world.now())
        told.append(machine.take_events())
    assert told[0] == told[1]
    whole = body(700) + body(700)
    assert told[0][0].content == (whole[:1000], b"", whole[1000:])
