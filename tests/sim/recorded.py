"""A recorder at a simulated node: how tests get journals of lives that nobody could stage on a real network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zyre.engine.recorder import Recorder
from zyre.sim import SimNode, World

__all__ = ["record"]


def record(
    world: World, name: str, path: Path, *, limit: int = 1 << 26, contents: bool = True, **options: Any
) -> SimNode:
    """A node of the world that is recorded from its birth on."""
    node = world.node(name, start=False, **options)
    driver = node.driver
    recorder = Recorder(path, node.host.profile, node.machine, contents=contents, limit=limit, clock=node.box.clock.now)
    driver._transport = recorder.around_transport(driver._transport)
    driver._clock = recorder.around_clock(driver._clock)
    driver._deliver = recorder.around_deliver(driver._deliver)
    driver._tap = recorder.tap
    node.host.hear_each()
    node.recorder = recorder  # type: ignore[attr-defined]
    node.start()
    return node
