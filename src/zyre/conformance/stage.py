"""Where probes are played: what is known of the node, and fresh peers to talk to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import TracebackType

from zyre.conformance.actor import Actor, Heard
from zyre.conformance.beacons import Airwaves

__all__ = ["Stage"]


@dataclass
class Stage:
    """One probe's play. Every actor is another peer to the node, so that no probe suffers from the one before."""

    endpoint: str
    address: str
    """Ours, toward the node."""
    patience: float
    uuid: bytes
    """The node's."""
    greeting: Heard
    """The node's answer to the first HELLO."""
    port: int = 0
    """The UDP port of the beacons; 0 if they are not to be looked at."""
    actors: list[Actor] = field(default_factory=list)
    airwaves: Airwaves | None = None

    def stranger(self) -> Actor:
        """A peer that has said nothing yet."""
        actor = Actor(self.endpoint, self.address, self.patience)
        self.actors.append(actor)
        return actor

    def peer(self) -> Actor:
        """A peer that has greeted, and was answered."""
        actor = self.stranger()
        actor.greet()
        return actor

    def air(self) -> Airwaves:
        """The beacons on the network."""
        if self.airwaves is None:
            self.airwaves = Airwaves(self.port, self.address)
        return self.airwaves

    def __enter__(self) -> Stage:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for actor in self.actors:
            actor.close()
        if self.airwaves is not None:
            self.airwaves.close()
