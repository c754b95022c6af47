"""Several messages in one: the frame of the extensions ``reliable`` and ``bundle``, between nodes that listed them.

    BATCH  header | flags | stream, 8 octets | first, 8 | count, 4 | [table] | [lengths]     then the contents

``first`` is the number of the first message in its stream; the others follow by one. A batch of whispers of one frame
each has no table; otherwise MIXED is set, and the table says of each message in which group it was shouted and of how
many frames it is:

    table    number of groups, 2 | groups, strings | for each message: group, 2 (0: a whisper) | frames, 2

The contents are joined into one frame, and ``lengths``, 4 octets for each frame, take them apart; or, if APART is set,
they follow as the frames that they are: so that large ones are never copied. PROMPT asks for an acknowledgement at
once.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from itertools import accumulate, chain
from typing import Final, NamedTuple, TypeAlias

from zyre.errors import DecodeError
from zyre.wire.primitives import Cursor, pack_string
from zyre.wire.zre import HEADER_SIZE

__all__ = ["BATCH", "Batch", "Parcel", "decode_batch", "encode_batch", "first_of"]

BATCH: Final = 64

MIXED: Final = 1
APART: Final = 2
PROMPT: Final = 4
_HEAD: Final = struct.Struct(">BQQI")
_U16: Final = struct.Struct(">H")
_JOIN_BELOW: Final = 65536

#: A message on its way: its group ("" for a whisper), and its frames.
Parcel: TypeAlias = tuple[str, tuple[bytes, ...]]


class Batch(NamedTuple):
    """What a BATCH holds."""

    stream: int
    first: int
    parcels: Sequence[Parcel]
    prompt: bool = False
    """Whether its sender waits for nothing else, and would hear of its arrival at once."""


def encode_batch(stream: int, first: int, parcels: Sequence[Parcel], prompt: bool = False) -> tuple[bytes, ...]:
    """The fields of BATCH, and the frames behind it. A message has at most 65,535 frames."""
    contents = [content for _, content in parcels]
    mixed = any(group for group, _ in parcels) or any(len(content) != 1 for content in contents)
    frames = list(chain.from_iterable(contents))
    sizes = list(map(len, frames))
    apart = len(parcels) == 1 or sum(sizes) >= _JOIN_BELOW
    head = _HEAD.pack(mixed * MIXED | apart * APART | prompt * PROMPT, stream, first, len(parcels))
    if mixed:
        head += _encode_table(parcels)
    if apart:
        return (head, *frames)
    return head + struct.pack(f">{len(sizes)}I", *sizes), b"".join(frames)


def _encode_table(parcels: Sequence[Parcel]) -> bytes:
    groups: dict[str, int] = {"": 0}
    shape: list[int] = []
    for group, content in parcels:
        shape.append(groups.setdefault(group, len(groups)))
        shape.append(len(content))
    names = b"".join(map(pack_string, list(groups)[1:]))
    return _U16.pack(len(groups) - 1) + names + struct.pack(f">{len(shape)}H", *shape)


def first_of(frame: bytes) -> tuple[int, int]:
    """``(stream, first)`` of a BATCH frame that we made."""
    _, stream, first, _ = _HEAD.unpack_from(frame, HEADER_SIZE)
    return stream, first


def decode_batch(frame: bytes, contents: Sequence[bytes]) -> Batch:
    """Read a BATCH frame and the ``contents`` behind it. Raises DecodeError."""
    cursor = Cursor(frame, HEADER_SIZE)
    flags, stream, first, count = _HEAD.unpack(cursor.octets(_HEAD.size, "batch"))
    if flags & ~(MIXED | APART | PROMPT) or not count or first + count >= 1 << 64:
        raise DecodeError("a batch is of an unknown kind")
    groups, shape = _decode_table(cursor, count) if flags & MIXED else (None, None)
    parts = count if shape is None else sum(shape)
    frames = list(contents) if flags & APART else _take_apart(cursor, parts, contents)
    if len(frames) != parts or cursor.left:
        raise DecodeError("a batch counts other frames than it has")
    if shape is None or groups is None:
        return Batch(stream, first, [("", (frame,)) for frame in frames], bool(flags & PROMPT))
    ends = list(accumulate(shape))
    pieces = [tuple(frames[end - size : end]) for end, size in zip(ends, shape, strict=True)]
    return Batch(stream, first, list(zip(groups, pieces, strict=True)), bool(flags & PROMPT))


def _decode_table(cursor: Cursor, count: int) -> tuple[list[str], list[int]]:
    names = ["", *(cursor.string("group") for _ in range(cursor.number2("groups")))]
    if count * 4 > cursor.left:
        raise DecodeError("a batch counts more messages than there are octets")
    pairs = struct.unpack(f">{2 * count}H", cursor.octets(4 * count, "table"))
    if max(pairs[::2]) >= len(names):
        raise DecodeError("a message of a batch is in a group that it does not name")
    return [names[number] for number in pairs[::2]], list(pairs[1::2])


def _take_apart(cursor: Cursor, parts: int, contents: Sequence[bytes]) -> list[bytes]:
    if len(contents) != 1 or cursor.left != 4 * parts:
        raise DecodeError("the lengths of a batch are not those of its contents")
    sizes = struct.unpack(f">{parts}I", cursor.octets(4 * parts, "lengths"))
    body = contents[0]
    if sum(sizes) != len(body):
        raise DecodeError("the lengths of a batch are not those of its contents")
    return _slices(body, sizes)


def _slices(body: bytes, sizes: Iterable[int]) -> list[bytes]:
    position, slices = 0, []
    for size in sizes:
        end = position + size
        slices.append(body[position:end])
        position = end
    return slices
