"""Every checker sees what it is there to see: each of these worlds breaks one rule."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from zyre.events import Enter, Evasive, Event, Exit, Gap, Join, Leader, Leave, Returned, Silent, Whisper
from zyre.identity import PeerId
from zyre.sim import CheckFailed, SimNode, World, all_checkers, check_agreement
from zyre.sim.accounts import Accounts
from zyre.sim.checkers import check_books, check_leaders
from zyre.sim.history import settling_time
from zyre.sim.transport import SimTransport
from zyre.wire import zre

GHOST = PeerId("0" * 31 + "1")


def pair(seed: int = 1, *, plain: bool = False) -> tuple[World, SimNode, SimNode]:
    world = World(seed, checkers=all_checkers())
    extensions = () if plain else None
    a, b = (world.node(name, groups=["G"], extensions=extensions) for name in "ab")
    world.run_for(2.0)
    return world, a, b


def tell(node: SimNode, *events: Event) -> None:
    """Let a node's application be told something that its machine did not say."""
    node.host._deliver(list(events))


ENTER = Enter(GHOST, "ghost", "tcp://10.0.0.9:1", {})

LIES: dict[str, tuple[Event, ...]] = {
    "entered twice": (ENTER, ENTER),
    "gone without having been here": (Exit(GHOST, "ghost", "left"),),
    "in a group, but not here": (Join(GHOST, "ghost", "G"),),
    "joined twice": (ENTER, Join(GHOST, "ghost", "G"), Join(GHOST, "ghost", "G")),
    "left a group that it is not in": (ENTER, Leave(GHOST, "ghost", "G")),
    "evasive twice": (ENTER, Evasive(GHOST, "ghost"), Evasive(GHOST, "ghost")),
    "returned from nowhere": (ENTER, Returned(GHOST, "ghost")),
    "evasive after silent": (ENTER, Silent(GHOST, "ghost"), Evasive(GHOST, "ghost")),
    "led by nobody": (Leader(GHOST, "ghost", "G"),),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_story_that_makes_no_sense(lie: str) -> None:
    _, a, _ = pair()
    with pytest.raises(CheckFailed, match="one event for each change of state") as caught:
        tell(a, *LIES[lie])
    assert caught.value.seed == 1


def test_an_obituary_of_the_living() -> None:
    _, a, b = pair()
    with pytest.raises(CheckFailed, match="nobody who runs is said to have crashed"):
        tell(a, Exit(b.uuid, "b", "crashed"))


def test_messages_in_the_wrong_order() -> None:
    _, a, b = pair()
    with pytest.raises(CheckFailed, match="per-sender order"):
        tell(a, Whisper(b.uuid, "b", (b"#2",)), Whisper(b.uuid, "b", (b"#1",)))


def test_a_message_out_of_nothing() -> None:
    _, a, b = pair()
    with pytest.raises(CheckFailed, match="every message accounted for"):
        tell(a, Whisper(b.uuid, "b", (b"never sent",)))


def test_a_message_that_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    world, a, b = pair()
    monkeypatch.setattr(a.host.driver, "_deliver", lambda events: None)
    b.whisper(a.uuid, b"x")
    with pytest.raises(CheckFailed, match="a was never told"):
        world.run_for(1.0)


def test_a_gap_where_nothing_was_lost() -> None:
    world, a, b = pair()
    a.machine._directory.by_id[b.uuid].sent += 1
    a.whisper(b.uuid, b"x")
    with pytest.raises(CheckFailed, match="was not destroyed by the network"):
        world.run_for(1.0)


def test_a_message_that_is_taken_and_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    world, a, b = pair()
    monkeypatch.setattr(SimTransport, "send", lambda transport, link, frames: True)
    a.whisper(b.uuid, b"x")
    with pytest.raises(CheckFailed, match="were taken"):
        world.run_for(1.0)


def test_a_gap_for_what_the_network_destroyed() -> None:
    world, a, b = pair(plain=True)
    a.whisper(b.uuid, b"lost")
    world.reset(a, b)
    a.whisper(b.uuid, b"comes")
    world.run_for(1.0)
    assert [event for event in b.events if isinstance(event, Gap)] == [Gap(a.uuid, "a", 1)]
    accounts = next(checker for checker in world.checkers if isinstance(checker, Accounts))
    assert accounts.lost == 1


def test_what_was_destroyed_with_nothing_behind_it_is_told_of_by_the_next_sign_of_life() -> None:
    """Whoever noticed the broken connection is asked whether it is still there, and that counts as a message."""
    world, a, b = pair(plain=True)
    told = len(b.events)
    a.whisper(b.uuid, b"lost")
    world.reset(a, b)
    world.run_for(3.0)
    assert b.events[told:] == [Gap(a.uuid, "a", 1)]


def test_books_that_do_not_balance() -> None:
    world, a, b = pair()
    a.whisper(b.uuid, b"x")
    a.machine._directory.by_id[b.uuid].account.offered += 1
    with pytest.raises(CheckFailed, match="do not balance"):
        world.run_for(1.0)


def test_books_that_call_delivered_what_has_not_arrived() -> None:
    world, a, b = pair()
    a.whisper(b.uuid, b"x")
    world.reset(a, b)
    account = a.machine._directory.by_id[b.uuid].account
    account.delivered = account.tallied = 1
    with pytest.raises(CheckFailed, match="have arrived"):
        world.run_for(1.0)


def test_books_that_call_lost_what_arrived() -> None:
    world, a, b = pair()
    a.whisper(b.uuid, b"x")
    account = a.machine._directory.by_id[b.uuid].account
    account.lost = account.tallied = 1
    with pytest.raises(CheckFailed, match="are called lost"):
        world.run_for(0.5)


def test_books_that_are_never_closed() -> None:
    world, a, b = pair()
    a.whisper(b.uuid, b"x")
    check_books_fails(world)
    world.run_for(3.0)
    check_books(world)


def check_books_fails(world: World) -> None:
    with pytest.raises(CheckFailed, match="books are closed"):
        check_books(world)


def test_greetings_without_end() -> None:
    world, a, b = pair()
    hello = [b.transport.identity, zre.pack_header(zre.HELLO, 1) + a.machine._portrait.hello_to(_endpoint(a))]
    with pytest.raises(CheckFailed, match="no storm of greetings"):
        a.host.on_messages([hello] * 30)
    assert world.now() == 2.0


def _endpoint(node: SimNode) -> object:
    return next(iter(node.machine._directory.by_id.values())).endpoint


def _forget_a_timer(a: SimNode) -> None:
    a.machine._timers.clear()
    a.machine._timers.add(a.box.clock.now() + 1000, "never")


def _keep_timers(a: SimNode) -> None:
    for _ in range(100):
        a.machine._timers.add(a.box.clock.now() + 5, a.machine._timers._heap[0][2])


@pytest.mark.parametrize("harm", [_forget_a_timer, _keep_timers])
def test_timers_and_tables_without_bounds(harm: Callable[[SimNode], None]) -> None:
    world, a, _ = pair()
    harm(a)
    with pytest.raises(CheckFailed, match="bounded timers and memory"):
        world.run_for(0.0)


def test_rosters_that_differ() -> None:
    world, a, b = pair()
    check_agreement(world)
    b.machine._groups.join("SECRET")
    with pytest.raises(CheckFailed, match=r"a misses \[\], sees ghosts \[\], has wrong groups or headers of \['b'\]"):
        check_agreement(world, {b.uuid: {"SECRET"}})
    a.kill()
    with pytest.raises(CheckFailed, match=r"b misses \[\], sees ghosts \['a'\]"):
        check_agreement(world)


def test_what_plain_nodes_could_not_hear_is_forgiven_them() -> None:
    world = World(seed=1)
    a, b = world.node("a"), world.node("b", extensions=(), groups=["G"])
    world.run_for(2.0)
    b.machine._groups.join("SECRET")
    b.host.change("set_header", "load", "1")
    with pytest.raises(CheckFailed, match="has wrong groups or headers of"):
        check_agreement(world)
    check_agreement(world, {b.uuid: {"SECRET"}})
    assert a.peers[b].headers == {}


def test_headers_that_differ() -> None:
    world, _, b = pair()
    b.machine._portrait.set_header("load", "1")
    with pytest.raises(CheckFailed, match=r"a misses \[\], sees ghosts \[\], has wrong groups or headers of \['b'\]"):
        check_agreement(world)


def test_two_leaders() -> None:
    world, a, b = pair()
    a.contest("G")
    b.contest("G")
    with pytest.raises(CheckFailed, match="one leader"):
        check_leaders(world)
    world.run_for(5.0)
    check_leaders(world)


def test_the_settling_time_follows_from_the_timing() -> None:
    _, a, _ = pair()
    timing = a.host.profile.config.timing
    assert settling_time(timing) > 2 * timing.expired
