"""The stage of the simulated world: nodes in virtual time, no socket and no waiting."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

import zyre
from zyre.endpoint import Endpoint
from zyre.sim.box import Box
from zyre.sim.checkers import all_checkers
from zyre.sim.world import SimNode, World

from .stage import TIMING, Actor, Sighting, Stage

ALMOST_ALL = 1 - 1e-12
"""A share of losses below 1, as the model wants it, that no dice will ever fall short of."""


class SimActor(Actor):
    """A simulated node."""

    def __init__(self, node: SimNode) -> None:
        super().__init__(node.name, "ours", node.box)
        self.node = node
        self._events: list[Sighting] = []

    @property
    def events(self) -> list[Sighting]:
        self._events += map(_sighting, self.node.events[len(self._events) :])
        return self._events

    @property
    def fates(self) -> zyre.Fates:
        return self.node.host.statistics().fates

    def whisper(self, to: Actor, count: int = 1) -> None:
        for _ in range(count):
            self.node.whisper(to.node.uuid, b"hello")  # type: ignore[attr-defined]

    def connect(self, to: Actor) -> None:
        node: SimNode = to.node  # type: ignore[attr-defined]
        self.node.host.change("connect", Endpoint("tcp", node.address, node.transport.tcp_port), node.uuid)

    def stop(self) -> None:
        self.node.stop()

    def kill(self) -> None:
        self.node.kill()

    def freeze(self) -> None:
        self.node.stall()

    def thaw(self) -> None:
        self.node.resume()


def _sighting(event: Any) -> Sighting:
    return Sighting(type(event).__name__, event.name, getattr(event, "reason", ""), getattr(event, "missed", 0))


class ModelStage(Stage):
    """Everything as in a scenario's words, in a world that obeys one seed."""

    def __init__(self, seed: int = 1) -> None:
        super().__init__()
        self.world = World(seed, checkers=all_checkers())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.world.close()

    def host(self, *lans: str) -> Box:
        return self.world.box(segments=lans)

    def cast(
        self, *names: str, hosts: Iterable[Any] = (), tcp_port: int | None = None, one_interface: bool = False
    ) -> list[Actor]:
        config = zyre.NodeConfig(timing=TIMING, peer_port=tcp_port)
        interface = "eth0" if one_interface else None
        places = list(hosts) or [self.host("lan") for _ in names]
        cast: list[Actor] = [
            SimActor(self.world.node(name, box=box, interface=interface, config=config))
            for name, box in zip(names, places, strict=True)
        ]
        self.actors += cast
        return cast

    def happens(self, condition: Callable[[], bool], within: float) -> bool:
        end = self.world.now() + within
        try:
            self.world.run_until(condition, within)
        except TimeoutError:
            self.world.run_for(end - self.world.now())  # up to the end, not only to the last thing before it
            return condition()
        return True

    def pass_time(self, seconds: float) -> None:
        self.world.run_for(seconds)

    def partition(self, one: Iterable[Actor], other: Iterable[Actor]) -> None:
        left, right = [actor.host for actor in one], [actor.host for actor in other]
        self.world.network.block(left, right)
        self.world.network.block(right, left)

    def one_way(self, source: Any, target: Any) -> None:
        self.world.network.block([source], [target])

    def heal(self) -> None:
        self.world.network.unblock_all()

    def pull_cable(self, actor: Actor, number: int = 0) -> None:
        actor.host.ports[f"eth{number}"].switch(False)

    def plug_cable(self, actor: Actor, number: int = 0) -> None:
        actor.host.ports[f"eth{number}"].switch(True)

    def change_address(self, actor: Actor) -> None:
        self.world.change_address(actor.host)

    def add_address(self, host: Box) -> None:
        first = next(iter(host.ports.values()))
        address = self.world.new_address(first.segment)
        self.world.network.plug_in(host.add_port(f"{first.name}:1", address, first.prefix, first.segment))

    def lose_datagrams(self, share: float) -> None:
        self.world.network.conditions = replace(self.world.network.conditions, loss=share)

    def drop_broadcasts(self) -> None:
        self.lose_datagrams(ALMOST_ALL)

    def reset(self, source: Actor, target: Actor) -> None:
        self.world.reset(source.node, target.node)  # type: ignore[attr-defined]
