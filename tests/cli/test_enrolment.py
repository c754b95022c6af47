"""``zyre invite`` and ``zyre enroll`` as people use them: two processes, a code, and then two nodes that talk."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import zyre
from tests.cli.command import Command
from tests.peers.harness import unused_port
from tests.support.nodes import expect
from zyre.cli.exits import ExitCode

pytestmark = pytest.mark.lan


def zyre_command(*arguments: object, code: str = "") -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "zyre.cli", *map(str, arguments)],
        input=code, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def first(tmp_path: Path) -> Path:
    assert zyre_command("keys", "authority", "--membership", tmp_path / "lab", "--node", "first")[0] == 0
    return tmp_path / "lab"


def test_a_machine_is_invited_and_enrolls_and_they_talk(first: Path, tmp_path: Path) -> None:
    port, second = unused_port(), tmp_path / "second"
    with Command("invite", "--membership", first, "--interface", "va", "--port", port) as inviting:
        code = inviting.wait_for("^code: ").removeprefix("code: ")
        enrolling = ("enroll", "--membership", second, "--name", "second", "--port", port)
        other = "actor" if not code.endswith("actor") else "acorn"
        status, said, wrong = zyre_command(*enrolling, code=re.sub(r"-[a-z]+$", f"-{other}", code) + "\n")
        assert (status, said, second.exists()) == (ExitCode.NOT_DONE, "", False)
        assert "ask for a new one" in wrong
        assert other not in wrong
        status, said, wrong = zyre_command(*enrolling, "--json", code=code.upper().replace("-", " ") + "\n")
        assert (status, wrong) == (0, "")
        assert json.loads(said)["name"] == "second"
        inviting.wait_for("second is a member of lab now")
        assert inviting.end() == (0, "")
    status, _, wrong = zyre_command(*enrolling, code=code)
    assert (status, "--renew" in wrong) == (ExitCode.USAGE, True)
    with (
        zyre.Node("first", membership=first, interface="va", port=port) as one,
        zyre.Node("second", membership=second, interface="va", port=port) as two,
    ):
        expect(one, zyre.Enter, peer=two.uuid)
        expect(two, zyre.Enter, peer=one.uuid)
        one.whisper(two.uuid, "hello")
        expect(two, zyre.Whisper, content=(b"hello",))


def test_what_is_wrong_is_said(first: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    status, _, wrong = zyre_command("invite", "--membership", first, "--timeout", "0.1", "--interface", "va")
    assert (status, "nobody came in time" in wrong) == (ExitCode.NOT_DONE, True)
    status, _, wrong = zyre_command("invite", "--membership", new)
    assert (status, "zyre keys authority" in wrong) == (ExitCode.USAGE, True)
    status, _, wrong = zyre_command("enroll", "--membership", new, code="seven nuts\n")
    assert (status, "a number and two words" in wrong) == (ExitCode.USAGE, True)
    status, _, wrong = zyre_command("enroll", "--membership", new, "--timeout", "0.1", code="7-walnut-copper\n")
    assert (status, "--host" in wrong) == (ExitCode.NOT_DONE, True)
    status, _, wrong = zyre_command("enroll", "--membership", new, "--host", "10.77.0.1:1", code="7-walnut-copper\n")
    assert (status, "cannot be reached" in wrong) == (ExitCode.UNFIT, True)
    status, _, wrong = zyre_command("enroll", "--membership", first, "--renew", code="7-walnut-copper\n")
    assert (status, "the authority itself" in wrong) == (ExitCode.USAGE, True)
    assert not new.exists()
