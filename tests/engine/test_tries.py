"""Refused handshakes by address: what is looked into, what is remembered, and who gets in all the same."""

from __future__ import annotations

from pathlib import Path

import zyre
from zyre.core.effects import PeerRefused, Report
from zyre.engine.auth import CertificateProtection
from zyre.engine.keyring import new_pair
from zyre.engine.tries import MOST_ADDRESSES, WINDOW, Tries
from zyre.roster import Roster
from zyre.security.access import Access
from zyre.security.keys import decode_key
from zyre.wire.zap import ZapRequest

MOST = zyre.Limits().handshakes
HERE, THERE = "10.0.0.1", "10.0.0.2"


def test_some_are_looked_into_in_each_window() -> None:
    tries = Tries(3)
    for now in (0.0, 1.0, 2.0):
        assert not tries.are_too_many(HERE, now)
        tries.add(HERE, now)
    assert tries.are_too_many(HERE, 2.0)
    assert not tries.are_too_many(THERE, 2.0)
    assert tries.are_too_many(HERE, WINDOW - 0.1)
    assert not tries.are_too_many(HERE, WINDOW), "the first counts no more"
    tries.add(HERE, WINDOW)
    assert tries.are_too_many(HERE, WINDOW)
    assert not tries.are_too_many(HERE, 3 * WINDOW)
    assert len(tries) == 0


def test_few_addresses_are_remembered_and_few_times_of_each() -> None:
    tries = Tries(2)
    for number in range(MOST_ADDRESSES + 1):
        for _ in range(5):
            tries.add(f"2001:db8::{number:x}", 0.0)
    assert len(tries) == MOST_ADDRESSES
    assert not tries.are_too_many("2001:db8::0", 0.0), "forgotten first"
    assert tries.are_too_many("2001:db8::1", 0.0)


def test_the_others_are_told_together() -> None:
    tries = Tries(1)
    assert [tries.keep_quiet(HERE), tries.keep_quiet(HERE), tries.keep_quiet(THERE)] == [True, False, False]
    assert tries.untold() == (THERE, 3)
    assert tries.untold() == (THERE, 0)
    assert tries.keep_quiet(HERE)


def ask(protection: CertificateProtection, key: str, address: str = HERE) -> bool:
    """As libzmq asks after a handshake."""
    return protection._answer(ZapRequest(b"1", "", address, "CURVE", decode_key(key))) is not None


def test_a_neighbour_who_guesses_locks_nobody_out(tmp_path: Path) -> None:
    """Nobody looks into the directory for one who guesses; the good ones of the same address get in, and one whose
    certificate is new does when the directory was looked at again."""
    friend, newcomer = zyre.new_certificate(), zyre.new_certificate()
    zyre.save_certificate(friend.public, tmp_path / "friend")
    protection = CertificateProtection(zyre.new_certificate(), Access(certificates=str(tmp_path)))
    told: list[Report] = []
    protection.attach(told.append, lambda: Roster({}))
    for _ in range(2 * MOST):
        assert not ask(protection, new_pair().public)
    assert told == [PeerRefused("unknown key", HERE)] * MOST
    assert ask(protection, friend.public_key)
    zyre.save_certificate(newcomer.public, tmp_path / "newcomer")
    assert not ask(protection, newcomer.public_key), "nothing was read"
    assert ask(protection, newcomer.public_key, THERE), "another address is not concerned"
    protection._on_alarm()
    assert told[MOST:] == [PeerRefused("too often", HERE, MOST + 1)]
    assert ask(protection, newcomer.public_key)


def test_whose_certificate_is_taken_away_does_not_get_in_by_memory(tmp_path: Path) -> None:
    friend = zyre.new_certificate()
    zyre.save_certificate(friend.public, tmp_path / "friend")
    protection = CertificateProtection(zyre.new_certificate(), Access(certificates=str(tmp_path)))
    (tmp_path / "friend").unlink()
    for _ in range(MOST):
        assert not ask(protection, new_pair().public)
    assert not ask(protection, friend.public_key)
