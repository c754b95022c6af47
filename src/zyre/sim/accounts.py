"""Every message accounted for: what best effort may promise, and that it keeps it.

36/ZRE sends each message once and is told nothing about its fate. So of a whisper or shout that was taken (SENT) one of
these holds, and nothing else may happen:

1. It arrives while the receiver has the sender on its roster. Then the application gets it, exactly once, unchanged,
   and in the order of arrival. (Arrivals of one sender are in the order of sending: a link keeps it.)
2. The network destroys it: in flight when the connection breaks, when the receiver dies, or in the queue of a link that
   is closed. If anything later of that sender arrives in the same session, a Gap before it reports just how many are
   missing; a Gap that reports more than was destroyed is a false alarm.
3. It arrives at somebody who does not know the sender: it replaced the sender meanwhile, or is a new start at the
   address of a dead node. Then it is a counted violation ("stranger") or, of a process that died unread, nothing.
4. It still waits in a queue.

What vanishes without a trace is the destroyed message with nothing behind it, and the third case: nobody in the
protocol can know. The simulator does, since it did the destroying; so the books must balance over the whole world:
taken = arrived + destroyed + waiting.

Each node keeps books of its own (``Statistics.fates``), from what its peers tell it. They balance at any time, and say
nothing that is not so: what a node calls delivered has arrived, what it calls lost has not.
"""

# ruff: noqa: D102  the base class documents these methods once for all

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import astuple
from typing import TYPE_CHECKING, Any, TypeAlias

from zyre.events import DurableShout, DurableWhisper, Event, Gap, ReliableShout, ReliableWhisper, Shout, Whisper
from zyre.fates import Fate
from zyre.identity import PeerId
from zyre.sim.checkers import Checker
from zyre.wire import bundle, zre

if TYPE_CHECKING:
    from zyre.sim.world import SimNode, World

__all__ = ["Accounts", "Calm", "Promises"]

_MODULUS = 65536
_DATA = (Whisper, Shout, Gap)
_RELIABLE = (ReliableWhisper, ReliableShout)
_DURABLE = (DurableWhisper, DurableShout)
_KEPT = (*_RELIABLE, *_DURABLE)

#: A Whisper, Shout or Gap: its kind, whose, and its group and content, or its number.
_Entry: TypeAlias = tuple[type[Event], PeerId, object]


class Accounts(Checker):
    """Follows every message into every machine, and every event out of it."""

    rule = "every message accounted for"
    wants_inputs = True

    def __init__(self) -> None:
        self.arrived = 0
        self.lost = 0
        self.unheard: dict[PeerId, set[str]] = defaultdict(set)
        """News of nodes about groups, joins and leaves, that was destroyed."""
        self._due: dict[SimNode, list[_Entry]] = defaultdict(list)
        """What must be told at the end of the batch that is being taken in."""
        self._last: dict[tuple[SimNode, bytes], int] = {}
        self._lost: dict[bytes, set[int]] = defaultdict(set)
        self._told: Counter[bytes] = Counter()
        """Whispers and shouts that arrived where their sender was known, by its identity frame."""
        self._untold = 0
        """Whispers and shouts that were destroyed, or arrived where their sender was not known."""

    def on_input(self, world: World, node: SimNode, what: str, arguments: tuple[Any, ...]) -> None:
        if what != "receive_frames":
            return
        identity, header, *content = arguments[0]
        self.arrived += 1
        message_id, sequence = zre.unpack_header(header)
        known = node.peers.get(identity[1:])
        previous, self._last[node, identity] = self._last.get((node, identity), 0), sequence
        count = _carried(arguments[0][1:])
        self._told[identity] += count if known is not None else 0
        self._untold += count if known is None else 0
        if message_id == zre.HELLO or known is None:
            return
        self._expect_gap(world, node, identity, previous, sequence)
        if message_id == zre.WHISPER:
            self._due[node].append((Whisper, known.uuid, tuple(content)))
        elif message_id == zre.SHOUT:
            self._due[node].append((Shout, known.uuid, (zre.decode_shout_group(header), tuple(content))))
        elif message_id == bundle.BUNDLE:
            found = bundle.decode_bundle(header, content)
            kind = Shout if found.group else Whisper
            self._due[node] += [
                (kind, known.uuid, (found.group, each) if found.group else each) for each in found.contents()
            ]

    def _expect_gap(self, world: World, node: SimNode, identity: bytes, previous: int, sequence: int) -> None:
        missed = (sequence - previous - 1) % _MODULUS
        if not missed:
            return
        backwards = missed >= _MODULUS // 2  # of a new session whose beginning, its HELLO too, was destroyed
        first = 1 if backwards else previous + 1
        absent = {number % _MODULUS for number in range(first, sequence if backwards else first + missed)}
        if not absent <= self._lost[identity]:
            peer = node.peers[identity[1:]]
            gap = f"number {sequence} of {peer.name} after {previous}"
            self.fail(world, f"{node.name} got {gap}, and what is between was not destroyed by the network")
        if not backwards:
            self._due[node].append((Gap, PeerId.parse(identity[1:]), missed))

    def on_events(self, world: World, node: SimNode, events: list[Event]) -> None:
        told = [_entry(event) for event in events if isinstance(event, _DATA) and not isinstance(event, _KEPT)]
        due = self._due.pop(node, [])
        if told != due:
            self.fail(world, f"{node.name} was told {told}, and what had arrived was {due}")

    def on_lost(self, world: World, sender: str, identity: bytes, messages: Sequence[Sequence[bytes]]) -> None:
        self.lost += len(messages)
        for frames in messages:
            message_id, sequence = zre.unpack_header(frames[0])
            self._lost[identity].add(sequence)
            self._untold += _carried(frames)
            if message_id in (zre.JOIN, zre.LEAVE):
                group = zre.decode_group_change(frames[0]).group
                self.unheard[PeerId.parse(identity[1:])].add(group)

    def on_pause(self, world: World) -> None:
        for node, due in self._due.items():
            if due:
                self.fail(world, f"{node.name} was never told {due}")
        taken = sum(node.machine.counters.sent for node in world.nodes)
        waiting = world.network.queued + sum(node.transport.waiting for node in world.nodes)
        if taken != self.arrived + self.lost + waiting:
            self.fail(world, f"{taken} were taken, {self.arrived} arrived, {self.lost} were lost, {waiting} wait")
        self._check_books(world, waiting)

    def _check_books(self, world: World, waiting: int) -> None:
        delivered: Counter[bytes] = Counter()
        lost = 0
        for node in world.nodes:
            fates = node.host.statistics().fates
            waiting_here = sum(record.queue.messages for record in node.machine._directory if record.queue)
            taken = node.transport.data_taken + node.machine.counters.ledger.posted + waiting_here
            if not fates.balanced or fates.offered - fates.refused != taken or min(astuple(fates)) < 0:
                self.fail(world, f"the books of {node.name} do not balance: {fates}, and its links took {taken}")
            kept = node.machine.counters.ledger.ends
            delivered[node.transport.identity] += fates.delivered - kept[Fate.DELIVERED]
            lost += fates.lost - kept[Fate.LOST]
        for identity, count in delivered.items():
            if count > self._told[identity]:
                who = PeerId.parse(identity[1:]).short
                self.fail(world, f"{who} has {count} messages delivered, and {self._told[identity]} have arrived")
        if lost > self._untold + waiting * bundle.MOST_MESSAGES:
            self.fail(world, f"{lost} messages are called lost, and {self._untold} were destroyed or came to strangers")


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


class Calm(Checker):
    """Nobody greets the same node again and again: two nodes that each answer a HELLO by a HELLO never come to rest."""

    rule = "no storm of greetings"
    wants_inputs = True

    def __init__(self, most: int = 20) -> None:
        self._most = most
        self._second = -1
        self._greetings: Counter[tuple[SimNode, bytes]] = Counter()

    def on_input(self, world: World, node: SimNode, what: str, arguments: tuple[Any, ...]) -> None:
        if what != "receive_frames" or zre.unpack_header(arguments[0][1])[0] != zre.HELLO:
            return
        if self._second != int(world.now()):
            self._second = int(world.now())
            self._greetings.clear()
        pair = node, arguments[0][0]
        self._greetings[pair] += 1
        if self._greetings[pair] > self._most:
            who = PeerId.parse(pair[1][1:]).short
            self.fail(world, f"{node.name} was greeted {self._greetings[pair]} times in one second by {who}")


def _carried(frames: Sequence[bytes]) -> int:
    """How many whispers and shouts that is."""
    message_id, _ = zre.unpack_header(frames[0])
    return bundle.size_of(frames[0]) if message_id == bundle.BUNDLE else message_id in (zre.WHISPER, zre.SHOUT)


def _entry(event: Whisper | Shout | Gap) -> _Entry:
    if isinstance(event, Gap):
        return Gap, event.peer, event.missed
    if isinstance(event, Shout):
        return Shout, event.peer, (event.group, event.content)
    return Whisper, event.peer, event.content
