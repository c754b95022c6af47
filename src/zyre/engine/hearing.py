"""What one node hears on the discovery port, from its sockets to its machine: when, and which of it need not be told.

The machine says which beacons it expects, so that the kernel lets the engine sleep while nothing else comes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Final

from zyre.config import NodeConfig
from zyre.core.driver import Driver
from zyre.core.timers import NEVER
from zyre.engine import clock
from zyre.engine.ears import Ears, delay_of, patience_of
from zyre.engine.engine import Engine
from zyre.engine.rungs import Rungs

__all__ = ["Hearing"]

#: Seconds for which the kernel is not told anew what is expected: where many come at once, they are told of together.
_TELL_AGAIN: Final = 0.25


class Hearing:
    """The listening of one node, in the engine thread. ``guard`` calls what may break the node."""

    def __init__(
        self, driver: Driver, lock: threading.Lock, config: NodeConfig, guard: Callable[[Callable[[], int]], int]
    ) -> None:
        self._driver = driver
        self._lock = lock
        self._limit = config.limits.batch
        self._timing = config.timing
        self._beacons: Rungs | None = None
        self._told_at = -NEVER
        self.ears = Ears(lambda: guard(self._take_in), config.limits.batch)

    def open(self, engine: Engine, beacons: Rungs | None) -> None:
        """Begin to hear, if there is anything to hear with."""
        self._beacons = beacons
        if beacons is not None:
            self._be_patient(beacons, ())
            self.ears.open(engine, beacons.descriptors)

    def follow(self) -> None:
        """The sockets may be others."""
        if self._beacons is not None:
            self.ears.use(self._beacons.descriptors)

    def close(self) -> None:
        """Hear nothing more."""
        self.ears.close()

    def _take_in(self) -> int:
        beacons = self._beacons
        assert beacons is not None
        news, datagrams = beacons.receive(self._limit)
        tell = beacons.has_bell and not clock.now() < self._told_at + _TELL_AGAIN
        with self._lock:
            if datagrams:
                self._driver.on_datagrams(datagrams)
            expected = self._driver.machine.take_expected() if tell else None
        if expected is not None:
            self._told_at = clock.now()
            beacons.expect(expected)
            self._be_patient(beacons, expected)
        return news

    def _be_patient(self, beacons: Rungs, expected: Sequence[bytes]) -> None:
        if beacons.has_bell:
            peers = len(expected)
            self.ears.patience = patience_of(self._timing.ask, self._timing.beacon, peers)
            self.ears.delay = delay_of(peers, sum(beacon < beacons.said for beacon in expected))
