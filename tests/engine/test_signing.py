from __future__ import annotations

import pickle
import sys

import pytest

from zyre.engine.keyring import new_pair
from zyre.engine.signing import SigningKey, VerifyingKey, signing_key_of
from zyre.errors import InvalidConfig

#: RFC 8032, section 7.1, test 1.
SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
PUBLIC = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")


def test_it_signs_as_the_specification_says() -> None:
    key = SigningKey(SEED)
    assert key.public == PUBLIC
    assert key.sign(b"").hex().startswith("e5564300c360ac729086e2cc806e828a")


def test_what_is_signed_is_verified() -> None:
    key, other = SigningKey(SEED), VerifyingKey(SigningKey(b"o" * 32).public)
    signature = key.sign(b"hello")
    assert VerifyingKey(PUBLIC).verifies(signature, b"hello")
    assert not VerifyingKey(PUBLIC).verifies(signature, b"hallo")
    assert not VerifyingKey(PUBLIC).verifies(b"short", b"hello")
    assert not other.verifies(signature, b"hello")


def test_the_signing_key_follows_from_the_secret_key_of_the_node() -> None:
    pair = new_pair()
    assert signing_key_of(pair).public == signing_key_of(pair).public
    assert signing_key_of(pair).public != signing_key_of(new_pair()).public


def test_a_signing_key_is_not_shown() -> None:
    key = SigningKey(SEED)
    assert repr(key) == "<SigningKey>"
    with pytest.raises(TypeError):
        pickle.dumps(key)


def test_without_the_library_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric.ed25519", None)
    with pytest.raises(InvalidConfig, match=r"zyre\[security\]"):
        SigningKey(SEED)
    with pytest.raises(InvalidConfig, match=r"zyre\[security\]"):
        VerifyingKey(PUBLIC)
