"""Whom to let in: a HELLO is read, held against the limits, and either understood or refused with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zyre.config import Limits
from zyre.core.tables import Violation
from zyre.endpoint import Endpoint
from zyre.errors import DecodeError, InvalidEndpoint, InvalidName
from zyre.identity import PeerId, check_group
from zyre.wire import zre

__all__ = ["Greeting", "judge_hello", "read_identity"]

_IDENTITY_SIZE = 17
_IDENTITY_START = b"\x01"


@dataclass(frozen=True, slots=True)
class Greeting:
    """A HELLO that makes sense: who says it, where they are reached, what they say."""

    peer: PeerId
    endpoint: Endpoint
    hello: zre.Hello
    sequence: int


def read_identity(frame: bytes) -> PeerId | None:
    """Who sent a message, by its identity frame: 01 and the 16 octets of the UUID.

    libzyre does not look at the first octet. Here the whole frame is the key by which later messages find their
    sender, so a HELLO under another one would admit a peer whose messages are those of a stranger.
    """
    if len(frame) != _IDENTITY_SIZE or not frame.startswith(_IDENTITY_START):
        return None
    return PeerId.parse(bytes(frame[1:]))


def judge_hello(frames: Sequence[bytes], limits: Limits) -> Greeting | Violation:
    """What a HELLO amounts to.

    Groups with impossible names are left out; everything else over a limit refuses the whole, because a peer
    admitted by halves would be one whom others see differently.
    """
    peer = read_identity(frames[0])
    if peer is None:
        return Violation.IDENTITY_MALFORMED
    if len(frames[1]) > limits.hello:
        return Violation.HELLO_REFUSED
    try:
        _, sequence = zre.unpack_header(frames[1])
        hello = zre.decode_hello(frames[1])
    except DecodeError:
        return Violation.FRAME_MALFORMED
    if len(hello.groups) > limits.groups or len(hello.headers) > limits.headers:
        return Violation.HELLO_REFUSED
    if any(len(value.encode()) > limits.header_value for value in hello.headers.values()):
        return Violation.HELLO_REFUSED
    try:
        endpoint = Endpoint.parse(hello.endpoint)
    except InvalidEndpoint:
        return Violation.HELLO_REFUSED
    if not endpoint.is_reachable:
        return Violation.HELLO_REFUSED
    return Greeting(peer, endpoint, hello, sequence)


def is_group(name: str) -> bool:
    """Whether a group name from the wire is one that we could say ourselves."""
    try:
        check_group(name)
    except InvalidName:
        return False
    return True
