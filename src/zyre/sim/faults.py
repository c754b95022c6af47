"""What can be done to a world: faults of networks, computers and processes, and what their programs do meanwhile.

Each is a small immutable value that names nodes by name, so that it prints, is read back from a scenario file, and can
be left out when a failing history is made smaller. ``apply`` never fails: what makes no sense at the moment (a whisper
of a dead node) does nothing, because a random history does not know what came before.

Adding a fault is a class here and its name in ``VERBS``; scenario files and shrinking follow from its fields.
"""

# ruff: noqa: D102  apply is the same everywhere: it lets the thing happen in a world, now

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias

from zyre.core.host import Life
from zyre.errors import AddressInUse
from zyre.sim.actions import (
    Action,
    Burst,
    Connect,
    Contest,
    Join,
    Keep,
    Leave,
    Post,
    RemoveHeader,
    SetHeader,
    Shout,
    Whisper,
)
from zyre.sim.box import Power
from zyre.sim.conditions import LAN, LOSSY_WIFI, PERFECT, WIFI, Conditions, LongTail
from zyre.sim.naming import boxes_named, nodes_named, running
from zyre.sim.world import SimNode, World

__all__ = [
    "PRESETS",
    "VERBS",
    "ClockJump",
    "ClockRate",
    "DiskFull",
    "Fault",
    "Hide",
    "Kill",
    "LinkDown",
    "NewAddress",
    "OneWay",
    "Partition",
    "PowerOff",
    "Reset",
    "Restart",
    "Stall",
    "Stop",
    "Suspend",
    "Weather",
    "apply",
    "verb_of",
]

# -- the network ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Partition:
    """Nothing passes between the sides, nor between them and a rest that none of them names."""

    sides: tuple[str, ...]
    seconds: float | None = None

    def apply(self, world: World) -> None:
        sides = [boxes_named(world, side) for side in self.sides]
        named = {box for side in sides for box in side}
        sides.append([box for box in world.boxes.values() if box not in named])
        cuts = [(side, other) for side in sides for other in sides if side is not other]
        for side, other in cuts:
            world.network.block(side, other)
        if self.seconds is not None:
            for side, other in cuts:
                world.after(self.seconds, partial(world.network.unblock, side, other))


@dataclass(frozen=True, slots=True)
class OneWay:
    """Nothing passes from ``source`` to ``target`` any more; the way back stays open."""

    source: str
    target: str
    seconds: float | None = None

    def apply(self, world: World) -> None:
        sources, targets = boxes_named(world, self.source), boxes_named(world, self.target)
        world.network.block(sources, targets)
        if self.seconds is not None:
            world.after(self.seconds, partial(world.network.unblock, sources, targets))


@dataclass(frozen=True, slots=True)
class Hide:
    """Nobody can open a connection to the node's computer, as behind a NAT or a firewall."""

    node: str
    seconds: float | None = None

    def apply(self, world: World) -> None:
        for box in boxes_named(world, self.node):
            box.hidden = True
            if self.seconds is not None:
                world.after(self.seconds, partial(setattr, box, "hidden", False))


@dataclass(frozen=True, slots=True)
class Reset:
    """The connections between two nodes break; what is on its way is lost."""

    node: str
    other: str

    def apply(self, world: World) -> None:
        for node in nodes_named(world, self.node):
            for other in nodes_named(world, self.other):
                if node is not other:
                    world.reset(node, other)


@dataclass(frozen=True, slots=True)
class LinkDown:
    """The cable of the node's computer is pulled: all of them, or that of one ``interface`` (``eth0``, ``eth1``)."""

    node: str
    seconds: float | None = None
    interface: str = ""

    def apply(self, world: World) -> None:
        for box in boxes_named(world, self.node):
            for port in box.choose(self.interface or None):
                port.switch(False)
                if self.seconds is not None:
                    world.after(self.seconds, partial(port.switch, True))


@dataclass(frozen=True, slots=True)
class NewAddress:
    """An interface of the node's computer gets another address."""

    node: str
    interface: str = "eth0"

    def apply(self, world: World) -> None:
        for box in boxes_named(world, self.node):
            if self.interface in box.ports:
                world.change_address(box, self.interface)


PRESETS: Final = {"perfect": PERFECT, "lan": LAN, "wifi": WIFI, "lossy wifi": LOSSY_WIFI}


@dataclass(frozen=True, slots=True)
class Weather:
    """What the network is like: a preset (``perfect``, ``lan``, ``wifi``, ``lossy wifi``), and what differs from it.

    ``latency`` is the median of a transmission in seconds, ``spread`` how much it varies (0: not at all, 1: now and
    then tenfold); ``loss`` and ``duplication`` are shares of the datagrams.
    """

    preset: str = "lan"
    latency: float | None = None
    spread: float = 0.5
    loss: float | None = None
    duplication: float | None = None
    seconds: float | None = None

    @property
    def conditions(self) -> Conditions:
        """As the network wants them. Raises KeyError, InvalidConfig."""
        base = PRESETS[self.preset]
        return Conditions(
            base.latency if self.latency is None else LongTail(self.latency, self.spread),
            base.loss if self.loss is None else self.loss,
            base.duplication if self.duplication is None else self.duplication,
        )

    def apply(self, world: World) -> None:
        before, world.network.conditions = world.network.conditions, self.conditions
        if self.seconds is not None:
            world.after(self.seconds, partial(setattr, world.network, "conditions", before))


# -- computers and processes ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stall:
    """The node's process does not run; its computer does."""

    node: str
    seconds: float | None = None

    def apply(self, world: World) -> None:
        for node in nodes_named(world, self.node):
            node.stall(self.seconds)


@dataclass(frozen=True, slots=True)
class Suspend:
    """The laptop is closed. ``clock_counts``: its monotonic clock counts the time asleep, as on some systems."""

    node: str
    seconds: float | None = None
    clock_counts: bool = False

    def apply(self, world: World) -> None:
        for box in boxes_named(world, self.node):
            world.suspend(box)
            if self.seconds is not None:
                world.after(self.seconds, partial(world.wake_up, box, clock_counts=self.clock_counts))


@dataclass(frozen=True, slots=True)
class Kill:
    """The node's process dies without a word; its computer lives on."""

    node: str

    def apply(self, world: World) -> None:
        for node in nodes_named(world, self.node):
            if node.alive:
                node.kill()


@dataclass(frozen=True, slots=True)
class PowerOff:
    """The plug of the node's computer is pulled."""

    node: str

    def apply(self, world: World) -> None:
        for box in boxes_named(world, self.node):
            world.power_off(box)


@dataclass(frozen=True, slots=True)
class Stop:
    """The node leaves politely."""

    node: str

    def apply(self, world: World) -> None:
        for node in running(world, self.node):
            node.stop()


@dataclass(frozen=True, slots=True)
class Restart:
    """The node starts (again), on the same computer and TCP port. If it still runs, it dies first."""

    node: str
    same_identity: bool = False

    def apply(self, world: World) -> None:
        for node in nodes_named(world, self.node):
            self._begin(world, node)

    def _begin(self, world: World, node: SimNode) -> None:
        if node.box.power is Power.SUSPENDED:
            world.wake_up(node.box)
        node.box.turn(Power.ON)
        if node.host.life is Life.NEW:
            node.start()
            return
        node.kill()
        try:
            world.restart(node, same_identity=self.same_identity)
        except AddressInUse:  # somebody else on that computer has the port by now, and the program ends
            pass


@dataclass(frozen=True, slots=True)
class ClockRate:
    """The clock of the node's computer runs at another rate: 1.01 is one percent fast."""

    node: str
    rate: float

    def apply(self, world: World) -> None:
        for box in boxes_named(world, self.node):
            box.clock.set_rate(self.rate)


@dataclass(frozen=True, slots=True)
class ClockJump:
    """The clock of the node's computer shows so many seconds more from one moment to the next: nodes go by a clock that
    never goes back."""

    node: str
    by: float

    def apply(self, world: World) -> None:
        for box in boxes_named(world, self.node):
            box.clock.jump(self.by)


@dataclass(frozen=True, slots=True)
class DiskFull:
    """The disk on which the node keeps durable messages takes nothing more."""

    node: str
    seconds: float | None = None

    def apply(self, world: World) -> None:
        for node in nodes_named(world, self.node):
            if (store := node.host.store) is not None:
                store.broken = "the disk is full"
                if self.seconds is not None:
                    world.after(self.seconds, partial(setattr, store, "broken", ""))


Fault: TypeAlias = (
    Partition
    | OneWay
    | Hide
    | Reset
    | LinkDown
    | NewAddress
    | Weather
    | Stall
    | Suspend
    | Kill
    | PowerOff
    | Stop
    | Restart
    | ClockRate
    | ClockJump
    | DiskFull
    | Action
)

#: How scenario files call them.
VERBS: Final[dict[str, type[Fault]]] = {
    "partition": Partition,
    "one_way": OneWay,
    "hide": Hide,
    "reset": Reset,
    "link_down": LinkDown,
    "new_address": NewAddress,
    "weather": Weather,
    "stall": Stall,
    "suspend": Suspend,
    "kill": Kill,
    "power_off": PowerOff,
    "stop": Stop,
    "restart": Restart,
    "clock_rate": ClockRate,
    "clock_jump": ClockJump,
    "disk_full": DiskFull,
    "join": Join,
    "leave": Leave,
    "contest": Contest,
    "whisper": Whisper,
    "shout": Shout,
    "post": Post,
    "keep": Keep,
    "burst": Burst,
    "connect": Connect,
    "set_header": SetHeader,
    "remove_header": RemoveHeader,
}
_NAMES: Final = {kind: verb for verb, kind in VERBS.items()}


def verb_of(fault: Fault) -> str:
    """What scenario files call it."""
    return _NAMES[type(fault)]


def apply(fault: Fault, world: World) -> None:
    """Let it happen now."""
    world.note(str(fault))
    fault.apply(world)
