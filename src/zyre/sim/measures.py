"""What a simulation tells an operator: when everybody knew everybody, how soon a death was known, what it cost.

A Checker that finds nothing wrong: it hears the events and counts.
"""

# ruff: noqa: D102  the base class Checker documents what it overrides

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from zyre.events import Enter, Evasive, Event, Exit, Silent
from zyre.identity import PeerId
from zyre.sim.checkers import Checker

if TYPE_CHECKING:
    from zyre.sim.world import SimNode, World

__all__ = ["Death", "Measures", "Sample", "spread"]

#: So many samples over the whole time, and so many more over the first second, in which nodes meet.
_SAMPLES = 300
_EARLY_SAMPLES = 100


@dataclass(slots=True)
class Death:
    """A node that died or left: who knew of it how long afterwards."""

    name: str
    uuid: PeerId
    at: float
    expected: frozenset[str] = frozenset()
    """Those who had it on their roster."""
    suspected: dict[str, float] = field(default_factory=dict)
    """Seconds until each was told Evasive or Silent."""
    known: dict[str, float] = field(default_factory=dict)
    """Seconds until each was told Exit."""

    @property
    def complete(self) -> bool:
        """Whether all who had known the node and still live were told."""
        return self.expected <= self.known.keys()


@dataclass(frozen=True, slots=True)
class Sample:
    """The world at one moment."""

    at: float
    share: float
    """How many of all pairs of running nodes know each other, from 0 to 1."""
    datagrams: int
    octets: int
    """Sent by all nodes since the beginning, on links and in beacons."""


class Measures(Checker):
    """Watches one world. ``names`` are the nodes that appear in it, in order."""

    rule = "measured"

    def __init__(self, seconds: float) -> None:
        self.mesh_complete_after: float | None = None
        """When everybody first knew everybody, counted from the beginning."""
        self.deaths: list[Death] = []
        self.events: Counter[str] = Counter()
        self.samples: list[Sample] = []
        self.messages_lost = 0
        self._seconds = seconds
        self._known: dict[SimNode, set[PeerId]] = {}
        self._alive: dict[PeerId, SimNode] = {}
        self._pairs = 0

    def attend(self, world: World, moments: Iterable[float] = ()) -> None:
        """Look at a new world from its beginning to its end, and at some more moments in between."""
        regular = [self._seconds * number / _SAMPLES for number in range(_SAMPLES + 1)]
        early = [number / _EARLY_SAMPLES for number in range(_EARLY_SAMPLES)]
        for moment in (*regular, *early, *moments):
            if moment <= self._seconds:
                world.agenda.at(moment, lambda: self.look(world))

    # -- what is heard -------------------------------------------------------------------------------------------

    def on_events(self, world: World, node: SimNode, events: list[Event]) -> None:
        known = self._known.setdefault(node, set())
        for event in events:
            self.events[type(event).__name__.lower()] += 1
            if isinstance(event, Enter):
                known.add(event.peer)
            elif isinstance(event, Exit):
                known.discard(event.peer)
                self._told(world, node, event.peer, "known")
            elif isinstance(event, (Evasive, Silent)):
                self._told(world, node, event.peer, "suspected")
        self._look_for_mesh(world)

    def _told(self, world: World, node: SimNode, peer: PeerId, what: str) -> None:
        for death in self.deaths:
            if death.uuid == peer:
                getattr(death, what).setdefault(node.name, world.now() - death.at)

    def _look_for_mesh(self, world: World) -> None:
        if self.mesh_complete_after is None:
            alive = self._alive
            wanted = len(alive) - 1
            if all(len(self._known.get(node, ())) >= wanted for node in alive.values()):
                self.mesh_complete_after = world.now()

    def on_lost(self, world: World, sender: str, identity: bytes, messages: Any) -> None:
        self.messages_lost += len(messages)

    def look(self, world: World) -> None:
        """Who lives, and who does not any more?"""
        alive = {node.uuid: node for node in world.alive}
        for uuid, node in self._alive.items():
            if uuid not in alive:
                knew = {other.name for other, known in self._known.items() if uuid in known and other.alive}
                self.deaths.append(Death(node.name, uuid, world.now(), frozenset(knew)))
        self._alive = alive
        for death in self.deaths:
            if not death.complete:
                gone = death.expected - {node.name for node in alive.values()} - death.known.keys()
                death.expected -= gone
        self._sample(world)

    def _sample(self, world: World) -> None:
        alive = self._alive
        pairs = sum(len(self._known.get(node, set()) & alive.keys()) for node in alive.values())
        share = pairs / (len(alive) * (len(alive) - 1)) if len(alive) > 1 else 1.0
        self.samples.append(Sample(world.now(), share, *self.traffic(world)))

    # -- what is told --------------------------------------------------------------------------------------------

    @staticmethod
    def traffic(world: World) -> tuple[int, int]:
        """Datagrams and octets that all nodes have sent."""
        return (
            sum(node.transport.beacons_sent for node in world.nodes),
            sum(node.transport.octets_sent for node in world.nodes),
        )

    def summary(self, world: World) -> dict[str, Any]:
        """All figures, as plain values for JSON. Seconds, and per node and second."""
        node_seconds = max(1, len(self._alive)) * max(world.now(), 1e-9)
        datagrams, octets = self.traffic(world)
        messages = sum(node.machine.counters.sent for node in world.nodes)
        return {
            "seed": world.seed,
            "seconds": world.now(),
            "nodes": len(self._alive),
            "trace": world.trace,
            "mesh_complete_after": self.mesh_complete_after,
            "deaths": [_death_record(death) for death in self.deaths],
            "traffic": {
                "datagrams_sent": datagrams / node_seconds,
                "datagrams_received": world.network.datagrams / node_seconds,
                "messages_sent": messages / node_seconds,
                "octets_sent": octets / node_seconds,
                "octets_received": world.network.datagram_octets / node_seconds,
            },
            "events": dict(sorted(self.events.items())),
            "losses": self._losses(world),
        }

    def _losses(self, world: World) -> dict[str, int]:
        """Messages that did not reach an application, by what became of them."""
        losses: Counter[str] = Counter(on_links=self.messages_lost)
        for node in world.nodes:
            losses.update({f"dropped_{reason}": count for reason, count in node.machine.counters.dropped.items()})
            losses.update({str(kind): count for kind, count in node.machine.counters.violations.items()})
            losses["mailbox_full"] += node.host.mailbox.dropped
        return {what: count for what, count in sorted(losses.items()) if count}


def _death_record(death: Death) -> dict[str, Any]:
    return {
        "node": death.name,
        "at": death.at,
        "suspected_after": spread(death.suspected.values()),
        "known_after": spread(death.known.values()),
        "never_known_to": len(death.expected - death.known.keys()),
    }


def spread(values: Iterable[float | None]) -> dict[str, float] | None:
    """Least, median and most of some figures; None if there are none."""
    figures = [value for value in values if value is not None]
    if not figures:
        return None
    return {"min": min(figures), "median": statistics.median(figures), "max": max(figures)}
