"""pyzmq with nothing around it: the frames of a whisper from a DEALER to a ROUTER.

This is the ceiling for anything in Python that sends each message by itself over libzmq. Large frames are shared with
libzmq on both sides and never copied; the receiver does not even make bytes of them.
"""

from __future__ import annotations

import struct
import time

import zmq

from .console import Answer, End, serve

_ADDRESS = "10.77.0.1"
_LARGE = 1 << 16
_HEADER = struct.pack(">HBBH", 0xAAA1, 2, 2, 1)


class Bare(End):
    def __init__(self) -> None:
        self._context = zmq.Context()
        self._links: dict[str, zmq.Socket[bytes]] = {}

    def new(self, port: int, groups: list[str]) -> Answer:
        self._inbox = self._context.socket(zmq.ROUTER)
        self._inbox.rcvhwm = 10_000
        try:
            number = self._inbox.bind_to_random_port(f"tcp://{_ADDRESS}")
            self._endpoint = f"tcp://{_ADDRESS}:{number}"
        except zmq.ZMQError:  # no private network: loopback
            self._endpoint = f"tcp://127.0.0.1:{self._inbox.bind_to_random_port('tcp://127.0.0.1')}"
        self._identity = self._endpoint.encode()
        return {"uuid": self._endpoint}

    def start(self) -> float:
        return time.monotonic()

    def meet(self, peers: list[Answer]) -> float:
        for peer in peers:
            link = self._links[peer["uuid"]] = self._context.socket(zmq.DEALER)
            link.sndhwm = 10_000
            link.linger = 0
            link.routing_id = self._identity
            link.connect(peer["uuid"])
        return time.monotonic()

    def stop(self) -> None:
        for link in self._links.values():
            link.close(0)
        self._inbox.close(0)

    def flood(self, peer: str, size: int, n: int) -> float:
        began = time.monotonic()
        send, payload, copy = self._links[peer].send, bytes(size), size < _LARGE
        for _ in range(n):
            send(_HEADER, zmq.SNDMORE)
            send(payload, 0, copy)
        return began

    def shout(self, size: int, n: int) -> float:
        began = time.monotonic()
        sends, payload = [link.send for link in self._links.values()], bytes(size)
        for _ in range(n):
            for send in sends:
                send(_HEADER, zmq.SNDMORE)
                send(payload)
        return began

    def count(self, n: int) -> float:
        receive = self._inbox.recv
        copy = len(self._inbox.recv_multipart()[-1]) < _LARGE
        for _ in range(n - 1):
            receive(), receive(), receive(0, copy)
        return time.monotonic()

    def echo(self, n: int) -> None:
        for _ in range(n):
            identity, *frames = self._inbox.recv_multipart()
            self._links[identity.decode()].send_multipart(frames)

    def exchange(self, peer: str, size: int, n: int, burst: int) -> float:
        for _ in range(n // burst):
            self.flood(peer, size, burst)
            self.count(burst)
        return time.monotonic()

    def ping(self, peer: str, size: int, n: int) -> list[float]:
        clock, link, frames = time.monotonic, self._links[peer], (_HEADER, bytes(size))
        times = []
        for _ in range(n):
            began = clock()
            link.send_multipart(frames)
            self._inbox.recv_multipart()
            times.append((clock() - began) * 1e6)
        return times


if __name__ == "__main__":
    serve(Bare)
