"""A LAN in a test suite: real nodes in virtual time, on a network that can be lost, cut and slowed.

    def test_my_program_survives_a_partition(lan):
        alice, bob = lan.node("alice", groups=["WORK"]), lan.node("bob", groups=["WORK"])
        lan.spawn(my_program, alice)                 # an ordinary program that takes a node
        lan.run_for(5)
        lan.partition([alice], [bob])
        lan.run_for(60)
        assert bob.uuid not in alice.peers

The nodes are zyre.Node objects; their machine and driver are the ones that ship. A minute of the simulated world takes
milliseconds. Everything follows from one seed, which a failing test prints together with a chart of what happened.
Programs must wait with their node only (``recv``, iteration, streams, ``lan.sleep``), not with ``time.sleep``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from zyre.config import DISCOVERY_PORT, NodeConfig
from zyre.errors import UsageError
from zyre.node import Node
from zyre.sim.box import Box
from zyre.sim.checkers import Checker, all_checkers, check_agreement
from zyre.sim.conditions import LAN, LOSSY_WIFI, PERFECT, WIFI, Conditions
from zyre.sim.tasks import Task
from zyre.sim.world import SimNode, World

__all__ = ["LAN", "LOSSY_WIFI", "PERFECT", "WIFI", "Conditions", "Lan", "Task"]


class Lan:
    """A simulated network for a test. ``lan.world`` is the zyre.sim.World below it, for what this does not offer."""

    def __init__(self, seed: int = 0, conditions: Conditions = LAN, checkers: Iterable[Checker] | None = None) -> None:
        checks = all_checkers() if checkers is None else checkers
        self.world = World(seed, conditions, checkers=checks, trace=False, chart=True)
        self._sims: dict[Node, SimNode] = {}

    @property
    def seed(self) -> int:
        """Where all chance of this network comes from."""
        return self.world.seed

    # -- nodes -----------------------------------------------------------------------------------------------------

    def node(
        self,
        name: str,
        *,
        box: Box | None = None,
        interface: str | None = None,
        port: int = DISCOVERY_PORT,
        cluster: str | None = None,
        headers: Mapping[str, str] | None = None,
        groups: Iterable[str] = (),
        extensions: Iterable[str] | None = None,
        config: NodeConfig | None = None,
        store: bool = False,
        start: bool = True,
    ) -> Node:
        """A zyre.Node on a simulated computer of its own (or on ``box``, see ``lan.world.box``), started; with a
        simulated disk for durable messages if there is to be a ``store``: it outlives the node, for ``restart``."""
        sim = self.world.node(
            name,
            box=box,
            interface=interface,
            port=port,
            cluster=cluster,
            headers=headers,
            groups=groups,
            extensions=extensions,
            config=config,
            store=store,
            start=start,
        )
        return self._face(sim)

    def _face(self, sim: SimNode) -> Node:
        node = Node.on_host(sim.host, sim.host.profile.config)
        self._sims[node] = sim
        return node

    def _sim(self, node: Node) -> SimNode:
        try:
            return self._sims[node]
        except KeyError:
            raise UsageError(f"{node!r} is not a node of this network: make it with lan.node(...)") from None

    def sims(self, nodes: Iterable[Node]) -> list[SimNode]:
        """What is behind some nodes, for lan.world."""
        return [self._sim(node) for node in nodes]

    # -- time ------------------------------------------------------------------------------------------------------

    @property
    def now(self) -> float:
        """Seconds since this network began."""
        return self.world.now()

    def run_for(self, seconds: float) -> None:
        """Let time pass; what a spawned program raises, and what a checker finds, is raised here."""
        self.world.run_for(seconds)

    def run_until(self, condition: Callable[[], object], within: float = 60.0) -> float:
        """Let time pass until ``condition()`` is true; how many seconds that took. Raises TimeoutError."""
        return self.world.run_until(lambda: bool(condition()), within)

    def sleep(self, seconds: float) -> None:
        """What a program in a simulation calls instead of time.sleep."""
        self.world.baton.new_parker().park(seconds)

    def settle(self, within: float = 120.0) -> None:
        """Let time pass until everybody knows everybody who is there, groups included. Raises CheckFailed if not."""
        try:
            self.world.run_until(lambda: _agrees(self.world), within)
        except TimeoutError:
            check_agreement(self.world)

    def spawn(self, function: Callable[..., Any], *arguments: Any) -> Task:
        """Run a program in virtual time, beside the test; its result is ``task.result`` when ``task.finished``."""
        return self.world.spawn(function, *arguments)

    # -- what can happen -------------------------------------------------------------------------------------------

    def partition(self, *sides: Iterable[Node]) -> None:
        """Nothing passes between the sides any more."""
        groups = [self.sims(side) for side in sides]
        self.world.note("partition: " + " | ".join(", ".join(node.name for node in side) for side in groups))
        self.world.partition(*groups)

    def one_way(self, sources: Iterable[Node], targets: Iterable[Node]) -> None:
        """Nothing passes from the sources to the targets; the way back stays open."""
        self.world.network.block([node.box for node in self.sims(sources)], [node.box for node in self.sims(targets)])

    def hide(self, node: Node) -> None:
        """Nobody can open a connection to that node's computer, as behind a NAT."""
        self._sim(node).box.hidden = True

    def heal(self) -> None:
        """Everything passes, everybody runs."""
        self.world.note("healed")
        self.world.heal()

    def weather(self, conditions: Conditions) -> None:
        """Change what the network is like."""
        self.world.network.conditions = conditions

    def kill(self, node: Node) -> None:
        """The node's process dies without a word, and with it the programs that were spawned with the node."""
        self.world.note(f"{node.name} is killed")
        self._sim(node).kill()
        self.world.baton.end(lambda task: node in task.arguments)

    def restart(self, node: Node, *, same_identity: bool = False) -> Node:
        """A new start of a node that has stopped or died, on the same computer; with a new uuid unless told."""
        self.world.note(f"{node.name} starts again")
        return self._face(self.world.restart(self._sim(node), same_identity=same_identity))

    def stall(self, node: Node, seconds: float) -> None:
        """The node's process does not run for a while."""
        self.world.note(f"{node.name} stalls for {seconds:g} s")
        self._sim(node).stall(seconds)

    def suspend(self, node: Node, seconds: float) -> None:
        """Close the laptop that the node runs on, and open it again after a while."""
        box = self._sim(node).box
        self.world.note(f"{node.name} is suspended for {seconds:g} s")
        self.world.suspend(box)
        self.world.after(seconds, lambda: self.world.wake_up(box))

    def unplug(self, node: Node, seconds: float) -> None:
        """Pull the cables of the node's computer, and put them back after a while."""
        ports = tuple(self._sim(node).box.ports.values())
        self.world.note(f"{node.name} is unplugged for {seconds:g} s")
        _set_up(ports, False)
        self.world.after(seconds, lambda: _set_up(ports, True))

    def reset(self, one: Node, other: Node) -> None:
        """Break the connections between two nodes; what is in flight is lost."""
        self.world.reset(self._sim(one), self._sim(other))

    # -- seeing ----------------------------------------------------------------------------------------------------

    def chart(self, *nodes: Node, last: int = 60) -> str:
        """The last messages and events as a sequence chart, of some nodes or of all."""
        return self.world.chart.text([node.name for node in nodes] or None, last=last)

    def close(self) -> None:
        """End the programs that still wait."""
        self.world.close()


def _set_up(ports: Iterable[Any], up: bool) -> None:
    for port in ports:
        port.switch(up)


def _agrees(world: World) -> bool:
    try:
        check_agreement(world)
    except AssertionError:
        return False
    return True


@contextmanager
def simulated(seed: int = 0, conditions: Conditions = LAN) -> Iterator[Lan]:
    """A network for a ``with`` block, where there is no pytest."""
    lan = Lan(seed, conditions)
    try:
        yield lan
    finally:
        lan.close()
