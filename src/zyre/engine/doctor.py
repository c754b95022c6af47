"""The doctor: looks at the network by itself, and compares that with what a node made of it.

It has sockets of its own, without the kernel's filter for beacons, so that it sees what the node does not. What it
sends are probes that mean nothing to any node. Everything is gathered first, as plain values, and judged then.
"""

from __future__ import annotations

import errno
import os
import select
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from zyre.core.locality import Interface
from zyre.endpoint import Endpoint
from zyre.engine.interfaces import Considered, Why
from zyre.errors import DecodeError
from zyre.wire.beacon import decode_beacon
from zyre.wire.envelope import open_envelope
from zyre.wire.sealed import sealed_uuid

__all__ = ["Echo", "Facts", "Heard", "Reach", "is_off", "listen", "reach", "used"]

#: Begins a datagram that no kind of node takes for a beacon.
_PROBE: Final = b"ZYP\x01"
_TOKEN_SIZE: Final = 16
_LONGEST: Final = 2048
#: Of three probes that were sent one comes back, if any do.
_PROBES: Final = 3


@dataclass(frozen=True, slots=True)
class Echo:
    """What became of probes on one interface: ``error`` if they did not leave, ``heard`` whether one came back."""

    interface: Interface
    error: str = ""
    heard: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """A beacon: whose, from which address, for which TCP port (None if it is sealed)."""

    uuid: bytes
    address: str
    port: int | None


class Reach:
    """How a TCP endpoint answers."""

    ANSWERS = "answers"
    REFUSES = "refuses"
    NOTHING = "nothing"


@dataclass(slots=True)
class Facts:
    """All that was gathered."""

    port: int
    seconds: float
    envelope: bytes = b""
    """What the beacons of the node's cluster are sent in; it tells itself of the others."""
    considered: tuple[Considered, ...] = ()
    restricted: bool = False
    carriers: dict[str, bool] = field(default_factory=dict)
    port_error: str = ""
    echoes: list[Echo] = field(default_factory=list)
    heard: set[Heard] = field(default_factory=set)
    reached: dict[str, str] = field(default_factory=dict)
    """By endpoint, a value of Reach."""


def listen(facts: Facts) -> None:
    """Send probes on every interface in use, and hear for ``facts.seconds`` what comes to the beacon port."""
    faces = [one.interface for one in facts.considered if one.is_used and one.interface.broadcast]
    ear = _udp_socket()
    try:
        try:
            ear.bind(("", facts.port))
        except OSError as error:
            facts.port_error = os.strerror(error.errno or 0)
            return
        tokens = {face: os.urandom(_TOKEN_SIZE) for face in faces}
        errors = {face: _probe(face, facts.port, token) for face, token in tokens.items()}
        back: set[bytes] = set()
        deadline = time.monotonic() + facts.seconds
        while (left := deadline - time.monotonic()) > 0:
            if select.select([ear], [], [], left)[0]:
                _take(ear, facts, back)
        facts.echoes = [Echo(face, errors[face], tokens[face] in back) for face in faces]
    finally:
        ear.close()


def _probe(face: Interface, port: int, token: bytes) -> str:
    """Say a few times what means nothing; why that failed, or nothing."""
    try:
        with _udp_socket() as sender:
            sender.bind((face.address, 0))
            for _ in range(_PROBES):
                sender.sendto(_PROBE + token, (face.broadcast, port))
    except OSError as error:
        if error.errno in (errno.EPERM, errno.EACCES):
            return "a firewall on this computer forbids it"
        return os.strerror(error.errno or 0)
    return ""


def _take(ear: socket.socket, facts: Facts, back: set[bytes]) -> None:
    try:
        data, (address, _) = ear.recvfrom(_LONGEST)
    except OSError:
        return
    if data.startswith(_PROBE):
        back.add(data[len(_PROBE) :])
        return
    envelope, data = open_envelope(data)
    if envelope != facts.envelope:
        return
    sealed = sealed_uuid(data)
    if sealed is not None:
        facts.heard.add(Heard(sealed, address, None))
        return
    try:
        beacon = decode_beacon(data)
    except DecodeError:
        return
    if beacon.port:
        facts.heard.add(Heard(beacon.uuid, address, beacon.port))


def reach(endpoints: Iterable[str], patience: float = 1.0) -> dict[str, str]:
    """How each TCP endpoint answers to a bare connection, all asked at the same time."""
    waiting: dict[socket.socket, str] = {}
    found: dict[str, str] = {}
    for text in dict.fromkeys(endpoints):
        endpoint = Endpoint.parse(text)
        if not endpoint.is_tcp:
            continue
        asked = socket.socket(socket.AF_INET6 if endpoint.is_ipv6 else socket.AF_INET, socket.SOCK_STREAM)
        asked.setblocking(False)
        try:
            error = asked.connect_ex((endpoint.host, endpoint.port))
        except OSError as problem:
            error = problem.errno or errno.EHOSTUNREACH
        if error in (0, errno.EINPROGRESS, errno.EWOULDBLOCK):
            waiting[asked] = text
        else:
            found[text] = Reach.REFUSES if error == errno.ECONNREFUSED else Reach.NOTHING
            asked.close()
    deadline = time.monotonic() + patience
    while waiting and (left := deadline - time.monotonic()) > 0:
        for asked in select.select([], list(waiting), [], left)[1]:
            error = asked.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            refused = error == errno.ECONNREFUSED
            found[waiting.pop(asked)] = Reach.ANSWERS if not error else Reach.REFUSES if refused else Reach.NOTHING
            asked.close()
    for asked, text in waiting.items():
        found[text] = Reach.NOTHING
        asked.close()
    return found


def _udp_socket() -> socket.socket:
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.setblocking(False)
    udp.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    udp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "SO_REUSEPORT"):
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    return udp


def used(facts: Facts) -> list[Interface]:
    """The interfaces in use."""
    return [one.interface for one in facts.considered if one.is_used]


def is_off(one: Considered) -> bool:
    """Whether an interface would be used if it were switched on."""
    return one.why is Why.DOWN and not one.interface.is_loopback
