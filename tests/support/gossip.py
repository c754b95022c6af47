"""Gossip services on real sockets: how a test waits for what they hold."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from zyre.gossip import BaseGossip

PATIENCE = 20.0


def until(condition: Callable[[], bool], timeout: float = PATIENCE) -> None:
    """Wait for a condition, which is looked at now and then."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.01)


def until_all_hold(tuples: Mapping[str, str], *services: BaseGossip, timeout: float = PATIENCE) -> None:
    """Wait until all these services hold exactly these tuples."""
    deadline = time.monotonic() + timeout
    while any(service.tuples != tuples for service in services):
        assert time.monotonic() < deadline, {repr(service): dict(service.tuples) for service in services}
        time.sleep(0.01)
