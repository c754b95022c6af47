from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zyre.errors import DecodeError
from zyre.wire import probe, zre

UUIDS = st.binary(min_size=16, max_size=16)


@given(UUIDS)
def test_an_enquiry_is_read_as_it_was_made(uuid: bytes) -> None:
    assert probe.decode_enquire(zre.pack_header(probe.ENQUIRE, 7) + probe.encode_enquire(uuid)) == uuid


@given(UUIDS, st.floats(-10, 1e10))
def test_an_answer_is_read_as_it_was_given_to_the_millisecond(uuid: bytes, ago: float) -> None:
    read, seconds = probe.decode_seen(zre.pack_header(probe.SEEN, 7) + probe.encode_seen(uuid, ago))
    assert read == uuid
    assert seconds == pytest.approx(min(max(0.0, ago), 4294967.295), abs=0.001)


@pytest.mark.parametrize("octets", [0, 6, 21, 23, 25, 27, 100])
def test_another_length_is_neither(octets: int) -> None:
    for decode in (probe.decode_enquire, probe.decode_seen):
        with pytest.raises(DecodeError):
            decode(bytes(octets))


def test_golden_octets() -> None:
    assert probe.encode_seen(b"u" * 16, 1.5).hex() == "75" * 16 + "000005dc"
