"""Twenty thousand shots at a running node; ``python -m tests.fuzz.live --count 1000000`` fires as many as one likes."""

from __future__ import annotations

import pytest

from tests.fuzz.ammunition import STRANGERS, Ammunition
from tests.fuzz.live import SPARE, besiege

MIB = 1 << 20


@pytest.mark.lan
def test_a_node_under_fire_neither_ends_nor_leaks_nor_disturbs_its_friends() -> None:
    report = besiege(20_000)
    print(report)
    assert report.complaints == []
    assert report.echoes > 0
    assert report.log_lines == 0
    assert report.after["violations"], "or nothing arrived"
    assert report.after["events"]["Enter"] > STRANGERS, "or nobody got past the door"
    assert report.after["descriptors"] <= report.before["descriptors"] + SPARE
    assert report.after["threads"] == report.before["threads"]
    assert report.after["rss"] < report.before["rss"] + 32 * MIB


def test_the_same_seed_fires_the_same_shots() -> None:
    assert list(Ammunition(7).shots(500)) == list(Ammunition(7).shots(500))
    assert list(Ammunition(7).shots(500)) != list(Ammunition(8).shots(500))
