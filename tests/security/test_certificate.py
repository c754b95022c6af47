from __future__ import annotations

import pickle

import pytest

from tests.security.test_keys import PUBLIC, SECRET
from zyre.errors import InvalidConfig, InvalidKey
from zyre.security.certificate import Certificate, read_certificate, settings_of
from zyre.wire.zpl import format_zpl, parse_zpl

#: As zcert_save of CZMQ 4.2.1 writes it, but for the words of the comment.
SAVED_BY_CZMQ = f"""#   ****  Generated on 2026-11-20 09:00:00 by CZMQ  ****
#   ZeroMQ CURVE **Secret** Certificate
#   DO NOT PROVIDE THIS FILE TO OTHER USERS nor change its permissions.

metadata
    name = "alice"
    organization = "it's hers"
curve
    public-key = "{PUBLIC}"
    secret-key = "{SECRET}"
"""


def read(text: str) -> Certificate:
    return read_certificate(parse_zpl(text))


def test_what_czmq_writes_is_read() -> None:
    certificate = read(SAVED_BY_CZMQ)
    assert (certificate.public_key, certificate.secret_key) == (PUBLIC, SECRET)
    assert certificate.metadata == {"name": "alice", "organization": "it's hers"}


@pytest.mark.parametrize("secret", [True, False])
def test_what_is_written_is_read_again(secret: bool) -> None:
    made = Certificate(PUBLIC, SECRET, {"name": "alice", "e": 'say "hi"'})
    text = format_zpl(settings_of(made, secret=secret))
    assert (SECRET in text) is secret
    copy = read(text)
    assert (copy, copy.metadata, copy.secret_key) == (made, made.metadata, SECRET if secret else None)


def test_a_secret_that_czmq_does_not_know_is_none() -> None:
    assert read(SAVED_BY_CZMQ.replace(SECRET, "0" * 40)).secret_key is None


@pytest.mark.parametrize("key", ["", "short", "0" * 40, "#" * 40])
def test_a_certificate_without_a_usable_public_key_is_none(key: str) -> None:
    with pytest.raises(InvalidKey, match="public key"):
        read(SAVED_BY_CZMQ.replace(PUBLIC, key))


def test_a_broken_secret_key_is_no_missing_one() -> None:
    with pytest.raises(InvalidKey, match="secret key"):
        read(SAVED_BY_CZMQ.replace(SECRET, SECRET[1:]))


def test_the_secret_is_shown_nowhere_and_given_away_by_intent_only() -> None:
    made = Certificate(PUBLIC, SECRET)
    assert SECRET not in repr(made) + repr(made.pair)
    assert made.public.secret_key is None
    assert pickle.loads(pickle.dumps(made)).secret_key == SECRET
    with pytest.raises(InvalidKey, match="no secret key"):
        _ = made.public.pair
    with pytest.raises(TypeError):
        made.metadata["x"] = "y"  # type: ignore[index]


def test_metadata_that_no_file_can_carry_is_refused() -> None:
    for name, value in (("a/b", "x"), ("a b", "x"), ("a", "two\nlines")):
        with pytest.raises(InvalidConfig):
            settings_of(Certificate(PUBLIC, None, {name: value}))
