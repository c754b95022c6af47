"""What must hold in every simulated world, whatever happens to it: safety always, liveness once it is quiet.

A checker hears every event as it is delivered and looks around whenever the world pauses. It raises CheckFailed, whose
message names the seed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from zyre.core.timers import NEVER
from zyre.errors import ZyreError
from zyre.events import (
    DurableShout,
    DurableWhisper,
    Enter,
    Evasive,
    Event,
    Exit,
    Gap,
    Join,
    Leader,
    Leave,
    ReliableShout,
    ReliableWhisper,
    Returned,
    Shout,
    Silent,
    Whisper,
)
from zyre.identity import PeerId
from zyre.sim.box import Power

if TYPE_CHECKING:
    from zyre.sim.world import SimNode, World

__all__ = [
    "KEPT",
    "CheckFailed",
    "Checker",
    "Lifecycle",
    "Lives",
    "Order",
    "Bounds",
    "Obituaries",
    "all_checkers",
    "check_agreement",
    "check_books",
    "check_leaders",
    "is_large",
    "tell_news",
]


#: Events of messages that are kept until they are confirmed.
KEPT: Final = (ReliableWhisper, ReliableShout, DurableWhisper, DurableShout)

_NOTHING: Mapping[PeerId, Collection[str]] = {}

#: A process that had to wait for its computer is called late; a slow clock and rounding are no reason for more.
_LATE = 0.1

#: As many durable messages may come in one frame, which is taken or left as a whole.
_FRAME: Final = 256


class CheckFailed(ZyreError, AssertionError):
    """Something that must hold does not."""

    def __init__(self, rule: str, what: str, seed: int, now: float) -> None:
        super().__init__(rule, what, seed, now)
        self.rule = rule
        self.what = what
        self.seed = seed
        self.now = now

    def __str__(self) -> str:
        return f"{self.rule}: {self.what} (seed {self.seed}, {self.now:.3f} s)"


class Checker:
    """The base: hears and looks, and finds nothing wrong."""

    rule = ""
    wants_inputs = False
    """Whether ``on_input`` is to be called, which costs a call for every input of every node."""

    def on_events(self, world: World, node: SimNode, events: list[Event]) -> None:
        """Events are delivered to a node's application."""

    def on_input(self, world: World, node: SimNode, what: str, arguments: tuple[object, ...]) -> None:
        """A node's machine is about to see an input; see zyre.core.driver.Tap."""

    def on_lost(self, world: World, sender: str, identity: bytes, messages: Sequence[Sequence[bytes]]) -> None:
        """The network destroyed messages that a node had sent on one of its links."""

    def on_pause(self, world: World) -> None:
        """The world pauses."""

    def fail(self, world: World, what: str) -> None:
        """Raise CheckFailed."""
        raise CheckFailed(self.rule, what, world.seed, world.now())


class Lifecycle(Checker):
    """Nothing about a peer outside its Enter..Exit, and no event for a state that has not changed."""

    rule = "one event for each change of state"

    def __init__(self) -> None:
        self._present: dict[SimNode, dict[PeerId, set[str]]] = defaultdict(dict)
        self._quiet: dict[tuple[SimNode, PeerId], str] = {}
        self._leaders: dict[tuple[PeerId, str], PeerId] = {}

    def on_events(self, world: World, node: SimNode, events: list[Event]) -> None:
        for event in events:
            self._check(world, node, event)

    def _check(self, world: World, node: SimNode, event: Event) -> None:
        present = self._present[node]
        told = f"{node.name} was told {event}"
        match event:
            case Enter(peer=peer):
                self._require(world, peer not in present, told, "although that peer is here")
                self._require(world, peer != node.uuid, told, "about itself")
                present[peer] = set()
                self._quiet[node, peer] = "alive"
            case Leader(group=group, peer=peer):
                known = peer == node.uuid or peer in present
                self._require(world, known, told, "although that peer is not here")
            case Exit(peer=peer):
                self._require(world, peer in present, told, "although that peer is not here")
                del present[peer]
            case Join(peer=peer, group=group):
                self._require(world, peer in present, told, "although that peer is not here")
                self._require(world, group not in present[peer], told, "although it is in the group")
                present[peer].add(group)
            case Leave(peer=peer, group=group):
                self._require(world, group in present.get(peer, ()), told, "although it is not in the group")
                present[peer].discard(group)
            case Evasive(peer=peer) | Silent(peer=peer) | Returned(peer=peer):
                self._require(world, peer in present, told, "although that peer is not here")
                self._move(world, node, event, told)
            case Whisper(peer=peer) | Shout(peer=peer) | Gap(peer=peer):
                self._require(world, peer in present, told, "although that peer is not here")

    def _move(self, world: World, node: SimNode, event: Event, told: str) -> None:
        allowed = {Evasive: ("alive",), Silent: ("alive", "evasive"), Returned: ("evasive", "silent")}
        following = {Evasive: "evasive", Silent: "silent", Returned: "alive"}
        was = self._quiet[node, event.peer]
        self._require(world, was in allowed[type(event)], told, f"although it was {was}")
        self._quiet[node, event.peer] = following[type(event)]

    def _require(self, world: World, holds: bool, told: str, why: str) -> None:
        if not holds:
            self.fail(world, f"{told}, {why}")


class Lives(Checker):
    """Nobody is replaced more often than it was started anew, as far as nodes tell their lives apart."""

    rule = "one exit and entry for each restart"

    def __init__(self) -> None:
        self._replaced: Counter[tuple[SimNode, PeerId]] = Counter()

    def on_events(self, world: World, node: SimNode, events: list[Event]) -> None:
        for event, following in pairwise(events):
            if isinstance(event, Exit) and event.reason == "replaced" and isinstance(following, Enter):
                self._count(world, node, event.peer, following.peer)

    def _count(self, world: World, node: SimNode, gone: PeerId, came: PeerId) -> None:
        lives = [life for life in world.nodes if life.uuid == gone]
        if gone != came or not all(_has("incarnation", life) for life in (node, *lives)):
            return
        self._replaced[node, gone] += 1
        if self._replaced[node, gone] >= len(lives):
            times, starts = self._replaced[node, gone], len(lives)
            self.fail(world, f"{lives[0].name} was replaced {times} times at {node.name}, and started {starts} times")


def _has(extension: str, node: SimNode) -> bool:
    return extension in node.host.profile.extensions


class Order(Checker):
    """Messages whose first frame is ``#n`` arrive from each sender in rising order, and none twice."""

    rule = "per-sender order"

    def __init__(self) -> None:
        self._last: dict[tuple[SimNode, PeerId, str, type, bool], int] = {}

    def on_events(self, world: World, node: SimNode, events: list[Event]) -> None:
        for event in events:
            if not isinstance(event, (Whisper, Shout)) or not event.content or event.content[0][:1] != b"#":
                continue
            number = int(event.content[0][1:])
            large = is_large(node, event) and not isinstance(event, KEPT)  # others overtake it
            key = (node, event.peer, getattr(event, "group", ""), type(event), large)
            if number <= self._last.get(key, -1) and not _has_two_links(world, node, event.peer):
                self.fail(world, f"{node.name} got #{number} after #{self._last[key]} from {event.name}")
            self._last[key] = number


def _has_two_links(world: World, node: SimNode, peer: PeerId) -> bool:
    """Whether somebody takes a node for two: it has several interfaces, and another one lived at its port a moment ago,
    which is known by one of them. The next beacon tells."""
    senders = [sender.transport for sender in world.nodes if sender.uuid == peer]
    return len(node.box.ports) > 1 and max(sender.count_links_to(node.box) for sender in senders) > 1


class Bounds(Checker):
    """Every timer lies within the longest timing ahead, and no table grows beyond its limit.

    What a node keeps may follow from who is there and from its own verbs, never from how long it has run.
    """

    rule = "bounded timers and memory"

    def on_pause(self, world: World) -> None:
        for node in world.alive:
            if not node.host.stalled and node.box.power is Power.ON:
                self._check_timer(world, node)
                self._check_memory(world, node)

    def _check_timer(self, world: World, node: SimNode) -> None:
        timing, at = node.host.profile.config.timing, node.machine.next_timeout()
        ahead = at - node.box.clock.now()
        if at < NEVER and ahead > timing.expired + 1:
            self.fail(world, f"{node.name} wants to be called in {ahead:.1f} s")
        if ahead < -_LATE and node.box.clock.base < world.now():  # and did not jump just now
            self.fail(world, f"{node.name} wanted to be called {-ahead:.1f} s ago")

    def _check_memory(self, world: World, node: SimNode) -> None:
        machine, limits, lives = node.machine, node.limits, len(world.nodes)
        places = lives + len(world.network.addresses)
        durable = machine.durable
        unread = [intake.waiting for intake in durable._intakes._intakes.values()]
        for what, size, most in (
            ("records", len(machine._directory), min(limits.peers, lives)),
            ("remembered beacons", len(machine._directory.by_beacon), len(machine._directory)),
            ("links", node.transport.link_count, 2 * places),
            ("timers", len(machine._timers), 2 + 4 * places + 2 * len(machine.peer_groups | machine.own_groups) + 8),
            ("elections", len(machine._elections._by_group), len(machine.peer_groups | machine.own_groups)),
            ("messages of others unread", node.transport.waiting, limits.inbox_messages),
            ("durable messages", sum(len(one.letters) for one in durable._outboxes.values()), limits.durable_messages),
            ("durable messages of one peer unread", max(map(len, unread), default=0), limits.window_messages + _FRAME),
            ("octets that have not come whole", machine.carrying._expected, limits.unfinished_bytes),
        ):
            if size > most:
                self.fail(world, f"{node.name} keeps {size} {what}, and {most} are enough")


class Obituaries(Checker):
    """Nobody is said to have crashed whose process runs. (Who started anew under its identity may not be known yet.)"""

    rule = "nobody who runs is said to have crashed"

    def on_events(self, world: World, node: SimNode, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, Exit) and event.reason == "crashed":
                lives = [other for other in world.nodes if other.uuid == event.peer]
                if len(lives) == 1 and lives[0].alive:
                    self.fail(world, f"{node.name} was told {event}")


def is_large(node: SimNode, event: Event) -> bool:
    """Whether that is a message which goes in pieces, among nodes of our own kind."""
    return isinstance(event, (Whisper, Shout)) and sum(map(len, event.content)) > node.limits.chunk_window


def all_checkers() -> tuple[Checker, ...]:
    """One of each, for one world."""
    from zyre.sim.accounts import Accounts, Calm
    from zyre.sim.promises import Freight, Letters, Promises

    reckoning = Accounts(), Promises(), Freight(), Letters()
    return (Lifecycle(), Lives(), Order(), Bounds(), Obituaries(), Calm(), *reckoning)


def check_agreement(world: World, unheard: Mapping[PeerId, Collection[str]] = _NOTHING) -> None:
    """Once the network is quiet: everybody who runs knows everybody else who runs, with their groups, and nobody else;
    and nodes of our own kind know each other's headers.

    ``unheard`` are groups of nodes about which news was destroyed on the way (see Accounts.unheard): 36/ZRE says it
    once, so plain nodes, and others about them, may be wrong about those. Raises CheckFailed for the first difference.
    """
    alive = {node.uuid: node for node in world.alive}
    for node in alive.values():
        expected = {}
        seen = {peer.uuid: (peer.groups, dict(peer.headers)) for peer in node.peers}
        for uuid, other in alive.items():
            if uuid != node.uuid:
                kin = tell_news(node, other)
                headers = dict(other.machine.headers) if kin or uuid not in seen else seen[uuid][1]
                expected[uuid] = (other.machine.own_groups, headers)
                if not kin and uuid in seen and uuid in unheard:
                    doubtful = unheard[uuid]
                    seen[uuid] = (seen[uuid][0].difference(doubtful), headers)
                    expected[uuid] = (expected[uuid][0].difference(doubtful), headers)
        if seen == expected:
            continue
        missing = [alive[uuid].name for uuid in expected.keys() - seen.keys()]
        ghosts = [node.peers[uuid].name for uuid in seen.keys() - expected.keys()]
        differ = [alive[uuid].name for uuid in expected.keys() & seen.keys() if expected[uuid] != seen[uuid]]
        what = f"{node.name} misses {missing}, sees ghosts {ghosts}, has wrong groups or headers of {differ}"
        raise CheckFailed("rosters agree once the network is quiet", what, world.seed, world.now())


def check_books(world: World) -> None:
    """Once the network is quiet: everybody who runs knows what became of everything that it sent to who is here. But
    durable messages for who came without a store wait: it may come back with one."""
    for node in world.alive:
        waiting = Counter(node.host.store.addressees() if node.host.store else ())
        for peer in node.peers:
            fates = node.machine.fates(peer.uuid)
            left = 0 if fates is None else fates.in_flight
            if left > (0 if "durable" in peer.extensions else waiting[peer.uuid]):
                what = f"{node.name} does not know what became of {left} messages for {peer.name}"
                raise CheckFailed("books are closed once the network is quiet", what, world.seed, world.now())


def tell_news(one: SimNode, other: SimNode) -> bool:
    """Whether two nodes repair what they missed of each other."""
    return _has("news", one) and _has("news", other)


def check_leaders(world: World, unheard: Mapping[PeerId, Collection[str]] = _NOTHING) -> None:
    """Once the network is quiet: the candidates of a group name one leader, who runs and is one of them.

    Only of candidates: somebody who joins after an election and stands for nothing is told nothing until the next one.
    Groups about whose members news was destroyed are left out where plain nodes are about.
    """
    plain = any("news" not in node.host.profile.extensions for node in world.alive)
    unsure = {group for groups in unheard.values() for group in groups} if plain else set()
    candidates: dict[str, list[SimNode]] = defaultdict(list)
    for node in world.alive:
        for group in node.machine.own_groups:
            election = node.machine._elections._by_group.get(group)
            if election is not None and election.candidate:
                candidates[group].append(node)
    for group, standing in sorted(candidates.items()):
        if group in unsure:
            continue
        named = {node.name: node.machine.leader(group) for node in standing}
        if len(set(named.values())) != 1 or named[standing[0].name] not in {node.uuid for node in standing}:
            raise CheckFailed("one leader once the network is quiet", f"in {group}: {named}", world.seed, world.now())
