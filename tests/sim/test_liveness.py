"""Nobody who lives is called gone; ``make presence`` does the same with more nodes, for longer, and often."""

from __future__ import annotations

import pytest

from zyre.config import Timing
from zyre.endpoint import Endpoint
from zyre.events import Enter, Exit
from zyre.sim import SimNode, World, all_checkers, check_agreement

from .liveness import live


@pytest.mark.parametrize("seed", range(3))
def test_nobody_who_lives_is_called_gone(seed: int) -> None:
    outcome = live(seed, nodes_per_host=6, seconds=120.0)
    assert outcome.exits == []
    assert outcome.told["Evasive"] > 20, "nothing was the matter, so nothing was tested"


def test_who_is_less_patient_than_a_process_is_slow_is_wrong() -> None:
    assert live(1, nodes_per_host=4, seconds=60.0, timing=Timing.within(4.0)).exits


@pytest.mark.parametrize("extensions", [(), None])
@pytest.mark.parametrize("beacons", [5670, 0])
@pytest.mark.parametrize("seconds", [7.0, 12.0, 300.0])
@pytest.mark.parametrize("how", ["suspended", "stopped"])
def test_a_sleep_is_one_exit_and_one_enter_at_most_and_soon_over(
    how: str, seconds: float, beacons: int, extensions: tuple[str, ...] | None
) -> None:
    world = World(int(seconds), checkers=all_checkers())
    nodes = [world.node(f"n{number}", port=beacons, extensions=extensions) for number in range(5)]
    if not beacons:
        for node in nodes:
            for other in nodes:
                if node is not other:
                    node.host.change("connect", endpoint_of(other), other.uuid)
    world.run_for(5.0)
    sleeper, *others = nodes
    if how == "stopped":
        sleeper.stall()
        world.run_for(seconds)
        sleeper.resume()
    else:
        world.suspend(sleeper.box)
        world.run_for(seconds)
        world.wake_up(sleeper.box, clock_counts=True)
    world.run_for(3.0)
    check_agreement(world)
    outages = int(seconds > 10.0)
    for node in others:
        assert [event.reason for event in node.events if isinstance(event, Exit)] == ["expired"] * outages
        assert len([event for event in node.events if isinstance(event, Enter)]) == 4 + outages
    forgotten = 4 * outages if extensions == () else 0  # our own kind says that it is still the same start
    assert len([event for event in sleeper.events if isinstance(event, Exit)]) == forgotten


def endpoint_of(node: SimNode) -> Endpoint:
    return Endpoint("tcp", node.address, node.transport.tcp_port)
