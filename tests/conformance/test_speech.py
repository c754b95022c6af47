"""The kit's own octets: the golden ones, and those of zyre.wire, which it does not use."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given

from tests.wire.strategies import HELLOS
from zyre.conformance import speech
from zyre.wire import zre

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "zre.json").read_text())
GOLDEN = [bytes.fromhex(vector["frames"][0]) for vector in VECTORS["messages"]]


@pytest.mark.parametrize(
    "frame", [frame for frame in GOLDEN if frame[2:3] == b"\x01"], ids=lambda frame: f"{len(frame)} octets"
)
def test_golden_greetings_are_read_and_written(frame: bytes) -> None:
    endpoint, groups, status, name, headers = speech.read_hello(frame[6:])
    again = speech.hello(endpoint, name, groups, status, headers.items())
    assert speech.header(1, int.from_bytes(frame[4:6], "big")) + again == frame


@given(HELLOS)
def test_it_says_what_the_library_says(hello: zre.Hello) -> None:
    fields = speech.hello(hello.endpoint, hello.name, hello.groups, hello.status, hello.headers.items())
    assert fields == zre.encode_hello(hello)


@pytest.mark.parametrize("command", range(1, 11))
def test_headers_and_changes_are_the_library_s(command: int) -> None:
    assert speech.header(command, 515) == zre.pack_header(command, 515)
    assert speech.change("group", 256) == zre.encode_group_change("group", 0)
    assert speech.COMMANDS[command] == zre.MESSAGE_NAMES[command]


def test_what_is_cut_short_or_too_long_is_seen() -> None:
    fields = speech.hello("tcp://h:1", "n", ["g"], 1, [("a", "b")])
    for size in range(len(fields)):
        with pytest.raises(ValueError, match="in the middle"):
            speech.read_hello(fields[:size])
    with pytest.raises(ValueError, match="1 octets follow"):
        speech.read_hello(fields + b"x")
