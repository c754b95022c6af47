"""The recorder: what it writes, how much at most, and that nothing which befalls it hurts the node."""

from __future__ import annotations

import errno
import logging
import os
import stat
from pathlib import Path
from typing import Any

import pytest

import zyre
from tests.core.rig import LOCALITY, OWN
from tests.support.nodes import expect, meeting, until
from zyre.config import ClusterConfig, NodeConfig
from zyre.core.driver import Driver
from zyre.core.journal import VERSION_LINE
from zyre.core.node import NodeMachine
from zyre.core.profile import NodeProfile
from zyre.engine.recorder import Recorder
from zyre.errors import InvalidConfig
from zyre.sim.replay import Replay

PROFILE = NodeProfile(OWN, "own", {}, (), ClusterConfig(), NodeConfig(), frozenset())


class Desk:
    """A recorder around a driver on a host of paper."""

    def __init__(self, path: Path, **options: Any) -> None:
        self.time = 5.0
        self.refuse = False
        self.machine = NodeMachine(PROFILE)
        self.recorder = Recorder(path, PROFILE, self.machine, clock=lambda: self.time, **options)
        self.driver = Driver(
            self.machine,
            transport=self.recorder.around_transport(self),
            clock=self.recorder.around_clock(self),
            alarm=self,
            deliver=self.recorder.around_deliver(lambda events: None),
            tap=self.recorder.tap,
        )

    def now(self) -> float:
        return self.time

    def set(self, deadline: float) -> None: ...

    def open(self) -> Any:
        return LOCALITY

    def open_link(self, link: int, endpoint: str) -> bool:
        return not self.refuse

    def listen_anew(self) -> None:
        """Nobody listens."""

    def probe(self, link: int, endpoint: str) -> None: ...

    def hasten(self, link: int) -> None: ...

    def send(self, link: int, frames: Any) -> bool:
        return not self.refuse

    def close_link(self, link: int, flush: bool) -> None: ...

    def broadcast(self, payload: bytes) -> None: ...

    def close(self) -> None: ...

    def tick(self, times: int = 1) -> None:
        for _ in range(times):
            self.time = self.machine.next_timeout()
            self.driver.on_alarm()


def test_a_node_that_never_starts_leaves_a_journal_of_nothing(tmp_path: Path) -> None:
    zyre.Node("idle", journal=tmp_path / "j").stop()
    replay = Replay(tmp_path / "j")
    assert list(replay) == []
    assert replay.stopped
    assert replay.profile.name == "idle"


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    Desk(tmp_path / "j").recorder.close()
    assert stat.S_IMODE(os.stat(tmp_path / "j").st_mode) == 0o600


def test_the_journal_of_the_run_before_is_kept_aside(tmp_path: Path) -> None:
    for _ in range(2):
        desk = Desk(tmp_path / "j")
        desk.driver.start()
        desk.recorder.close()
    assert sorted(os.listdir(tmp_path)) == ["j", "j.1"]
    assert Replay(tmp_path / "j").files == (tmp_path / "j",), "another life is no part of this one"


def test_a_path_that_cannot_be_written_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig, match="cannot be written"):
        zyre.Node("a", journal=tmp_path / "missing" / "j")


def test_nothing_but_a_journal_is_moved_aside(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("three years of work")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("thesis.txt", "link", "."):
        with pytest.raises(InvalidConfig, match="no journal"):
            zyre.Node("a", journal=tmp_path / name)
    assert (tmp_path / "thesis.txt").read_text() == "three years of work"
    assert sorted(os.listdir(tmp_path)) == ["link", "thesis.txt"]


def test_a_limit_too_small_for_a_ring_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig, match="journal_limit"):
        zyre.Node("a", journal=tmp_path / "j", journal_limit=1000)


def test_it_stays_within_its_limit_and_replays_from_what_is_left(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "j", limit=1 << 17)
    desk.driver.start()
    for number in range(20_000):
        desk.driver.change("join", f"group {number % 7}")
        desk.driver.change("leave", f"group {number % 7}")
        desk.tick()
    desk.recorder.close()
    sizes = {name: os.path.getsize(tmp_path / name) for name in os.listdir(tmp_path)}
    assert set(sizes) == {"j", "j.1"}
    assert sum(sizes.values()) < (1 << 17) + 3 * 65536, "the limit, and the block that reached it"
    replay = Replay(tmp_path / "j")
    assert replay.files == (tmp_path / "j.1", tmp_path / "j")
    assert list(replay) == []
    assert replay.inputs > 1000
    assert replay.stopped


def test_a_lone_input_is_handed_over_at_once_and_a_flood_in_blocks(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "j")
    size = os.path.getsize(tmp_path / "j")
    desk.time = 6.0
    desk.driver.start()
    assert os.path.getsize(tmp_path / "j") > size
    size = os.path.getsize(tmp_path / "j")
    for _ in range(100):
        desk.driver.change("join", "G")
    assert os.path.getsize(tmp_path / "j") == size
    desk.recorder.close()
    assert os.path.getsize(tmp_path / "j") > size


def test_a_full_disk_ends_the_journal_and_not_the_node(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    desk = Desk(tmp_path / "j")
    desk.driver.start()
    desk.tick(2)
    good = os.path.getsize(tmp_path / "j")
    write = os.write

    def full(descriptor: int, data: Any) -> int:
        if len(data) > 20:
            return write(descriptor, bytes(data[:20]))
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with caplog.at_level(logging.WARNING, "zyre"):
        desk.tick(3)
    assert [record.levelname for record in caplog.records] == ["WARNING"], "said once"
    assert "No space left" in caplog.text
    assert desk.machine.counters.failures == {"journal": 1}
    assert os.path.getsize(tmp_path / "j") == good, "half a block is taken back"
    desk.recorder.close()
    assert not Replay(tmp_path / "j").stopped


def test_a_new_file_that_cannot_be_begun_ends_the_journal_and_not_the_node(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(tmp_path / "j", limit=1 << 16)
    desk.driver.start()
    monkeypatch.setattr(os, "replace", lambda *paths: (_ for _ in ()).throw(PermissionError(13, "no")))
    desk.tick(5000)
    assert desk.machine.counters.failures == {"journal": 1}
    assert os.listdir(tmp_path) == ["j"]


def test_a_child_writes_nothing_of_its_parent(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "j")
    desk.driver.start()
    size = os.path.getsize(tmp_path / "j")
    desk.recorder.abandon()
    desk.tick(5)
    desk.recorder.close()
    assert os.path.getsize(tmp_path / "j") == size


def test_a_forgotten_recorder_gives_its_descriptor_back(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for number in range(20):
        Recorder(tmp_path / f"{number}", PROFILE, NodeMachine(PROFILE))
    assert len(os.listdir("/proc/self/fd")) <= before + 1


def test_contents_can_be_left_out(tmp_path: Path) -> None:
    with meeting("other") as other:
        port = other._host.machine._profile.cluster.port
        with zyre.Node("a", port=port, interface="lo", journal=tmp_path / "j", journal_contents=False) as node:
            expect(node, zyre.Enter, peer=other.uuid)
            expect(other, zyre.Enter, peer=node.uuid)
            other.whisper(node, b"a secret", b"")
            expect(node, zyre.Whisper, content=(b"a secret", b""))
            node.whisper(other, b"my own secret")
    octets = (tmp_path / "j").read_bytes()
    assert octets.startswith(VERSION_LINE)
    assert b"secret" not in octets
    told = [event for moment in Replay(tmp_path / "j") for event in moment.events]
    assert (b"(8 octets, not recorded)", b"(0 octets, not recorded)") in [
        event.content for event in told if isinstance(event, zyre.Whisper)
    ]


def test_statistics_tell_of_a_journal_that_ended(tmp_path: Path) -> None:
    with meeting("other") as other:
        port = other._host.machine._profile.cluster.port
        with zyre.Node("a", port=port, interface="lo", journal=tmp_path / "j") as node:
            with open("/dev/full", "wb") as full:
                os.dup2(full.fileno(), node._host._recorder._file)
            until(lambda: node.statistics().failures.get("journal"))
            expect(node, zyre.Enter, peer=other.uuid)


def test_an_input_that_cannot_be_written_down_ends_the_journal_and_not_the_node(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    desk = Desk(tmp_path / "j")
    desk.driver.start()
    del desk.recorder._encoders["join"]
    desk.driver.change("join", "G")
    desk.driver.change("leave", "G")
    assert desk.machine.counters.failures == {"journal": 1}
    assert "KeyError" in caplog.text
