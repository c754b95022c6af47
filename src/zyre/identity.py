"""Who is who: the identity of a node, and the names that the wire can carry.

A node is known by a UUID, printed as libzyre prints it: 32 upper-case hexadecimal digits, no dashes (36/ZRE says
only "16 octets"; comparing printed ids with libzyre's, in elections too, needs the same spelling).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from zyre.errors import InvalidFrame, InvalidName, InvalidPeer

__all__ = [
    "NOBODY",
    "PeerId",
    "check_cluster",
    "check_group",
    "check_header",
    "check_headers",
    "check_name",
    "encode_frames",
]

#: Octets that a "string" of 36/ZRE can carry: its length is one octet.
STRING_MAX = 255

_HEX32 = re.compile(r"[0-9A-Fa-f]{32}\Z")


class PeerId(str):
    """The UUID of a node: a ``str`` of 32 upper-case hexadecimal digits.

    It compares, hashes, sorts and prints as that text, so it can be a dictionary key, a JSON value or a log field.
    """

    __slots__ = ()

    @classmethod
    def parse(cls, value: object) -> PeerId:
        """Read an identity from whatever denotes a peer.

        Accepts a PeerId, 32 hexadecimal digits in either case and with or without dashes, a ``uuid.UUID``, 16 bytes,
        and any object with a ``peer`` attribute (an event) or a ``uuid`` attribute (a Peer, a Node).

        Raises:
            InvalidPeer: if ``value`` is none of these.
        """
        if type(value) is cls:
            return value
        if isinstance(value, str):
            digits = value.replace("-", "")
            if _HEX32.match(digits):
                return cls(digits.upper())
        elif isinstance(value, (bytes, bytearray)):
            if len(value) == 16:
                return _from_octets(bytes(value))
        else:
            inner = getattr(value, "peer", None) or getattr(value, "uuid", None)
            if inner is not None and inner is not value:
                return cls.parse(inner)
            from uuid import UUID  # here, because only who has one already needs what it loads

            if isinstance(value, UUID):
                return cls(value.hex.upper())
        raise InvalidPeer(value)

    @property
    def octets(self) -> bytes:
        """The 16 octets that travel on the wire."""
        return bytes.fromhex(self)

    @property
    def short(self) -> str:
        """The first six digits: libzyre's default name for a node, and enough for people to tell nodes apart."""
        return self[:6]

    def __repr__(self) -> str:
        return f"PeerId({str(self)!r})"


@lru_cache(maxsize=4096)
def _from_octets(octets: bytes) -> PeerId:
    """The same few identities are read from every beacon and HELLO."""
    return PeerId(octets.hex().upper())


def _check_text(kind: str, value: object, *, least: int, most: int) -> str:
    if not isinstance(value, str):
        raise InvalidName(kind, value, f"must be a str, not {type(value).__name__}")
    if "\0" in value:
        raise InvalidName(kind, value, "contains a NUL character, at which C implementations would cut it")
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        raise InvalidName(kind, value, "is not valid Unicode text (it has lone surrogates)") from None
    if size < least:
        raise InvalidName(kind, value, "is empty")
    if size > most:
        raise InvalidName(kind, value, f"takes {size} octets in UTF-8; the limit is {most}")
    return value


#: The identity of no node: where an event is about somebody who has not said who they are.
NOBODY: Final = PeerId("0" * 32)


def check_name(value: object) -> str:
    """Return ``value`` if it can be a node's name: 1 to 255 octets of UTF-8 without NUL. Raises InvalidName."""
    return _check_text("name", value, least=1, most=STRING_MAX)


def check_group(value: object) -> str:
    """Return ``value`` if it can be a group's name: 1 to 255 octets of UTF-8 without NUL. Raises InvalidName."""
    return _check_text("group", value, least=1, most=STRING_MAX)


def check_cluster(value: object) -> str:
    """Return ``value`` if it can be a cluster's name: 1 to 255 octets of UTF-8 without NUL. Raises InvalidName."""
    return _check_text("cluster", value, least=1, most=STRING_MAX)


def check_service(value: object) -> str:
    """Return ``value`` if it can be a service's name: 1 to 255 octets of UTF-8 without NUL. Raises InvalidName."""
    return _check_text("service", value, least=1, most=STRING_MAX)


def check_header(name: object, value: object, limit: int) -> tuple[str, str]:
    """Return a header as it goes into HELLO: a name of 1 to 255 octets, a value of at most ``limit`` octets."""
    return (
        _check_text("header name", name, least=1, most=STRING_MAX),
        _check_text("header value", value, least=0, most=limit),
    )


def check_headers(headers: Mapping[str, str], limit: int) -> dict[str, str]:
    """Check every header; see check_header. Raises InvalidName."""
    return dict(check_header(name, value, limit) for name, value in headers.items())


def encode_frames(frames: tuple[bytes | str, ...]) -> tuple[bytes, ...]:
    """Turn what the application sends into frames: ``str`` becomes UTF-8, bytes-like objects become bytes.

    Raises:
        InvalidFrame: if a frame is neither.
    """
    for frame in frames:
        if type(frame) is not bytes:
            return tuple(_encode_frame(index, frame) for index, frame in enumerate(frames))
    return frames  # type: ignore[return-value]  # every one of them was just seen to be bytes


def _encode_frame(index: int, frame: object) -> bytes:
    if isinstance(frame, str):
        return frame.encode("utf-8", "surrogateescape")
    if isinstance(frame, (bytes, bytearray, memoryview)):
        return bytes(frame)
    raise InvalidFrame(index, frame)
