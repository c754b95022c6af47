"""What gossip services of this package say to each other beyond ZGOSSIP.

    0  AA A2 signature   2 message id   3 version 01   4 fields

A client of this kind is known by the identity of its socket, which begins with MARK: the hub sees it in front of each
message, and CZMQ's takes any identity. Such a hub answers HELLO by WELCOME; what a client does not answer so is CZMQ's,
and neither ever sees a message of this file. So every octet that CZMQ is sent is plain ZGOSSIP.

    WELCOME  hub's node id, root        "I am of your kind, and this is the sum of my table"
    PULSE    root                       client: a sign of life, and the sum of its table
    ECHO     root                       the hub's answer
    SUMMARY  sums of all buckets        client: the roots differ, so where?
    LISTING  buckets, their entries     hub: these buckets differ, and this is in them
    WANT     keys                       send me these
    TUPLES   entries with values        a change, or what the other side lacks
    BEATS    owners                     these publishers live
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from zyre.errors import DecodeError
from zyre.wire.primitives import Cursor, pack_longstr, pack_string
from zyre.wire.zgossip import read_key

__all__ = [
    "BEATS",
    "BUCKETS",
    "ECHO",
    "LISTING",
    "MARK",
    "MESSAGES",
    "PULSE",
    "SUMMARY",
    "TUPLES",
    "WANT",
    "WELCOME",
    "Beat",
    "Entry",
    "Listing",
    "Stamp",
    "State",
    "Tuple",
    "decode_beats",
    "decode_listing",
    "decode_root",
    "decode_summary",
    "decode_tuples",
    "decode_want",
    "decode_welcome",
    "encode_beats",
    "encode_listing",
    "encode_root",
    "encode_summary",
    "encode_tuples",
    "encode_want",
    "encode_welcome",
    "is_own",
    "read_message",
]

#: The identities of our clients' sockets begin so. libzmq's own begin with 00.
MARK: Final = b"\x01ZYG\x01"

WELCOME: Final = 1
PULSE: Final = 2
ECHO: Final = 3
SUMMARY: Final = 4
LISTING: Final = 5
WANT: Final = 6
TUPLES: Final = 7
BEATS: Final = 8
MESSAGES: Final = frozenset(range(1, 9))

#: A table is summed up in so many parts, so that a difference is found without listing it all.
BUCKETS: Final = 256

_HEADER = struct.Struct(">HBB")
_SIGNATURE: Final = 0xAAA2
_VERSION: Final = 1
_U32 = struct.Struct(">I")
_U64 = struct.Struct(">Q")
_SUMS = struct.Struct(f">{BUCKETS}Q")
_STAMP = struct.Struct(">Q16s")
_BEAT = struct.Struct(">16sQI")
_RECORD = struct.Struct(">BII")
_MOST_MILLISECONDS: Final = 0xFFFFFFFF
_ADOPTED: Final = 0x80
_HIGHEST_VERSION: Final = 1 << 62


class Stamp(NamedTuple):
    """Which of two tuples of one key is the later one: the greater stamp. ``owner`` is 16 octets."""

    version: int
    owner: bytes


class State:
    """What became of a tuple: LIVE; WITHDRAWN by its owner; LAPSED: its owner fell silent, or its time is over."""

    LIVE: Final = 0
    WITHDRAWN: Final = 1
    LAPSED: Final = 2
    ALL: Final = frozenset({LIVE, WITHDRAWN, LAPSED})


@dataclass(frozen=True, slots=True)
class Tuple:
    """A tuple on its way.

    ``lease``: seconds that it outlives the last sign of life of its owner, or 0 for ever. ``left``: seconds until it
    lapses as the sender sees it, or, if it is not live, until the sender forgets it; 0 for never. ``adopted``: its
    owner took it over from a CZMQ node, and vouches for it only while that one is there.
    """

    key: str
    value: str
    stamp: Stamp
    state: int = State.LIVE
    lease: float = 0.0
    left: float = 0.0
    adopted: bool = False


class Entry(NamedTuple):
    """One line of a listing; ``gone`` if the tuple is not live."""

    key: str
    stamp: Stamp
    gone: bool = False


class Beat(NamedTuple):
    """A sign of life of ``owner``: the ``number`` grows, and was new ``age`` seconds ago."""

    owner: bytes
    number: int
    age: float


@dataclass(frozen=True, slots=True)
class Listing:
    """All entries of some buckets; ``more`` if there is another listing to come."""

    buckets: frozenset[int]
    entries: tuple[Entry, ...]
    more: bool = False


def is_own(frame: bytes) -> bool:
    """Whether a frame is of this file and not of ZGOSSIP."""
    return frame[:2] == b"\xaa\xa2"


def read_message(frame: bytes) -> int:
    """The message id of a frame. Raises DecodeError."""
    if len(frame) < _HEADER.size:
        raise DecodeError("header is truncated")
    signature, message, version = _HEADER.unpack_from(frame)
    if signature != _SIGNATURE or version != _VERSION or message not in MESSAGES:
        raise DecodeError("signature, message id or version is not known")
    return int(message)


def _header(message: int) -> bytes:
    return _HEADER.pack(_SIGNATURE, message, _VERSION)


def _fields(frame: bytes) -> Cursor:
    return Cursor(frame, _HEADER.size)


# -- sums of tables --------------------------------------------------------------------------------------------------


def encode_welcome(node: bytes, root: int) -> bytes:
    """WELCOME."""
    return _header(WELCOME) + node + _U64.pack(root)


def decode_welcome(frame: bytes) -> tuple[bytes, int]:
    """``(node id, root)`` of a WELCOME. Raises DecodeError."""
    cursor = _fields(frame)
    return cursor.octets(16, "node"), cursor.number8("root")


def encode_root(message: int, root: int) -> bytes:
    """PULSE or ECHO."""
    return _header(message) + _U64.pack(root)


def decode_root(frame: bytes) -> int:
    """The root of a PULSE or ECHO. Raises DecodeError."""
    return _fields(frame).number8("root")


def encode_summary(sums: Sequence[int]) -> bytes:
    """SUMMARY of BUCKETS sums."""
    return _header(SUMMARY) + _SUMS.pack(*sums)


def decode_summary(frame: bytes) -> tuple[int, ...]:
    """The sums of a SUMMARY. Raises DecodeError."""
    return _SUMS.unpack(_fields(frame).octets(_SUMS.size, "sums"))


def encode_listing(listing: Listing) -> bytes:
    """LISTING."""
    flags = bytearray(BUCKETS // 8)
    for bucket in listing.buckets:
        flags[bucket >> 3] |= 1 << (bucket & 7)
    lines = b"".join(
        pack_string(entry.key) + _STAMP.pack(*entry.stamp) + bytes((entry.gone,)) for entry in listing.entries
    )
    return _header(LISTING) + bytes((listing.more, *flags)) + _U32.pack(len(listing.entries)) + lines


def decode_listing(frame: bytes) -> Listing:
    """Read a LISTING. Raises DecodeError."""
    cursor = _fields(frame)
    more = bool(cursor.number1("more"))
    flags = cursor.octets(BUCKETS // 8, "buckets")
    entries = tuple(_read_entry(cursor) for _ in cursor.count("entries", least=26))
    return Listing(frozenset(n for n in range(BUCKETS) if flags[n >> 3] & 1 << (n & 7)), entries, more)


def _read_entry(cursor: Cursor) -> Entry:
    return Entry(read_key(cursor), _stamp(cursor), bool(cursor.number1("gone")))


def _stamp(cursor: Cursor) -> Stamp:
    stamp = Stamp(*_STAMP.unpack(cursor.octets(_STAMP.size, "stamp")))
    if stamp.version > _HIGHEST_VERSION:  # after which no other could follow
        raise DecodeError("version of a tuple is too high")
    return stamp


def encode_want(keys: Sequence[str]) -> bytes:
    """WANT."""
    return _header(WANT) + _U32.pack(len(keys)) + b"".join(map(pack_string, keys))


def decode_want(frame: bytes) -> tuple[str, ...]:
    """The keys of a WANT. Raises DecodeError."""
    cursor = _fields(frame)
    return tuple(read_key(cursor) for _ in cursor.count("keys", least=1))


# -- tuples and owners -------------------------------------------------------------------------------------------------


def encode_tuples(tuples: Sequence[Tuple]) -> bytes:
    """TUPLES."""
    return _header(TUPLES) + _U32.pack(len(tuples)) + b"".join(map(_pack_tuple, tuples))


def _pack_tuple(item: Tuple) -> bytes:
    flags = item.state | (_ADOPTED if item.adopted else 0)
    times = _RECORD.pack(flags, _milliseconds(item.lease), _milliseconds(item.left))
    return pack_string(item.key) + pack_longstr(item.value) + _STAMP.pack(*item.stamp) + times


def decode_tuples(frame: bytes) -> list[Tuple]:
    """Read a TUPLES. Raises DecodeError."""
    cursor = _fields(frame)
    return list(_read_tuples(cursor))


def _read_tuples(cursor: Cursor) -> Iterator[Tuple]:
    for _ in cursor.count("tuples", least=38):
        key, value, stamp = read_key(cursor), cursor.longstr("value"), _stamp(cursor)
        flags, lease, left = _RECORD.unpack(cursor.octets(_RECORD.size, "times"))
        state = flags & ~_ADOPTED
        if state not in State.ALL:
            raise DecodeError("state of a tuple is not known")
        yield Tuple(key, value, stamp, state, lease / 1000, left / 1000, bool(flags & _ADOPTED))


def encode_beats(beats: Iterable[Beat]) -> bytes:
    """BEATS."""
    packed = [_BEAT.pack(beat.owner, beat.number, _milliseconds(beat.age)) for beat in beats]
    return _header(BEATS) + _U32.pack(len(packed)) + b"".join(packed)


def decode_beats(frame: bytes) -> list[Beat]:
    """Read a BEATS. Raises DecodeError."""
    cursor = _fields(frame)
    beats = []
    for _ in cursor.count("beats", least=_BEAT.size):
        owner, number, age = _BEAT.unpack(cursor.octets(_BEAT.size, "beat"))
        beats.append(Beat(owner, number, age / 1000))
    return beats


def _milliseconds(seconds: float) -> int:
    """Whole milliseconds; what is not yet over does not become 0, which means never."""
    return min(_MOST_MILLISECONDS, max(1, round(seconds * 1000))) if seconds > 0 else 0
