from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.strategies import LONGSTR, STRING, mutated
from zyre.errors import DecodeError
from zyre.wire.zgossip import (
    COMMAND_NAMES,
    PUBLISH,
    Publish,
    decode_publish,
    encode_command,
    encode_publish,
    read_command,
)

#: What zgossip of CZMQ 4.2.1 sent, as client and as hub; tests/interop/test_zgossip.py compares them with it again.
CAPTURED = json.loads((Path(__file__).resolve().parents[1] / "vectors" / "zgossip.json").read_text())

IDS = {name: command for command, name in COMMAND_NAMES.items()}


@pytest.mark.parametrize("vector", CAPTURED, ids=lambda vector: vector["command"])
def test_what_czmq_sends_is_what_we_send(vector: dict[str, str]) -> None:
    frame = bytes.fromhex(vector["frame"])
    assert read_command(frame) == IDS[vector["command"]]
    if vector["command"] == "PUBLISH":
        assert decode_publish(frame) == Publish(vector["key"], vector["value"])
        assert encode_publish(vector["key"], vector["value"]) == frame
    else:
        assert encode_command(IDS[vector["command"]]) == frame


@given(STRING, LONGSTR)
def test_a_tuple_round_trips(key: str, value: str) -> None:
    frame = encode_publish(key, value)
    assert len(frame) == 13 + len(key.encode()) + len(value.encode())
    assert decode_publish(frame) == Publish(key.partition("\0")[0], value.partition("\0")[0])


@pytest.mark.parametrize(
    "frame", ["", "aaa0", "aaa101 01", "aaa00601", "aaa00001", "aaa00102", "aaa20101", "00000000", "a0aa0101"]
)
def test_what_is_of_another_protocol_is_refused(frame: str) -> None:
    with pytest.raises(DecodeError):
        read_command(bytes.fromhex(frame))


def test_a_key_that_could_not_be_sent_on_is_refused() -> None:
    with pytest.raises(DecodeError, match="UTF-8"):
        decode_publish(encode_publish("x" * 255, "v").replace(b"x", b"\xff"))
    assert decode_publish(encode_publish("x" * 50, "v").replace(b"x", b"\xff")).key == "\ufffd" * 50


@given(st.binary(max_size=40) | mutated(st.builds(encode_publish, STRING, LONGSTR)))
def test_any_frame_is_a_message_or_a_decode_error(frame: bytes) -> None:
    """Invariant: decoding returns a tuple, or raises DecodeError."""
    try:
        if read_command(frame) == PUBLISH:
            decode_publish(frame)
    except DecodeError:
        return
