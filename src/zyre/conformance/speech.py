"""The octets of 36/ZRE once more, apart from zyre.wire, and able to say what is wrong."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Final

__all__ = [
    "COMMANDS",
    "change",
    "dictionary",
    "header",
    "hello",
    "long_string",
    "read_hello",
    "string",
    "strings",
]

HELLO, WHISPER, SHOUT, JOIN, LEAVE, PING, PING_OK, ELECT, LEADER, GOODBYE = range(1, 11)
COMMANDS: Final = dict(
    enumerate(("HELLO", "WHISPER", "SHOUT", "JOIN", "LEAVE", "PING", "PING-OK", "ELECT", "LEADER", "GOODBYE"), 1)
)
_HEADER: Final = struct.Struct(">HBBH")


def header(command: int, sequence: int, *, signature: int = 0xAAA1, version: int = 2) -> bytes:
    """The six octets with which every message begins."""
    return _HEADER.pack(signature, command, version, sequence % 65536)


def string(text: str) -> bytes:
    """One octet of length, then the text."""
    raw = text.encode()
    return bytes((len(raw),)) + raw


def long_string(text: str) -> bytes:
    """Four octets of length, then the text."""
    raw = text.encode()
    return struct.pack(">I", len(raw)) + raw


def strings(texts: Iterable[str]) -> bytes:
    """Four octets of count, then so many long strings."""
    items = [long_string(text) for text in texts]
    return struct.pack(">I", len(items)) + b"".join(items)


def dictionary(items: Iterable[tuple[str, str]]) -> bytes:
    """Four octets of count, then so many pairs."""
    pairs = [string(key) + long_string(value) for key, value in items]
    return struct.pack(">I", len(pairs)) + b"".join(pairs)


def hello(
    endpoint: str,
    name: str = "probe",
    groups: Iterable[str] = (),
    status: int = 0,
    headers: Iterable[tuple[str, str]] = (),
) -> bytes:
    """The fields of HELLO."""
    return string(endpoint) + strings(groups) + bytes((status,)) + string(name) + dictionary(headers)


def change(group: str, status: int) -> bytes:
    """The fields of JOIN and LEAVE."""
    return string(group) + bytes((status % 256,))


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self.position = 0

    def take(self, size: int) -> bytes:
        self.position += size
        if self.position > len(self._data):
            raise ValueError(f"it ends after {len(self._data)} octets, in the middle of a field")
        return self._data[self.position - size : self.position]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def text(self, size: int) -> str:
        return self.take(self.number(size)).decode("utf-8", "replace")


def read_hello(fields: bytes) -> tuple[str, list[str], int, str, dict[str, str]]:
    """Endpoint, groups, status, name and headers of a HELLO. Raises ValueError."""
    reader = _Reader(fields)
    endpoint = reader.text(1)
    groups = [reader.text(4) for _ in range(reader.number(4))]
    status = reader.number(1)
    name = reader.text(1)
    headers = {}
    for _ in range(reader.number(4)):
        key = reader.text(1)
        headers[key] = reader.text(4)
    if reader.position != len(fields):
        raise ValueError(f"{len(fields) - reader.position} octets follow its last field")
    return endpoint, groups, status, name, headers
