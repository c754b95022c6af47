"""The octets of calls. They travel as ordinary messages, so whoever knows nothing of them sees a whisper (or, from a
group's member, a shout) of an unknown kind; and whoever wants to can answer by hand.

The first frame is ours, the others are the content. It begins with 13 octets, numbers in network order:

    "ZYC" and 1        what this is, and its version
    kind               1 ASK, 2 ANSWER, 3 FAULT, 4 CANCEL
    id                 8 octets: chosen by who asks, repeated by who answers

Then follow, in the field types of 36/ZRE:

    ASK                number-4 milliseconds that are left (all ones: no limit), string service
    FAULT              number-1 reason, string kind, longstr text
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from enum import IntEnum
from typing import Final, NamedTuple, TypeAlias

from zyre.errors import DecodeError
from zyre.wire.primitives import Cursor, pack_longstr, pack_string

__all__ = [
    "MAGIC",
    "Answer",
    "Ask",
    "Cancel",
    "Fault",
    "Message",
    "Reason",
    "decode",
    "encode_answer",
    "encode_ask",
    "encode_cancel",
    "encode_fault",
]

MAGIC: Final = b"ZYC\x01"
_HEADER = struct.Struct(">4sBQ")
_LEFT = struct.Struct(">I")
_ASK, _ANSWER, _FAULT, _CANCEL = 1, 2, 3, 4
_NO_LIMIT: Final = 0xFFFFFFFF
#: How much an exception may say: it is for people to read, and an answer like any other.
_LONGEST_TEXT: Final = 1000
_LONGEST_KIND: Final = 60


class Reason(IntEnum):
    """Why there is no answer."""

    UNKNOWN = 1
    """Nothing of that name is offered."""
    BUSY = 2
    """Too much is being done already."""
    RAISED = 3
    """It was tried, and raised an exception."""


class Ask(NamedTuple):
    """Do this for me. ``left`` is the time for it in seconds."""

    id: int
    left: float
    service: str


class Answer(NamedTuple):
    """Here it is."""

    id: int


class Fault(NamedTuple):
    """There will be no answer. ``kind`` and ``text`` are the class of an exception, and what it says."""

    id: int
    reason: Reason
    kind: str = ""
    text: str = ""


class Cancel(NamedTuple):
    """The answer is not wanted any more."""

    id: int


Message: TypeAlias = Ask | Answer | Fault | Cancel


def encode_ask(ask: Ask) -> bytes:
    """The first frame of a request. The service's name takes at most 255 octets."""
    left = _NO_LIMIT if ask.left * 1000 >= _NO_LIMIT else max(0, round(ask.left * 1000))
    return _HEADER.pack(MAGIC, _ASK, ask.id) + _LEFT.pack(left) + pack_string(ask.service)


def encode_answer(id: int) -> bytes:
    """The first frame of an answer."""
    return _HEADER.pack(MAGIC, _ANSWER, id)


def encode_fault(fault: Fault) -> bytes:
    """A fault; what it says is cut where it is too long."""
    kind = fault.kind[:_LONGEST_KIND].encode(errors="replace").decode()
    text = fault.text[:_LONGEST_TEXT].encode(errors="replace").decode()
    fields = bytes((fault.reason,)) + pack_string(kind) + pack_longstr(text)
    return _HEADER.pack(MAGIC, _FAULT, fault.id) + fields


def encode_cancel(id: int) -> bytes:
    """A cancellation."""
    return _HEADER.pack(MAGIC, _CANCEL, id)


def decode(frame: bytes) -> Message:
    """The message in a first frame that begins with MAGIC. Octets behind its fields are left for later versions.

    Raises:
        DecodeError: if it is none.
    """
    if len(frame) < _HEADER.size or not frame.startswith(MAGIC):
        raise DecodeError("call is truncated")
    _, kind, id = _HEADER.unpack_from(frame)
    if kind == _ANSWER:
        return Answer(id)
    if kind == _CANCEL:
        return Cancel(id)
    fields = Cursor(frame, _HEADER.size)
    if kind == _ASK:
        left = fields.number4("left")
        return Ask(id, float("inf") if left == _NO_LIMIT else left / 1000, fields.string("service"))
    if kind == _FAULT:
        reason = fields.number1("reason")
        if reason not in _REASONS:
            raise DecodeError(f"fault has the unknown reason {reason}")
        return Fault(id, Reason(reason), fields.string("kind"), fields.longstr("text"))
    raise DecodeError(f"call has the unknown kind {kind}")


_REASONS: Sequence[int] = [int(reason) for reason in Reason]
