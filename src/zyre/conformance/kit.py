"""Plays the probes against a node, and looks after each whether the node is still alive."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple

from zyre.conformance.actor import Actor, Deviation, Heard, local_address_toward
from zyre.conformance.probe import Noted, Probe, Severity
from zyre.conformance.probes import PROBES
from zyre.conformance.stage import Stage
from zyre.endpoint import Endpoint
from zyre.errors import InvalidEndpoint, NetworkError

__all__ = ["Kit", "Outcome", "Result", "Unreachable"]


class Unreachable(NetworkError):
    """Nobody at ``endpoint`` answers a HELLO."""

    def __init__(self, endpoint: str, why: str) -> None:
        super().__init__(endpoint, why)
        self.endpoint = endpoint
        self.why = why

    def __str__(self) -> str:
        return f"no ZRE node answers at {self.endpoint}: {self.why}"


class Outcome(StrEnum):
    """How a probe ended."""

    RIGHT = "right"
    WRONG = "wrong"
    """It does otherwise; of a MAY this is never said."""
    NOTED = "noted"
    DIED = "died"
    """Afterwards nobody answered any more. Nothing can be said of the probes that follow."""


class Result(NamedTuple):
    """What one probe found."""

    probe: Probe
    outcome: Outcome
    detail: str = ""


class Kit:
    """Everything there is to try at one node.

    Args:
        endpoint: where it is reached, ``tcp://host:port``.
        uuid: who it should be; by default whoever answers.
        beacon_port: the UDP port of its beacons, if probes may broadcast there.
        address: the address of ours that it can connect to; by default the one toward it.
        patience: seconds to wait for an answer.
        deadly: play the probes too of which known implementations die.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        uuid: bytes | None = None,
        beacon_port: int = 0,
        address: str | None = None,
        patience: float = 2.0,
        deadly: bool = False,
        probes: Iterable[Probe] = PROBES,
    ) -> None:
        target = Endpoint.parse(endpoint)
        if not target.is_tcp or not target.is_reachable:
            raise InvalidEndpoint(endpoint, "is not one at which a node is reached by TCP")
        self.endpoint = str(target)
        self.patience = patience
        self.probes = tuple(
            probe for probe in probes if (deadly or not probe.deadly) and (beacon_port or not probe.needs_beacons)
        )
        self._uuid = uuid
        self._beacon_port = beacon_port
        try:
            self._address = address or local_address_toward(target.host, target.port)
        except OSError as error:
            raise Unreachable(self.endpoint, error.strerror or str(error)) from error
        self.greeting: Heard | None = None
        """The node's first HELLO, once ``meet`` was called."""

    def meet(self) -> Heard:
        """Find out who is there. Raises Unreachable."""
        try:
            self.greeting = self._greet()
        except Deviation as deviation:
            raise Unreachable(self.endpoint, str(deviation)) from None
        if self._uuid not in (None, self.greeting.identity[1:]):
            raise Unreachable(self.endpoint, f"{self.greeting.identity[1:].hex().upper()} answers there")
        return self.greeting

    def _greet(self) -> Heard:
        actor = Actor(self.endpoint, self._address, self.patience)
        try:
            return actor.greet()
        finally:
            actor.close()

    def run(self) -> Iterator[Result]:
        """Play one probe after the other; ends with the first that the node dies of. Raises Unreachable."""
        greeting = self.greeting or self.meet()
        for probe in self.probes:
            with Stage(
                endpoint=self.endpoint,
                address=self._address,
                patience=self.patience,
                uuid=greeting.identity[1:],
                greeting=greeting,
                port=self._beacon_port,
            ) as stage:
                result = _play(probe, stage)
            if not self.is_alive():
                detail = "afterwards it answered no new peer any more"
                yield Result(probe, Outcome.DIED, f"{result.detail}; {detail}" if result.detail else detail)
                return
            yield result

    def is_alive(self) -> bool:
        """Whether a new peer is answered."""
        try:
            self._greet()
        except Deviation:
            return False
        return True


def _play(probe: Probe, stage: Stage) -> Result:
    try:
        probe.act(stage)
    except Noted as noted:
        return Result(probe, Outcome.NOTED, str(noted))
    except Deviation as deviation:
        outcome = Outcome.NOTED if probe.severity is Severity.MAY else Outcome.WRONG
        return Result(probe, outcome, str(deviation))
    return Result(probe, Outcome.RIGHT)
