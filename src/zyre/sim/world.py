"""A world: computers, a network between them, and nodes on them, in virtual time, from one seed, in one thread.

The machines and the driver are the ones that ship. The same seed gives the same history on any machine, and
``World.trace`` is a number that tells whether it did.
"""

from __future__ import annotations

import gc
import random
import zlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any

from zyre.config import DISCOVERY_PORT, NodeConfig
from zyre.core.driver import Tap
from zyre.core.profile import NodeProfile
from zyre.events import Event
from zyre.identity import PeerId
from zyre.sim.box import Box, Power
from zyre.sim.chart import Arrow, Chart, Mark, Note, describe_event, describe_message, spell_event
from zyre.sim.clock import Agenda, BoxClock
from zyre.sim.conditions import LAN, Conditions
from zyre.sim.host import SimHost
from zyre.sim.network import Network
from zyre.sim.node import SimNode
from zyre.sim.store import SimStore
from zyre.sim.tasks import Baton, Task
from zyre.sim.transport import SimTransport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zyre.sim.checkers import Checker

__all__ = ["SimNode", "World", "without_collections"]


class World:
    """Nodes, a network and a clock.

    >>> world = World(seed=1)
    >>> alice, bob = world.node("alice"), world.node("bob")
    >>> world.run_for(1.0)
    >>> [peer.name for peer in alice.peers]
    ['bob']

    Args:
        seed: where all chance comes from.
        conditions: what the network is like; see zyre.sim.conditions.
        checkers: what must always hold; see zyre.sim.checkers. A violation raises CheckFailed out of ``run_for``.
        trace: whether to follow everything that happens in ``World.trace``; costs a little for each input.
        chart: whether to keep the last happenings in ``World.chart``.
    """

    def __init__(
        self,
        seed: int = 0,
        conditions: Conditions = LAN,
        *,
        checkers: Iterable[Checker] = (),
        trace: bool = True,
        chart: bool = False,
    ) -> None:
        self.seed = seed
        self.entropy = random.Random(seed)
        self.agenda = Agenda()
        self.baton = Baton(self.agenda)
        self.network = Network(self.agenda, self.entropy, conditions)
        self.network.on_lost = self._on_lost
        self.nodes: list[SimNode] = []
        self.boxes: dict[str, Box] = {}
        self.trace = 0
        """A number made of every input of every node and every event: equal histories have equal ones."""
        self.checkers = tuple(checkers)
        self.chart = Chart()
        """The last messages and events, for people; empty unless it was asked for."""
        self._charting = chart
        if chart:
            self.network.watcher = self._on_arrival
        self._tracing = trace
        self.numbers = count(1)
        """For messages that are told apart by a number; see zyre.sim.actions."""
        self._by_host: dict[SimHost, SimNode] = {}
        self._addresses = 0

    # -- building ------------------------------------------------------------------------------------------------

    def box(
        self,
        name: str | None = None,
        *,
        segments: Iterable[str] = ("lan",),
        clock_offset: float | None = None,
        clock_rate: float = 1.0,
    ) -> Box:
        """A computer with one interface in each of the segments. Its clock begins anywhere unless told where."""
        name = name or f"box{len(self.boxes) + 1}"
        offset = self.entropy.uniform(0, 100_000) if clock_offset is None else clock_offset
        box = self.boxes[name] = Box(name, BoxClock(self.agenda, offset, clock_rate))
        for number, segment in enumerate(segments):
            self.network.plug_in(box.add_port(f"eth{number}", self.new_address(segment), 16, segment))
        return box

    def new_address(self, segment: str) -> str:
        """An address that nobody has. Each segment is a network of its own."""
        self._addresses += 1
        third, fourth = divmod(self._addresses, 250)
        return f"10.{zlib.crc32(segment.encode()) % 250}.{third}.{fourth + 1}"

    def node(
        self,
        name: str,
        *,
        box: Box | None = None,
        identity: PeerId | None = None,
        interface: str | None = None,
        port: int = DISCOVERY_PORT,
        cluster: str | None = None,
        headers: Mapping[str, str] | None = None,
        groups: Iterable[str] = (),
        extensions: Iterable[str] | None = None,
        config: NodeConfig | None = None,
        incarnation: int | None = None,
        store: SimStore | bool = False,
        start: bool = True,
    ) -> SimNode:
        """A new node, on a computer of its own unless ``box`` says which; with a ``store`` for durable messages, if
        there is to be one."""
        profile = NodeProfile.make(
            identity or self.new_identity(),
            name,
            port=port,
            cluster=cluster,
            headers=headers,
            groups=groups,
            extensions=extensions,
            config=config,
            incarnation=self._new_incarnation() if incarnation is None else incarnation,
            durable=store is not False,
        )
        host = SimHost(
            self.network,
            box or self.box(),
            self.baton,
            profile,
            interface,
            self._on_events,
            self._tap_for(profile),
            SimStore(self.agenda) if store is True else store or None,
        )
        node = SimNode(self, host)
        self.nodes.append(node)
        self._by_host[host] = node
        if start:
            node.start()
        return node

    def new_identity(self) -> PeerId:
        """A random identity, the same for the same seed; it never looks like an RFC 4122 version 4."""
        octets = bytearray(self.entropy.randbytes(16))
        octets[6] &= 0x0F
        return PeerId.parse(octets)

    def _new_incarnation(self) -> int:
        """The time of day, as of computers that have the right one, and something that makes it differ."""
        return int((1e6 + self.now()) * 1e9) + len(self.nodes)

    def restart(self, node: SimNode, *, same_identity: bool = False, name: str | None = None) -> SimNode:
        """A new start of a node that has stopped or died, on the same computer and the same TCP port. A store belongs
        to an identity: with another one, the node has another store."""
        profile = node.host.profile
        again = self.node(
            name or profile.name,
            box=node.box,
            identity=profile.identity if same_identity else None,
            port=profile.cluster.port,
            cluster=profile.cluster.name,
            headers=profile.headers,
            groups=profile.groups,
            extensions=profile.extensions,
            config=profile.config,
            store=(node.host.store or False) if same_identity else node.host.store is not None,
            start=False,
        )
        again.host.transport.wanted_port = node.host.transport.tcp_port
        if node.reader is not None:
            again.read_on(node.reader.seconds)
        again.start()
        return again

    # -- time ----------------------------------------------------------------------------------------------------

    def now(self) -> float:
        """Seconds since the world began."""
        return self.agenda.now()

    def run_for(self, seconds: float) -> None:
        """Let time pass. Raises what a checker or a simulated program raises."""
        with without_collections(len(self.nodes)):
            self.agenda.run_until(self.agenda.now() + seconds)
        for checker in self.checkers:
            checker.on_pause(self)

    def run_until(self, condition: Callable[[], bool], within: float) -> float:
        """Let time pass until ``condition()`` holds; how long that took. Raises TimeoutError if it did not in time."""
        begin, end = self.now(), self.now() + within
        while not condition():
            if not self.agenda.next_at <= end:
                raise TimeoutError(f"it did not happen within {within:g} s of the simulated world (seed {self.seed})")
            self.agenda.step()
        return self.now() - begin

    def after(self, seconds: float, action: Callable[[], object]) -> None:
        """Do something later."""
        self.agenda.at(self.now() + seconds, action)

    def spawn(self, function: Callable[..., Any], *arguments: Any) -> Task:
        """Run an ordinary blocking program in virtual time; see zyre.sim.tasks."""
        return self.baton.spawn(getattr(function, "__name__", "program"), function, *arguments)

    def close(self) -> None:
        """End the programs that still wait."""
        self.baton.end()

    # -- faults --------------------------------------------------------------------------------------------------

    def partition(self, *sides: Iterable[SimNode]) -> None:
        """Nothing passes between the sides any more, in either direction."""
        boxes = [[node.box for node in side] for side in sides]
        for side in boxes:
            for other in boxes:
                if other is not side:
                    self.network.block(side, other)

    def heal(self) -> None:
        """Everything passes everywhere, every computer and process runs, and every disk takes what it is given."""
        self.network.unblock_all()
        for box in self.boxes.values():
            box.hidden = False
            for port in box.ports.values():
                port.switch(True)
            if box.power is Power.SUSPENDED:
                self.wake_up(box)
        for node in self.nodes:
            if node.host.stalled:
                node.resume()
            if node.host.store is not None:
                node.host.store.broken = ""

    def reset(self, one: SimNode, other: SimNode) -> None:
        """Break the connections between two nodes, both ways; what is in flight is lost."""
        one.transport.reset_links(lambda link: link.leads_to(other.box), told=True)
        other.transport.reset_links(lambda link: link.leads_to(one.box), told=True)

    def suspend(self, box: Box) -> None:
        """Close the laptop, if it runs."""
        if box.power is not Power.ON:
            return
        box.turn(Power.SUSPENDED)
        box.asleep_since = self.now()
        for node in self._on(box):
            node.host.stall()

    def wake_up(self, box: Box, *, clock_counts: bool = False) -> None:
        """Open it again. ``clock_counts``: its monotonic clock has counted the time asleep, as on some systems.
        Nothing happens to one that is awake or off: it may have been woken, or unplugged, before its time."""
        if box.power is not Power.SUSPENDED:
            return
        if not clock_counts:
            box.clock.stand_still_since(box.asleep_since)
        box.turn(Power.ON)
        for node in self._on(box):
            node.host.resume()

    def power_off(self, box: Box) -> None:
        """Pull the plug: its nodes die, and nobody is told anything."""
        box.turn(Power.OFF)
        for node in self._on(box):
            node.kill()

    def change_address(self, box: Box, port: str = "eth0", address: str | None = None) -> str:
        """Give an interface another address; its connections break, its nodes are told. Returns the new one."""
        interface = box.ports[port]
        address = address or self.new_address(interface.segment)
        self.network.readdress(interface, address)
        for node in self._on(box):
            node.transport.reset_links(lambda link: True)
            node.host.on_locality()
        return address

    def _on(self, box: Box) -> Iterator[SimNode]:
        return (node for node in self.nodes if node.box is box and node.alive)

    # -- watching ------------------------------------------------------------------------------------------------

    @property
    def alive(self) -> list[SimNode]:
        """The nodes that run."""
        return [node for node in self.nodes if node.alive]

    def _on_events(self, host: SimHost, events: list[Event]) -> None:
        node = self._by_host[host]
        node.events.extend(events)
        if self._charting:
            for event in events:
                self.chart.add(Mark(self.now(), node.name, describe_event(event)))
        if self._tracing:
            self._follow("".join(map(spell_event, events)).encode())
        for checker in self.checkers:
            checker.on_events(self, node, events)

    def _on_arrival(self, sender: SimTransport, target: SimTransport, messages: Iterable[Sequence[bytes]]) -> None:
        for frames in messages:
            self.chart.add(Arrow(self.now(), sender.host.name, target.host.name, describe_message(frames)))

    def note(self, text: str) -> None:
        """Write something that was done to the world into the chart."""
        if self._charting:
            self.chart.add(Note(self.now(), text))

    def _on_lost(self, sender: SimTransport, messages: Sequence[Sequence[bytes]]) -> None:
        for checker in self.checkers:
            checker.on_lost(self, sender.host.name, sender.identity, messages)

    def _tap_for(self, profile: NodeProfile) -> Tap | None:
        """What follows every input of a node, if anybody wants that."""
        listeners = [checker.on_input for checker in self.checkers if checker.wants_inputs]
        if not self._tracing and not listeners:
            return None
        mark, number = profile.identity.octets, len(self.nodes)

        def tap(now: float, what: str, arguments: tuple[object, ...]) -> None:
            if self._tracing:
                self._follow(mark + what.encode() + repr(arguments).encode())
            for listen in listeners:
                listen(self, self.nodes[number], what, arguments)

        return tap

    def _follow(self, happening: bytes) -> None:
        self.trace = zlib.crc32(happening, self.trace ^ hash(self.agenda.now()) & 0xFFFFFFFF)


@contextmanager
def without_collections(nodes: int) -> Iterator[None]:
    """A large world is millions of objects that live as long as it does; looking through them for garbage again and
    again takes longer than the simulation itself."""
    if nodes < 100 or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
