"""A model of CZMQ 4.2's zgossip for the bench, its flaws included: see zgossip.c and zgossip_engine.inc.

Clients that are silent for a second are forgotten, and clients never ping; who is told INVALID says HELLO and nothing
more; every change goes to everybody, its source included; a message that it does not know ends it.
"""

from __future__ import annotations

from collections.abc import Sequence

from zyre.core.effects import LinkFailed
from zyre.core.gossip.delivery import Delivery
from zyre.core.gossip.effects import GossipEffect, GossipReport, OpenRemote, Reply, Say
from zyre.core.timers import NEVER
from zyre.wire.zgossip import (
    HELLO,
    INVALID,
    PING,
    PONG,
    PUBLISH,
    decode_publish,
    encode_command,
    encode_publish,
    read_command,
)

TIMEOUT = 1.0


class Czmq:
    def __init__(self, timeout: float = TIMEOUT) -> None:
        self.tuples: dict[str, str] = {}
        self._timeout = timeout
        self._clients: dict[bytes, tuple[bool, float]] = {}
        self._remotes: dict[int, str] = {}
        self._lost: list[str] = []
        self._retry_at = NEVER
        self._links = 0
        self._effects: list[GossipEffect] = []
        self._events: list[Delivery] = []

    def connect(self, endpoint: str, now: float) -> None:
        self._links += 1
        self._remotes[self._links] = endpoint
        self._effects += [
            OpenRemote(self._links, endpoint, b"", None),
            Say(self._links, encode_command(HELLO)),
            *(Say(self._links, encode_publish(*item)) for item in self.tuples.items()),
        ]

    def publish(self, key: str, value: str, now: float) -> None:
        self._accept(key, value)

    def _accept(self, key: str, value: str) -> None:
        if self.tuples.get(key) == value:
            return
        self.tuples[key] = value
        self._events.append(Delivery(key, value))
        frame = encode_publish(key, value)
        for client, (connected, _) in list(self._clients.items()):
            if connected:
                self._effects.append(Reply(client, frame))
            else:
                self._refuse(client)
        self._effects += [Say(link, frame) for link in self._remotes]

    def _refuse(self, client: bytes) -> None:
        self._effects.append(Reply(client, encode_command(INVALID)))
        del self._clients[client]

    def receive_frames(self, frames: Sequence[bytes], now: float) -> None:
        client, frame = frames
        connected, _ = self._clients.get(client, (False, now))
        self._clients[client] = (connected, now + self._timeout)
        command = read_command(frame)  # what it cannot read ends it, and the test
        if command == HELLO and not connected:
            self._clients[client] = (True, now + self._timeout)
            self._effects += [Reply(client, encode_publish(*item)) for item in self.tuples.items()]
        elif command == PING:
            self._effects.append(Reply(client, encode_command(PONG)))
        elif command == PUBLISH and connected:
            item = decode_publish(frame)
            self._accept(item.key, item.value)
        else:
            self._refuse(client)

    def receive_reply(self, link: int, frame: bytes, now: float) -> None:
        command = read_command(frame)
        if command == PUBLISH:
            item = decode_publish(frame)
            self._accept(item.key, item.value)
        elif command == INVALID:
            self._effects.append(Say(link, encode_command(HELLO)))

    def receive_report(self, report: GossipReport, now: float) -> None:
        if isinstance(report, LinkFailed) and report.link in self._remotes:
            self._lost.append(self._remotes.pop(report.link))
            self._retry_at = now + 0.1

    def handle_timeout(self, now: float) -> None:
        self._clients = {client: state for client, state in self._clients.items() if now < state[1]}
        if not now < self._retry_at:
            lost, self._lost, self._retry_at = self._lost, [], NEVER
            for endpoint in lost:
                self.connect(endpoint, now)

    def next_timeout(self) -> float:
        return min([self._retry_at, *(at for _, at in self._clients.values())])

    def take_effects(self) -> list[GossipEffect]:
        taken, self._effects = self._effects, []
        return taken

    def take_events(self) -> list[Delivery]:
        taken, self._events = self._events, []
        return taken
