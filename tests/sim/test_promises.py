"""Large, reliable and durable messages are held to what is promised of them: each of these worlds breaks a promise."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from zyre.config import Limits, NodeConfig
from zyre.core.durable import Durable
from zyre.core.effects import Discard
from zyre.core.intakes import Intakes
from zyre.core.letters import Outbox
from zyre.events import DurableWhisper, Event, ReliableWhisper, Whisper
from zyre.fates import Fate
from zyre.identity import PeerId
from zyre.sim import CheckFailed, SimNode, World, all_checkers
from zyre.sim.actions import Keep, message
from zyre.sim.promises import check_letters

SMALL = NodeConfig(limits=Limits(chunk_bytes=500, chunk_window=2000))
LARGE = message(7, 5000)


def pair(*, reads: bool = True) -> tuple[World, SimNode, SimNode]:
    world = World(seed=1, checkers=all_checkers())
    a, b = (world.node(name, config=SMALL, store=True) for name in "ab")
    world.run_until(lambda: len(a.peers) == len(b.peers) == 1, 5)
    if reads:
        b.read_on(0.0)
    return world, a, b


def tell(node: SimNode, *events: Event) -> None:
    """Let a node's application be told something that its machine did not say."""
    node.host._deliver(list(events))


def test_a_message_depends_on_its_number() -> None:
    assert message(7) == (b"#7",)
    assert message(12, 8) == (b"#12", b"12 12 12")


def test_promises_that_are_kept() -> None:
    world, a, b = pair()
    for octets in (0, 100, 5000, 0):
        Keep("a", "b", count=3, octets=octets).apply(world)
        a.whisper(b, *message(next(world.numbers), octets))
        a.post(b, *message(next(world.numbers), octets))
    world.run_for(5)
    check_letters(world)
    assert {kept.receipt.fate for kept in a.kept} == {Fate.DELIVERED}
    assert len([event for event in b.events if isinstance(event, Whisper)]) == 12 + 4 + 4
    b.kill()
    again = world.restart(b, same_identity=True)
    world.run_until(lambda: bool(again.peers), 5)
    Keep("a", "b").apply(world)
    world.run_for(5)
    assert len([event for event in again.events if isinstance(event, DurableWhisper)]) == 1


def peer_of(node: SimNode) -> PeerId:
    return next(iter(node.peers)).uuid


LIES: dict[str, tuple[str, Callable[[SimNode], list[Event]]]] = {
    "a large one that was not sent": (
        "not what was sent",
        lambda b: [Whisper(peer_of(b), "a", message(8, 5000))],
    ),
    "a large one twice": (
        "per-sender order: b got #7 after #7",
        lambda b: [Whisper(peer_of(b), "a", LARGE)],
    ),
    "a reliable one out of order": (
        "got number 5 and not 0",
        lambda b: [ReliableWhisper(peer_of(b), "a", (b"x",), 5)],
    ),
    "a durable one twice": (
        "after",
        lambda b: [event for event in b.events if isinstance(event, DurableWhisper)],
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_what_was_never_sent_or_comes_again(lie: str) -> None:
    world, a, b = pair()
    a.whisper(b, *LARGE)
    a.keep(b, b"x")
    world.run_for(1)
    why, events = LIES[lie]
    with pytest.raises(CheckFailed, match=why):
        tell(b, *events(b))


def test_a_number_that_means_two_messages() -> None:
    world, a, b = pair(reads=False)
    a.keep(b, b"x")
    world.run_for(1)
    (told,) = (event for event in b.events if isinstance(event, DurableWhisper))
    b.kill()
    again = world.restart(b, same_identity=True)
    world.run_until(lambda: bool(again.peers), 5)
    with pytest.raises(CheckFailed, match="was another message"):
        tell(again, DurableWhisper(told.peer, told.name, (b"y",), told.stream, told.number))


# -- defects of the machine: each takes something out of it that the promise stands on ---------------------------------


def _send_before_it_is_on_disk(patch: pytest.MonkeyPatch) -> None:
    def accept(outbox: Outbox, letter: Any) -> int:
        number = real(outbox, letter)
        outbox.saved = number
        return number

    real = Outbox.accept
    patch.setattr(Outbox, "accept", accept)


def _confirm_before_it_is_taken(patch: pytest.MonkeyPatch) -> None:
    def answer(intakes: Intakes, record: Any, intake: Any, flags: int = 0) -> None:
        intake.saved = intake.arrived
        real(intakes, record, intake, flags)

    real = Intakes._answer
    patch.setattr(Intakes, "_answer", answer)


def _forget_what_is_kept(patch: pytest.MonkeyPatch) -> None:
    def on_written(durable: Durable, now: float) -> None:
        real(durable, now)
        for peer, outbox in durable._outboxes.items():
            durable._delivery.effects.append(Discard(10**6, peer, outbox.next))

    real = Durable._on_written
    patch.setattr(Durable, "_on_written", on_written)


def _pass_one_over(patch: pytest.MonkeyPatch) -> None:
    def take_run(outbox: Outbox) -> Any:
        run = real(outbox)
        return (
            run if run is None or len(run.parcels) < 2 else run._replace(first=run.first + 1, parcels=run.parcels[1:])
        )

    real = Outbox.take_run
    patch.setattr(Outbox, "take_run", take_run)


def _give_up_too_early(patch: pytest.MonkeyPatch) -> None:
    def look(durable: Durable, now: float) -> None:
        real(durable, now)
        durable._sweep(now + 1e6)

    real = Durable._look
    patch.setattr(Durable, "_look", look)


@pytest.mark.parametrize(
    ("defect", "why"),
    [
        (_send_before_it_is_on_disk, "before it was on the sender's disk"),
        (_confirm_before_it_is_taken, "no program took it"),
        (_forget_what_is_kept, "was on disk, is there no more"),
        (_pass_one_over, "was passed over"),
        (_give_up_too_early, "is called too old"),
    ],
)
def test_a_defect_is_found(defect: Callable[[pytest.MonkeyPatch], None], why: str, monkeypatch: Any) -> None:
    defect(monkeypatch)
    world, _, _ = pair(reads=False)
    for step in range(10):
        world.after(step * 0.003, partial(Keep("a", "b", count=2, ttl=600.0).apply, world))
    with pytest.raises(CheckFailed, match=why):
        world.run_for(3)


def test_what_is_left_for_somebody_who_is_here() -> None:
    world, a, b = pair(reads=False)
    a.keep(b, b"x")
    world.run_for(1)
    with pytest.raises(CheckFailed, match="a still keeps 1 messages for b, who is here"):
        check_letters(world)
    b.read_on(0.0)
    world.run_for(1)
    check_letters(world)


def test_large_ones_that_are_called_delivered_and_are_not() -> None:
    world, a, _ = pair()
    a.machine.carrying.delivered += 1
    with pytest.raises(CheckFailed, match="are called delivered, and 0 were told"):
        world.run_for(1)


def test_a_reader_reads_on_after_a_stall_and_ends_with_its_node() -> None:
    world, a, b = pair(reads=False)
    b.read_on(0.5)
    for _ in range(4):
        a.keep(b, b"x")
    b.stall(2)
    world.run_for(1.9)
    assert a.machine.durable.delivered == 0
    world.run_for(2)
    assert 0 < a.machine.durable.delivered < 4
    b.kill()
    world.run_for(5)
    again = world.restart(b, same_identity=True)
    world.run_for(10)
    assert again.reader is not None
    assert a.machine.durable.delivered == 4
