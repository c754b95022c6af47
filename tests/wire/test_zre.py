"""The messages, held against libzyre's own octets (tests/vectors) and against garbage."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.strategies import HELLOS, OCTET, SEQUENCE, STRING, mutated
from zyre.errors import DecodeError
from zyre.wire import zre
from zyre.wire.beacon import Beacon, decode_beacon, encode_beacon

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "zre.json").read_text())
IDS = {name: message_id for message_id, name in zre.MESSAGE_NAMES.items()}
HEADER = zre.pack_header(zre.HELLO, 1)


def vectors(*commands: str) -> list[Any]:
    chosen = [vector for vector in VECTORS["messages"] if vector["meaning"]["command"] in commands]
    return [pytest.param(vector, id=f"{vector['source'].split()[0]}-{vector['about']}"[:60]) for vector in chosen]


def first_frame(vector: dict[str, Any]) -> bytes:
    return bytes.fromhex(vector["frames"][0])


# -- golden octets -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vector", vectors(*IDS))
def test_golden_header_is_read_and_written(vector: dict[str, Any]) -> None:
    expected = IDS[vector["meaning"]["command"]], vector["meaning"]["sequence"]
    assert zre.unpack_header(first_frame(vector)) == expected
    assert zre.pack_header(*expected) == first_frame(vector)[:6]


@pytest.mark.parametrize("vector", vectors("HELLO"))
def test_golden_hello_is_read_and_written(vector: dict[str, Any]) -> None:
    meaning, frame = vector["meaning"], first_frame(vector)
    hello = zre.decode_hello(frame)
    assert (hello.endpoint, hello.name, hello.status) == (meaning["endpoint"], meaning["name"], meaning["status"])
    assert list(hello.groups) == meaning["groups"]
    assert [list(pair) for pair in hello.headers.items()] == meaning["headers"]
    assert frame[:6] + zre.encode_hello(hello) == frame


@pytest.mark.parametrize("vector", vectors("JOIN", "LEAVE"))
def test_golden_group_change_is_read_and_written(vector: dict[str, Any]) -> None:
    change, frame = zre.decode_group_change(first_frame(vector)), first_frame(vector)
    assert (change.group, change.status) == (vector["meaning"]["group"], vector["meaning"]["status"])
    assert frame[:6] + zre.encode_group_change(change.group, change.status) == frame


@pytest.mark.parametrize("vector", vectors("SHOUT"))
def test_golden_shout_is_read_and_written(vector: dict[str, Any]) -> None:
    group, frame = zre.decode_shout_group(first_frame(vector)), first_frame(vector)
    assert group == vector["meaning"]["group"]
    assert frame[:6] + zre.encode_shout(group) == frame


@pytest.mark.parametrize("vector", vectors("ELECT", "LEADER"))
def test_golden_vote_is_read_and_written(vector: dict[str, Any]) -> None:
    vote, frame, meaning = zre.decode_vote(first_frame(vector)), first_frame(vector), vector["meaning"]
    assert vote.group == meaning["group"]
    assert vote.candidate in meaning.values()
    assert frame[:6] + zre.encode_vote(vote.group, vote.candidate) == frame


@pytest.mark.parametrize("vector", vectors("WHISPER", "PING", "PING-OK", "GOODBYE"))
def test_golden_messages_without_fields_are_a_header(vector: dict[str, Any]) -> None:
    assert len(first_frame(vector)) == zre.HEADER_SIZE


@pytest.mark.parametrize("vector", vectors(*IDS))
def test_golden_identity_is_01_and_the_uuid(vector: dict[str, Any]) -> None:
    identity = bytes.fromhex(vector["identity"])
    assert zre.identity_frame(identity[1:]) == identity


def test_every_command_has_a_golden_vector() -> None:
    assert {vector["meaning"]["command"] for vector in VECTORS["messages"]} == set(IDS)


@pytest.mark.parametrize("vector", VECTORS["beacons"], ids=lambda vector: vector["about"][:40])
def test_golden_beacon_is_read_and_written(vector: dict[str, Any]) -> None:
    data, meaning = bytes.fromhex(vector["datagram"]), vector["meaning"]
    key = meaning["public_key"] and bytes.fromhex(meaning["public_key"])
    assert decode_beacon(data) == Beacon(bytes.fromhex(meaning["uuid"]), meaning["port"], key)
    assert encode_beacon(decode_beacon(data)) == data


# -- round trips ---------------------------------------------------------------------------------------------------


@given(st.sampled_from(sorted(zre.MESSAGE_NAMES)), SEQUENCE)
def test_header_round_trips(message_id: int, sequence: int) -> None:
    assert zre.unpack_header(zre.pack_header(message_id, sequence)) == (message_id, sequence)


@given(HELLOS)
def test_hello_round_trips(hello: zre.Hello) -> None:
    assert zre.decode_hello(HEADER + zre.encode_hello(hello)) == hello


@given(STRING, OCTET)
def test_group_change_round_trips(group: str, status: int) -> None:
    frame = HEADER + zre.encode_group_change(group, status)
    assert zre.decode_group_change(frame) == zre.GroupChange(group, status)


@given(STRING)
def test_shout_round_trips(group: str) -> None:
    assert zre.decode_shout_group(HEADER + zre.encode_shout(group)) == group


@given(STRING, STRING)
def test_vote_round_trips(group: str, candidate: str) -> None:
    assert zre.decode_vote(HEADER + zre.encode_vote(group, candidate)) == zre.Vote(group, candidate)


# -- garbage -------------------------------------------------------------------------------------------------------

DECODERS: list[tuple[Callable[[bytes], object], st.SearchStrategy[bytes]]] = [
    (zre.unpack_header, st.builds(zre.pack_header, OCTET, SEQUENCE)),
    (zre.decode_hello, HELLOS.map(lambda hello: HEADER + zre.encode_hello(hello))),
    (zre.decode_group_change, st.builds(lambda group, n: HEADER + zre.encode_group_change(group, n), STRING, OCTET)),
    (zre.decode_shout_group, STRING.map(lambda group: HEADER + zre.encode_shout(group))),
    (zre.decode_vote, st.builds(lambda group, who: HEADER + zre.encode_vote(group, who), STRING, STRING)),
]


@pytest.mark.parametrize(("decode", "valid"), DECODERS, ids=lambda value: getattr(value, "__name__", ""))
@given(data=st.data())
def test_any_frame_decodes_or_is_a_decode_error(
    decode: Callable[[bytes], object], valid: st.SearchStrategy[bytes], data: st.DataObject
) -> None:
    """Invariant: a decoder returns or raises DecodeError, whatever the octets."""
    frame = data.draw(st.binary(max_size=120) | mutated(valid))
    try:
        decode(frame)
    except DecodeError:
        pass


@pytest.mark.parametrize(("decode", "valid"), DECODERS[1:], ids=lambda value: getattr(value, "__name__", ""))
@given(data=st.data())
def test_every_truncation_is_a_decode_error(
    decode: Callable[[bytes], object], valid: st.SearchStrategy[bytes], data: st.DataObject
) -> None:
    """Invariant: no proper prefix of a valid frame decodes: libzyre reads them as success, and aborts."""
    frame = data.draw(valid)
    cut = data.draw(st.integers(6, len(frame) - 1))
    with pytest.raises(DecodeError):
        decode(frame[:cut])


@pytest.mark.parametrize(
    "frame",
    [b"", b"\xaa", b"\xaa\xa1\x01\x02\x00", b"\xaa\xa2\x01\x02\0\1", b"\xaa\xa1\x01\x03\0\1", b"\xaa\xa1\x01\x01\0\1"],
)
def test_a_wrong_signature_or_version_or_a_short_header_is_refused(frame: bytes) -> None:
    with pytest.raises(DecodeError):
        zre.unpack_header(frame)


def test_the_version_is_2_always() -> None:
    assert zre.pack_header(zre.PING, 258) == bytes.fromhex("aaa106020102")


def test_a_shout_with_more_behind_its_group_is_read_and_not_remembered() -> None:
    remembered = zre._decode_group.cache_info().currsize
    assert zre.decode_shout_group(HEADER + zre.encode_shout("G") + bytes(1000)) == "G"
    assert zre._decode_group.cache_info().currsize == remembered
