from __future__ import annotations

import random

from tests.core.gossip.rig import Rig

PUBLISHERS = 1000
COMING = 60.0
"""Seconds in which they all come."""
STAY = 1.0


def test_a_thousand_publishers_that_come_and_go_leave_only_the_live_ones() -> None:
    """Most leave and some die, at one of two hubs, of which one starts again meanwhile. (As many as one likes may die,
    but then each newcomer is told of many dead ones first, and the test takes long.)"""
    rig = Rig()
    chance = random.Random(7)
    hubs = ("north", "south")
    for hub in hubs:
        rig.add(hub)
    rig.join("north>south")

    def come(name: str) -> None:
        rig.add(name)
        rig.join(f"{name}>{chance.choice(hubs)}")
        rig.do(name, "publish", name, f"tcp://{name}")

    def go(name: str) -> None:
        if chance.random() < 0.95:
            rig.do(name, "leave")
            rig.at(rig.now + 0.1, lambda: rig.kill(name))
        else:
            rig.kill(name)

    for number in range(PUBLISHERS):
        start = COMING * number / PUBLISHERS
        rig.at(start, lambda name=f"p{number}": come(name))  # type: ignore[misc]
        if number % 100:
            rig.at(start + STAY * chance.random(), lambda name=f"p{number}": go(name))  # type: ignore[misc]
    rig.at(COMING / 2, lambda: (rig.kill("south"), rig.add("south")))
    rig.run(COMING)
    assert len(rig.tuples("north")) > 30
    rig.run(300.0 - COMING)
    live = {name: f"tcp://{name}" for name in rig.services if name not in hubs}
    assert len(live) == PUBLISHERS // 100
    assert rig.agree(live)
    assert all(rig.ours(name).table.remembered == 0 for name in rig.services)
    assert all(len(rig.ours(name).table.leases) <= len(live) for name in rig.services)
    assert all(rig.ours(hub).clients <= len(rig.services) for hub in hubs)
