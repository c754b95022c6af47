from __future__ import annotations

import pickle

import pytest

from zyre.errors import InvalidConfig
from zyre.security.secret import cluster_keys

SECRET = "correct horse battery staple"


def test_all_nodes_derive_the_same_keys_for_ever() -> None:
    """Golden: another result would part old nodes from new ones."""
    keys = cluster_keys(SECRET)
    assert keys.beacon.hex() == "b8b1f6859bb47e634c0d2195d5ab326475b96c47699c9f9a74b8d716281dfbd2"
    assert keys.member.hex() == "e0d519ccf0565e75313ceb35ad9031357811e89732dd03899f80c47a54076597"
    assert keys.place("tcp:5555").hex() == "67cbece1d1aea0ec1ac7197314c84c4b98f355c77fbb52719de5b4a761b56c5c"


def test_what_stands_around_a_secret_and_how_it_was_typed_does_not_matter() -> None:
    assert cluster_keys(f" {SECRET}\n").member == cluster_keys(SECRET).member
    assert cluster_keys("caf\u00e9").member == cluster_keys("cafe\u0301").member
    assert cluster_keys("Caf\u00e9").member != cluster_keys("caf\u00e9").member


def test_each_purpose_has_a_key_of_its_own() -> None:
    keys = cluster_keys(SECRET)
    assert len({keys.beacon, keys.member, keys.place("tcp:1"), keys.place("tcp:2"), keys.place("")}) == 5


@pytest.mark.parametrize("wrong", ["", "  \n", b"bytes", 7, None])
def test_what_is_no_secret(wrong: object) -> None:
    with pytest.raises(InvalidConfig) as caught:
        cluster_keys(wrong)
    assert "zyre keys secret" in str(caught.value) or "is text" in str(caught.value)


def test_nothing_shows_it() -> None:
    keys = cluster_keys(SECRET)
    for text in (repr(keys), str(keys)):
        assert text == "<ClusterKeys>"
    with pytest.raises(TypeError):
        pickle.dumps(keys)
