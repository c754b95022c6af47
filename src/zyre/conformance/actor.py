"""A ZRE peer played by hand: one ROUTER, one DEALER, and whatever octets a probe wants to have said."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Sequence
from typing import NamedTuple

import zmq

from zyre.conformance import speech

__all__ = ["Actor", "Deviation", "Heard", "QUIET", "local_address_toward"]

#: How long to listen for what should not come, in seconds: it would have been sent before what came last.
QUIET = 0.3

_SIZE_OF_IDENTITY = 17
_HEADER = 6


class Deviation(Exception):
    """The node did something else than expected; the text says what."""


class Heard(NamedTuple):
    """A message of the node."""

    identity: bytes
    command: int
    sequence: int
    frames: tuple[bytes, ...]

    @property
    def name(self) -> str:
        """Its command, by name."""
        return speech.COMMANDS.get(self.command, f"command {self.command}")


def local_address_toward(host: str, port: int) -> str:
    """Which of our addresses a node at ``host`` can answer to. No packet is sent."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((host, port))
        return str(probe.getsockname()[0])


class Actor:
    """One peer, with an identity of its own.

    ``expected`` is the number that the node's next message to us must bear; ``sequence`` that of our last one to it.
    """

    def __init__(self, endpoint: str, address: str, patience: float) -> None:
        self.target = endpoint
        self.uuid = new_uuid()
        self.patience = patience
        self.sequence = 0
        self.expected = 1
        self.status = 0
        self._address = address
        self._context = zmq.Context()
        self._inbox: zmq.Socket[bytes]
        self._outbox: zmq.Socket[bytes]
        self.move()
        self.connect()

    def move(self) -> None:
        """Listen at a new port."""
        if hasattr(self, "_inbox"):
            self._inbox.close(0)
        self._inbox = self._context.socket(zmq.ROUTER)
        self._inbox.set(zmq.ROUTER_HANDOVER, 1)
        self._inbox.set(zmq.RCVHWM, 0)
        self._inbox.set(zmq.LINGER, 0)
        host = f"[{self._address}]" if ":" in self._address else self._address
        self._inbox.set(zmq.IPV6, ":" in self._address)
        self.endpoint = f"tcp://{host}:{self._inbox.bind_to_random_port(f'tcp://{host}')}"

    def connect(self, identity: bytes | None = None, endpoint: str | None = None) -> None:
        """Connect to the node anew; ``identity`` instead of the right one."""
        if hasattr(self, "_outbox"):
            self._outbox.close(0)
        self._outbox = self._context.socket(zmq.DEALER)
        self._outbox.set(zmq.IPV6, ":" in self._address)
        self._outbox.set(zmq.SNDHWM, 0)
        self._outbox.set(zmq.LINGER, 0)
        identity = b"\x01" + self.uuid if identity is None else identity
        if identity:
            self._outbox.set(zmq.IDENTITY, identity)
        self._outbox.connect(endpoint or self.target)
        self.sequence = 0

    def close(self) -> None:
        """Be gone. What was said last has a moment to arrive."""
        self._outbox.close(100)
        self._inbox.close(0)
        self._context.term()

    # -- saying ----------------------------------------------------------------------------------------------------

    def say(self, command: int, fields: bytes = b"", content: Sequence[bytes] = ()) -> None:
        """A message with the next number."""
        self.sequence = (self.sequence + 1) % 65536
        self.send(speech.header(command, self.sequence) + fields, *content)

    def send(self, *frames: bytes) -> None:
        """Frames as they are."""
        self._outbox.send_multipart(frames)

    def hello(self) -> bytes:
        """The fields of a HELLO that nobody can find fault with."""
        return speech.hello(self.endpoint, status=self.status)

    # -- hearing ---------------------------------------------------------------------------------------------------

    def hear(self, patience: float | None = None) -> Heard | None:
        """The node's next message, or None if none comes in time. Raises Deviation if it is no 36/ZRE.

        A node may ask whether we are still there whenever it likes, so its PINGs are counted and passed over.
        """
        wait = self.patience if patience is None else patience
        deadline = time.monotonic() + wait
        heard = self._hear_any(wait)
        while heard is not None and heard.command == speech.PING:
            self.expected = (heard.sequence + 1) % 65536
            heard = self._hear_any(max(0.0, deadline - time.monotonic()))
        return heard

    def _hear_any(self, wait: float) -> Heard | None:
        if not self._inbox.poll(int(wait * 1000)):
            return None
        identity, *frames = self._inbox.recv_multipart()
        if len(identity) != _SIZE_OF_IDENTITY or identity[0] != 1:
            raise Deviation(f"its DEALER has the identity {identity.hex()!r} instead of 01 and 16 octets of UUID")
        first = frames[0] if frames else b""
        if len(first) < _HEADER:
            raise Deviation(f"it sent a frame of {len(first)} octets, which is too short for a header")
        if first[:2] != b"\xaa\xa1" or first[3] != 2:
            raise Deviation(f"it sent the header {first[:_HEADER].hex()}; AA A1 begins it, and the version is 02")
        return Heard(identity, first[2], int.from_bytes(first[4:6], "big"), tuple(frames))

    def hear_next(self, command: int, patience: float | None = None) -> Heard:
        """The node's next message, which has this command and the next number. Raises Deviation."""
        wanted = speech.COMMANDS[command]
        heard = self.hear(patience)
        if heard is None:
            wait = self.patience if patience is None else patience
            raise Deviation(f"no {wanted} came within {wait:g} s")
        if heard.command != command:
            raise Deviation(f"{heard.name} came instead of {wanted}")
        if heard.command == speech.HELLO:
            self.expected = 1
        if heard.sequence != self.expected:
            raise Deviation(f"its {wanted} has the number {heard.sequence}, and {self.expected} was due")
        self.expected = (self.expected + 1) % 65536
        return heard

    def greet(self) -> Heard:
        """Say HELLO, and hear the answer."""
        self.say(speech.HELLO, self.hello())
        return self.hear_next(speech.HELLO)

    def ping(self) -> None:
        """Be answered."""
        self.say(speech.PING)
        self.hear_next(speech.PING_OK)

    def is_kept(self) -> bool:
        """Whether the node still takes us for a peer, after something for which it may drop us."""
        self.say(speech.PING)
        heard = self.hear()
        return heard is not None and heard.command == speech.PING_OK

    def is_welcome_again(self) -> None:
        """After the node dropped us: a HELLO, on a new connection, makes all well. Raises Deviation."""
        self.connect()
        self.forget_what_came()
        self.greet()
        self.ping()

    def hear_nothing(self) -> None:
        """Listen for what should not come. Raises Deviation."""
        heard = self.hear(QUIET)
        if heard is not None:
            raise Deviation(f"another {heard.name} came")

    def forget_what_came(self) -> None:
        """Pass over what has come until now."""
        while self.hear(0) is not None:
            pass


def new_uuid() -> bytes:
    """An identity that no other implementation would make: a version of UUID that does not exist."""
    octets = bytearray(os.urandom(16))
    octets[6] &= 0x0F
    return bytes(octets)
