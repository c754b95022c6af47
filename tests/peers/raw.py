"""A ZRE peer played by hand: bare sockets, and bytes put together here, apart from the library under test.

    with RawPeer(port) as raw:
        raw.connect(raw.wait_beacon(lambda data: True).endpoint)
        raw.say(HELLO, hello(raw.endpoint, "raw", groups=["G"], status=1))
        identity, their_hello = raw.receive()

It answers nothing by itself, checks nothing and knows no state beyond its own sequence number, so a test can
make it say what no well-behaved peer would say.
"""

from __future__ import annotations

import socket
import struct
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import zmq

HELLO, WHISPER, SHOUT, JOIN, LEAVE, PING, PING_OK, ELECT, LEADER, GOODBYE = range(1, 11)
SIGNATURE = 0xAAA1
VERSION = 2


def header(command: int, sequence: int) -> bytes:
    """The six bytes with which every message starts."""
    return struct.pack(">HBBH", SIGNATURE, command, VERSION, sequence)


def string(text: str) -> bytes:
    data = text.encode()
    return struct.pack(">B", len(data)) + data


def long_string(text: str) -> bytes:
    data = text.encode()
    return struct.pack(">I", len(data)) + data


def strings(texts: Sequence[str]) -> bytes:
    return struct.pack(">I", len(texts)) + b"".join(map(long_string, texts))


def dictionary(items: Sequence[tuple[str, str]]) -> bytes:
    pairs = (string(key) + long_string(value) for key, value in items)
    return struct.pack(">I", len(items)) + b"".join(pairs)


def hello(
    endpoint: str,
    name: str,
    groups: Sequence[str] = (),
    headers: Sequence[tuple[str, str]] = (),
    status: int = 0,
) -> bytes:
    """The fields of a HELLO, after its header."""
    return string(endpoint) + strings(groups) + bytes([status]) + string(name) + dictionary(headers)


@dataclass(frozen=True)
class Beacon:
    """A beacon as it came, and where from."""

    data: bytes
    address: tuple[str, int]

    @property
    def port(self) -> int:
        return int.from_bytes(self.data[20:22], "big")

    @property
    def endpoint(self) -> str:
        return f"tcp://{self.address[0]}:{self.port}"


class RawPeer:
    """One ROUTER, one DEALER and one UDP socket.

    Args:
        port: the UDP beacon port; 0 for none.
        address: the interface address to bind to; its /24 broadcast address is where beacons go.
        keys: a CURVE key pair in Z85, public first.
    """

    def __init__(self, port: int, address: str = "10.77.0.1", keys: tuple[bytes, bytes] | None = None) -> None:
        self.identity = uuid.uuid4().bytes
        self.sequence = 0
        self._keys = keys
        self._context = zmq.Context()
        self._inbox = self._context.socket(zmq.ROUTER)
        self._inbox.setsockopt(zmq.ROUTER_HANDOVER, 1)
        self._inbox.setsockopt(zmq.RCVHWM, 0)  # a test may let messages wait; pyre drops whom it waits for
        if keys:
            self._inbox.curve_publickey, self._inbox.curve_secretkey = keys
            self._inbox.curve_server = True
        self.tcp_port = self._inbox.bind_to_random_port(f"tcp://{address}")
        self.endpoint = f"tcp://{address}:{self.tcp_port}"
        self._outbox: zmq.Socket[bytes] | None = None
        self._target = (address.rpartition(".")[0] + ".255", port)
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT, socket.SO_BROADCAST):
            self._udp.setsockopt(socket.SOL_SOCKET, option, 1)
        self._udp.bind(("", port))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._udp.close()
        self._context.destroy(linger=0)

    @property
    def uuid(self) -> str:
        """Our identity as other implementations spell it: 32 upper-case hex digits."""
        return self.identity.hex().upper()

    # UDP

    def beacon(self, port: int | None = None) -> None:
        """Broadcast one beacon, version 1; port 0 says farewell."""
        tcp_port = self.tcp_port if port is None else port
        self._udp.sendto(b"ZRE\x01" + self.identity + tcp_port.to_bytes(2, "big"), self._target)

    def wait_beacon(self, wanted: Callable[[bytes], bool], timeout: float = 5.0) -> Beacon:
        """Return the first datagram of somebody else that is wanted."""
        deadline = time.monotonic() + timeout
        while (left := deadline - time.monotonic()) > 0:
            self._udp.settimeout(left)
            try:
                data, address = self._udp.recvfrom(1024)
            except TimeoutError:
                break
            if data[4:20] != self.identity and wanted(data):
                return Beacon(data, address)
        raise AssertionError(f"no such beacon within {timeout} s")

    # TCP

    def connect(self, endpoint: str, server_key: bytes | None = None) -> None:
        """Connect to a peer's ROUTER, and begin to count at 1 again."""
        if self._outbox is not None:
            self._outbox.close(linger=0)
        self._outbox = self._context.socket(zmq.DEALER)
        self._outbox.setsockopt(zmq.IDENTITY, b"\x01" + self.identity)
        if self._keys and server_key:
            self._outbox.curve_publickey, self._outbox.curve_secretkey = self._keys
            self._outbox.curve_serverkey = server_key
        self._outbox.connect(endpoint)
        self.sequence = 0

    def say(self, command: int, *fields: bytes, content: Iterable[bytes] = ()) -> None:
        """Send a message with the next sequence number."""
        self.sequence = (self.sequence + 1) % 65536
        self.send(header(command, self.sequence) + b"".join(fields), *content)

    def send(self, *frames: bytes) -> None:
        """Send these frames as they are."""
        assert self._outbox is not None, "connect first"
        self._outbox.send_multipart(frames)

    def receive(self, timeout: float = 5.0) -> list[bytes]:
        """Return the next message, its identity frame first."""
        if not self._inbox.poll(int(timeout * 1000)):
            raise AssertionError(f"no message within {timeout} s")
        return self._inbox.recv_multipart()

    def wait_message(self, command: int, timeout: float = 5.0) -> list[bytes]:
        """Return the next message with this command, its identity frame first; pass over others."""
        deadline = time.monotonic() + timeout
        while True:
            frames = self.receive(max(0, deadline - time.monotonic()))
            if frames[1][2] == command:
                return frames
