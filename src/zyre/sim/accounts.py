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

from zyre.events import Event, Gap, Shout, Whisper
from zyre.fates import Fate
from zyre.identity import PeerId
from zyre.sim.checkers import KEPT, Checker, is_large
from zyre.wire import bundle, zre
from zyre.wire.lives import read_incarnation

if TYPE_CHECKING:
    from zyre.sim.world import SimNode, World

__all__ = ["Accounts", "Calm"]

_MODULUS = 65536
_DATA = (Whisper, Shout, Gap)

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
        self._former: dict[tuple[SimNode, bytes], int] = {}
        """The last number on another link of the same life, on which it may still have something to say."""
        self._lives: dict[tuple[SimNode, bytes], int] = {}
        self._two_ways: set[tuple[SimNode, bytes]] = set()
        """Who has greeted somebody, anew or after another one at the same port, where one of the two has several
        interfaces: they may have two links for a while, and what comes by one is not counted with what comes by the
        other."""
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
        previous = self._number_before(node, identity, header, is_known=known is not None)
        count = _carried(arguments[0][1:])
        self._told[identity] += count if known is not None else 0
        self._untold += count if known is None else 0
        if message_id == zre.HELLO and (known is not None or _follows_another(world, node)):
            self._two_ways |= {(node, identity)} if _have_interfaces(world, node, identity) else set()
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

    def _number_before(self, node: SimNode, identity: bytes, header: bytes, *, is_known: bool) -> int:
        """The number before this one on the link that it came by."""
        key, (message_id, sequence) = (node, identity), zre.unpack_header(header)
        last, former = self._last.get(key, 0), self._former.get(key, -1)
        if message_id == zre.HELLO:
            life, _ = read_incarnation(zre.decode_hello(header).headers)
            again = is_known and 0 < life == self._lives.get(key) and "incarnation" in node.host.profile.extensions
            self._former[key], self._lives[key] = last if again else -1, life
        elif sequence - 1 != last == 1 and 0 <= former == sequence - 1:
            self._former[key] = sequence
            return former
        self._last[key] = sequence
        return last

    def _expect_gap(self, world: World, node: SimNode, identity: bytes, previous: int, sequence: int) -> None:
        missed = (sequence - previous - 1) % _MODULUS
        if not missed:
            return
        backwards = missed >= _MODULUS // 2  # of a new session whose beginning, its HELLO too, was destroyed
        first = 1 if backwards else previous + 1
        absent = {number % _MODULUS for number in range(first, sequence if backwards else first + missed)}
        if not absent <= self._lost[identity] and (node, identity) not in self._two_ways:
            peer = node.peers[identity[1:]]
            gap = f"number {sequence} of {peer.name} after {previous}"
            self.fail(world, f"{node.name} got {gap}, and what is between was not destroyed by the network")
        if not backwards:
            self._due[node].append((Gap, PeerId.parse(identity[1:]), missed))

    def on_events(self, world: World, node: SimNode, events: list[Event]) -> None:
        due = self._due.pop(node, [])
        told = [
            entry
            for event in events
            if isinstance(event, _DATA) and not isinstance(event, KEPT)
            # a large message came in pieces, unless from a plain node: see Freight
            if (entry := _entry(event)) in due or not is_large(node, event)
        ]
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


def _have_interfaces(world: World, node: SimNode, identity: bytes) -> bool:
    ends = [other for other in world.nodes if other is node or other.transport.identity == identity]
    return any(len(end.box.ports) > 1 for end in ends)


def _follows_another(world: World, node: SimNode) -> bool:
    return any(other.box is node.box and not other.alive for other in world.nodes)


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
