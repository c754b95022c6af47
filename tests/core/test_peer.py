from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.rig import peer_id
from zyre.core.dialect import SHORT_MODULUS, Dialect
from zyre.core.peer import PeerRecord
from zyre.endpoint import Endpoint


def record() -> PeerRecord:
    return PeerRecord(peer_id(1), Endpoint("tcp", "10.0.0.2", 49152), 1, "beacon")


def test_the_first_number_is_1() -> None:
    assert record().next_sequence() == 1


def test_our_count_wraps_from_65535_through_0() -> None:
    one = record()
    one.sent = 65533
    assert [one.next_sequence() for _ in range(4)] == [65534, 65535, 0, 1]
    assert one.dialect.wrapped


def test_our_count_wraps_from_65534_for_those_who_count_so() -> None:
    one = record()
    one.sent, one.dialect = 65533, Dialect(SHORT_MODULUS)
    assert [one.next_sequence() for _ in range(3)] == [65534, 0, 1]


@pytest.mark.parametrize("proven", [0, SHORT_MODULUS])
@pytest.mark.parametrize("sent", [0, 1, 65533, 65534])
def test_a_number_taken_back_is_given_out_again(sent: int, proven: int) -> None:
    one = record()
    one.dialect = Dialect(proven)
    one.sent = sent if sent < (proven or 65536) else 0
    number = one.next_sequence()
    one.uncount()
    assert one.next_sequence() == number


@pytest.mark.parametrize(
    ("last", "sequence", "missed"),
    [
        (1, 2, 0),
        (1, 3, 1),
        (1, 10, 8),
        (65535, 0, 0),
        (65535, 1, 1),
        (65534, 0, 0),
        (65534, 1, 2),
        (5, 5, -1),
        (5, 4, -1),
        (5, 1, -1),
        (1, 65535, -1),
        (0, 0, -1),
    ],
)
def test_what_is_missing_before_a_number(last: int, sequence: int, missed: int) -> None:
    one = record()
    one.received = last
    assert one.missed_before(sequence) == missed
    assert one.received == sequence, "whatever came, its count is taken over"


@given(st.integers(0, 65535), st.integers(0, 65535))
def test_any_number_is_no_gap_a_gap_or_a_step_back(last: int, sequence: int) -> None:
    """Invariant: missed is -1 or below half the range, and the message after it is expected again."""
    one = record()
    one.received = last
    assert -1 <= one.missed_before(sequence) < 32768
    assert one.missed_before((sequence + 1) % 65536) == 0


def test_the_public_peer_is_made_once_for_each_change() -> None:
    one = record()
    assert one.to_public() is one.to_public()
    assert (one.to_public().address, one.to_public().found_by) == ("tcp://10.0.0.2:49152", "beacon")
