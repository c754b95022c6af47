from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

import zyre
from zyre.cli import cli
from zyre.cli.exits import ExitCode


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(cli, ["keys", *map(str, arguments)])
    return result.exit_code, result.output


def test_a_certificate_is_made_and_shown(tmp_path: Path) -> None:
    path = tmp_path / "alice.cert"
    code, said = run("init", path, "--meta", "role=printer")
    assert code == 0
    made = zyre.load_certificate(path)
    assert said.splitlines()[0] == made.public_key
    assert (made.metadata["name"], made.metadata["role"]) == ("alice", "printer")
    secret = tmp_path / "alice.cert_secret"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    code, said = run("show", path)
    assert made.public_key in said
    assert "with its secret key" in said
    assert made.pair.secret not in said
    assert "chmod" not in said
    secret.chmod(0o644)
    assert "chmod 600" in run("show", path)[1]
    code, said = run("show", "--json", path, secret)
    records = [json.loads(line) for line in said.splitlines()]
    assert [record["open_to_others"] for record in records] == [True, True]
    assert made.pair.secret not in said


def test_nothing_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "x"
    assert run("init", path)[0] == 0
    before = path.read_text()
    code, said = run("init", path)
    assert (code, path.read_text()) == (ExitCode.USAGE, before)
    assert "would be lost" in said
    assert run("secret", path)[0] == ExitCode.USAGE


def test_a_secret_is_made_and_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, first = run("secret")
    assert code == 0
    assert first != run("secret")[1]
    assert len(first.strip()) >= 32
    path = tmp_path / "secret"
    assert run("secret", path)[0] == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    monkeypatch.setenv("ZYRE_SECRET_FILE", str(path))
    assert zyre.Node(interface="lo").public_key


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("show", "/nowhere/x"), ExitCode.UNFIT, "No such file"),
        (("init", "/nowhere/x"), ExitCode.UNFIT, "No such file"),
        (("secret", "/nowhere/x"), ExitCode.UNFIT, "No such file"),
        (("init", "x", "--meta", "nonsense"), ExitCode.USAGE, "NAME=VALUE"),
        (("show",), ExitCode.USAGE, "PATHS"),
    ],
)
def test_what_goes_wrong_is_said(arguments: tuple[str, ...], code: int, words: str) -> None:
    result = run(*arguments)
    assert result[0] == code
    assert words in result[1]


def test_what_is_no_certificate_is_named(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("hello\n")
    result = CliRunner().invoke(cli, ["keys", "show", str(tmp_path / "x")])
    assert "public key" in result.output + str(result.exception)


def test_an_authority_is_founded_signs_and_revokes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZYRE_MEMBERSHIP", str(tmp_path / "lab"))
    code, said = run("authority", "--node", "first", "--json")
    assert (code, json.loads(said)["cluster"], json.loads(said)["member"]) == (0, "lab", "first")
    assert zyre.Node(membership=tmp_path / "lab").public_key
    assert run("authority")[0] == ExitCode.USAGE
    before = zyre.Node(membership=tmp_path / "lab").public_key
    code, said = run("renew", "--json")
    assert (code, json.loads(said)["name"]) == (0, "first")
    assert zyre.Node(membership=tmp_path / "lab").public_key == json.loads(said)["public_key"] != before
    assert json.loads(run("revoke", "first", "--former", "--json")[1])["keys"] == [before]
    other = tmp_path / "other.cert"
    assert run("init", other)[0] == 0
    assert run("sign", other, "--groups", "lab-*")[0] == 0
    assert 'groups = "lab-*"' in other.read_text()
    shutil.copy(other, tmp_path / "lab" / "node.cert")
    with pytest.raises(zyre.InvalidKey, match="another secret key"):
        zyre.Node(membership=tmp_path / "lab")
    shutil.copy(f"{other}_secret", tmp_path / "lab" / "node.cert_secret")
    assert zyre.Node(membership=tmp_path / "lab").public_key == zyre.load_certificate(other).public_key
    code, said = run("sign", other, "--days", "1")
    assert code == 0, "the same key once more"
    code, said = run("revoke", "other", "--json")
    assert json.loads(said)["keys"] == [zyre.load_certificate(other).public_key]
    code, said = run("revoke", "nobody")
    assert (code, "there are: first, other" in said) == (ExitCode.USAGE, True)


def test_only_the_authority_decides(tmp_path: Path) -> None:
    for verb in (("revoke", "x"), ("sign", __file__)):
        assert run(*verb, "--membership", tmp_path)[0] == ExitCode.USAGE
