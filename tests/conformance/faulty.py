"""A ZRE node that is wrong in one way: what the conformance kit must find out."""

from __future__ import annotations

import threading
import uuid
from types import TracebackType
from typing import Self

import zmq

from zyre.conformance import speech


class FaultyNode:
    """Answers HELLO and PING, knows nothing else; ``fault`` says what it gets wrong, and "" nothing."""

    def __init__(self, fault: str = "", address: str = "127.0.0.1") -> None:
        self.fault = fault
        self.uuid = uuid.uuid4().bytes
        self._context = zmq.Context()
        self._inbox = self._context.socket(zmq.ROUTER)
        self._inbox.set(zmq.ROUTER_HANDOVER, 1)
        port = self._inbox.bind_to_random_port(f"tcp://{address}")
        self.endpoint = f"tcp://{address}:{port}"
        self._links: dict[bytes, zmq.Socket[bytes]] = {}
        self._sent: dict[bytes, int] = {}
        self._ended = False
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ended = True
        self._thread.join()
        self._context.destroy(linger=0)

    def _run(self) -> None:
        while not self._ended:
            if self._inbox.poll(20):
                self._take(*self._inbox.recv_multipart())

    def _take(self, identity: bytes, frame: bytes = b"", *content: bytes) -> None:
        right = frame[:2] == b"\xaa\xa1" and frame[3:4] == b"\x02" and len(frame) >= 6 and len(identity) == 17
        if self.fault == "answers any version" and len(frame) >= 6:
            right = True
        if not right:
            if self.fault == "dies of noise" and frame[:2] != b"\xaa\xa1":
                self._ended = True
            return
        if frame[2] == speech.HELLO:
            self._greet(identity, frame[6:])
        elif frame[2] == speech.PING and identity in self._links and self.fault != "answers no PING":
            self._say(identity, speech.PING_OK)

    def _greet(self, identity: bytes, fields: bytes) -> None:
        try:
            endpoint = speech.read_hello(fields)[0]
        except ValueError:
            return
        if identity in self._links:
            if self.fault == "greets once":
                return
            self._links.pop(identity).close(0)
        link = self._links[identity] = self._context.socket(zmq.DEALER)
        link.set(zmq.IDENTITY, self.uuid if self.fault == "has a bare identity" else b"\x01" + self.uuid)
        try:
            link.connect(endpoint)
        except zmq.ZMQError:
            return
        self._sent[identity] = 1 if self.fault == "counts from 2" else 0
        own = "tcp://*:*" if self.fault == "names a wildcard" else self.endpoint
        fields = speech.hello(own, "" if self.fault == "has no name" else "faulty")
        self._say(identity, speech.HELLO, fields[:-1] if self.fault == "cuts its HELLO" else fields)
        if self.fault == "greets twice":
            self._say(identity, speech.HELLO, fields)

    def _say(self, identity: bytes, command: int, fields: bytes = b"") -> None:
        modulus = 65535 if self.fault == "counts modulo 65535" else 65536
        self._sent[identity] = (self._sent[identity] + 1) % modulus
        version = 3 if self.fault == "says version 3" else 2
        self._links[identity].send(speech.header(command, self._sent[identity], version=version) + fields)
