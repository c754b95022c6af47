"""What is not wanted is dropped in the kernel, where it can do that: it does not wake this process.

A filter of the classic Berkeley kind (Linux, socket(7): SO_ATTACH_FILTER) lets pass what has the length and the first
four octets of a beacon, or begins like a sealed one or that of a named cluster. Everything else costs its sender more
than us. Another one lets nothing pass at all.
"""

from __future__ import annotations

import ctypes
import socket
import struct
import sys
from typing import Final, TypeAlias

from zyre.wire.beacon import LENGTHS, STARTS
from zyre.wire.envelope import CLUSTER_START
from zyre.wire.sealed import SEALED_START

__all__ = ["attach_sieve", "deafen", "dropped_by_kernel"]

_SO_ATTACH_FILTER: Final = 26
_SO_MEMINFO: Final = 55
#: What the kernel says about a socket's memory is nine numbers; the last counts what was dropped.
_MEMINFO: Final = struct.Struct("=9I")

_UDP_HEADER: Final = 8
_LOAD_LENGTH, _LOAD_WORD, _JUMP_IF_EQUAL, _RETURN = 0x80, 0x20, 0x15, 0x06
_INSTRUCTION: Final = struct.Struct("=HBBI")
_EVERYTHING: Final = 0xFFFFFFFF


#: ``(code, skip if true, skip if false, operand)``.
_Instruction: TypeAlias = tuple[int, int, int, int]
_NOTHING: Final[tuple[_Instruction, ...]] = ((_RETURN, 0, 0, 0),)


def _beacons() -> tuple[_Instruction, ...]:
    short, long = (length + _UDP_HEADER for length in LENGTHS)
    starts = (*STARTS, SEALED_START, CLUSTER_START)
    plain, secure, sealed, named = (int.from_bytes(start, "big") for start in starts)
    return (
        (_LOAD_WORD, 0, 0, _UDP_HEADER),  # where there is none, the kernel drops the datagram
        (_JUMP_IF_EQUAL, 6, 0, named),
        (_JUMP_IF_EQUAL, 5, 0, sealed),
        (_JUMP_IF_EQUAL, 1, 0, plain),
        (_JUMP_IF_EQUAL, 0, 4, secure),
        (_LOAD_LENGTH, 0, 0, 0),
        (_JUMP_IF_EQUAL, 1, 0, short),
        (_JUMP_IF_EQUAL, 0, 1, long),
        (_RETURN, 0, 0, _EVERYTHING),
        *_NOTHING,
    )


def attach_sieve(receiver: socket.socket) -> bool:
    """Have a UDP socket hear beacons only; whether the kernel does that here."""
    return _attach(receiver, _beacons())


def deafen(receiver: socket.socket) -> bool:
    """Have a socket hear nothing more, to whoever it belongs; whether the kernel does that here."""
    return _attach(receiver, _NOTHING)


def _attach(receiver: socket.socket, instructions: tuple[_Instruction, ...]) -> bool:
    if sys.platform != "linux":
        return False
    program = ctypes.create_string_buffer(b"".join(_INSTRUCTION.pack(*each) for each in instructions))
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
