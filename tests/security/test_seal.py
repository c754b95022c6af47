"""Invariant: what an attacker without the secret sends is never believed, and what a member sends always is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zyre.errors import DecodeError
from zyre.security.seal import BeaconSeal, SecretProof
from zyre.wire.beacon import Beacon, encode_beacon
from zyre.wire.sealed import MAX_SEALED

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
ALICE, BOB = b"a" * 16, b"b" * 16
HOME = "10.0.0.2"
NOW = 1_800_000_000.0
AGE = 300.0


def seal_of(own: bytes, key: bytes = KEY, most: int = 10) -> BeaconSeal:
    return BeaconSeal(SecretProof(key), own, AGE, most)


def beacon_of(uuid: bytes, port: int = 49152) -> bytes:
    return encode_beacon(Beacon(uuid, port, b"p" * 32))


BEACON = beacon_of(ALICE)


@pytest.fixture
def alice() -> BeaconSeal:
    return seal_of(ALICE)


@pytest.fixture
def bob() -> BeaconSeal:
    return seal_of(BOB)


def test_a_member_is_believed(alice: BeaconSeal, bob: BeaconSeal) -> None:
    for second in range(3):
        sealed = alice.seal(BEACON, ("192.168.1.9", HOME, "fe80::1"), NOW + second)
        assert bob.unseal(sealed, HOME, NOW + second) == BEACON
        assert bob.unseal(sealed, "192.168.1.9", NOW + second) == BEACON, "it speaks on all its interfaces"
        assert bob.unseal(sealed, "fe80::1%eth0", NOW + second) == BEACON


def test_its_farewell_is_sealed_too(alice: BeaconSeal, bob: BeaconSeal) -> None:
    farewell = beacon_of(ALICE, 0)
    assert bob.unseal(alice.seal(farewell, (HOME,), NOW), HOME, NOW) == farewell
    assert bob.unseal(seal_of(ALICE, OTHER_KEY).seal(farewell, (HOME,), NOW), HOME, NOW) == "wrong secret"


def test_the_name_of_open_discovery_is_not_in_it(alice: BeaconSeal) -> None:
    sealed = alice.seal(BEACON, (HOME,), NOW)
    assert b"ZRE" not in sealed
    assert len(alice.seal(BEACON, tuple(f"fe80::{n}" for n in range(1, 100)), NOW)) == MAX_SEALED


def test_who_does_not_know_the_secret_is_not_believed(bob: BeaconSeal) -> None:
    assert bob.unseal(seal_of(ALICE, OTHER_KEY).seal(BEACON, (HOME,), NOW), HOME, NOW) == "wrong secret"


def test_a_secured_beacon_without_a_seal_is_not_believed(bob: BeaconSeal) -> None:
    assert bob.unseal(BEACON, HOME, NOW) == "wrong secret"


@given(st.data())
def test_no_octet_can_be_changed(data: st.DataObject) -> None:
    sealed = bytearray(seal_of(ALICE).seal(BEACON, (HOME, "fe80::1"), NOW))
    at = data.draw(st.integers(0, len(sealed) - 1))
    sealed[at] ^= data.draw(st.integers(1, 255))
    changed = bytes(sealed)
    try:
        assert seal_of(BOB).unseal(changed, HOME, NOW) in ("wrong secret", changed)
    except DecodeError:
        pass


@given(st.binary(max_size=200), st.sampled_from([b"", b"ZYR\x01", b"ZYR\x01" + bytes(58) + b"\x02"]))
def test_nothing_but_a_decode_error_is_raised(data: bytes, start: bytes) -> None:
    try:
        result = seal_of(BOB).unseal(start + data, HOME, NOW)
    except DecodeError:
        return
    assert result in ("wrong secret", start + data)


def test_a_recording_is_not_believed(alice: BeaconSeal, bob: BeaconSeal) -> None:
    first, second = (alice.seal(BEACON, (HOME,), NOW + second) for second in (0, 1))
    assert bob.unseal(first, HOME, NOW) == BEACON
    assert bob.unseal(second, HOME, NOW + 1) == BEACON
    assert bob.unseal(first, HOME, NOW + 1) == "replayed"
    assert bob.unseal(first, HOME, NOW + 250) == "replayed"
    assert bob.unseal(second, HOME, NOW + 302) == "stale"


def test_what_is_overtaken_on_the_way_is_no_recording(alice: BeaconSeal, bob: BeaconSeal) -> None:
    first, second = (alice.seal(BEACON, (HOME,), NOW + second) for second in (0, 0.4))
    for sealed in (second, first, second):
        assert bob.unseal(sealed, HOME, NOW + 1) == BEACON


def test_a_recording_for_those_who_come_later_is_soon_stale(alice: BeaconSeal, bob: BeaconSeal) -> None:
    assert bob.unseal(alice.seal(BEACON, (HOME,), NOW), HOME, NOW + AGE + 1) == "stale"


def test_a_recording_from_before_a_farewell_brings_nobody_back(alice: BeaconSeal, bob: BeaconSeal) -> None:
    before, farewell = alice.seal(BEACON, (HOME,), NOW), alice.seal(beacon_of(ALICE, 0), (HOME,), NOW)
    assert bob.unseal(farewell, HOME, NOW) == beacon_of(ALICE, 0)
    assert bob.unseal(before, HOME, NOW) == "replayed"


def test_sent_on_from_elsewhere_it_leads_nobody_astray(alice: BeaconSeal, bob: BeaconSeal) -> None:
    sealed = alice.seal(BEACON, (HOME,), NOW)
    for elsewhere in ("10.0.0.66", "nonsense", "", "::ffff:10.0.0.2"):
        assert bob.unseal(sealed, elsewhere, NOW) == "redirected"


def test_clocks_may_differ_a_little(alice: BeaconSeal, bob: BeaconSeal) -> None:
    assert bob.unseal(alice.seal(BEACON, (HOME,), NOW + 200), HOME, NOW) == BEACON
    assert bob.unseal(seal_of(ALICE).seal(BEACON, (HOME,), NOW + AGE + 1), HOME, NOW) == "stale"


def test_clocks_that_are_set_back_together_part_nobody(alice: BeaconSeal, bob: BeaconSeal) -> None:
    wrong = NOW + 1e8
    assert bob.unseal(alice.seal(BEACON, (HOME,), wrong), HOME, wrong) == BEACON
    assert bob.unseal(alice.seal(BEACON, (HOME,), NOW), HOME, NOW) == BEACON
    assert bob.unseal(alice.seal(BEACON, (HOME,), NOW - 1), HOME, NOW) == BEACON, "by a second: it counts on"


def test_our_own_beacon_is_no_news(bob: BeaconSeal) -> None:
    sealed = bob.seal(beacon_of(BOB), (HOME,), NOW)
    bob.seal(beacon_of(BOB), (HOME,), NOW + 1)
    assert bob.unseal(sealed, HOME, NOW) == beacon_of(BOB)


def test_what_is_remembered_is_bounded(bob: BeaconSeal) -> None:
    for number in range(1, 40):
        uuid = bytes([number]) * 16
        beacon = beacon_of(uuid)
        assert bob.unseal(seal_of(uuid).seal(beacon, (HOME,), NOW), HOME, NOW) == beacon
    assert len(bob._floors) == 10


def test_it_shows_no_key(bob: BeaconSeal) -> None:
    assert "kkkk" not in repr(bob)
