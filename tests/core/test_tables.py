"""The table of a peer's life: complete, sane, and what the machine in fact does."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.invariants import check_machine
from tests.core.rig import Foreign, Rig, check_lives, names, read
from zyre.core.effects import LinkAnswered, LinkLost, LinkRefused, Send
from zyre.core.tables import PHASES, TRANSITIONS, Action, Input, PeerState, Phase, Violation
from zyre.events import Exit
from zyre.wire import zre
from zyre.wire.lives import INCARNATION_HEADER, format_incarnation

EVERY_PAIR = list(product(PeerState, Input))
GONE = {Action.REPLACE, Action.DISMISS, Action.EXPIRE, Action.GIVE_UP, Action.MOURN, Action.FORGET}


@given(st.sampled_from(EVERY_PAIR))
def test_every_state_answers_every_input(pair: tuple[PeerState, Input]) -> None:
    """Invariant: the table has a row, with at least one action, for each state and each input."""
    assert TRANSITIONS[pair]
    assert all(isinstance(action, Action) for action in TRANSITIONS[pair])


def test_the_table_has_no_other_rows() -> None:
    assert set(TRANSITIONS) == set(EVERY_PAIR)


def test_every_action_is_used() -> None:
    assert {action for actions in TRANSITIONS.values() for action in actions} == set(Action)


@pytest.mark.parametrize("state", PeerState)
def test_only_who_is_here_can_go(state: PeerState) -> None:
    used = {action for (of, _), actions in TRANSITIONS.items() if of is state for action in actions}
    assert bool(used & GONE) == (state is not PeerState.ABSENT)
    assert (Action.FORGET in used) == (state is PeerState.PENDING), "who never entered goes without an event"


def test_phases_follow_each_other() -> None:
    assert PHASES == (Phase.ALIVE, Phase.EVASIVE, Phase.SILENT, Phase.EXPIRED)


def test_violations_are_named_by_their_own_names() -> None:
    assert all(violation.value == violation.name.lower() for violation in Violation)


# -- the machine obeys the table -------------------------------------------------------------------------------------


def bring(state: PeerState) -> tuple[Rig, Foreign]:
    rig = Rig(groups=["G"], extensions=["incarnation"])
    peer = Foreign(rig)
    if state is not PeerState.ABSENT:
        peer.beacon()
    if state is PeerState.READY:
        peer.hello(groups=("G",), headers=LIFE)
    assert rig.state(peer.id) is state
    rig.events()
    rig.effects()
    return rig, peer


def overdue(peer: Foreign) -> None:
    peer.rig.run_for(11.0)


def beyond(peer: Foreign) -> None:
    """Somebody answers at its endpoint, again and again, and it is never heard."""
    for _ in range(31):
        peer.rig.run_for(1.0)
        if peer.rig.state(peer.id) is not PeerState.ABSENT:
            peer.rig.machine.receive_report(LinkAnswered(peer.link), peer.rig.now)


def refused(peer: Foreign) -> None:
    """Its connection broke, and nobody listens at its endpoint: so often that it is sure."""
    identity = zre.identity_frame(peer.id.octets)
    peer.rig.machine.receive_report(LinkLost(identity), peer.rig.now)
    for _ in range(2):
        if peer.rig.state(peer.id) is not PeerState.ABSENT:
            peer.rig.machine.receive_report(LinkRefused(peer.link), peer.rig.now)
        peer.rig.run_for(peer.rig.machine._timing.verify)


def last_beacon(peer: Foreign) -> None:
    peer.beacon(port=0)
    peer.rig.run_for(peer.rig.machine._timing.farewell)


LIFE = {INCARNATION_HEADER: format_incarnation(7)}

GIVE: dict[Input, Callable[[Foreign], None]] = {
    Input.FOUND: Foreign.beacon,
    Input.HELLO: Foreign.hello,
    Input.HELLO_AGAIN: lambda peer: peer.hello(groups=("G",), headers=LIFE),
    Input.MESSAGE: lambda peer: peer.whisper(b"x"),
    Input.LAST_BEACON: last_beacon,
    Input.GOODBYE: lambda peer: peer.send(zre.GOODBYE),
    Input.OVERDUE: overdue,
    Input.BEYOND: beyond,
    Input.REFUSED: refused,
}

#: What each row looks like from outside: events, messages to the peer, links opened and closed, the state after.
EXPECTED: dict[tuple[PeerState, Input], tuple[list[str], list[str], int, int, PeerState]] = {
    (PeerState.ABSENT, Input.FOUND): ([], ["HELLO"], 1, 0, PeerState.PENDING),
    (PeerState.ABSENT, Input.HELLO): (["Enter"], ["HELLO"], 1, 0, PeerState.READY),
    (PeerState.ABSENT, Input.HELLO_AGAIN): (["Enter", "Join"], ["HELLO"], 1, 0, PeerState.READY),
    (PeerState.ABSENT, Input.MESSAGE): ([], [], 0, 0, PeerState.ABSENT),
    (PeerState.ABSENT, Input.LAST_BEACON): ([], [], 0, 0, PeerState.ABSENT),
    (PeerState.ABSENT, Input.GOODBYE): ([], [], 0, 0, PeerState.ABSENT),
    (PeerState.ABSENT, Input.OVERDUE): ([], [], 0, 0, PeerState.ABSENT),
    (PeerState.ABSENT, Input.BEYOND): ([], [], 0, 0, PeerState.ABSENT),
    (PeerState.ABSENT, Input.REFUSED): ([], [], 0, 0, PeerState.ABSENT),
    (PeerState.PENDING, Input.FOUND): ([], [], 0, 0, PeerState.PENDING),
    (PeerState.PENDING, Input.HELLO): (["Enter"], [], 0, 0, PeerState.READY),
    (PeerState.PENDING, Input.HELLO_AGAIN): (["Enter", "Join"], [], 0, 0, PeerState.READY),
    (PeerState.PENDING, Input.MESSAGE): ([], [], 0, 0, PeerState.PENDING),
    (PeerState.PENDING, Input.LAST_BEACON): ([], [], 0, 1, PeerState.ABSENT),
    (PeerState.PENDING, Input.GOODBYE): ([], [], 0, 1, PeerState.ABSENT),
    (PeerState.PENDING, Input.OVERDUE): ([], [], 0, 1, PeerState.ABSENT),
    (PeerState.PENDING, Input.BEYOND): ([], [], 0, 1, PeerState.ABSENT),
    (PeerState.PENDING, Input.REFUSED): ([], [], 0, 0, PeerState.PENDING),
    (PeerState.READY, Input.FOUND): ([], [], 0, 0, PeerState.READY),
    (PeerState.READY, Input.HELLO): (["Exit", "Enter"], ["HELLO"], 1, 1, PeerState.READY),
    (PeerState.READY, Input.HELLO_AGAIN): ([], ["HELLO"], 1, 1, PeerState.READY),
    (PeerState.READY, Input.MESSAGE): (["Whisper"], [], 0, 0, PeerState.READY),
    (PeerState.READY, Input.LAST_BEACON): (["Exit"], [], 0, 1, PeerState.ABSENT),
    (PeerState.READY, Input.GOODBYE): (["Exit"], [], 0, 1, PeerState.ABSENT),
    (PeerState.READY, Input.OVERDUE): (["Evasive", "Silent", "Exit"], ["PING"] * 9, 0, 1, PeerState.ABSENT),
    (PeerState.READY, Input.BEYOND): (["Evasive", "Silent", "Exit"], ["PING"] * 29, 0, 1, PeerState.ABSENT),
    (PeerState.READY, Input.REFUSED): (["Exit"], [], 0, 1, PeerState.ABSENT),
}
REASONS = {
    Action.REPLACE: "replaced",
    Action.DISMISS: "left",
    Action.LINGER: "left",
    Action.EXPIRE: "expired",
    Action.GIVE_UP: "unreachable",
    Action.MOURN: "crashed",
}


@pytest.mark.parametrize(("state", "given_input"), EVERY_PAIR, ids=lambda value: value.name)
def test_the_machine_follows_the_table(state: PeerState, given_input: Input) -> None:
    rig, peer = bring(state)
    GIVE[given_input](peer)
    events, commands, opened, closed, after = EXPECTED[state, given_input]
    happened = rig.events()
    effects = rig.effects()
    kinds = [type(effect).__name__ for effect in effects]
    assert names(happened) == events
    assert [kinds.count("OpenLink"), kinds.count("CloseLink")] == [opened, closed]
    assert [read(effect).command for effect in effects if isinstance(effect, Send)] == commands
    assert rig.state(peer.id) is after
    reasons = [REASONS[action] for action in TRANSITIONS[state, given_input] if action in REASONS]
    assert [event.reason for event in happened if isinstance(event, Exit)] == reasons
    check_machine(rig.machine)


@pytest.mark.parametrize("state", PeerState)
def test_a_goodbye_of_somebody_unknown_is_no_violation(state: PeerState) -> None:
    rig, peer = bring(state)
    peer.send(zre.GOODBYE)
    assert rig.state(peer.id) is PeerState.ABSENT
    assert rig.machine.counters.violations.total() == 0


@pytest.mark.parametrize("state", PeerState)
def test_refused_messages_are_counted(state: PeerState) -> None:
    rig, peer = bring(state)
    peer.whisper(b"x")
    assert rig.count("stranger") == (TRANSITIONS[state, Input.MESSAGE] == (Action.REFUSE,))


@given(st.lists(st.sampled_from(list(Input)), max_size=12))
def test_any_walk_through_the_table_tells_of_a_peer_only_between_enter_and_exit(walk: list[Input]) -> None:
    """Invariant: whatever happens in whatever order, the state is the table's, and events form Enter..Exit."""
    rig, peer = bring(PeerState.ABSENT)
    for given_input in walk:
        GIVE[given_input](peer)
        rig.events()
        rig.effects()
        check_machine(rig.machine)
    here = check_lives(rig.history)
    assert (peer.id in here) == (rig.state(peer.id) is PeerState.READY)
