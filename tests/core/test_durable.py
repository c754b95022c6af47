"""Durable streams, in the simulator: kept on a modelled disk, taken once, whatever dies meanwhile."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.core.rig import LOCALITY, Rig, peer_id
from zyre.config import Limits, NodeConfig, Timing
from zyre.core.checkpoint import freeze, thaw
from zyre.core.effects import KeptLetter, NotPersisted, Persisted, Restored, Send, Taken
from zyre.core.host import Empty
from zyre.core.outcome import Outcome
from zyre.events import DurableShout, DurableWhisper, Enter
from zyre.fates import Fate, Fates
from zyre.sim import World
from zyre.sim.checkers import all_checkers
from zyre.sim.node import Receipt, SimNode
from zyre.wire import batch, durable, zre


class Program:
    """What reads a node, life after life, and keeps the number of the last message beside its work."""

    def __init__(self, world: World, node: SimNode, *, reads: bool = True) -> None:
        self.world, self.node, self.reads = world, node, reads
        self.done: list[bytes] = []
        self.again = 0
        self._last = (0, 0)
        self._run()

    def _run(self) -> None:
        if self.reads and self.node.alive and not self.node.host.stalled:
            try:
                while True:
                    self.take(self.node.host.mailbox.get_nowait())
            except Empty:
                pass
        self.world.after(0.01, self._run)

    def take(self, event: object) -> None:
        if isinstance(event, (DurableWhisper, DurableShout)):
            if (place := (event.stream, event.number)) <= self._last:
                self.again += 1
                return
            self._last = place
            self.done.append(event.content[0])


def pair(seed: int = 1, *, reads: bool = True, **config: Any) -> tuple[World, SimNode, SimNode, Program]:
    world = World(seed, checkers=all_checkers(), trace=False)
    settings = NodeConfig(**config)
    alice, bob = (world.node(name, groups=["G"], config=settings, store=True) for name in ("alice", "bob"))
    world.run_until(lambda: len(alice.peers) == len(bob.peers) == 1, 10)
    return world, alice, bob, Program(world, bob, reads=reads)


def numbers(first: int, last: int) -> list[bytes]:
    return [b"%d" % number for number in range(first, last)]


def fates(node: SimNode) -> Fates:
    return node.host.statistics().fates


def disk(node: SimNode) -> Any:
    return node.host.store


def test_a_message_is_on_disk_and_then_taken_and_then_confirmed_and_gone() -> None:
    world, alice, bob, program = pair(reads=False)
    receipt = alice.keep(bob, b"0", b"more")
    assert not receipt.stored
    world.run_for(1)
    assert receipt.stored
    assert receipt.fate is None, "it waits in the mailbox, which is not enough"
    assert bob.events[-1] == DurableWhisper(alice.uuid, "alice", (b"0", b"more"), alice.host.profile.incarnation, 1)
    assert disk(alice)._letters
    program.reads = True
    world.run_for(1)
    assert receipt.fate is Fate.DELIVERED
    assert fates(alice) == Fates(offered=1, delivered=1) == alice.machine.fates(bob.uuid)
    assert not disk(alice)._letters


def test_nothing_is_sent_before_it_is_on_disk() -> None:
    world, alice, bob, _ = pair()
    disk(alice)._agenda.at(world.now() + 0.001, lambda: None)
    alice.keep(bob, b"0")
    alice.kill()
    world.run_for(1)
    assert not [event for event in bob.events if isinstance(event, DurableWhisper)]


def test_whispers_and_shouts_are_in_one_order() -> None:
    world, alice, bob, program = pair()
    for number in range(6):
        alice.keep(bob, b"%d" % number, group="G" if number % 2 else "")
    world.run_for(1)
    kinds = [type(event) for event in bob.events if isinstance(event, (DurableWhisper, DurableShout))]
    assert kinds == [DurableWhisper, DurableShout] * 3
    assert program.done == numbers(0, 6)


def test_many_go_through_the_windows() -> None:
    world, alice, bob, program = pair(limits=Limits(window_messages=50, window_bytes=5000))
    receipts = [alice.keep(bob, b"%d" % number, bytes(300)) for number in range(2000)]
    world.run_until(lambda: all(receipt.fate for receipt in receipts), 60)
    assert program.done == numbers(0, 2000)
    assert {receipt.fate for receipt in receipts} == {Fate.DELIVERED}


def test_a_reader_that_sleeps_costs_a_window_and_no_more() -> None:
    world, alice, bob, program = pair(reads=False, limits=Limits(window_messages=50))
    for number in range(500):
        alice.keep(bob, b"%d" % number)
    world.run_for(30)
    assert len(bob.host.mailbox) == 50
    program.reads = True
    world.run_for(5)
    assert program.done == numbers(0, 500)


@pytest.mark.parametrize("seed", range(2))
def test_resets_lose_nothing_and_repeat_nothing(seed: int) -> None:
    world, alice, bob, program = pair(seed)
    for number in range(400):
        world.after(number / 100, lambda number=number: alice.keep(bob, b"%d" % number))
        if number % 7 == 0:
            world.after(number / 100, lambda: world.reset(alice, bob))
    world.run_until(lambda: fates(alice).delivered == 400, 60)
    assert program.done == numbers(0, 400)
    assert program.again == 0


def test_who_is_not_here_gets_it_when_it_enters() -> None:
    world, alice, bob, program = pair()
    bob.stop()
    world.run_for(1)
    receipt = alice.keep(bob, b"0")
    world.run_for(100)
    assert receipt.fate is None
    assert alice.machine.fates(bob.uuid) == Fates(offered=1, in_flight=1)
    program.node = world.restart(bob, same_identity=True)
    world.run_for(5)
    assert receipt.fate is Fate.DELIVERED
    assert program.done == [b"0"]


def test_the_next_life_of_the_sender_goes_on() -> None:
    world, alice, bob, program = pair()
    bob.stop()
    before = alice.keep(bob, b"0")
    world.run_for(1)
    alice.stop()
    assert before.fate is Fate.KEPT
    alice = world.restart(alice, same_identity=True)
    assert fates(alice) == Fates(offered=1, in_flight=1)
    after = alice.keep(bob, b"1")
    program.node = world.restart(bob, same_identity=True)
    world.run_until(lambda: after.fate is Fate.DELIVERED, 20)
    assert program.done == numbers(0, 2)
    assert fates(alice) == Fates(offered=2, delivered=2)


def test_what_was_read_and_not_followed_by_another_read_comes_again_after_a_crash() -> None:
    world, alice, bob, program = pair(reads=False)
    receipts = [alice.keep(bob, b"%d" % number) for number in range(2)]
    world.run_for(1)
    while not program.done:
        program.take(bob.host.mailbox.get_nowait())
    bob.kill()
    program.node = world.restart(bob, same_identity=True)
    program.reads = True
    world.run_for(5)
    assert program.done == numbers(0, 2)
    assert program.again == 1, "the same number: a program can know"
    assert [receipt.fate for receipt in receipts] == [Fate.DELIVERED] * 2


def test_a_polite_end_counts_what_was_read() -> None:
    world, alice, bob, program = pair(reads=False)
    receipts = [alice.keep(bob, b"%d" % number) for number in range(2)]
    world.run_for(1)
    while not program.done:
        program.take(bob.host.mailbox.get_nowait())
    bob.host.mailbox.finish()
    bob.stop()
    world.run_for(1)
    assert [receipt.fate for receipt in receipts] == [Fate.DELIVERED, None]
    program.node = world.restart(bob, same_identity=True)
    program.reads = True
    world.run_for(5)
    assert (program.done, program.again) == (numbers(0, 2), 0)


def test_its_time_is_over_also_while_nobody_runs() -> None:
    world, alice, bob, _ = pair()
    bob.stop()
    short = alice.keep(bob, b"short", ttl=5)
    long = alice.keep(bob, b"long", ttl=60)
    world.run_for(10)
    assert (short.fate, long.fate) == (Fate.EXPIRED, None)
    alice.stop()
    world.run_for(100)
    alice = world.restart(alice, same_identity=True)
    world.run_for(2)
    assert fates(alice) == Fates(offered=1, expired=1)
    assert not disk(alice)._letters


def test_what_is_over_in_the_middle_is_left_out() -> None:
    world, alice, bob, program = pair()
    bob.stop()
    for number in range(10):
        alice.keep(bob, b"%d" % number, ttl=5 if number in (0, 4, 5, 9) else 600)
    world.run_for(10)
    program.node = world.restart(bob, same_identity=True)
    world.run_until(lambda: fates(alice).delivered == 6, 20)
    assert program.done == [b"1", b"2", b"3", b"6", b"7", b"8"]
    assert fates(alice) == Fates(offered=10, delivered=6, expired=4)


def test_a_full_store_takes_no_more_until_something_is_gone() -> None:
    world, alice, bob, _ = pair(limits=Limits(durable_messages=10, durable_bytes=1000))
    bob.stop()
    for _ in range(10):
        assert alice.keep(bob, b"0")
    assert alice.host.keep(bob.uuid, "", (b"0",), 1.0, Receipt()) is Outcome.BLOCKED
    assert fates(alice).offered == 10
    bob = world.restart(bob, same_identity=True)
    Program(world, bob)
    world.run_for(5)
    assert alice.keep(bob, bytes(5000)), "one of any size is taken"
    assert alice.host.keep(bob.uuid, "", (b"0",), 1.0, Receipt()) is Outcome.BLOCKED


def test_a_disk_that_takes_nothing_refuses_and_loses_nothing_of_before() -> None:
    world, alice, bob, program = pair()
    bob.stop()
    before = alice.keep(bob, b"before")
    world.run_for(1)
    disk(alice).broken = "no space left"
    refused = alice.keep(bob, b"refused")
    world.run_for(0.1)
    assert (before.fate, refused.fate) == (None, Fate.REFUSED)
    assert alice.host.keep(bob.uuid, "", (b"0",), 1.0, Receipt()) is Outcome.BROKEN
    assert alice.host.ask("store_trouble") == "no space left"
    assert alice.host.statistics().failures["store"] == 1
    disk(alice).broken = ""
    world.run_for(2)
    after = alice.keep(bob, b"after")
    program.node = world.restart(bob, same_identity=True)
    world.run_for(5)
    assert program.done == [b"before", b"after"]
    assert (before.fate, after.fate) == (Fate.DELIVERED, Fate.DELIVERED)
    assert alice.host.ask("store_trouble") == ""


def test_what_a_disk_did_not_forget_is_forgotten_when_it_can_be() -> None:
    """Confirmed, or too old, while the disk takes nothing: no later life may find it there."""
    world, alice, bob, program = pair(reads=False)
    confirmed, overdue = alice.keep(bob, b"0"), alice.keep(alice.world.new_identity(), b"1", ttl=2)
    world.run_for(1)
    disk(alice).broken = "read-only"
    program.reads = True
    world.run_for(5)
    assert (confirmed.fate, overdue.fate) == (Fate.DELIVERED, Fate.EXPIRED)
    assert len(disk(alice)._letters) == 2
    disk(alice).broken = ""
    world.run_for(5)
    assert not disk(alice)._letters


def test_a_receiver_whose_disk_takes_nothing_confirms_nothing_until_it_does() -> None:
    world, alice, bob, program = pair()
    disk(bob).broken = "read-only"
    receipt = alice.keep(bob, b"0")
    world.run_for(10)
    assert program.done == [b"0"]
    assert receipt.fate is None
    disk(bob).broken = ""
    world.run_for(5)
    assert receipt.fate is Fate.DELIVERED
    assert program.again == 0


def test_a_new_store_of_the_sender_begins_a_new_stream() -> None:
    world, alice, bob, program = pair()
    alice.keep(bob, b"0")
    world.run_for(1)
    alice.kill()
    world.run_for(1)
    again = world.node("alice", identity=alice.uuid, box=alice.box, store=True)
    world.run_until(lambda: bool(again.peers), 20)
    again.keep(bob, b"1")
    world.run_for(2)
    assert program.done == numbers(0, 2), "and its number 1 is another message than the first one's"


def test_a_peer_without_a_store_is_told_apart_and_a_node_without_one_too() -> None:
    world = World(1, checkers=all_checkers(), trace=False)
    alice, bob = world.node("alice", store=True), world.node("bob")
    world.run_for(2)
    assert alice.host.keep(bob.uuid, "", (b"0",), 1.0, Receipt()) is Outcome.PLAIN
    assert bob.host.keep(alice.uuid, "", (b"0",), 1.0, Receipt()) is Outcome.UNABLE
    assert fates(alice) == Fates(offered=1, refused=1)
    assert "durable" not in bob.host.profile.extensions


@pytest.mark.parametrize("seed", range(12))
def test_whoever_dies_and_when_all_that_is_confirmed_was_done_once(seed: int) -> None:
    """Both ways at once, both die at any time; a program that keeps numbers does each message once."""
    world, alice, bob, bobs = pair(seed, timing=Timing.within(6), limits=Limits(window_messages=40))
    alices = Program(world, alice)
    chance = random.Random(seed)
    sent: dict[str, list[tuple[bytes, Receipt]]] = {"alice": [], "bob": []}
    programs = {"alice": alices, "bob": bobs}
    uuids = {"alice": alice.uuid, "bob": bob.uuid}
    others = {"alice": "bob", "bob": "alice"}

    def talk() -> None:
        for name, program in programs.items():
            if program.node.alive:
                for _ in range(chance.randrange(8)):
                    content = b"%s%d" % (name.encode(), len(sent[name]))
                    sent[name].append((content, program.node.keep(uuids[others[name]], content)))
        if world.now() < 40:
            world.after(0.05, talk)

    def die() -> None:
        name = chance.choice(["alice", "bob"])
        programs[name].node.kill()
        programs[name].node = world.restart(programs[name].node, same_identity=True)
        if world.now() < 40:
            world.after(chance.uniform(0.05, 5), die)

    talk()
    die()
    world.run_until(lambda: world.now() > 41, 60)
    world.run_until(lambda: not any(fates(program.node).in_flight for program in programs.values()), 60)
    for name, receipts in sent.items():
        done = programs[others[name]].done
        assert len(done) == len(set(done)), "once"
        assert done == [content for content, _ in receipts if content in set(done)], "in order"
        confirmed = {content for content, receipt in receipts if receipt.fate is Fate.DELIVERED}
        stored = {content for content, receipt in receipts if receipt.stored}
        assert confirmed <= set(done)
        assert stored <= set(done)
        assert len(confirmed) > 100


# -- a machine on the bench --------------------------------------------------------------------------------------------

STREAM = 77


def able(*kept: KeptLetter) -> Rig:
    """A node, and what earlier lives of it have left."""
    rig = Rig(extensions=["durable"], incarnation=STREAM, start=False)
    streams = tuple((each.peer, STREAM, each.number + 1) for each in kept)
    rig.machine.receive_report(Restored(kept, streams, ()), rig.now)
    rig.machine.start(LOCALITY, rig.now)
    return rig


def say(rig: Rig, peer: Any, message_id: int, fields: bytes, *contents: bytes) -> None:
    record = rig.machine._directory.by_id[peer]
    header = zre.pack_header(message_id, record.received + 1)
    rig.machine.receive_frames([b"\x01" + peer.octets, header + fields, *contents], rig.now)


def entered(rig: Rig, number: int = 1) -> Any:
    peer = peer_id(number)
    hello = zre.Hello(f"tcp://10.0.0.{number}:5", "peer", (), 0, {"X-ZYRE-EXT": "durable"})
    frames = [b"\x01" + peer.octets, zre.pack_header(zre.HELLO, 1) + zre.encode_hello(hello)]
    rig.machine.receive_frames(frames, rig.now)
    assert [event for event in rig.events() if isinstance(event, Enter)]
    return peer


def letters(first: int, count: int) -> tuple[bytes, ...]:
    return batch.encode_batch(STREAM, first, [("", (b"%d" % number,)) for number in range(first, first + count)])


def test_what_became_too_old_between_two_lives_does_not_leave() -> None:
    """Also if its peer is met before times are looked at again."""
    rig, peer = able(KeptLetter(peer_id(1), 4, "", (b"old",), 0.0)), peer_id(1)
    entered(rig)
    say(rig, peer, durable.HAVE, durable.encode_have(durable.Have(durable.ANSWER, STREAM, 3, 3, 10, 1000)))
    sent = [zre.unpack_header(effect.frames[0])[0] for effect in rig.effects() if isinstance(effect, Send)]
    assert durable.LETTERS not in sent
    assert rig.machine.fates(peer) == Fates(offered=1, expired=1)


def test_letters_of_no_known_stream_or_behind_a_gap_are_not_taken() -> None:
    rig = able()
    peer = entered(rig)
    say(rig, peer, durable.LETTERS, *letters(1, 2))
    assert rig.events() == []
    say(rig, peer, durable.OFFER, durable.encode_offer(durable.Offer(durable.ASK, STREAM, 0, 1)))
    say(rig, peer, durable.LETTERS, *letters(2, 2))
    assert rig.events() == []
    say(rig, peer, durable.LETTERS, *letters(1, 2))
    say(rig, peer, durable.LETTERS, *letters(1, 3))
    assert [event.number for event in rig.events() if isinstance(event, DurableWhisper)] == [1, 2, 3]


def test_a_peer_that_sends_more_than_it_was_let_is_a_violation_and_costs_nothing() -> None:
    rig = able()
    peer = entered(rig)
    say(rig, peer, durable.OFFER, durable.encode_offer(durable.Offer(durable.ASK, STREAM, 0, 1)))
    for round in range(200):
        say(rig, peer, durable.LETTERS, *letters(1 + 100 * round, 100))
    limits = Limits()
    assert len(rig.events()) <= limits.window_messages + 100
    assert rig.machine.counters.violations["credit_exceeded"] > 0


@pytest.mark.parametrize("have", [durable.Have(0, STREAM, 5, 5, 10, 10), durable.Have(1, STREAM, 3, 0, 10, 10)])
def test_who_confirms_what_was_never_sent_is_a_violation(have: durable.Have) -> None:
    rig = able()
    peer = entered(rig)
    rig.machine.keep(peer, 1, "", (b"0",), 60.0, rig.now)
    rig.machine.receive_report(Persisted(1), rig.now)
    say(rig, peer, durable.HAVE, durable.encode_have(have))
    assert rig.machine.counters.violations["ack_wrong"] == 1
    assert rig.machine.fates(peer) == Fates(offered=1, in_flight=1)


def test_a_machine_with_kept_messages_is_frozen_and_thawed() -> None:
    rig = able()
    peer = entered(rig)
    rig.machine.keep(peer, 1, "G", (b"0", b""), 60.0, rig.now)
    rig.machine.receive_report(Persisted(1), rig.now)
    rig.machine.keep(peer, 2, "", (b"1",), 60.0, rig.now)
    say(rig, peer, durable.OFFER, durable.encode_offer(durable.Offer(durable.ASK, STREAM, 0, 1)))
    say(rig, peer, durable.LETTERS, *letters(1, 2))
    thawed = thaw(freeze(rig.machine))
    for machine in (rig.machine, thawed):
        machine.receive_report(NotPersisted(2, "full"), rig.now)
        machine.receive_report(Taken(peer, STREAM, 2), rig.now)
        machine.handle_timeout(rig.now + 2)
    assert thawed.take_effects() == rig.machine.take_effects()
    assert thawed.settled == rig.machine.settled == [(1, None), (2, Fate.REFUSED)]
