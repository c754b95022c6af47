"""Introductions between nodes of our kind: "whom do you know?", and the answer (extension ``introduce``).

    ASK        header
    INTRODUCE  header, count (2 octets), then that many of: UUID (16 octets), endpoint (string)

The header and the field types are those of 36/ZRE.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from zyre.errors import DecodeError
from zyre.wire.primitives import Cursor, pack_string
from zyre.wire.zre import HEADER_SIZE

__all__ = ["ASK", "INTRODUCE", "MESSAGE_NAMES", "MOST", "Introduced", "decode_introduce", "encode_introduce"]

ASK: Final = 56
INTRODUCE: Final = 57

MESSAGE_NAMES: Final = {ASK: "ASK", INTRODUCE: "INTRODUCE"}

#: Peers in one message: a full one is a few kilobytes, and who wants more asks again.
MOST: Final = 64

_UUID: Final = 16


class Introduced(NamedTuple):
    """A node that is reached at ``endpoint``, as far as whoever says so can tell."""

    uuid: bytes
    endpoint: str


def encode_introduce(peers: Sequence[Introduced]) -> bytes:
    """The fields of INTRODUCE."""
    entries = (peer.uuid + pack_string(peer.endpoint) for peer in peers)
    return len(peers).to_bytes(2, "big") + b"".join(entries)


def decode_introduce(frame: bytes) -> list[Introduced]:
    """The peers in a frame that begins with the header. Raises DecodeError."""
    cursor = Cursor(frame, HEADER_SIZE)
    count = cursor.number2("count")
    if count > MOST:
        raise DecodeError(f"{count} introductions in one message")
    return [Introduced(cursor.octets(_UUID, "uuid"), cursor.string("endpoint")) for _ in range(count)]
