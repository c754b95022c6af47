"""What a journal says of each input, there and back."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.rig import LOCALITY, Rig, peer_id
from zyre.core.effects import (
    KeptLetter,
    LinkWritable,
    LocalityChanged,
    NotPersisted,
    Persisted,
    Report,
    Restored,
    Taken,
)
from zyre.core.journal_inputs import Kind, decode_payload, input_encoders
from zyre.endpoint import Endpoint
from zyre.errors import DecodeError

INPUTS: dict[str, tuple[Any, ...]] = {
    "start": (LOCALITY,),
    "stop": (),
    "farewell": (),
    "handle_timeout": (),
    "receive_frames": ((b"\x01identity", b"header", b"", b"content" * 50),),
    "receive_datagram": (b"ZRE\x01", ("fe80::1%eth0", 5670)),
    "receive_report": (LinkWritable(7),),
    "join": ("Gruppe \u00e4",),
    "leave": ("G",),
    "contest": ("G",),
    "connect": (Endpoint("tcp", "10.0.0.9", 5), peer_id(3)),
    "whisper": (peer_id(1), (b"a", b"")),
    "shout": ("G\u20ac", (b"a",)),
    "shout_to": (peer_id(2), "G", ()),
    "shed": (peer_id(2),),
    "post": (peer_id(2), 7, "G", (b"a", b"")),
    "bundle": (peer_id(2), "G", ((b"a",), (b"b",))),
    "shout_bundle": ("G", ((b"a", b""), (b"c", b"d"))),
    "keep": (peer_id(2), 7, "G", (b"a", b""), 1.5),
    "change": ("verb", ["text", 1.5, None]),
    "set_header": ("name", "value"),
}


def test_there_is_an_input_of_every_kind() -> None:
    assert set(INPUTS) == set(input_encoders(True)) == {kind.name.lower() for kind in Kind if kind >= Kind.SET_HEADER}
    machine = Rig(start=False).machine
    assert all(hasattr(machine, what) for what in INPUTS)


@pytest.mark.parametrize("what", INPUTS)
def test_an_input_comes_back_as_it_was(what: str) -> None:
    kind, encode = input_encoders(True)[what]
    assert decode_payload(kind, encode(INPUTS[what])) == (kind, INPUTS[what])


def test_a_change_of_address_and_a_connection_to_anybody_come_back() -> None:
    for what, arguments in {
        "receive_report": (LocalityChanged(LOCALITY),),
        "connect": (Endpoint("ipc", "x"), None),
    }.items():
        kind, encode = input_encoders(True)[what]
        assert decode_payload(kind, encode(arguments))[1] == arguments


@pytest.mark.parametrize(
    "report",
    [
        Restored((KeptLetter(peer_id(1), 5, "G", (b"\xff", b""), 1.5),), ((peer_id(1), 7, 6),), ((peer_id(2), 8, 9),)),
        Persisted(7),
        NotPersisted(8, "full"),
        Taken(peer_id(1), 7, 8),
    ],
    ids=lambda report: type(report).__name__,
)
def test_what_a_store_says_comes_back(report: Report) -> None:
    kind, encode = input_encoders(True)["receive_report"]
    assert decode_payload(kind, encode((report,)))[1] == (report,)


def test_without_contents_only_sizes_of_what_is_said_are_written() -> None:
    encoders = input_encoders(False)
    written = {}
    for what in ("receive_frames", "whisper", "shout"):
        kind, encode = encoders[what]
        payload = encode(INPUTS[what])
        assert b"content" not in payload
        written[what] = decode_payload(kind, payload)[1]
    identity, header, empty, content = written["receive_frames"][0]
    assert (identity, header) == INPUTS["receive_frames"][0][:2], "the machine must know these"
    assert (empty, content) == (b"(0 octets, not recorded)", b"(350 octets, not recorded)")
    assert written["whisper"][1] == (b"(1 octets, not recorded)", b"(0 octets, not recorded)")


@given(st.sampled_from(Kind), st.binary(max_size=60))
def test_any_payload_decodes_or_raises_the_one_error(kind: Kind, payload: bytes) -> None:
    try:
        decode_payload(kind, payload)
    except DecodeError:
        pass


@pytest.mark.parametrize(
    "forged",
    [
        struct.pack(">I", 0xFFFFFFFF),
        struct.pack(">II", 1, 0x7FFFFFFF),
        struct.pack(">I", 0x3FFFFFFF) + b"x" * 100,
        struct.pack(">II", 1, 1) + b"xy",
    ],
)
def test_forged_counts_cost_nothing(forged: bytes) -> None:
    with pytest.raises(DecodeError):
        decode_payload(Kind.RECEIVE_FRAMES, forged)
