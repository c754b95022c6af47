"""Gossip services on the bench: machines joined by connections with a delay, in virtual time.

A connection carries frames in order, either way. It can be lost at once, as when a process dies (whoever sends on it
then hears of it), or fall silent, as when a cable is pulled. A service may be of our kind or a model of CZMQ's.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Sequence
from typing import Protocol

from zyre.config import GossipConfig
from zyre.core.effects import CloseLink, LinkFailed
from zyre.core.gossip.delivery import Delivery
from zyre.core.gossip.effects import ClientLost, GossipEffect, GossipReport, OpenRemote, Reply, Say
from zyre.core.gossip.machine import GossipMachine
from zyre.core.timers import NEVER

DELAY = 0.002


class Service(Protocol):
    """What GossipMachine and the model of CZMQ's zgossip have in common."""

    def connect(self, endpoint: str, now: float) -> None: ...
    def publish(self, key: str, value: str, now: float) -> object: ...
    def receive_frames(self, frames: Sequence[bytes], now: float) -> None: ...
    def receive_reply(self, link: int, frame: bytes, now: float) -> None: ...
    def receive_report(self, report: GossipReport, now: float) -> None: ...
    def handle_timeout(self, now: float) -> None: ...
    def next_timeout(self) -> float: ...
    def take_effects(self) -> list[GossipEffect]: ...
    def take_events(self) -> list[Delivery]: ...


class Connection:
    """From a client's link to a hub."""

    def __init__(self, client: str, link: int, hub: str, identity: bytes) -> None:
        self.client, self.link, self.hub, self.identity = client, link, hub, identity
        self.lost = self.silent = False


class Rig:
    """Services by name; the endpoint of each is its name."""

    def __init__(self, delay: float = DELAY) -> None:
        self.now = 0.0
        self.delay = delay
        self.services: dict[str, Service] = {}
        self.delivered: dict[str, list[Delivery]] = {}
        self.carried: list[tuple[str, str, bytes]] = []
        """Every frame that arrived: from, to, frame."""
        self._links: dict[tuple[str, int], Connection] = {}
        self._clients: dict[tuple[str, bytes], Connection] = {}
        self._numbers = itertools.count(1)
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._alarms: dict[str, float] = {}

    # -- making ------------------------------------------------------------------------------------------------------

    def add(self, name: str, service: Service | None = None, **config: object) -> GossipMachine:
        """One more service; by default one of ours, with a node id made of the number of services so far."""
        made = service or GossipMachine(next(self._numbers).to_bytes(16, "big"), GossipConfig(**config))  # type: ignore[arg-type]
        self.services[name] = made
        self.delivered.setdefault(name, [])
        self._settle(name)
        return made  # type: ignore[return-value]

    def do(self, name: str, verb: str, *arguments: object, **options: object) -> object:
        """Call a verb of a service, now."""
        result = getattr(self.services[name], verb)(*arguments, now=self.now, **options)
        self._settle(name)
        return result

    def join(self, *pairs: str) -> None:
        """Connect clients to hubs: "a>hub"."""
        for pair in pairs:
            client, _, hub = pair.partition(">")
            self.do(client, "connect", hub)

    # -- faults ------------------------------------------------------------------------------------------------------

    def kill(self, name: str) -> None:
        """A process dies; nothing is said."""
        del self.services[name]
        for connection in self._of(name):
            self._lose(connection)

    def reset(self, one: str, other: str) -> None:
        """Connections between two are lost."""
        for connection in self._between(one, other):
            self._lose(connection)

    def silence(self, one: str, other: str, silent: bool = True) -> None:
        """Nothing passes between two any more, and nobody is told; new connections are just as silent."""
        for connection in self._between(one, other):
            connection.silent = silent
        self._silenced = (one, other) if silent else None

    _silenced: tuple[str, str] | None = None

    def _lose(self, connection: Connection) -> None:
        connection.lost = True
        self._links.pop((connection.client, connection.link), None)
        self._clients.pop((connection.hub, connection.identity), None)

    def _of(self, name: str) -> list[Connection]:
        return [connection for connection in self._links.values() if name in (connection.client, connection.hub)]

    def _between(self, one: str, other: str) -> list[Connection]:
        return [connection for connection in self._of(one) if other in (connection.client, connection.hub)]

    # -- time --------------------------------------------------------------------------------------------------------

    def at(self, seconds: float, action: Callable[[], object]) -> None:
        """Do something later."""
        heapq.heappush(self._queue, (seconds, next(self._numbers), lambda: void(action())))

    def run(self, seconds: float) -> None:
        """Let time pass."""
        end = self.now + seconds
        while self._queue and self._queue[0][0] <= end:
            at, _, action = heapq.heappop(self._queue)
            self.now = max(self.now, at)
            action()
        self.now = end

    def _arm(self, name: str) -> None:
        at = self.services[name].next_timeout()
        if at < self._alarms.get(name, NEVER):
            self._alarms[name] = at
            self.at(at, lambda: self._ring(name, at))

    def _ring(self, name: str, at: float) -> None:
        if self._alarms.get(name) != at:
            return
        del self._alarms[name]
        if name in self.services:
            if not self.now < self.services[name].next_timeout():
                self.services[name].handle_timeout(self.now)
                assert self.now < self.services[name].next_timeout(), name
            self._settle(name)

    # -- carrying ------------------------------------------------------------------------------------------------------

    def _settle(self, name: str) -> None:
        service = self.services[name]
        while effects := service.take_effects():
            for effect in effects:
                report = self._perform(name, effect)
                if report is not None:
                    service.receive_report(report, self.now)
        self.delivered[name] += service.take_events()
        self._arm(name)

    def _perform(self, name: str, effect: GossipEffect) -> GossipReport | None:
        match effect:
            case OpenRemote(link, endpoint, identity):
                if endpoint in self.services:
                    made = Connection(name, link, endpoint, identity or b"\0" + next(self._numbers).to_bytes(4, "big"))
                    made.silent = self._silenced is not None and {name, endpoint} == set(self._silenced)
                    self._links[name, link] = self._clients[endpoint, made.identity] = made
            case Say(link, frame):
                connection = self._links.get((name, link))
                if connection is None:
                    return LinkFailed(link)
                self._carry(connection, frame, to_hub=True)
            case Reply(client, frame):
                connection = self._clients.get((name, client))
                if connection is None:
                    return ClientLost(client)
                self._carry(connection, frame, to_hub=False)
            case CloseLink(link):
                ended = self._links.get((name, link))
                if ended is not None:
                    self.at(self.now + self.delay, lambda: self._lose(ended))
        return None

    def _carry(self, connection: Connection, frame: bytes, to_hub: bool) -> None:
        if not connection.silent:
            self.at(self.now + self.delay, lambda: self._arrive(connection, frame, to_hub))

    def _arrive(self, connection: Connection, frame: bytes, to_hub: bool) -> None:
        source, target = connection.client, connection.hub
        if not to_hub:
            source, target = target, source
        if connection.lost or connection.silent or target not in self.services:
            return
        self.carried.append((source, target, frame))
        if to_hub:
            self.services[target].receive_frames((connection.identity, frame), self.now)
        else:
            self.services[target].receive_reply(connection.link, frame, self.now)
        self._settle(target)

    # -- questions -----------------------------------------------------------------------------------------------------

    def ours(self, name: str) -> GossipMachine:
        service = self.services[name]
        assert isinstance(service, GossipMachine)
        return service

    def tuples(self, name: str) -> dict[str, str]:
        """What a service holds."""
        service = self.services[name]
        if isinstance(service, GossipMachine):
            return {record.key: record.value for record in service.table.live()}
        return dict(service.tuples)  # type: ignore[attr-defined]

    def agree(self, tuples: dict[str, str]) -> bool:
        """Whether all services hold exactly these."""
        return all(self.tuples(name) == tuples for name in self.services)


def void(_: object) -> None:
    """For a lambda that must have no result."""
