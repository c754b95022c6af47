"""Many messages in one: the frame of the extension ``bundle``, between nodes that listed it and ``tally``.

    BUNDLE  header | flags | frames, 2 octets | messages, 4 | [group, string] | sizes    then all contents, as one frame

Each of the ``messages`` is of so many ``frames``, and they came one right after the other: whispers, or, if SHOUTED is
set, shouts to one group. ``sizes`` are 4 octets for each frame; or 4 octets for all, if EQUAL is set. What is otherwise
(a message of no frames, or of very many) travels alone.

A bundle is taken apart while its messages are read, and checked before: so a broken one costs no more memory than it
has octets.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from itertools import accumulate, chain
from typing import Final, NamedTuple, TypeAlias

from zyre.errors import DecodeError
from zyre.wire.primitives import Cursor, pack_string
from zyre.wire.zre import HEADER_SIZE

__all__ = [
    "BUNDLE",
    "MESSAGE_NAMES",
    "MOST_FRAMES",
    "MOST_MESSAGES",
    "Bundle",
    "Content",
    "decode_bundle",
    "encode_bundle",
    "size_of",
]

BUNDLE: Final = 72
MESSAGE_NAMES: Final = {BUNDLE: "BUNDLE"}
MOST_MESSAGES: Final = 1024
MOST_FRAMES: Final = 16
"""Of one message in a bundle."""

SHOUTED: Final = 1
EQUAL: Final = 2
_HEAD: Final = struct.Struct(">BHI")

#: The frames of one message.
Content: TypeAlias = tuple[bytes, ...]


class Bundle(NamedTuple):
    """What a BUNDLE holds."""

    group: str
    """Empty for whispers."""
    frames: int
    messages: int
    body: bytes
    size: int
    """Of every frame, in octets; 0 if ``sizes`` says it of each."""
    sizes: Sequence[int] = ()

    def contents(self) -> Iterator[Content]:
        """The messages, in order; those of one size are cut out of the body when they are asked for. ``length_hint``
        tells how many are left."""
        if self.size:
            return struct.iter_unpack(f"{self.size}s" * self.frames, self.body)
        ends = list(accumulate(self.sizes))
        pieces = map(self.body.__getitem__, map(slice, [0, *ends], ends))
        return iter(list(zip(*[pieces] * self.frames, strict=True)))


def encode_bundle(group: str, contents: Sequence[Content]) -> tuple[bytes, bytes]:
    """The fields of BUNDLE and the frame behind it: at most MOST_MESSAGES, all of equally many frames."""
    frames = list(chain.from_iterable(contents))
    sizes = list(map(len, frames))
    equal = sizes[0] > 0 and min(sizes) == max(sizes)
    flags = (SHOUTED if group else 0) | (EQUAL if equal else 0)
    head = _HEAD.pack(flags, len(contents[0]), len(contents))
    if group:
        head += pack_string(group)
    if equal:
        del sizes[1:]
    return head + struct.pack(f">{len(sizes)}I", *sizes), b"".join(frames)


def size_of(frame: bytes) -> int:
    """How many messages are in a BUNDLE that we made."""
    return int(_HEAD.unpack_from(frame, HEADER_SIZE)[2])


def decode_bundle(frame: bytes, contents: Sequence[bytes]) -> Bundle:
    """Read a BUNDLE frame and the ``contents`` behind it. Raises DecodeError."""
    cursor = Cursor(frame, HEADER_SIZE)
    flags, frames, messages = _HEAD.unpack(cursor.octets(_HEAD.size, "bundle"))
    if flags & ~(SHOUTED | EQUAL) or not 0 < frames <= MOST_FRAMES or not 0 < messages <= MOST_MESSAGES:
        raise DecodeError("a bundle is of an unknown kind")
    if len(contents) != 1:
        raise DecodeError("the contents of a bundle are not one frame")
    group = cursor.string("group") if flags & SHOUTED else ""
    pieces = frames * messages
    if flags & EQUAL:
        size, sizes = cursor.number4("size"), ()
        fits = size > 0 and size * pieces == len(contents[0])
    else:
        size, sizes = 0, struct.unpack(f">{pieces}I", cursor.octets(4 * pieces, "sizes"))
        fits = sum(sizes) == len(contents[0])
    if cursor.left or not fits:
        raise DecodeError("the sizes of a bundle are not those of its contents")
    if bool(flags & SHOUTED) != bool(group):
        raise DecodeError("a bundle is shouted to nobody")
    return Bundle(group, frames, messages, contents[0], size, sizes)
