from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zyre.calls import wire
from zyre.calls.wire import Answer, Ask, Cancel, Fault, Reason
from zyre.errors import DecodeError

#: Written by hand, once: this is what travels.
GOLDEN = [
    (Ask(7, 1.5, "add"), "5a594301 01 0000000000000007 000005dc 03 616464"),
    (Ask(7, float("inf"), "é"), "5a594301 01 0000000000000007 ffffffff 02 c3a9"),
    (Answer(2**64 - 1), "5a594301 02 ffffffffffffffff"),
    (Fault(1, Reason.UNKNOWN), "5a594301 03 0000000000000001 01 00 00000000"),
    (Fault(1, Reason.RAISED, "E", "no"), "5a594301 03 0000000000000001 03 01 45 00000002 6e6f"),
    (Cancel(3), "5a594301 04 0000000000000003"),
]


def encode(message: wire.Message) -> bytes:
    if isinstance(message, Ask):
        return wire.encode_ask(message)
    if isinstance(message, Fault):
        return wire.encode_fault(message)
    return wire.encode_answer(message.id) if isinstance(message, Answer) else wire.encode_cancel(message.id)


@pytest.mark.parametrize(("message", "octets"), GOLDEN)
def test_what_travels(message: wire.Message, octets: str) -> None:
    assert encode(message) == bytes.fromhex(octets)
    assert wire.decode(bytes.fromhex(octets)) == message
    assert wire.decode(bytes.fromhex(octets) + b"later") == message


@pytest.mark.parametrize(("message", "octets"), GOLDEN)
def test_nothing_can_be_missing(message: wire.Message, octets: str) -> None:
    whole = bytes.fromhex(octets)
    for length in range(len(whole)):
        with pytest.raises(DecodeError):
            wire.decode(whole[:length])


@pytest.mark.parametrize("octets", ["", "5a594301 09 0000000000000007", "5a594302 02 0000000000000007",
                                    "5a594301 03 0000000000000001 63 00 00000000"])  # fmt: skip
def test_what_is_none(octets: str) -> None:
    with pytest.raises(DecodeError):
        wire.decode(bytes.fromhex(octets))


@given(st.binary(max_size=80))
def test_anything_is_a_message_or_an_error(octets: bytes) -> None:
    for frame in (octets, wire.MAGIC + octets):
        try:
            message = wire.decode(frame)
        except DecodeError:
            continue
        assert wire.decode(encode(message)).id == message.id


@given(st.floats(min_value=-1, allow_nan=False), st.text(max_size=60), st.text(max_size=3000), st.text(max_size=3000))
def test_everything_that_is_said_can_be_read(left: float, service: str, kind: str, text: str) -> None:
    ask = wire.decode(wire.encode_ask(Ask(1, left, service.encode(errors="replace").decode())))
    assert isinstance(ask, Ask)
    assert 0 <= ask.left <= max(0.0, left) + 0.001 or left > 4_294_967, "49 days and more are no limit"
    fault = wire.decode(wire.encode_fault(Fault(1, Reason.RAISED, kind, text)))
    assert isinstance(fault, Fault)
    assert len(fault.text) <= 1000
