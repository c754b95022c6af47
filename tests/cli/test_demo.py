"""``zyre demo``: code 0 only for what was seen, and no process is ever left behind."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from zyre.cli.demo import stage
from zyre.cli.demo.cast import NAMES, Cast
from zyre.cli.demo.chronicle import Chronicle, Happening, Measurement
from zyre.cli.demo.screen import PlainScreen
from zyre.cli.demo.stage import NotSeen
from zyre.cli.demo.story import Story

from .command import PATIENCE, Command, run

STEPS = {"meet": 12, "join": 12, "whisper": 4, "shout": 3, "elect": 4, "crash": 3, "re-elect": 3, "leave": 2}


def alive(pid: int) -> bool:
    """Whether a process runs; one that ended and was not waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def assert_all_end(pids: list[int]) -> None:
    deadline = time.monotonic() + PATIENCE
    while left := [pid for pid in pids if alive(pid)]:
        assert time.monotonic() < deadline, f"processes left behind: {left}"
        time.sleep(0.01)


def pids_of(demo: Command) -> dict[str, int]:
    found: dict[str, int] = json.loads(demo.wait_for('"type": "processes"'))["pids"]
    return found


def test_every_step_is_seen_and_measured() -> None:
    with Command("demo", "--pace", "0", "--json") as demo:
        pids = pids_of(demo)
        assert demo.end() == (0, "")
    assert tuple(pids) == NAMES
    assert_all_end(list(pids.values()))
    summary = json.loads(demo.lines[-1])
    assert summary["type"] == "summary"
    assert summary["ok"] is True
    assert {step["step"]: step["seen"] for step in summary["steps"]} == STEPS
    crash = next(step for step in summary["steps"] if step["step"] == "crash")
    assert 0 < crash["median_ms"] < 10_000
    records = [json.loads(line) for line in demo.lines]
    (killed,) = [record["who"] for record in records if record["type"] == "killed"]
    leaders = {record["peer"] for record in records if record["type"] == "leader"}
    assert killed in leaders
    assert len(leaders) >= 2


def test_plain_lines_in_a_pipe() -> None:
    code, lines, error = run("demo", "--pace", "0")
    assert (code, error) == (0, "")
    assert "Each joins the group CREW" in lines
    assert any(line.endswith("ada   sees ben") for line in lines)
    assert lines[-1] == "Every step was seen by everyone who should see it."
    assert not any("\x1b" in line for line in lines)


def test_a_node_that_dies_unasked_is_code_1_and_a_sentence() -> None:
    with Command("demo", "--json") as demo:
        pids = pids_of(demo)
        os.kill(pids["cleo"], signal.SIGKILL)
        assert demo.end() == (1, "zyre: the process of cleo ended by itself\n")
    summary = json.loads(demo.lines[-1])
    assert (summary["ok"], summary["failure"]) == (False, "the process of cleo ended by itself")
    assert_all_end(list(pids.values()))


class Sabotage(PlainScreen):
    """Stops a process, without ending it, when the act about joining begins."""

    def introduce(self, processes: Mapping[str, int], port: int) -> None:
        self.victim = processes["dan"]

    def act(self, title: str) -> None:
        if "joins" in title:
            os.kill(self.victim, signal.SIGSTOP)


def test_a_node_that_does_nothing_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "_PATIENCE", 3.0)
    screen = Sabotage()
    with Cast() as cast, pytest.raises(NotSeen, match="dan"):
        Story(cast, screen, 0.0).play()
    assert_all_end([screen.victim])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_processes_end_with_the_demo(number: signal.Signals) -> None:
    with Command("demo", "--json") as demo:
        pids = pids_of(demo)
        demo.wait_for("enter")
        demo.process.send_signal(number)
        code, error = demo.end()
        assert code == {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -9}[number]
        assert error == ""
    assert_all_end(list(pids.values()))


def test_measurements_have_a_middle_and_a_worst_case() -> None:
    measurement = Measurement.of("meet", "what", [0.001, 0.003, -0.00001])
    assert (measurement.typical, measurement.slowest, len(measurement.times)) == (1.0, 3.0, 3)


def test_the_chronicle_answers_what_was_first_and_who_leads() -> None:
    chronicle = Chronicle()
    for at, peer in ((1.0, "ben"), (2.0, "cleo"), (3.0, "dan")):
        chronicle.add(Happening(at, "ada", "leader", peer))
    assert chronicle.find("ada", "leader") == Happening(1.0, "ada", "leader", "ben")
    assert chronicle.find("ada", "leader", since=1.5) == Happening(2.0, "ada", "leader", "cleo")
    assert chronicle.find("ben", "leader") is None
    last = chronicle.leader("ada")
    assert last is not None
    assert last.peer == "dan"
    assert chronicle.leader("ada", since=3.5) is None
