from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tests.security.test_keys import PUBLIC, SECRET
from zyre.engine.keyring import (
    CertificateStore,
    load_certificate,
    new_certificate,
    new_pair,
    pair_from,
    save_certificate,
)
from zyre.errors import InvalidConfig, InvalidKey
from zyre.security.certificate import Certificate
from zyre.security.keys import decode_key


def test_new_keys_are_new_and_fit() -> None:
    one, other = new_pair(), new_pair()
    assert one != other
    assert pair_from(decode_key(one.secret)) == one


def test_new_keys_are_such_as_libzyre_believes(monkeypatch: pytest.MonkeyPatch) -> None:
    good, bad = new_pair(), "0" + PUBLIC[1:]
    assert decode_key(bad)[0] == 0
    pairs = iter([(bad.encode(), good.secret.encode()), (good.public.encode(), good.secret.encode())])
    monkeypatch.setattr("zmq.curve_keypair", lambda: next(pairs))
    assert new_pair() == good


def test_the_two_files_of_a_certificate(tmp_path: Path) -> None:
    made = new_certificate(name="alice")
    save_certificate(made, tmp_path / "alice.cert")
    secret = tmp_path / "alice.cert_secret"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert made.secret_key is not None
    assert made.secret_key not in (tmp_path / "alice.cert").read_text()
    for path in (tmp_path / "alice.cert", secret):
        loaded = load_certificate(path)
        assert (loaded.pair, loaded.metadata) == (made.pair, {"name": "alice"})
    secret.unlink()
    assert load_certificate(tmp_path / "alice.cert").secret_key is None


def test_what_is_no_certificate_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x"
    with pytest.raises(FileNotFoundError):
        load_certificate(path)
    path.write_text("curve\n    public-key = 7\n")
    with pytest.raises(InvalidKey, match=r"public key in .*x"):
        load_certificate(path)
    path.write_text("curve\n  public-key = 7\n")
    with pytest.raises(InvalidConfig, match="line 2"):
        load_certificate(path)
    with pytest.raises(InvalidConfig, match="name the public file"):
        save_certificate(new_certificate(), tmp_path / "x_secret")


def test_a_store_follows_its_directory(tmp_path: Path) -> None:
    store = CertificateStore(tmp_path / "peers")
    assert store.look() == {}
    (tmp_path / "peers" / "below").mkdir(parents=True)
    (tmp_path / "peers" / ".hidden").mkdir()
    alice, bob, ghost = new_certificate(name="alice"), new_certificate(name="bob"), new_certificate()
    save_certificate(alice, tmp_path / "peers" / "alice")
    save_certificate(bob, tmp_path / "peers" / "below" / "bob")
    save_certificate(ghost, tmp_path / "peers" / ".hidden" / "ghost")
    (tmp_path / "peers" / "README").write_text("who may come in: see the handbook")
    known = store.look()
    assert set(known) == {alice.public_key, bob.public_key}
    assert known[bob.public_key].metadata["name"] == "bob"
    assert known[bob.public_key].secret_key is None, "the secret file is none of its business"
    assert [Path(name).name for name in store.unreadable] == ["README"]
    assert store.look() is known, "nothing changed"
    (tmp_path / "peers" / "alice").unlink()
    assert set(store.look()) == {bob.public_key}


def test_two_files_with_one_key_are_one_certificate(tmp_path: Path) -> None:
    """CZMQ's store ends the process here."""
    for name in ("a", "b"):
        save_certificate(Certificate(PUBLIC, SECRET, {"name": name}), tmp_path / name)
    assert CertificateStore(tmp_path).look()[PUBLIC].metadata["name"] == "a"
