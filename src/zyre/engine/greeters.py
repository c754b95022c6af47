"""Who says what by which connection: what is known of the sender of a message before the node reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import zmq

from zyre.core.admission import IDENTITY_SIZE
from zyre.core.effects import HelloFrom
from zyre.wire import zre
from zyre.wire.bulletin import BULLETIN

if TYPE_CHECKING:
    from zyre.engine.auth import Protection
    from zyre.engine.connections import Connections

__all__ = ["TELLING", "note", "proven_key"]

_MESSAGE_ID = slice(2, 3)
_HELLO = bytes((zre.HELLO,))
_BULLETIN = bytes((BULLETIN,))
#: What tells by which connection a peer reaches us now: its first word, and those that are said after a break.
TELLING = frozenset(bytes((message,)) for message in (zre.HELLO, zre.PING, zre.PING_OK, BULLETIN))


def note(
    frames: list[bytes], frame: zmq.Frame, protection: Protection | None, connections: Connections | None
) -> HelloFrom | None:
    """Have a look at one of these messages, of which ``frame`` is any as it came. What is known of a HELLO's sender."""
    if connections is not None:
        connections.note(frames[0], frame)
    if frames[1][_MESSAGE_ID] != _HELLO:
        if protection is not None and connections is not None and protection.meets_strangers:
            _note_member(frames, frame, protection, connections)
        return None
    try:
        address = str(frame.get("Peer-Address"))
    except zmq.ZMQError:  # inproc and ipc have none
        address = ""
    if protection is None:
        return HelloFrom(frames[0], address) if address else None
    key = proven_key(frame).decode()
    standing = protection.greeted(address, key, frames[0][:IDENTITY_SIZE], frames[1])
    if standing.refused is None and connections is not None:
        connections.show(frame)
    return HelloFrom(frames[0], address, standing.groups, standing.refused, standing.rekeyed)


def _note_member(frames: list[bytes], frame: zmq.Frame, protection: Protection, connections: Connections) -> None:
    """A peer that is known says something by a connection, which may be a new one: it greets nobody again."""
    if protection.standing("", frames[0][IDENTITY_SIZE:].decode()).refused is not None:
        return
    connections.show(frame)
    if frames[1][_MESSAGE_ID] == _BULLETIN:
        protection.hear(frames[1])


def proven_key(frame: zmq.Frame) -> bytes:
    """The key that the sender of a message has proven to own, as the ZAP handler named it."""
    try:
        return str(frame.get("User-Id")).encode()
    except zmq.ZMQError:  # over inproc there is no encryption, and nobody is asked
        return b""
