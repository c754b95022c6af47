"""Envelopes of named clusters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zyre.wire.envelope import CLUSTER_START, ENVELOPE_SIZE, envelope_of, gossip_key, open_envelope

UUID = "0123456789ABCDEF" * 2


def test_the_octets() -> None:
    assert envelope_of("robots") == bytes.fromhex("5a5943018e57944ae5dfd0a4")
    assert envelope_of("") == b""
    assert gossip_key("", UUID) == UUID
    assert gossip_key("robots", UUID) == f"8e57944ae5dfd0a4/{UUID}"


@given(st.text(min_size=1, max_size=50), st.binary(max_size=80))
def test_what_is_put_in_comes_out(name: str, data: bytes) -> None:
    envelope = envelope_of(name)
    assert len(envelope) == ENVELOPE_SIZE
    assert open_envelope(envelope + data) == (envelope, data)


@given(st.binary(max_size=80))
def test_garbage_is_in_none(data: bytes) -> None:
    envelope, rest = open_envelope(data)
    assert envelope + rest == data
    assert (envelope == b"") is not data.startswith(CLUSTER_START)


@pytest.mark.parametrize("short", [CLUSTER_START, CLUSTER_START + b"1234567"])
def test_a_cut_one_is_no_clusters(short: bytes) -> None:
    assert open_envelope(short) == (short, b"")
    assert short not in (envelope_of("robots"), b"")
