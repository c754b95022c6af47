"""What is not wanted is dropped in the kernel, where it can do that: it does not wake this process.

A filter of the classic Berkeley kind (Linux, socket(7): SO_ATTACH_FILTER) lets pass what has the length and the first
four octets of a beacon, or begins like a sealed one or that of a named cluster. Everything else costs its sender more
than us.

A finer one also drops beacons that are expected, so that what it lets pass is news: somebody new, who leaves, or who
has started again on another port. It compares one word, into which UUID and port of a beacon are folded; of 4 billion
pieces of news it may take one for something known. What was sent to this host alone it lets pass, too: no other socket
gets that. And one filter lets nothing pass at all.
"""

from __future__ import annotations

import ctypes
import socket
import struct
import sys
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final, TypeAlias

from zyre.wire.beacon import LENGTHS, STARTS
from zyre.wire.envelope import CLUSTER_START, open_envelope
from zyre.wire.sealed import SEALED_START

__all__ = ["attach_sieve", "deafen", "dropped_by_kernel"]

_SO_ATTACH_FILTER: Final = 26
_SO_MEMINFO: Final = 55
#: What the kernel says about a socket's memory is nine numbers; the last counts what was dropped.
_MEMINFO: Final = struct.Struct("=9I")

_UDP_HEADER: Final = 8
_LOAD_LENGTH, _LOAD_WORD, _LOAD_OCTET, _KEEP, _RETURN = 0x80, 0x20, 0x30, 0x07, 0x06
_JUMP, _JUMP_IF_EQUAL, _JUMP_UNLESS_LESS, _FOLD_IN_KEPT = 0x05, 0x15, 0x35, 0xAC
_INSTRUCTION: Final = struct.Struct("=HBBI")
_EVERYTHING: Final = 0xFFFFFFFF
_PASS: Final = (_RETURN, 0, 0, _EVERYTHING)
_DROP: Final = (_RETURN, 0, 0, 0)
#: Where the words of a beacon are that tell whose it is and where: the last is the end of the UUID, and the port.
_WORDS: Final = (4, 8, 12, 16, 18)
#: Where the kernel shows the IP header (SKF_NET_OFF), and where the destination stands in it.
_IP_HEADER: Final = 0xFFF00000
_TO_IPV4, _TO_IPV6 = _IP_HEADER + 16, _IP_HEADER + 24
_IPV4_MULTICAST: Final = 0xE0000000
_IPV6_MULTICAST: Final = 0xFF
#: Beacons that are looked for. Kernels before 6.6 give a socket 20 KiB for its filter and the one that replaces it.
_MOST: Final = 600
#: A conditional jump leads no further than 255 instructions.
_REACH: Final = 250

#: ``(code, skip if true, skip if false, operand)``
_Instruction: TypeAlias = tuple[int, int, int, int]


def _beacons_only(then: Sequence[_Instruction]) -> list[_Instruction]:
    """Drop what is no beacon, and go on with the rest."""
    short, long = (length + _UDP_HEADER for length in LENGTHS)
    starts = (*STARTS, SEALED_START, CLUSTER_START)
    plain, secure, sealed, named = (int.from_bytes(start, "big") for start in starts)
    return [
        (_LOAD_WORD, 0, 0, _UDP_HEADER),  # where there is none, the kernel drops the datagram
        (_JUMP_IF_EQUAL, 7, 0, named),
        (_JUMP_IF_EQUAL, 6, 0, sealed),
        (_JUMP_IF_EQUAL, 1, 0, plain),
        (_JUMP_IF_EQUAL, 0, 3, secure),
        (_LOAD_LENGTH, 0, 0, 0),
        (_JUMP_IF_EQUAL, 2, 0, short),
        (_JUMP_IF_EQUAL, 1, 0, long),
        _DROP,
        *then,
    ]


def _to_all_only(then: Sequence[_Instruction], broadcasts: Sequence[str]) -> list[_Instruction]:
    """Let pass what was sent to this host alone, and go on with the rest."""
    addresses = [int.from_bytes(socket.inet_aton(each), "big") for each in broadcasts]
    return [
        (_LOAD_WORD, 0, 0, _TO_IPV4),
        (_JUMP_UNLESS_LESS, len(addresses) + 1, 0, _IPV4_MULTICAST),
        *((_JUMP_IF_EQUAL, len(addresses) - number, 0, address) for number, address in enumerate(addresses)),
        _PASS,
        *then,
    ]


def _multicasts_only(then: Sequence[_Instruction]) -> list[_Instruction]:
    """The same with IPv6."""
    return [(_LOAD_OCTET, 0, 0, _TO_IPV6), (_JUMP_IF_EQUAL, 1, 0, _IPV6_MULTICAST), _PASS, *then]


def _unexpected_only(expected: Sequence[bytes]) -> list[_Instruction]:
    """Drop beacons that are expected; all of them come in the same envelope."""
    start = len(open_envelope(expected[0])[0])
    first, *others = (_UDP_HEADER + start + word for word in _WORDS)
    program: list[_Instruction] = [
        (_LOAD_LENGTH, 0, 0, 0),
        (_JUMP_UNLESS_LESS, 1, 0, _UDP_HEADER + start + min(LENGTHS)),
        _PASS,
        (_LOAD_WORD, 0, 0, first),
    ]
    for word in others:
        program += [(_KEEP, 0, 0, 0), (_LOAD_WORD, 0, 0, word), (_FOLD_IN_KEPT, 0, 0, 0)]
    marks = sorted({_mark(beacon, start) for beacon in expected})
    for at in range(0, len(marks), _REACH):
        some = marks[at : at + _REACH]
        program += [(_JUMP_IF_EQUAL, len(some) - number, 0, mark) for number, mark in enumerate(some)]
        program += [(_JUMP, 0, 0, 1), _DROP]
    return [*program, _PASS]


def _mark(beacon: bytes, start: int) -> int:
    mark = 0
    for word in _WORDS:
        mark ^= int.from_bytes(beacon[start + word : start + word + 4], "big")
    return mark


def attach_sieve(receiver: socket.socket, expected: Iterable[bytes] = (), broadcasts: Iterable[str] = ()) -> bool:
    """Have a UDP socket hear beacons only; whether the kernel does that here. None that is ``expected`` and comes by
    multicast, or to one of these addresses."""
    instructions = [_PASS]
    some = tuple(islice(expected, _MOST))
    if some:
        instructions = _unexpected_only(some)
        if receiver.family == socket.AF_INET6:
            instructions = _multicasts_only(instructions)
        else:
            instructions = _to_all_only(instructions, tuple(islice(broadcasts, _REACH)))
    return _attach(receiver, _beacons_only(instructions))


def deafen(receiver: socket.socket) -> bool:
    """Have a socket hear nothing more, to whoever it belongs; whether the kernel does that here."""
    return _attach(receiver, [_DROP])


def _attach(receiver: socket.socket, instructions: Sequence[_Instruction]) -> bool:
    if sys.platform != "linux":
        return False
    program = ctypes.create_string_buffer(b"".join(_INSTRUCTION.pack(*one) for one in instructions))
    description = struct.pack("@HP", len(instructions), ctypes.addressof(program))
    try:
        receiver.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, description)
    except OSError:
        return False
    return True


def dropped_by_kernel(receiver: socket.socket) -> int:
    """How many datagrams the kernel did not hand over: no beacons, or more than were read in time. 0 where it does not
    say."""
    if sys.platform != "linux":
        return 0
    try:
        return int(_MEMINFO.unpack(receiver.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size))[-1])
    except (OSError, struct.error):
        return 0
