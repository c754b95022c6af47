"""What a node recorded makes the same events again, whatever befell it; and what is no such recording is told so."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

import zyre
from tests.peers.harness import ReferencePeer, require, unused_port
from tests.sim.recorded import record
from tests.support.nodes import drain, expect, meeting, until
from zyre.config import Limits, NodeConfig, Timing
from zyre.core.journal import VERSION_LINE
from zyre.errors import DecodeError
from zyre.events import Event, Exit, Gap, Leader, Shout, Whisper
from zyre.sim import LOSSY_WIFI, World
from zyre.sim.replay import Replay, ReplayDiffers

GROUPS = ["G", "H", "I"]


def replayed(path: Path) -> tuple[Replay, list[Event]]:
    replay = Replay(path)
    return replay, [event for moment in replay for event in moment.events]


def swarm(seed: int, path: Path, seconds: int = 40, **options: Any) -> list[Event]:
    """A recorded node among five others to whom everything happens: what it was told."""
    world = World(seed, LOSSY_WIFI, trace=False)
    config = NodeConfig(
        timing=Timing(evasive=0.5, silent=1, expired=3, handshake=1, send_patience=0.2),
        limits=Limits(link_messages=5, inbox_messages=5, backlog=3, groups=2),
    )
    node = record(world, "recorded", path, groups=["G"], config=config, **options)
    others = [world.node(f"other {number}", groups=["G"], config=config) for number in range(5)]
    chance = world.entropy
    for _ in range(seconds * 5):
        world.run_for(0.2)
        other, group = chance.choice(others), chance.choice(GROUPS)
        match chance.randrange(12):
            case 0:
                getattr(chance.choice([node, other]), chance.choice(["join", "leave", "contest"]))(group)
            case 1:
                other.stall(chance.choice([0.5, 2.0, 4.0]))
            case 2:
                others.remove(other)
                chance.choice([other.kill, other.stop])()
                others.append(world.restart(other, same_identity=chance.random() < 0.5))
            case 3:
                world.partition([node], [other])
            case 10:
                world.reset(node, other)
            case 11:
                world.heal()
            case 4:
                world.change_address(chance.choice([node, other]).box)
            case 5:
                node.host.change("set_header", "seen", group)
            case _:
                for number in range(8):
                    if other.alive:
                        node.whisper(other, f"{number}")
                        other.whisper(node, f"{number}", b"\xff")
                        other.shout(group, "hello")
                    node.shout(group, "hello")
    if chance.random() < 0.5:
        node.stop()
    node.recorder.close()  # type: ignore[attr-defined]
    return node.events


# -- simulated lives ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(8))
def test_a_simulated_life_replays(seed: int, tmp_path: Path) -> None:
    events = swarm(seed, tmp_path / "j")
    assert {Whisper, Shout, Exit} <= {type(event) for event in events}
    replay, again = replayed(tmp_path / "j")
    assert again == events
    assert replay.events == len(events)


@pytest.mark.parametrize("seed", range(8))
def test_what_the_ring_has_kept_of_a_life_replays(seed: int, tmp_path: Path) -> None:
    events = swarm(seed, tmp_path / "j", limit=90_000)
    assert (tmp_path / "j.1").exists()
    replay, again = replayed(tmp_path / "j")
    assert len(replay.files) == 2
    assert len(again) < len(events)
    assert again == events[len(events) - len(again) :], "in what is kept of some lives nothing happened"
    (tmp_path / "j.1").unlink()
    _, last = replayed(tmp_path / "j")
    assert last == again[len(again) - len(last) :]


def test_a_life_without_contents_replays(tmp_path: Path) -> None:
    events = swarm(1, tmp_path / "j", contents=False)
    _, again = replayed(tmp_path / "j")
    assert [type(event) for event in again] == [type(event) for event in events]
    assert len(again) == len(events)


def test_lives_here_have_full_queues_gaps_and_leaders(tmp_path: Path) -> None:
    """Or the tests above would show little."""
    kinds: set[type] = set()
    refused = 0
    for seed in range(4):
        kinds |= {type(event) for event in swarm(seed, tmp_path / f"{seed}")}
        replay = Replay(tmp_path / f"{seed}")
        refused += sum(record.kind.name == "REFUSED" for record in replay._records())
    assert kinds >= {Gap, Leader}
    assert refused > 50


# -- real lives --------------------------------------------------------------------------------------------------------


def test_a_real_life_replays(tmp_path: Path) -> None:
    with meeting("b", "c", "d", groups=["G"]) as others:
        port = others[0]._host.machine._profile.cluster.port
        with zyre.Node("a", port=port, interface="lo", groups=["G"], journal=tmp_path / "j") as node:
            for other in others:
                expect(other, zyre.Enter, peer=node.uuid)
            until(lambda: len(node.peers) == 3)
            for contestant in (node, others[0]):
                contestant.contest("G")
            for number in range(2000):
                others[number % 3].whisper(node, str(number), b"x" * (number % 100))
                node.shout("G", str(number))
            node.set_header("role", "printer")
            others[2].stop()
            until(lambda: node.statistics().unread >= 2000 and len(node.peers) == 2 and node.leader("G"))
            told = drain(node)
        told += node
    replay, again = replayed(tmp_path / "j")
    assert again == told
    assert replay.stopped


@pytest.mark.interop
def test_a_life_among_foreign_peers_replays(tmp_path: Path) -> None:
    require("libzyre", "pyre")
    port = unused_port()
    with (
        ReferencePeer("libzyre", name="l", port=port, groups=["G"]) as one,
        ReferencePeer("pyre", name="p", port=port, groups=["G"]) as two,
        zyre.Node("a", port=port, interface="va", groups=["G"], journal=tmp_path / "j") as node,
    ):
        for peer in (one, two):
            peer.wait_for("ENTER", peer=str(node.uuid))
            peer.flood(str(node.uuid), 500)
        until(lambda: node.statistics().unread == 1000)
        told = drain(node)
        one.close()
        told.append(expect(node, zyre.Exit, peer=one.uuid))
    _, again = replayed(tmp_path / "j")
    assert [event for event in again if isinstance(event, Whisper)] == [
        event for event in told if isinstance(event, Whisper)
    ]
    assert told[-1] in again


def test_what_recording_costs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Printed, not judged: it is the time of a busy machine."""
    cost: dict[bool, float] = {}
    for recorded in (False, True):
        with meeting("one") as one:
            port = one._host.machine._profile.cluster.port
            journal = tmp_path / "j" if recorded else None
            with zyre.Node("two", port=port, interface="lo", journal=journal) as two:
                expect(one, zyre.Enter, peer=two.uuid)
                expect(two, zyre.Enter, peer=one.uuid)
                begin = time.perf_counter()
                for _ in range(5000):
                    one.whisper(two, b"x" * 32)
                until(lambda node=two: node.statistics().unread >= 5000)
                cost[recorded] = (time.perf_counter() - begin) / 5000
    with capsys.disabled():
        print(f"\na message of 32 octets: {cost[False] * 1e6:.1f} us, recorded {cost[True] * 1e6:.1f} us")


# -- what is no recording ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("journal") / "j"
    swarm(3, path, seconds=10)
    return path


def test_another_history_is_noticed_where_it_begins(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from zyre.core.vigil import Vigil

    moments = list(Replay(journal))
    monkeypatch.setattr(Vigil, "heard", lambda self, record, now: None)
    replay = Replay(journal)
    with pytest.raises(ReplayDiffers, match="recorded by zyre") as caught:
        list(replay)
    assert 0 < caught.value.at <= moments[-1].at


def test_a_journal_cut_short_replays_up_to_there(journal: Path, tmp_path: Path) -> None:
    octets = journal.read_bytes()
    whole = [moment.events for moment in Replay(journal)]
    shown = []
    for size in range(len(VERSION_LINE), len(octets), len(octets) // 37):
        (tmp_path / "cut").write_bytes(octets[:size])
        told = []
        try:
            for moment in Replay(tmp_path / "cut"):
                told.append(moment.events)
        except DecodeError:
            pass
        if told:  # the cut may be in the middle of a batch of messages
            assert told[-1] == whole[len(told) - 1][: len(told[-1])]
        assert told[:-1] == whole[: len(told)][:-1]
        shown.append(len(told))
    assert shown == sorted(shown)
    assert shown[-1] > 10


def test_a_damaged_journal_is_told_so(journal: Path, tmp_path: Path) -> None:
    octets = bytearray(journal.read_bytes())
    octets[len(octets) // 2] ^= 0x10
    (tmp_path / "damaged").write_bytes(octets)
    with pytest.raises(DecodeError, match=r"damaged|middle of a block"):
        list(Replay(tmp_path / "damaged"))


@pytest.mark.parametrize("octets", [b"", b"\x7fELF", VERSION_LINE, VERSION_LINE + bytes(8), b"zyre journal 2\n"])
def test_another_file_is_told_so(octets: bytes, tmp_path: Path) -> None:
    (tmp_path / "foreign").write_bytes(octets)
    with pytest.raises(DecodeError):
        Replay(tmp_path / "foreign")
