"""The gossip machine: a hub for its clients and a client of other hubs, over one table of tuples.

It speaks ZGOSSIP with CZMQ's, and with its own kind what zyre.wire.gossip describes. It routes; the parts decide.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from zyre.config import GossipConfig
from zyre.core.effects import CloseLink
from zyre.core.gossip.adoption import Adoption
from zyre.core.gossip.delivery import Delivery
from zyre.core.gossip.effects import ClientLost, GossipEffect, GossipReport, OpenRemote
from zyre.core.gossip.intents import Intents
from zyre.core.gossip.kin import Kin
from zyre.core.gossip.neighbours import Neighbour
from zyre.core.gossip.outbox import Outbox
from zyre.core.gossip.remotes import Remote, Remotes
from zyre.core.gossip.rules import CLIENT_RULES, HUB_RULES, Action, Phase
from zyre.core.gossip.table import TupleTable
from zyre.core.timers import NEVER, Deadlines
from zyre.errors import DecodeError
from zyre.wire import gossip, zgossip

__all__ = ["GossipCounters", "GossipMachine"]


@dataclass(slots=True)
class GossipCounters:
    """What a gossip service counts."""

    received: int = 0
    """Frames from neighbours."""
    violations: int = 0
    """Frames that are no message, or none that makes sense."""
    invalid_sent: int = 0
    invalid_received: int = 0
    echoes: int = 0
    """Tuples that CZMQ neighbours only repeated to us."""
    reconnects: int = 0
    """Connections to hubs that were lost or refused, and tried again."""
    clients_refused: int = 0


class GossipMachine:
    """One gossip service. ``node`` is its identity, 16 octets that are new for each life of it."""

    def __init__(self, node: bytes, config: GossipConfig) -> None:
        self.node = node
        self.counters = GossipCounters()
        self.table = TupleTable(node, config)
        self.client_timeout: float | None = None
        self._config = config
        self._remotes = Remotes(config)
        self._clients: dict[bytes, Neighbour] = {}
        self._silences: Deadlines[bytes] = Deadlines()
        self._adoption = Adoption(self.table, config, self._plain_neighbours)
        self._intents = Intents(node, self.table)
        self._outbox = Outbox(self.table, self._neighbours)
        self._kin = Kin(node, self.table, config, self._adoption, self._intents, self._outbox)
        self._beat_at = NEVER

    # -- verbs -------------------------------------------------------------------------------------------------------

    def connect(self, endpoint: str, now: float, public_key: str | None = None) -> None:
        """Be a client of a hub, and stay so; nothing happens if it is one already."""
        self._start_beating(now)
        self._remotes.add(endpoint, public_key, now)
        self._see_to_remotes(now)

    def disconnect(self, endpoint: str, now: float) -> None:
        """Be a client of a hub no longer."""
        remote = self._remotes.remove(endpoint)
        if remote is not None:
            self._close(remote, now)

    def publish(self, key: str, value: str, now: float, *, ttl: float = 0.0, lasting: bool = False) -> bool:
        """Publish a tuple; False if there is no room for it.

        It lasts while this service lives, or for ``ttl`` seconds if that is above 0, or for ever if ``lasting``.
        """
        self._start_beating(now)
        lease = 0.0 if lasting else self._config.lease
        if ttl:
            self._intents.forget(key)
            record = self.table.publish(key, value, now, lease=0.0, ttl=ttl)
        elif self._intents.stands(key, value, lease):
            return True
        else:
            record = self._intents.publish(key, value, now, lease)
        self._outbox.spread([record] if record else [], now)
        return record is not None

    def unpublish(self, key: str, now: float) -> bool:
        """Withdraw a tuple, for everybody of our kind; False if there is none. CZMQ's nodes cannot be told."""
        self._intents.forget(key)
        record = self.table.withdraw(key, now)
        if record is not None:
            self._outbox.spread([record], now)
        return record is not None

    def expire_clients_after(self, seconds: float | None, now: float) -> None:
        """Forget clients that were silent for so long, as CZMQ does (server/timeout), infinity for never; None: when
        they are not connected any more."""
        self.client_timeout = seconds
        self._silences.clear()
        for client in self._clients:
            self._silences.add(now + (self._config.probe if seconds is None else seconds), client)

    def leave(self, now: float) -> None:
        """Withdraw what ends with this service anyway, before it does."""
        for key in self._intents.ending():
            self.unpublish(key, now)
        for remote in self._remotes:
            self._close(remote, now)

    def _start_beating(self, now: float) -> None:
        if self._beat_at == NEVER:
            self._beat_at = now + self._config.beat

    def _beat(self, now: float) -> None:
        """Give a sign of life, and clear away."""
        self._beat_at = now + self._config.beat
        self._outbox.spread(list(self._intents.renew(now)), now)
        self._outbox.spread(self._adoption.sweep(self.node, now), now)
        self.table.leases.forget_before(now - self._config.remember, self.table.owners())
        self._kin.beat()

    # -- inputs ------------------------------------------------------------------------------------------------------

    def receive_frames(self, frames: Sequence[bytes], now: float) -> None:
        """A message of a client, as the ROUTER gives it: the client's identity, and one frame."""
        self.counters.received += 1
        if len(frames) != 2:
            self.counters.violations += 1
            return
        client, frame = frames
        neighbour = self._clients.get(client) or self._new_client(client, now)
        if neighbour is None:
            return
        neighbour.heard = now
        try:
            if gossip.is_own(frame):
                self._on_own_command_of_client(neighbour, client, frame, now)
            else:
                self._on_command_of_client(neighbour, client, frame, now)
        except DecodeError:
            self.counters.violations += 1

    def receive_reply(self, link: int, frame: bytes, now: float) -> None:
        """A frame from a hub."""
        self.counters.received += 1
        remote = self._remotes.at(link)
        if remote is None or remote.neighbour is None:
            return
        self._remotes.hear(remote, now)
        try:
            if gossip.is_own(frame):
                self._on_own_command_of_hub(remote, remote.neighbour, frame, now)
            else:
                self._on_command_of_hub(remote, remote.neighbour, frame, now)
        except DecodeError:
            self.counters.violations += 1

    def receive_report(self, report: GossipReport, now: float) -> None:
        """How an effect fared."""
        if isinstance(report, ClientLost):
            self._clients.pop(report.client, None)
            return
        remote = self._remotes.at(report.link)
        if remote is not None:
            self.counters.reconnects += 1
            self._close(remote, now)

    def handle_timeout(self, now: float) -> None:
        """The deadline that next_timeout named has come."""
        self.table.pass_time(now)
        self._see_to_remotes(now)
        for client in self._silences.due(now):
            self._see_to_client(client, now)
        for record in self._adoption.settle(now):
            self._intents.forget(record.key)
            self._outbox.spread([record], now)
        if not now < self._beat_at:
            self._beat(now)
        self._kin.pass_beats_on(now)

    def next_timeout(self) -> float:
        """When handle_timeout wants to be called; infinity for never."""
        return min(
            self.table.next_at,
            self._remotes.next_at,
            self._silences.next_at,
            self._adoption.next_at,
            self._beat_at,
            self._kin.next_at,
        )

    def take_effects(self) -> list[GossipEffect]:
        """What is to be done, once, in order."""
        taken, self._outbox.effects = self._outbox.effects, []
        return taken

    def take_events(self) -> list[Delivery]:
        """What the application should hear, once, in order."""
        taken, self.table.events = self.table.events, []
        return taken

    @property
    def sent(self) -> int:
        """Frames to neighbours."""
        return self._outbox.sent

    @property
    def resyncs(self) -> int:
        """Comparisons of whole tables."""
        return self._kin.resyncs

    @property
    def suppressed(self) -> int:
        """Tuples that CZMQ neighbours still send although their owner withdrew them."""
        return self._adoption.suppressed

    # -- the hub's side ----------------------------------------------------------------------------------------------

    @property
    def clients(self) -> int:
        """How many clients the hub has."""
        return len(self._clients)

    def _new_client(self, client: bytes, now: float) -> Neighbour | None:
        if len(self._clients) >= self._config.neighbours:
            self.counters.clients_refused += 1
            return None
        self._start_beating(now)
        self._clients[client] = Neighbour(client, now)
        self._silences.add(now + (self._config.probe if self.client_timeout is None else self.client_timeout), client)
        return self._clients[client]

    def _see_to_client(self, client: bytes, now: float) -> None:
        """A client may have been silent for long. Asking CZMQ's anything is not possible, but a PONG shows if it can be
        sent at all."""
        neighbour = self._clients.get(client)
        if neighbour is None:
            return
        if self.client_timeout is not None:
            if now < neighbour.heard + self.client_timeout:
                self._silences.add(neighbour.heard + self.client_timeout, client)
            else:
                del self._clients[client]
            return
        if not now < neighbour.heard + self._config.probe:
            self._outbox.send(neighbour, zgossip.encode_command(zgossip.PONG))
        self._silences.add(now + self._config.probe, client)

    def _on_command_of_client(self, neighbour: Neighbour, client: bytes, frame: bytes, now: float) -> None:
        match HUB_RULES[neighbour.phase, zgossip.read_command(frame)]:
            case Action.GREET:
                self._greet(neighbour, client, now)
            case Action.PONG:
                self._outbox.send(neighbour, zgossip.encode_command(zgossip.PONG))
            case Action.TAKE:
                self._take_plain(neighbour, frame, now)
            case _:
                self._refuse(neighbour, client)

    def _greet(self, neighbour: Neighbour, client: bytes, now: float) -> None:
        neighbour.forget()
        neighbour.phase = Phase.CONNECTED
        neighbour.is_ours = client.startswith(gossip.MARK) and not self._config.plain
        if neighbour.is_ours:
            self._outbox.send(neighbour, gossip.encode_welcome(self.node, self.table.root))
            self._kin.tell_who_lives(neighbour, now)
        else:
            self._outbox.tell_all(neighbour, now)

    def _refuse(self, neighbour: Neighbour, client: bytes) -> None:
        self.counters.invalid_sent += 1
        self._outbox.send(neighbour, zgossip.encode_command(zgossip.INVALID))
        self._clients.pop(client, None)

    def _on_own_command_of_client(self, neighbour: Neighbour, client: bytes, frame: bytes, now: float) -> None:
        message = gossip.read_message(frame)
        if not neighbour.is_ours:
            if client.startswith(gossip.MARK):  # this hub is a new one, or had forgotten the client
                self._refuse(neighbour, client)
            else:
                self.counters.violations += 1
        elif message == gossip.PULSE:
            self._outbox.send(neighbour, gossip.encode_root(gossip.ECHO, self.table.root))
        elif message == gossip.SUMMARY:
            self._kin.list_differences(neighbour, frame)
        else:
            self._kin.receive(neighbour, message, frame, now)

    # -- the client's side -------------------------------------------------------------------------------------------

    @property
    def hubs(self) -> int:
        """How many hubs have answered, and are there."""
        return sum(neighbour.phase is Phase.CONNECTED for neighbour in self._remotes.neighbours())

    def _see_to_remotes(self, now: float) -> None:
        for remote in self._remotes:
            if remote.neighbour is not None and not now < remote.gone_at:
                self.counters.reconnects += 1
                self._close(remote, now)
                remote.due = now
            if now < remote.due:
                continue
            if remote.neighbour is None:
                self._open(remote, now)
            else:
                self._ping(remote.neighbour)
            remote.due = now + self._config.ping

    def _open(self, remote: Remote, now: float) -> None:
        neighbour, link = self._remotes.open(remote, now)
        identity = b"" if self._config.plain else gossip.MARK + self.node + link.to_bytes(4, "big")
        self._outbox.effects.append(OpenRemote(link, remote.endpoint, identity, remote.public_key))
        self._say_hello(neighbour)

    def _say_hello(self, neighbour: Neighbour) -> None:
        """The PONG to the PING that follows comes when everything that the hub has was sent: HELLO has no such end."""
        for command in (zgossip.HELLO, zgossip.PING):
            self._outbox.send(neighbour, zgossip.encode_command(command))

    def _ping(self, neighbour: Neighbour) -> None:
        if neighbour.is_ours:
            self._outbox.send(neighbour, gossip.encode_root(gossip.PULSE, self.table.root))
        else:
            self._outbox.send(neighbour, zgossip.encode_command(zgossip.PING))

    def _close(self, remote: Remote, now: float) -> None:
        link = self._remotes.close(remote, now)
        if link is not None:
            self._outbox.effects.append(CloseLink(link, True))

    def _on_command_of_hub(self, remote: Remote, neighbour: Neighbour, frame: bytes, now: float) -> None:
        match CLIENT_RULES[neighbour.phase, zgossip.read_command(frame)]:
            case Action.TAKE:
                self._take_plain(neighbour, frame, now)
            case Action.SETTLE:
                neighbour.phase = Phase.CONNECTED
                self._outbox.tell_all(neighbour, now)
            case Action.GREET_AGAIN:
                self.counters.invalid_received += 1
                neighbour.forget()
                neighbour.is_ours = False
                self._say_hello(neighbour)
            case _:
                pass

    def _on_own_command_of_hub(self, remote: Remote, neighbour: Neighbour, frame: bytes, now: float) -> None:
        message = gossip.read_message(frame)
        if self._config.plain or not (neighbour.is_ours or message == gossip.WELCOME):
            self.counters.violations += 1
        elif message == gossip.WELCOME:
            node, root = gossip.decode_welcome(frame)
            if node == self.node:  # connected to ourselves, which nobody needs
                self.disconnect(remote.endpoint, now)
                return
            self._kin.welcome(neighbour, root, now)
        elif message == gossip.ECHO:
            self._kin.echo(neighbour, gossip.decode_root(frame))
        elif message == gossip.LISTING:
            self._kin.level(neighbour, frame, now)
        else:
            self._kin.receive(neighbour, message, frame, now)

    # -- CZMQ neighbours ---------------------------------------------------------------------------------------------

    def _take_plain(self, neighbour: Neighbour, frame: bytes, now: float) -> None:
        item = zgossip.decode_publish(frame)
        if neighbour.hear(item.key, item.value, now):
            record = self._adoption.take(neighbour.place, item.key, item.value, now)
            if record is not None:
                self._intents.forget(item.key)
                self._outbox.spread([record], now)
            elif self.table.get(item.key) is None:  # there was no room for it
                neighbour.has.pop(item.key, None)
            return
        self.counters.echoes += 1
        known = self.table.get(item.key)
        if known is not None and item.key not in neighbour.told:
            self._outbox.publish_to(neighbour, known, now)

    # -- everybody ---------------------------------------------------------------------------------------------------

    def _neighbours(self) -> Iterator[Neighbour]:
        yield from self._clients.values()
        yield from self._remotes.neighbours()

    def _plain_neighbours(self) -> Iterator[Neighbour]:
        return (neighbour for neighbour in self._neighbours() if not neighbour.is_ours)
