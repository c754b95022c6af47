"""zeromq-pyre, another implementation of ZRE in Python.

It drops a peer for whom more messages are queued than a hundred times its expiry time in seconds, so that time is
raised: a flood is then queued, as libzyre queues it. It has no setting for the interface, so it is shown only one.
"""

from __future__ import annotations

import time
import uuid

import pyre
from pyre import pyre_peer, zhelper

from .console import GROUP, INTERFACE, NAME, Answer, End, serve

pyre_peer.PyrePeer.PEER_EXPIRED = 1000
_interfaces = zhelper.get_ifaddrs()
zhelper.get_ifaddrs = lambda: [entry for entry in _interfaces if INTERFACE in entry]


class PyreEnd(End):
    def new(self, port: int, groups: list[str]) -> Answer:
        self._known: dict[str, float] = {}
        self._node = pyre.Pyre(NAME)
        self._node.set_port(str(port).encode())
        for group in groups:
            self._node.join(group)
        return {"uuid": self._node.uuid().hex.upper()}

    def start(self) -> float:
        began = time.monotonic()
        self._node.start()
        return began

    def meet(self, peers: list[Answer]) -> float:
        wanted = {peer["uuid"] for peer in peers}
        while not wanted <= self._known.keys():
            event = self._node.recv()
            if event[0] == b"ENTER":
                self._known[uuid.UUID(bytes=event[1]).hex.upper()] = time.monotonic()
        return max(self._known[peer] for peer in wanted)

    def stop(self) -> None:
        self._node.stop()

    def flood(self, peer: str, size: int, n: int) -> float:
        began = time.monotonic()
        whisper, target, payload = self._node.whisper, uuid.UUID(peer), bytes(size)
        for _ in range(n):
            whisper(target, payload)
        return began

    def shout(self, size: int, n: int) -> float:
        began = time.monotonic()
        shout, payload = self._node.shout, bytes(size)
        for _ in range(n):
            shout(GROUP, payload)
        return began

    def count(self, n: int) -> float:
        receive = self._node.recv
        while n:
            if receive()[0] in (b"WHISPER", b"SHOUT"):
                n -= 1
        return time.monotonic()

    def echo(self, n: int) -> None:
        while n:
            event = self._node.recv()
            if event[0] == b"WHISPER":
                self._node.whisper(uuid.UUID(bytes=event[1]), event[3:])
                n -= 1

    def exchange(self, peer: str, size: int, n: int, burst: int) -> float:
        for _ in range(n // burst):
            self.flood(peer, size, burst)
            self.count(burst)
        return time.monotonic()

    def ping(self, peer: str, size: int, n: int) -> list[float]:
        clock, node, target, payload = time.monotonic, self._node, uuid.UUID(peer), bytes(size)
        times = []
        for _ in range(n):
            began = clock()
            node.whisper(target, payload)
            while node.recv()[0] != b"WHISPER":
                pass
            times.append((clock() - began) * 1e6)
        return times


if __name__ == "__main__":
    serve(PyreEnd)
