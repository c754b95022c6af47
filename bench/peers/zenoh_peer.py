"""zenoh-python, whose messages a library in Rust carries and packs: the fastest that a Python program can get.

Sessions find each other by address over TCP on loopback; all scouting is off. Whispers and shouts are keys, to which
the receiver subscribes. Publishers wait when the network is full, since a dropped message would not be counted; those
of a round trip send at once (``express``). Floods are received by callback, which is its faster way.
"""

from __future__ import annotations

import json
import socket
import threading
import time
import uuid

import zenoh

from .console import Answer, End, serve

_BLOCK = zenoh.CongestionControl.BLOCK
_PATIENCE = 20.0


class ZenohPeer(End):
    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._got = self._wanted = 0
        self._done = threading.Event()

    def new(self, port: int, groups: list[str]) -> Answer:
        self._uuid = "1" + uuid.uuid4().hex[1:]  # zenoh drops leading zeros
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self._endpoint = f"tcp/127.0.0.1:{probe.getsockname()[1]}"
        self._keys = [f"whisper/{self._uuid}", "shout"]
        return {"uuid": self._uuid, "endpoint": self._endpoint}

    def start(self) -> float:
        began = time.monotonic()
        self._open()
        return began

    def _open(self) -> None:
        config = zenoh.Config()
        settings = {
            "id": self._uuid,
            "mode": "peer",
            "scouting/multicast/enabled": False,
            "scouting/gossip/enabled": False,
            "listen/endpoints": [self._endpoint],
            "connect/endpoints": list(self._known.values()),
        }
        for name, value in settings.items():
            config.insert_json5(name, json.dumps(value))
        self._session = zenoh.open(config)
        self._counting = [self._session.declare_subscriber(key, self._on_message) for key in self._keys]
        self._turns = self._session.declare_subscriber(f"turn/{self._uuid}", zenoh.handlers.FifoChannel(1024))

    def meet(self, peers: list[Answer]) -> float:
        wanted = {peer["uuid"]: peer["endpoint"] for peer in peers}
        if not wanted.keys() <= self._present():
            self._known = wanted
            self._session.close()
            self._open()
        deadline = time.monotonic() + _PATIENCE
        shouting = self._publisher("shout")
        for peer in wanted:
            whispering = self._publisher(f"whisper/{peer}")
            while not (peer in self._present() and whispering.matching_status.matching):
                _pause(deadline)
        while not shouting.matching_status.matching:
            _pause(deadline)
        time.sleep(0.3)  # what others subscribe to may still be on its way
        return time.monotonic()

    def _present(self) -> set[str]:
        return {str(each) for each in self._session.info.peers_zid()}

    def _publisher(self, key: str, express: bool = False) -> zenoh.Publisher:
        return self._session.declare_publisher(key, congestion_control=_BLOCK, express=express)

    def stop(self) -> None:
        self._session.close()

    def _on_message(self, sample: zenoh.Sample) -> None:
        sample.payload.to_bytes()
        self._got += 1
        if self._got == self._wanted:
            self._at = time.monotonic()
            self._done.set()

    def flood(self, peer: str, size: int, n: int) -> float:
        return self._flood(f"whisper/{peer}", size, n)

    def shout(self, size: int, n: int) -> float:
        return self._flood("shout", size, n)

    def _flood(self, key: str, size: int, n: int) -> float:
        publisher, payload = self._publisher(key), bytes(size)
        began = time.monotonic()
        put = publisher.put
        for _ in range(n):
            put(payload)
        return began

    def count(self, n: int) -> float:
        self._wanted += n
        if self._got >= self._wanted:
            return time.monotonic()
        if not self._done.wait(_PATIENCE):
            raise TimeoutError(f"{self._wanted - self._got} messages never came")
        self._done.clear()
        return self._at

    def exchange(self, peer: str, size: int, n: int, burst: int) -> float:
        publisher, payload, receive = self._publisher(f"turn/{peer}"), bytes(size), self._turns.recv
        for _ in range(n // burst):
            for _ in range(burst):
                publisher.put(payload)
            for _ in range(burst):
                receive().payload.to_bytes()
        return time.monotonic()

    def echo(self, n: int) -> None:
        [peer] = self._present()
        publisher, receive = self._publisher(f"turn/{peer}", express=True), self._turns.recv
        for _ in range(n):
            publisher.put(receive().payload.to_bytes())

    def ping(self, peer: str, size: int, n: int) -> list[float]:
        publisher, payload = self._publisher(f"turn/{peer}", express=True), bytes(size)
        clock, receive, times = time.monotonic, self._turns.recv, []
        for _ in range(n):
            began = clock()
            publisher.put(payload)
            receive().payload.to_bytes()
            times.append((clock() - began) * 1e6)
        return times


def _pause(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise TimeoutError("the peers never met")
    time.sleep(0.01)


if __name__ == "__main__":
    serve(ZenohPeer)
