"""Our own node with its face for threads, as an application would use it."""

from __future__ import annotations

import time
from itertools import repeat
from typing import Any

import zyre

from .console import GROUP, INTERFACE, NAME, Answer, End, serve


class ZyreThreads(End):
    def __init__(self, curve: bool = False, bulk: bool = False, **options: Any) -> None:
        """``bulk``: floods are given as many messages by one call."""
        self._bulk = bulk
        if curve:
            options |= {"certificate": zyre.new_certificate(), "access": "*"}
        self._options = options

    def new(self, port: int, groups: list[str]) -> Answer:
        self._known: dict[str, float] = {}
        self._node = zyre.Node(NAME, port=port, interface=INTERFACE, groups=groups, **self._options)
        return {"uuid": str(self._node.uuid)}

    def start(self) -> float:
        began = time.monotonic()
        self._node.start()
        return began

    def meet(self, peers: list[Answer]) -> float:
        wanted = {peer["uuid"] for peer in peers}
        while not wanted <= self._known.keys():
            event = self._node.recv()
            if isinstance(event, zyre.Enter):
                self._known[event.peer] = time.monotonic()
        return max(self._known[peer] for peer in wanted)

    def stop(self) -> None:
        self._node.stop()

    def flood(self, peer: str, size: int, n: int) -> float:
        began = time.monotonic()
        whisper, target, payload = self._node.whisper, self._node.peers[peer].uuid, bytes(size)
        if self._bulk:
            self._node.whisper_many(target, repeat(payload, n))
            return began
        for _ in range(n):
            whisper(target, payload)
        return began

    def shout(self, size: int, n: int) -> float:
        began = time.monotonic()
        shout, payload = self._node.shout, bytes(size)
        if self._bulk:
            self._node.shout_many(GROUP, repeat(payload, n))
            return began
        for _ in range(n):
            shout(GROUP, payload)
        return began

    def count(self, n: int) -> float:
        for event in self._node:
            if isinstance(event, (zyre.Whisper, zyre.Shout)):
                n -= 1
                if not n:
                    break
        return time.monotonic()

    def echo(self, n: int) -> None:
        for event in self._node:
            if isinstance(event, zyre.Whisper):
                self._node.whisper(event.peer, *event.content)
                n -= 1
                if not n:
                    break

    def exchange(self, peer: str, size: int, n: int, burst: int) -> float:
        whisper, target, payload = self._node.whisper, self._node.peers[peer].uuid, bytes(size)
        for _ in range(n // burst):
            for _ in range(burst):
                whisper(target, payload)
            self.count(burst)
        return time.monotonic()

    def ping(self, peer: str, size: int, n: int) -> list[float]:
        clock, node, target, payload = time.monotonic, self._node, self._node.peers[peer].uuid, bytes(size)
        times = []
        for _ in range(n):
            began = clock()
            node.whisper(target, payload)
            while not isinstance(node.recv(), zyre.Whisper):
                pass
            times.append((clock() - began) * 1e6)
        return times


if __name__ == "__main__":
    serve(ZyreThreads)
