"""What is promised of messages beyond best effort, held against what comes: reliable, large and durable ones."""

# ruff: noqa: D102  the base class documents these methods once for all

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from zyre.core.effects import Restored, Taken
from zyre.events import DurableShout, DurableWhisper, Event, ReliableShout, ReliableWhisper, Shout, Whisper
from zyre.fates import Fate
from zyre.identity import PeerId
from zyre.sim.checkers import KEPT, Checker, CheckFailed, is_large
from zyre.sim.node import Kept, Receipt
from zyre.wire.bundle import Content

if TYPE_CHECKING:
    from zyre.sim.world import SimNode, World

__all__ = ["Freight", "Letters", "Promises", "check_letters"]

_RELIABLE: Final = (ReliableWhisper, ReliableShout)
_DURABLE: Final = (DurableWhisper, DurableShout)


class Promises(Checker):
    """Reliable messages arrive once and in order, and none that was confirmed is missing.

    Numbers rise by one within a stream. Another one begins at 0 with another life of the sender or of the receiver:
    what an earlier life of the receiver took and could not confirm any more comes to the next one as well.
    """

    rule = "reliable means reliable"

    def __init__(self) -> None:
        self._next: dict[tuple[SimNode, PeerId], int] = {}
        self._told: Counter[tuple[SimNode, PeerId]] = Counter()

    def on_events(self, world: World, node: SimNode, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, _RELIABLE):
                key = node, event.peer
                if event.number not in (0, self._next.get(key, 0)):
                    self.fail(world, f"{node.name} got number {event.number} and not {self._next.get(key, 0)}: {event}")
                self._next[key] = event.number + 1
                self._told[key] += 1

    def on_pause(self, world: World) -> None:
        confirmed: Counter[PeerId] = Counter()
        posted: Counter[PeerId] = Counter()
        for node in world.nodes:
            ledger = node.machine.counters.ledger
            confirmed[node.uuid] += ledger.ends[Fate.DELIVERED] - node.machine.durable.delivered
            confirmed[node.uuid] -= node.machine.carrying.delivered
            posted[node.uuid] += ledger.posted
        for peer, count in posted.items():
            arrived = [told for (_, sender), told in self._told.items() if sender == peer]
            if not confirmed[peer] <= sum(arrived) or max(arrived, default=0) > count:
                what = f"{count} were sent by {peer.short}, {sum(arrived)} arrived, {confirmed[peer]} are confirmed"
                self.fail(world, what)


class Freight(Checker):
    """A large message by best effort comes whole, as it was sent, once, and behind the large ones before it; and none
    is called delivered that did not come.

    Messages are known by their first frame, ``#n`` with a number that rises.
    """

    rule = "large messages come whole, once, in order"
    wants_inputs = True

    def __init__(self) -> None:
        self._sent: set[tuple[PeerId, Content]] = set()
        self._last: dict[tuple[SimNode, PeerId], int] = {}
        self._told: Counter[PeerId] = Counter()

    def on_input(self, world: World, node: SimNode, what: str, arguments: tuple[Any, ...]) -> None:
        if what in ("whisper", "shout", "shout_to"):
            content = arguments[-1]
            if sum(map(len, content)) > node.limits.chunk_window:
                self._sent.add((node.uuid, content))

    def on_events(self, world: World, node: SimNode, events: list[Event]) -> None:
        for event in events:
            if not isinstance(event, (Whisper, Shout)) or isinstance(event, KEPT) or not is_large(node, event):
                continue
            self._told[event.peer] += 1
            number = _number(event.content)
            if number is None:
                continue
            if (event.peer, event.content) not in self._sent:
                self.fail(world, f"{node.name} got #{number} of {event.name}, and that is not what was sent")
            last = self._last.get((node, event.peer), -1)
            if number <= last:
                self.fail(world, f"{node.name} got #{number} after #{last} of {event.name}")
            self._last[node, event.peer] = number

    def on_pause(self, world: World) -> None:
        delivered: Counter[PeerId] = Counter()
        for node in world.nodes:
            delivered[node.uuid] += node.machine.carrying.delivered
        for peer, count in delivered.items():
            if count > self._told[peer]:
                self.fail(world, f"{count} of {peer.short} are called delivered, and {self._told[peer]} were told")


#: Clocks are a little fast or slow; a disk goes by the time of day, and not by a clock that stands still in a suspend.
_SOON: Final = 0.9

#: Of a durable message: whose it is and who is to have it, by identity.
_Way: TypeAlias = tuple[PeerId, PeerId]


class Letters(Checker):
    """Durable messages: nothing is lost in silence, nothing comes twice but what a crash left open, all in order.

    Between two identities, over all their lives: numbers rise; a number is one message for ever; what is called
    delivered was taken by the program, and what it took comes to it no more once that is on its disk; what is on the
    sender's disk stays there until it was taken or its time is over; and of what was given to be kept, nothing is
    passed over without a reason. Messages are known by their first frame, ``#n``.
    """

    rule = "durable means durable"
    wants_inputs = True

    def __init__(self) -> None:
        self._last: dict[tuple[SimNode, PeerId], tuple[int, int]] = {}
        """What a life was told last, by stream and number; at first what its disk says was taken."""
        self._contents: dict[tuple[_Way, int, int], Content] = {}
        self._told: dict[_Way, set[Content]] = defaultdict(set)
        self._taken: dict[_Way, set[Content]] = defaultdict(set)
        self._open: dict[SimNode, list[Kept]] = defaultdict(list)
        """Those of which something can still be said."""
        self._seen: Counter[SimNode] = Counter()
        self._receipts: dict[Content, Receipt] = {}

    def on_input(self, world: World, node: SimNode, what: str, arguments: tuple[Any, ...]) -> None:
        if what != "receive_report":
            return
        report = arguments[0]
        if isinstance(report, Restored):
            for peer, stream, number in report.taken:
                self._last[node, peer] = stream, number
        elif isinstance(report, Taken):
            way = report.peer, node.uuid
            content = self._contents.get((way, report.stream, report.number))
            if content is not None:
                self._taken[way].add(content)

    def on_events(self, world: World, node: SimNode, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, _DURABLE):
                self._check(world, node, event)

    def _check(self, world: World, node: SimNode, event: DurableWhisper | DurableShout) -> None:
        way, place = (event.peer, node.uuid), (event.stream, event.number)
        last = self._last.get((node, event.peer), (0, 0))
        told = f"{node.name} got {event.content[0]!r} of {event.name}, number {place}"
        if place <= last:
            self.fail(world, f"{told}, after {last}")
        self._last[node, event.peer] = place
        if self._contents.setdefault((way, *place), event.content) != event.content:
            self.fail(world, f"{told}, and that number was another message")
        self._note_given(world)
        receipt = self._receipts.get(event.content)
        if receipt is not None and not receipt.stored:
            self.fail(world, f"{told}, before it was on the sender's disk")
        self._told[way].add(event.content)

    def _note_given(self, world: World) -> None:
        for node in world.nodes:
            given = [one for one in node.kept[self._seen[node] :] if _number(one.content) is not None]
            self._open[node] += given
            self._receipts.update((one.content, one.receipt) for one in given)
            self._seen[node] = len(node.kept)

    def on_pause(self, world: World) -> None:
        self._note_given(world)
        newest = {way: max(map(_order, told)) for way, told in self._told.items() if told}
        on_disk = {id(store): store.contents() for store in (node.host.store for node in world.nodes) if store}
        for node, kept in self._open.items():
            disk = on_disk.get(id(node.host.store), frozenset())
            self._open[node] = [
                one for one in kept if not self._is_settled(world, node, one, disk, newest.get((node.uuid, one.peer)))
            ]

    def _is_settled(
        self, world: World, node: SimNode, kept: Kept, disk: frozenset[Content], newest: int | None
    ) -> bool:
        """Whether nothing more can become of it. Raises CheckFailed."""
        fate, way = kept.receipt.fate, (node.uuid, kept.peer)
        what = f"{kept.content[0]!r}, given to {node.name} for {kept.peer.short} at {kept.at:.3f} s"
        taken, told = kept.content in self._taken[way], kept.content in self._told[way]
        over = node.box.clock.now() >= kept.until or world.now() >= kept.at + _SOON * kept.ttl
        match fate:
            case Fate.DELIVERED if not taken:
                self.fail(world, f"{what}, is called delivered, and no program took it")
            case Fate.REFUSED if told or kept.receipt.stored:
                self.fail(world, f"{what}, is called refused, and was not")
            case Fate.EXPIRED if not over:
                self.fail(world, f"{what}, is called too old")
            case Fate.LOST | Fate.UNKNOWN:
                self.fail(world, f"{what}, is called {fate.value}: on a disk nothing is")
        if taken or over or fate is Fate.REFUSED or not (kept.receipt.stored or node.alive):
            return True
        if kept.receipt.stored and kept.content not in disk:
            self.fail(world, f"{what}, was on disk, is there no more, and was not taken")
        if kept.receipt.stored and not told and newest is not None and newest > _order(kept.content):
            self.fail(world, f"{what}, was passed over: #{newest} is there")
        return False


def check_letters(world: World) -> None:
    """Once the network is quiet, and programs have read what came: nothing is left on a disk for anybody who is here.
    Raises CheckFailed."""
    for node in world.alive:
        waiting = Counter(node.host.store.addressees() if node.host.store else ())
        for peer in node.peers:
            if waiting[peer.uuid] and "durable" in peer.extensions:
                what = f"{node.name} still keeps {waiting[peer.uuid]} messages for {peer.name}, who is here"
                raise CheckFailed("durable messages arrive once the network is quiet", what, world.seed, world.now())


def _number(content: Content) -> int | None:
    """The number of a message that has one."""
    return int(content[0][1:]) if content and content[0][:1] == b"#" else None


def _order(content: Content) -> int:
    return _number(content) or 0
