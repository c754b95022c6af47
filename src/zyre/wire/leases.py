"""Votes on who holds something for a while, between nodes of our own kind (extension ``leases``).

    48 CLAIM    group string, name string, term number-8, attempt number-4, milliseconds number-4    "may I hold it?"
    49 VOTE     group string, name string, term number-8, attempt number-4, granted number-1, highest number-8
    50 HELD     group string, name string, term number-8, attempt number-4, milliseconds number-4    "I hold it"
    51 RELEASE  group string, name string, term number-8                                             "not any more"

The name "" is the leadership of the group. Terms of one name only rise. A VOTE repeats the term and attempt of its
CLAIM, and says the highest term that the voter has seen.
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

from zyre.wire.primitives import Cursor, pack_string
from zyre.wire.zre import HEADER_SIZE

__all__ = [
    "CLAIM",
    "HELD",
    "MESSAGE_NAMES",
    "RELEASE",
    "VOTE",
    "Claim",
    "Release",
    "Vote",
    "decode_claim",
    "decode_release",
    "decode_vote",
    "encode_claim",
    "encode_release",
    "encode_vote",
]

CLAIM: Final = 48
VOTE: Final = 49
HELD: Final = 50
RELEASE: Final = 51

MESSAGE_NAMES: Final = {CLAIM: "CLAIM", VOTE: "VOTE", HELD: "HELD", RELEASE: "RELEASE"}

_CLAIM = struct.Struct(">QII")
_VOTE = struct.Struct(">QIBQ")
_RELEASE = struct.Struct(">Q")


class Claim(NamedTuple):
    """CLAIM and HELD: who sends it wants, or has, that name in that term for so many milliseconds from now on."""

    group: str
    name: str
    term: int
    attempt: int
    milliseconds: int


class Vote(NamedTuple):
    """What a voter says to a claim."""

    group: str
    name: str
    term: int
    attempt: int
    granted: bool
    highest: int


class Release(NamedTuple):
    """A name is free, as far as its sender had it in that term."""

    group: str
    name: str
    term: int


def encode_claim(claim: Claim) -> bytes:
    """The fields of CLAIM and HELD."""
    return pack_string(claim.group) + pack_string(claim.name) + _CLAIM.pack(*claim[2:])


def decode_claim(frame: bytes) -> Claim:
    """Read a CLAIM or HELD frame, header included. Raises DecodeError."""
    cursor = Cursor(frame, HEADER_SIZE)
    group, name = cursor.string("group"), cursor.string("name")
    return Claim(group, name, *_CLAIM.unpack(cursor.octets(_CLAIM.size, "claim")))


def encode_vote(vote: Vote) -> bytes:
    """The fields of VOTE."""
    return pack_string(vote.group) + pack_string(vote.name) + _VOTE.pack(*vote[2:])


def decode_vote(frame: bytes) -> Vote:
    """Read a VOTE frame. Raises DecodeError."""
    cursor = Cursor(frame, HEADER_SIZE)
    group, name = cursor.string("group"), cursor.string("name")
    term, attempt, granted, highest = _VOTE.unpack(cursor.octets(_VOTE.size, "vote"))
    return Vote(group, name, term, attempt, bool(granted), highest)


def encode_release(release: Release) -> bytes:
    """The fields of RELEASE."""
    return pack_string(release.group) + pack_string(release.name) + _RELEASE.pack(release.term)


def decode_release(frame: bytes) -> Release:
    """Read a RELEASE frame. Raises DecodeError."""
    cursor = Cursor(frame, HEADER_SIZE)
    group, name = cursor.string("group"), cursor.string("name")
    return Release(group, name, *_RELEASE.unpack(cursor.octets(_RELEASE.size, "term")))
