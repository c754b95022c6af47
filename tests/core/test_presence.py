"""Presence as tables without a clock: at which moment a look finds what."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.rig import peer_id
from zyre.config import Timing
from zyre.core.peer import PeerRecord
from zyre.core.presence import Presence, Silence
from zyre.core.tables import Phase
from zyre.endpoint import Endpoint

TIMING = Timing(ask=2.5, evasive=5.0, silent=10.0, expired=30.0, unreachable=90.0, ping=1.0)


def quiet_since(moment: float, phase: Phase = Phase.ALIVE) -> tuple[Presence, PeerRecord]:
    presence = Presence(TIMING)
    record = PeerRecord(peer_id(1), Endpoint("tcp", "10.0.0.2", 1), 1, "beacon")
    presence.heard(record, moment)
    record.phase = phase
    return presence, record


@pytest.mark.parametrize(
    ("quiet_for", "was", "entered", "ping", "again_after"),
    [
        (0.0, Phase.ALIVE, None, False, 2.5),
        (2.4, Phase.ALIVE, None, False, 2.5),
        (2.5, Phase.ALIVE, None, True, 3.5),
        (4.9, Phase.ALIVE, None, True, 5.0),
        (5.0, Phase.ALIVE, Phase.EVASIVE, True, 6.0),
        (6.0, Phase.EVASIVE, None, True, 7.0),
        (9.5, Phase.EVASIVE, None, True, 10.0),
        (10.0, Phase.EVASIVE, Phase.SILENT, True, 11.0),
        (10.0, Phase.ALIVE, Phase.EVASIVE, True, 11.0),
        (29.5, Phase.SILENT, None, True, 30.0),
        (30.0, Phase.SILENT, Phase.EXPIRED, False, 30.0),
        (30.0, Phase.ALIVE, Phase.EVASIVE, True, 31.0),
        (1e9, Phase.EVASIVE, Phase.EXPIRED, False, 1e9),
    ],
)
def test_what_a_look_finds(quiet_for: float, was: Phase, entered: Phase | None, ping: bool, again_after: float) -> None:
    presence, record = quiet_since(0.0, was)
    assert presence.look(record, quiet_for) == Silence(entered, ping, again_after)


@pytest.mark.parametrize(("phase", "after"), [(Phase.EVASIVE, 5.0), (Phase.SILENT, 10.0), (Phase.EXPIRED, 30.0)])
def test_when_a_phase_begins(phase: Phase, after: float) -> None:
    presence, record = quiet_since(100.0)
    assert presence.begins_at(record, phase) == 100.0 + after


@pytest.mark.parametrize("phase", [Phase.ALIVE, Phase.EVASIVE, Phase.SILENT])
def test_a_sign_of_life_is_news_only_after_silence(phase: Phase) -> None:
    presence, record = quiet_since(0.0, phase)
    assert presence.heard(record, 7.0) == (phase is not Phase.ALIVE)
    assert record.phase is Phase.ALIVE
    assert not presence.heard(record, 7.0)


@given(st.lists(st.tuples(st.floats(0, 40), st.booleans()), max_size=40))
def test_phases_only_rise_until_something_is_heard(steps: list[tuple[float, bool]]) -> None:
    """Invariant: each phase is entered at most once per silence, and every next look lies in the future."""
    presence, record = quiet_since(0.0)
    now = 0.0
    for wait, heard in steps:
        now += wait
        before = record.phase
        silence = presence.look(record, now)
        assert record.phase >= before
        assert silence.entered is None or silence.entered is record.phase > before
        if record.phase is Phase.EXPIRED:
            return
        assert now < silence.look_again_at <= now + TIMING.expired
        if heard:
            presence.heard(record, now)


@pytest.mark.parametrize(
    ("answered", "vouched", "expires"),
    [
        (-math.inf, -math.inf, 30.0),
        (3.0, -math.inf, 30.0),
        (20.0, -math.inf, 45.0),
        (-math.inf, 20.0, 50.0),
        (40.0, 20.0, 65.0),
        (1e9, 1e9, 90.0),
    ],
)
def test_what_others_say_holds_the_end_back_and_not_for_ever(answered: float, vouched: float, expires: float) -> None:
    presence, record = quiet_since(0.0, Phase.SILENT)
    record.answered_at, record.vouched_at = answered, vouched
    assert presence.look(record, expires - 0.1).entered is None
    silence = presence.look(record, expires)
    assert silence.entered is Phase.EXPIRED
    assert silence.beyond == (expires == 90.0)


@pytest.mark.parametrize("phase", [Phase.ALIVE, Phase.EVASIVE, Phase.SILENT])
def test_what_passed_while_we_stood_still_counts_for_nothing(phase: Phase) -> None:
    presence, record = quiet_since(0.0, phase)
    before = presence.begins_at(record, Phase.EXPIRED)
    presence.forgive(record, 3.0, 7.0, anew=False)
    assert presence.begins_at(record, Phase.EXPIRED) == before + 3.0
    presence.forgive(record, 100.0, 7.0, anew=False)
    assert presence.begins_at(record, Phase.EXPIRED) == 7.0 + 30.0, "nobody is heard in the future"


@pytest.mark.parametrize(("phase", "left"), [(Phase.ALIVE, 30.0), (Phase.EVASIVE, 25.0), (Phase.SILENT, 25.0)])
def test_after_a_sleep_everybody_has_time_again(phase: Phase, left: float) -> None:
    presence, record = quiet_since(0.0, phase)
    presence.forgive(record, 100.0, 129.0, anew=True)
    assert presence.begins_at(record, Phase.EXPIRED) == 129.0 + left
