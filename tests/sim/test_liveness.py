"""Nobody who lives is called gone; ``make presence`` does the same with more nodes, for longer, and often."""

from __future__ import annotations

import pytest

from zyre.config import Timing

from .liveness import live


@pytest.mark.parametrize("seed", range(3))
def test_nobody_who_lives_is_called_gone(seed: int) -> None:
    outcome = live(seed, nodes_per_host=6, seconds=120.0)
    assert outcome.exits == []
    assert outcome.told["Evasive"] > 20, "nothing was the matter, so nothing was tested"


def test_who_is_less_patient_than_a_process_is_slow_is_wrong() -> None:
    assert live(1, nodes_per_host=4, seconds=60.0, timing=Timing.within(4.0)).exits
