"""Presence as tables without a clock: at which moment a look finds what."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.rig import peer_id
from zyre.config import Timing
from zyre.core.peer import PeerRecord
from zyre.core.presence import Presence, Silence
from zyre.core.tables import Phase
from zyre.endpoint import Endpoint

TIMING = Timing(evasive=5.0, silent=10.0, expired=30.0, ping=1.0)


def quiet_since(moment: float, phase: Phase = Phase.ALIVE) -> tuple[Presence, PeerRecord]:
    presence = Presence(TIMING)
    record = PeerRecord(peer_id(1), Endpoint("tcp", "10.0.0.2", 1), 1, "beacon")
    presence.heard(record, moment)
    record.phase = phase
    return presence, record


@pytest.mark.parametrize(
    ("quiet_for", "was", "entered", "ping", "again_after"),
    [
        (0.0, Phase.ALIVE, None, False, 5.0),
        (4.9, Phase.ALIVE, None, False, 5.0),
        (5.0, Phase.ALIVE, Phase.EVASIVE, True, 6.0),
        (6.0, Phase.EVASIVE, None, True, 7.0),
        (9.5, Phase.EVASIVE, None, True, 10.0),
        (10.0, Phase.EVASIVE, Phase.SILENT, True, 11.0),
        (10.0, Phase.ALIVE, Phase.SILENT, True, 11.0),
        (29.5, Phase.SILENT, None, True, 30.0),
        (30.0, Phase.SILENT, Phase.EXPIRED, False, 30.0),
        (30.0, Phase.ALIVE, Phase.EXPIRED, False, 30.0),
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
