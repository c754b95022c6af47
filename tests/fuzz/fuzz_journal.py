"""Invariant: any octets are a journal that replays, or one that differs, or raise DecodeError."""

from __future__ import annotations

import atexit
import os
import tempfile
import zlib

from tests.fuzz.guided import fuzz, instrumented
from tests.fuzz.seeds import records

with instrumented():
    from zyre.core.checkpoint import thaw
    from zyre.core.journal import (
        VERSION_LINE,
        Kind,
        Record,
        decode_records,
        encode_block,
        encode_profile,
        encode_record,
    )
    from zyre.core.profile import NodeProfile
    from zyre.errors import DecodeError
    from zyre.identity import PeerId
    from zyre.sim.replay import Replay, ReplayDiffers

ABOUT = {"zyre": "0", "recorded_at": "2026-01-01T00:00:00+00:00", "segment": 0, "contents": True, "calls": 0}
PROFILE = encode_profile(NodeProfile.make(PeerId("5" * 32)), **ABOUT, events=[0, 0])
BEGIN = VERSION_LINE + encode_block(encode_record(Kind.PROFILE, 0.0, PROFILE))

_descriptor, PATH = tempfile.mkstemp(prefix="fuzz-journal-")
os.close(_descriptor)
atexit.register(os.unlink, PATH)


def one_input(data: bytes) -> None:
    try:
        read = list(decode_records(data, zlib.crc32(data)))
    except DecodeError:
        read = []
    for record in read:
        if record.kind is Kind.CHECKPOINT:
            try:
                thaw(record.arguments[0])
            except DecodeError:
                pass
    forged = any(record.kind is Kind.CHECKPOINT for record in read)
    replay(VERSION_LINE + data if not read else BEGIN if forged else BEGIN + encode_block(data), read)


def replay(octets: bytes, read: list[Record]) -> None:
    with open(PATH, "wb") as file:
        file.write(octets)
    try:
        told = [event for moment in Replay(PATH) for event in moment.events]
    except (DecodeError, ReplayDiffers):
        return
    assert len(told) <= 1 + len(octets)
    assert os.path.getsize(PATH) == len(octets)


if __name__ == "__main__":
    fuzz(one_input, records())
