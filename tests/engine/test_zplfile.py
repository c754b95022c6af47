from __future__ import annotations

import stat
from pathlib import Path

import pytest

from zyre.engine.zplfile import load_zpl, save_zpl
from zyre.errors import InvalidConfig
from zyre.wire.zpl import Setting


def some() -> Setting:
    root = Setting(comments=[" mine"])
    root.put("server/timeout", "10000")
    return root


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    save_zpl(some(), tmp_path / "file.zpl")
    assert load_zpl(str(tmp_path / "file.zpl")) == some()
    assert [path.name for path in tmp_path.iterdir()] == ["file.zpl"], "nothing else is left"


def test_a_private_file_is_for_its_owner_only(tmp_path: Path) -> None:
    save_zpl(some(), tmp_path / "open")
    save_zpl(some(), tmp_path / "secret", private=True)
    assert mode(tmp_path / "secret") == 0o600
    (tmp_path / "open").chmod(0o640)
    save_zpl(some(), tmp_path / "open")
    assert mode(tmp_path / "open") == 0o640, "the permissions that it was given"


def test_octets_that_are_no_text_survive(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b'name = "J\xf6rg"\n')
    save_zpl(load_zpl(tmp_path / "old"), tmp_path / "new")
    assert (tmp_path / "new").read_bytes() == (tmp_path / "old").read_bytes()


def test_the_file_and_the_line_are_named(tmp_path: Path) -> None:
    (tmp_path / "bad.zpl").write_text("a = 1\nb\n      c = 2\n")
    with pytest.raises(InvalidConfig, match=r"bad\.zpl: line 3 "):
        load_zpl(tmp_path / "bad.zpl")
    with pytest.raises(FileNotFoundError):
        load_zpl(tmp_path / "none.zpl")


def test_a_file_that_never_ends_is_refused() -> None:
    with pytest.raises(InvalidConfig, match="longer"):
        load_zpl("/dev/zero")


def test_a_save_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    save_zpl(some(), tmp_path / "file")
    broken = some()
    broken.children.append(Setting("no name"))
    with pytest.raises(InvalidConfig):
        save_zpl(broken, tmp_path / "file")
    assert load_zpl(tmp_path / "file") == some()
