"""How a peer counts: all the evidence there is, and what is done with it."""

from __future__ import annotations

import pytest

from zyre.core.dialect import MODULUS, NOTHING_KNOWN, SHORT_MODULUS, Dialect, is_version_4
from zyre.core.peer import PeerRecord
from zyre.endpoint import Endpoint
from zyre.identity import PeerId

RANDOM = PeerId("58F95CBC6B7F466353D96F03D9E588F7"[:12] + "4663" + "93D96F03D9E588F7")
PLAIN = PeerId("58F95CBC6B7FC66353D96F03D9E588F7")
LOW, HIGH = 40000, 49152


def record(
    identity: PeerId = PLAIN, name: str = "chosen", port: int = HIGH, own: bool = False, odd: bool = False
) -> PeerRecord:
    made = PeerRecord(identity, Endpoint("tcp", "10.0.0.2", port), 1, "beacon")
    made.name, made.is_own_kind, made.dialect = name, own, Dialect(odd_source=odd)
    return made


def modulus(made: PeerRecord) -> int:
    return made.dialect.modulus(made)


@pytest.mark.parametrize(
    ("identity", "version_4"),
    [
        (RANDOM, True),
        (PLAIN, False),
        (PeerId("0" * 12 + "4" + "0" * 3 + "B" + "0" * 15), True),
        (PeerId("4" * 32), False),
    ],
)
def test_the_marks_of_a_random_uuid(identity: PeerId, version_4: bool) -> None:
    assert is_version_4(identity) is version_4


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        pytest.param(record(PLAIN), MODULUS, id="a UUID of no version is libzyre's"),
        pytest.param(record(RANDOM), MODULUS, id="libzyre with libuuid: high port, beacons from the beacon port"),
        pytest.param(record(RANDOM, RANDOM[:6]), MODULUS, id="libzyre's default name, in upper case"),
        pytest.param(record(RANDOM, RANDOM[:6].lower()), SHORT_MODULUS, id="zeromq-pyre's default name"),
        pytest.param(record(RANDOM, RANDOM[:12].lower()), SHORT_MODULUS, id="zyre.js's default name"),
        pytest.param(record(RANDOM, port=LOW), SHORT_MODULUS, id="zeromq-pyre with a chosen name: a low port"),
        pytest.param(record(RANDOM, odd=True), SHORT_MODULUS, id="zyre.js with a chosen name: beacons from any port"),
        pytest.param(record(PLAIN, port=LOW, odd=True), MODULUS, id="ports mean nothing without version 4"),
        pytest.param(record(RANDOM, RANDOM[:6].lower(), own=True), MODULUS, id="our own kind counts as the RFC says"),
        pytest.param(
            record(PeerId("123456" + RANDOM[6:]), "123456", odd=False), MODULUS, id="digits alone have no case"
        ),
    ],
)
def test_what_the_evidence_says(made: PeerRecord, expected: int) -> None:
    assert modulus(made) == expected


def test_what_is_proven_goes_before_all_evidence() -> None:
    made = record(PLAIN)
    made.dialect = made.dialect.learn(proven=SHORT_MODULUS)
    assert modulus(made) == SHORT_MODULUS


def test_its_own_wrap_after_65534_proves_the_short_count() -> None:
    made = record(PLAIN)
    made.received = 65534
    assert made.missed_before(0) == 0
    assert made.dialect.proven == SHORT_MODULUS


def test_a_whole_wrap_proves_nothing_and_is_no_gap() -> None:
    made = record(PLAIN)
    made.received = 65534
    assert [made.missed_before(sequence) for sequence in (65535, 0, 1)] == [0, 0, 0]
    assert made.dialect.proven == 0


def test_a_peer_that_comes_back_after_our_wrap_shows_that_the_guess_was_wrong() -> None:
    before, now, again = record(PLAIN), record(PLAIN), record(PLAIN)
    before.dialect = before.dialect.learn(wrapped=True)
    now.dialect = before.dialect.of_next_life(before)
    assert modulus(now) == SHORT_MODULUS
    now.dialect = now.dialect.learn(wrapped=True)
    again.dialect = now.dialect.of_next_life(now)
    assert modulus(again) == MODULUS, "and if that was wrong as well, back"


def test_a_peer_that_comes_back_without_a_wrap_keeps_what_was_known() -> None:
    before = record(PLAIN)
    before.dialect = known = before.dialect.learn(proven=SHORT_MODULUS, odd_source=True)
    assert before.dialect.of_next_life(before) == known == Dialect(SHORT_MODULUS, odd_source=True)


def test_nothing_is_forgotten_by_learning_more() -> None:
    assert NOTHING_KNOWN.learn(proven=SHORT_MODULUS).learn(wrapped=True) == Dialect(SHORT_MODULUS, wrapped=True)
