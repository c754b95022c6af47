"""Golden bytes: what our encoders make of a meaning, and what our decoders read from the bytes.

The bytes were captured from running nodes (see tests/peers/zre_capture.py), so these tests need none.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from zyre.core.admission import read_identity
from zyre.identity import PeerId
from zyre.wire import zre
from zyre.wire.beacon import Beacon, decode_beacon, encode_beacon
from zyre.wire.primitives import pack_string
from zyre.wire.zre import GroupChange, Hello, Vote

VECTORS = json.loads((Path(__file__).resolve().parents[1] / "vectors" / "zre.json").read_text())

IDS = {name: number for number, name in zre.MESSAGE_NAMES.items()}

Meaning = dict[str, Any]


def hello(meaning: Meaning) -> Hello:
    return Hello(
        endpoint=meaning["endpoint"],
        name=meaning["name"],
        groups=tuple(meaning["groups"]),
        status=meaning["status"],
        headers=dict(meaning["headers"]),
    )


def no_fields(meaning: Meaning) -> bytes:
    return b""


ENCODERS: dict[str, Callable[[Meaning], bytes]] = {
    "HELLO": lambda meaning: zre.encode_hello(hello(meaning)),
    "WHISPER": no_fields,
    "SHOUT": lambda meaning: pack_string(meaning["group"]),
    "JOIN": lambda meaning: zre.encode_group_change(meaning["group"], meaning["status"]),
    "LEAVE": lambda meaning: zre.encode_group_change(meaning["group"], meaning["status"]),
    "PING": no_fields,
    "PING-OK": no_fields,
    "ELECT": lambda meaning: zre.encode_vote(meaning["group"], meaning["challenger"]),
    "LEADER": lambda meaning: zre.encode_vote(meaning["group"], meaning["leader"]),
    "GOODBYE": no_fields,
}

# Command -> how its first frame is read, and what that must give.
DECODERS: dict[str, tuple[Callable[[bytes], object], Callable[[Meaning], object]]] = {
    "HELLO": (zre.decode_hello, hello),
    "SHOUT": (zre.decode_shout_group, lambda meaning: meaning["group"]),
    "JOIN": (zre.decode_group_change, lambda meaning: GroupChange(meaning["group"], meaning["status"])),
    "LEAVE": (zre.decode_group_change, lambda meaning: GroupChange(meaning["group"], meaning["status"])),
    "ELECT": (zre.decode_vote, lambda meaning: Vote(meaning["group"], meaning["challenger"])),
    "LEADER": (zre.decode_vote, lambda meaning: Vote(meaning["group"], meaning["leader"])),
}


def each(kind: str) -> pytest.MarkDecorator:
    vectors = VECTORS[kind]
    return pytest.mark.parametrize("vector", vectors, ids=[about(vector) for vector in vectors])


def about(vector: dict[str, Any]) -> str:
    return f"{vector['source'].split()[0]}: {vector['about']}"


def beacon(meaning: Meaning) -> Beacon:
    key = meaning["public_key"]
    return Beacon(bytes.fromhex(meaning["uuid"]), meaning["port"], None if key is None else bytes.fromhex(key))


@each("beacons")
def test_our_beacon_is_theirs(vector: dict[str, Any]) -> None:
    assert encode_beacon(beacon(vector["meaning"])).hex() == vector["datagram"]


@each("beacons")
def test_their_beacon_is_understood(vector: dict[str, Any]) -> None:
    assert decode_beacon(bytes.fromhex(vector["datagram"])) == beacon(vector["meaning"])


@each("messages")
def test_our_message_is_theirs(vector: dict[str, Any]) -> None:
    meaning = vector["meaning"]
    command = meaning["command"]
    header = zre.pack_header(IDS[command], meaning["sequence"])
    first = header + ENCODERS[command](meaning)
    assert [first.hex(), *meaning.get("content", ())] == vector["frames"]


@each("messages")
def test_their_message_is_understood(vector: dict[str, Any]) -> None:
    meaning = vector["meaning"]
    first, *content = map(bytes.fromhex, vector["frames"])
    assert zre.unpack_header(first) == (IDS[meaning["command"]], meaning["sequence"])
    assert [frame.hex() for frame in content] == meaning.get("content", [])
    if meaning["command"] in DECODERS:
        decode, expected = DECODERS[meaning["command"]]
        assert decode(first) == expected(meaning)


@each("messages")
def test_our_identity_is_theirs(vector: dict[str, Any]) -> None:
    identity = bytes.fromhex(vector["identity"])
    peer = read_identity(identity)
    assert peer is not None
    assert zre.identity_frame(PeerId(peer).octets) == identity


def test_every_command_has_a_vector() -> None:
    captured = {vector["meaning"]["command"] for vector in VECTORS["messages"]}
    assert captured == set(IDS) == set(ENCODERS)
