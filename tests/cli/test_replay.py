"""``zyre replay``: what it shows, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.sim.recorded import record
from zyre.cli import cli
from zyre.core.membership import Membership
from zyre.sim import World


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("journal") / "alice.journal"
    world = World(1)
    alice = record(world, "alice", path, groups=["CHAT"])
    bob, carol = world.node("bob", groups=["CHAT"]), world.node("carol")
    world.run_for(2.0)
    bob.shout("CHAT", "good morning")
    world.run_for(1.0)
    carol.stop()
    bob.whisper(alice, b"\x1b[31m")
    world.run_for(1.0)
    alice.stop()
    alice.recorder.close()  # type: ignore[attr-defined]
    return path


def zyre_replay(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["replay", *map(str, arguments)])


def test_it_shows_the_events_with_their_times(journal: Path) -> None:
    result = zyre_replay(journal)
    assert result.exit_code == 0
    lines = [line.split() for line in result.stdout.splitlines()]
    assert sorted(line[1] for line in lines) == ["enter", "enter", "exit", "join", "shout", "whisper"]
    assert [float(line[0]) for line in lines] == sorted(float(line[0]) for line in lines)
    assert "\x1b" not in result.stdout


def test_json_has_the_time_of_the_recording_and_a_summary(journal: Path) -> None:
    *events, summary = [json.loads(line) for line in zyre_replay(journal, "--json").stdout.splitlines()]
    assert summary["type"] == "replayed"
    assert summary["events"] == len(events) == 6
    assert summary["stopped"] is True
    assert all(event["time"].endswith("Z") and event["at"] >= 0 for event in events)


def test_a_peer_or_a_stretch_of_time_can_be_picked(journal: Path) -> None:
    everything = zyre_replay(journal).stdout.splitlines()
    of_bob = zyre_replay(journal, "--peer", "bob").stdout.splitlines()
    assert of_bob == [line for line in everything if " bob " in line]
    records = [json.loads(line) for line in zyre_replay(journal, "--json", "--peer", "bob").stdout.splitlines()]
    assert zyre_replay(journal, "--peer", records[0]["peer"][:8].lower()).stdout.splitlines() == of_bob
    early, late = zyre_replay(journal, "--to", 2.5), zyre_replay(journal, "--from", 2.5)
    assert early.stdout.splitlines() + late.stdout.splitlines() == everything
    assert early.stdout
    assert late.stdout


def test_other_events_than_recorded_are_exit_code_1(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Membership, "on_goodbye", lambda self, record: ())
    result = zyre_replay(journal)
    assert result.exit_code == 1
    assert "differ from" in result.stderr


def test_what_cannot_be_read_is_exit_code_3(journal: Path, tmp_path: Path) -> None:
    (tmp_path / "cut").write_bytes(journal.read_bytes()[:-7])
    (tmp_path / "foreign").write_text("hello")
    (tmp_path / "later").write_text("zyre journal 2\n")
    told = {"cut": "cut short", "foreign": "no journal", "later": "another version", "missing": "No such file"}
    for name, sentence in told.items():
        result = zyre_replay(tmp_path / name)
        assert result.exit_code == 3
        assert sentence in result.stderr
        assert len(result.stderr.splitlines()) == 1
    assert zyre_replay(tmp_path / "cut").stdout, "what can be replayed is shown"
