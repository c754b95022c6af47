"""The command itself: help, version, wrong usage, and what it does not load."""

from __future__ import annotations

import subprocess
import sys

import pytest
from click.testing import CliRunner

import zyre
from zyre.cli import VERBS, cli
from zyre.cli.exits import Unfit, exit_codes

from .command import run


def loaded_by(code: str) -> set[str]:
    """The packages that a fresh interpreter has loaded after some code."""
    code += "\nimport sys; print(*{name.partition('.')[0] for name in sys.modules})"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


def test_import_zyre_loads_nothing_of_the_commands() -> None:
    assert not {"click", "rich"} & loaded_by("import zyre")


def test_help_and_version_load_no_rich() -> None:
    code = "from zyre.cli import cli\nfor option in ('--help', '--version'): cli([option], standalone_mode=False)"
    assert "rich" not in loaded_by(code)


def test_help_names_every_verb_there_is() -> None:
    result = CliRunner().invoke(cli, ["--help"])
    assert result.exit_code == 0
    verbs = cli.list_commands(None)  # type: ignore[arg-type]
    assert {"demo", "peers", "listen", "shout", "whisper", "ping", "dir"} <= set(verbs) <= set(VERBS)
    for verb in verbs:
        assert f"  {verb}" in result.output


@pytest.mark.parametrize("verb", ["demo", "peers", "listen", "shout", "whisper", "ping", "dir"])
def test_every_verb_has_help_and_json(verb: str) -> None:
    result = CliRunner().invoke(cli, [verb, "--help"])
    assert result.exit_code == 0
    assert "--json" in result.output


def test_version() -> None:
    assert CliRunner().invoke(cli, ["--version"]).output == f"zyre {zyre.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["pong"], "No such command 'pong'"),
        (["peers", "--header", "role"], "not of the form NAME=VALUE"),
        (["peers", "--name", "n" * 256], "the limit is 255"),
        (["listen", "--count", "0"], "0 is not in the range"),
        (["listen", ""], "is empty"),
        (["shout"], "Missing argument 'GROUP'"),
        (["shout", "", "text"], "is empty"),
        (["peers", "--connect", "tcp://*:7"], "wildcard"),
        (["listen", "--for", "0"], "0"),
        (["dir"], "Missing argument 'PATH'"),
    ],
)
def test_wrong_usage_is_code_2_and_says_what_is_wrong(arguments: list[str], sentence: str) -> None:
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert "Traceback" not in result.output


def test_no_such_interface_is_code_3_and_names_those_there_are() -> None:
    result = CliRunner().invoke(cli, ["peers", "--interface", "no-such"])
    assert result.exit_code == 3
    assert result.stderr.startswith("zyre: no usable interface matches 'no-such'")
    assert "lo (127.0.0.1)" in result.stderr


def test_advice_is_for_the_shell() -> None:
    with pytest.raises(Unfit, match=r"this machine has: none\); --interface lo works without a network"), exit_codes():
        raise zyre.NoInterface(None, ())


def test_run_as_a_module() -> None:
    assert run("--version") == (0, [f"zyre {zyre.__version__}"], "")
