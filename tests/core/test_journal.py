"""Records of a journal, there and back, and what is no journal."""

from __future__ import annotations

import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.rig import OWN, peer_id
from zyre.config import ClusterConfig, Limits, NodeConfig, Timing
from zyre.core.journal import (
    BLOCK,
    EventDigest,
    Kind,
    Record,
    decode_profile,
    decode_records,
    encode_block,
    encode_profile,
    encode_record,
)
from zyre.core.profile import NodeProfile
from zyre.errors import DecodeError
from zyre.events import Enter, Exit, Shout, Whisper


def through(kind: Kind, payload: bytes) -> Record:
    """A record, written and read."""
    block = encode_block(encode_record(kind, 12.5, payload))
    size, checksum = BLOCK.unpack_from(block)
    (record,) = decode_records(block[BLOCK.size :], checksum)
    assert size == len(block) - BLOCK.size
    return record


def test_a_record_comes_back() -> None:
    assert through(Kind.JOIN, b"G") == Record(12.5, Kind.JOIN, ("G",))


def test_a_profile_comes_back() -> None:
    config = NodeConfig(timing=Timing.within(3), limits=Limits(peers=3), advertise="tcp://h:5", peer_port=7)
    profile = NodeProfile(OWN, "\u00e4", {"a": "b"}, ("G", "H"), ClusterConfig(9), config, frozenset({"empty"}))
    about = json.loads(encode_profile(profile, segment=3))
    assert decode_profile(about) == profile
    assert about["segment"] == 3
    for key in ("identity", "config", "groups", "port"):
        with pytest.raises(DecodeError):
            decode_profile(about | {key: object()})
    with pytest.raises(DecodeError):
        decode_profile(about | {"config": about["config"] | {"timing": {"evasive": -1}}})
    with pytest.raises(DecodeError):
        decode_profile(about | {"config": about["config"] | {"timing": {"beacon": 1e-300}}})


def test_the_digest_tells_histories_apart() -> None:
    a, b = peer_id(1), peer_id(2)
    histories = [
        [Whisper(a, "a", (b"x",))],
        [Whisper(a, "a", (b"y",))],
        [Whisper(a, "a", (b"x", b""))],
        [Whisper(b, "a", (b"x",))],
        [Shout(a, "a", "G", (b"x",))],
        [Shout(a, "a", "H", (b"x",))],
        [Exit(a, "a", "left")],
        [Exit(a, "a", "expired")],
        [Exit(a, "a", "left"), Exit(b, "b", "left")],
        [Exit(b, "b", "left"), Exit(a, "a", "left")],
        [Enter(a, "a", "tcp://h:1", {}, frozenset("GH"))],
        [Enter(a, "a", "tcp://h:1", {"G": "H"})],
    ]
    values = set()
    for history in histories:
        digest = EventDigest(True)
        digest.add(history)
        assert digest.count == len(history)
        values.add(digest.value)
    assert len(values) == len(histories)


def test_the_digest_depends_on_no_hash_and_not_on_what_was_not_recorded() -> None:
    a = peer_id(1)
    one, other = EventDigest(False), EventDigest(False)
    one.add([Enter(a, "a", "tcp://h:1", {"x": "1", "y": "2"}, frozenset("GHIJ")), Whisper(a, "a", (b"x",))])
    other.add([Enter(a, "a", "tcp://h:1", {"y": "2", "x": "1"}, frozenset("JIHG"))])
    other.add([Whisper(a, "a", (b"(1 octets, not recorded)",))])
    assert one.encode() == other.encode()


@given(st.binary(max_size=200))
def test_any_octets_decode_or_raise_the_one_error(data: bytes) -> None:
    """Invariant: garbage decodes or raises DecodeError, in memory bounded by its own size."""
    try:
        for record in decode_records(data, zlib.crc32(data)):
            assert isinstance(record, Record)
    except DecodeError:
        pass


@pytest.mark.parametrize("now", [float("nan"), float("inf"), -1.0, 3.8e91])
def test_a_time_at_which_no_second_passes_is_refused(now: float) -> None:
    """The fuzzer found it: a machine started at 3.8e91 seconds sends beacons for ever, none later than the other."""
    records = encode_record(Kind.STOP, now, b"")
    with pytest.raises(DecodeError, match="of the time"):
        list(decode_records(records, zlib.crc32(records)))


def test_a_changed_octet_is_noticed() -> None:
    block = bytearray(encode_block(encode_record(Kind.STOP, 1.0, b"")))
    checksum = BLOCK.unpack_from(block)[1]
    block[-1] ^= 1
    with pytest.raises(DecodeError, match="as it was written"):
        list(decode_records(bytes(block[BLOCK.size :]), checksum))
