"""A world of simulated nodes."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence

from zyre.config import NodeConfig
from zyre.core.discovery import Source
from zyre.core.driver import Driver
from zyre.core.node import NodeMachine, NodeProfile
from zyre.events import Event
from zyre.identity import PeerId, check_group, encode_frames
from zyre.roster import Roster
from zyre.sim.clock import Agenda, SimAlarm
from zyre.sim.network import Network, SimTransport

__all__ = ["SimNode", "World"]


class SimNode:
    """One node in a world: the verbs and questions of zyre.Node that need no waiting, and its events as a list."""

    def __init__(self, world: World, address: str, profile: NodeProfile) -> None:
        self.address = address
        self.machine = NodeMachine(profile)
        self.events: list[Event] = []
        self.alive = False
        self.transport = SimTransport(world.network, self, profile.config.limits.link_messages)
        self.driver = Driver(
            self.machine,
            transport=self.transport,
            clock=world.agenda,
            alarm=SimAlarm(world.agenda, self._on_alarm),
            deliver=self.events.extend,
        )

    # -- verbs, as of zyre.Node ----------------------------------------------------------------------------------

    def start(self) -> None:
        """Appear on the network."""
        self.alive = True
        self.driver.start()

    def stop(self) -> None:
        """Leave politely."""
        self.driver.stop()
        self.driver.farewell()
        self.kill()

    def kill(self) -> None:
        """Vanish without a word."""
        self.alive = False
        self.transport.close()

    def join(self, group: str) -> None:
        """Join a group."""
        self.driver.join(check_group(group))

    def leave(self, group: str) -> None:
        """Leave a group."""
        self.driver.leave(check_group(group))

    def contest(self, group: str) -> None:
        """Stand as a candidate for the leader of a group."""
        self.driver.contest(check_group(group))

    def whisper(self, peer: object, *frames: bytes | str) -> bool:
        """Send to one peer; whether it was taken."""
        return self.driver.whisper(PeerId.parse(peer), encode_frames(frames)).name == "SENT"

    def shout(self, group: str, *frames: bytes | str) -> int:
        """Send to a group; to how many."""
        return self.driver.shout(check_group(group), encode_frames(frames))[0]

    @property
    def uuid(self) -> PeerId:
        """Its identity."""
        return self.machine.identity

    @property
    def name(self) -> str:
        """Its name."""
        return self.machine.name

    @property
    def peers(self) -> Roster:
        """Who is here, as it sees it."""
        return self.driver.roster

    # -- what the network does with it ---------------------------------------------------------------------------

    def on_datagram(self, data: bytes, source: Source) -> None:
        """A datagram arrives."""
        if self.alive:
            self.driver.on_datagrams([(data, source)])

    def on_messages(self, messages: Iterable[Sequence[bytes]]) -> None:
        """Messages arrive."""
        if self.alive:
            self.driver.on_messages(messages)

    def _on_alarm(self) -> None:
        if self.alive:
            self.driver.on_alarm()


class World:
    """Nodes, a network and a clock. The same seed gives the same history.

    >>> world = World(seed=1)
    >>> alice, bob = world.node("alice"), world.node("bob")
    >>> world.run_for(1.0)
    >>> [peer.name for peer in alice.peers]
    ['bob']
    """

    def __init__(self, seed: int = 0, latency: tuple[float, float] = (0.0005, 0.002), loss: float = 0.0) -> None:
        self.entropy = random.Random(seed)
        self.agenda = Agenda()
        self.network = Network(self.agenda, self.entropy, latency, loss)
        self.nodes: list[SimNode] = []

    def node(
        self,
        name: str,
        *,
        headers: Mapping[str, str] | None = None,
        groups: Sequence[str] = (),
        config: NodeConfig | None = None,
        extensions: Iterable[str] | None = None,
        identity: PeerId | None = None,
        address: str | None = None,
        start: bool = True,
    ) -> SimNode:
        """A new node on a host of its own (or at the ``address`` of an earlier one)."""
        number = len(self.nodes) + 1
        profile = NodeProfile.make(
            identity or PeerId.parse(self.entropy.randbytes(16)),
            name,
            headers=headers,
            groups=groups,
            extensions=extensions,
            config=config,
        )
        node = SimNode(self, address or f"10.0.{number // 250}.{number % 250 + 1}", profile)
        self.nodes.append(node)
        if start:
            node.start()
        return node

    def run_for(self, seconds: float) -> None:
        """Let time pass."""
        self.agenda.run_until(self.agenda.now() + seconds)
