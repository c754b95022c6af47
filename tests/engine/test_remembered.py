"""Peers of former lives, in a file: found again without beacons, and nothing else worse off for it."""

from __future__ import annotations

import json
import socket
import stat
import time
from pathlib import Path
from typing import Any

import pytest

import zyre
from tests.support.nodes import expect, until, unused_port
from zyre.engine import remembered
from zyre.engine.remembered import read_places, write_places

pytestmark = pytest.mark.lan

NOW = 1_790_000_000.0
UUID = "0123456789ABCDEF" * 2
SOON = zyre.Timing(handshake=0.5)


def node(name: str, **options: Any) -> zyre.Node:
    return zyre.Node(name, port=0, interface="lo", **options)


def test_a_node_that_starts_again_finds_the_others(tmp_path: Path) -> None:
    file = tmp_path / "state" / "peers"
    with node("one") as one, node("two", join=one.endpoint):
        with node("three", join=one.endpoint, remember=file) as three:
            expect(three, zyre.Enter, name="two")
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert len(read_places(file, NOW + 1e9)) == 0, "some day it is too long ago"
        with node("three again", remember=file) as again:
            until(lambda: {peer.name for peer in again.peers} == {"one", "two"})
            assert {peer.found_by for peer in again.peers} <= {"remembered", "introduced", "hello"}


def test_what_a_killed_process_knew_is_in_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "_OFTEN", 0.05)
    file = tmp_path / "peers"
    monkeypatch.setenv("ZYRE_REMEMBER", str(file))
    with node("two") as two:
        monkeypatch.delenv("ZYRE_REMEMBER")
        with node("one") as one:
            two.connect(one.endpoint)
            expect(two, zyre.Enter, name="one")
            until(lambda: str(one.uuid) in file.read_text() if file.exists() else False)


def test_one_that_remains_introduces_the_rest(tmp_path: Path) -> None:
    """Of those who were there one is left, and there are new ones."""
    file = tmp_path / "peers"
    with node("left") as left, node("new", join=left.endpoint) as new:
        gone = {f"{number:032X}": (f"tcp://127.0.0.1:{unused_port()}", time.time()) for number in range(1, 9)}
        write_places(file, {**gone, str(left.uuid): (left.endpoint, time.time())})
        with node("one", remember=file) as one:
            until(lambda: {peer.name for peer in one.peers} == {"left", "new"})
            assert one.statistics().pending == 0, "nobody is waited for who did not answer"
        assert new.statistics().violations == {}


def test_secured_nodes_are_found_again(tmp_path: Path) -> None:
    file, options = tmp_path / "peers", {"secret": "correct horse battery"}
    with node("one", **options) as one:
        with node("two", remember=file, **options) as two:
            two.connect(one.endpoint, public_key=one.public_key)
            expect(two, zyre.Enter, name="one")
        assert one.public_key in file.read_text(), "which is no secret"
        with node("two again", remember=file, **options) as two:
            expect(two, zyre.Enter, name="one")


@pytest.mark.parametrize("secret", [None, "correct horse battery"])
def test_who_is_elsewhere_now_is_met_there(tmp_path: Path, secret: str | None) -> None:
    """Of the same identity, with another key: what is remembered stands in nobody's way."""
    file, port = tmp_path / "peers", unused_port()
    options: dict[str, Any] = {"port": port, "interface": "va", "secret": secret or ""}
    with socket.create_server(("127.0.0.1", 0)) as stranger, zyre.Node("one", uuid=UUID, **options):
        key = "|" + "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7" if secret else ""
        write_places(file, {UUID: (f"tcp://127.0.0.1:{stranger.getsockname()[1]}{key}", time.time())})
        with zyre.Node("two", remember=file, config=zyre.NodeConfig(timing=SOON), **options) as two:
            assert expect(two, zyre.Enter, name="one").address.startswith("tcp://10.77.")
            assert not two.statistics().violations


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"peers": 7}',
        '{"peers": [7, [], ["x", "y", "z"], [1, 2, 3]]}',
        "[" * 5000,
        "\xff",
        "0" * 200_000,
    ],
)
def test_what_makes_no_sense_is_nothing(tmp_path: Path, text: str) -> None:
    file = tmp_path / "peers"
    file.write_text(text, "latin-1")
    assert read_places(file, NOW) == {}
    with node("one", remember=file):
        pass


@pytest.mark.parametrize(
    ("place", "seen", "kept"),
    [
        ("tcp://10.0.0.7:1", NOW - 6 * 86400, True),
        ("tcp://10.0.0.7:1", NOW - 8 * 86400, False),
        ("tcp://10.0.0.7:1", NOW + 1e9, True),
        ("tcp://*:1", NOW, False),
        ("ipc:///tmp/x", NOW, False),
    ],
)
def test_which_places_are_good_for_something(tmp_path: Path, place: str, seen: float, kept: bool) -> None:
    file = tmp_path / "peers"
    file.write_text(json.dumps({"zyre": 1, "peers": [[UUID, place, seen]]}))
    assert bool(read_places(file, NOW)) is kept


def test_the_last_seen_of_many(tmp_path: Path) -> None:
    file = tmp_path / "peers"
    entries = [[f"{number:032X}", f"tcp://10.0.0.7:{number}", NOW - number] for number in range(1, 200)]
    file.write_text(json.dumps({"zyre": 1, "peers": entries}))
    places = read_places(file, NOW)
    assert [place for place, _ in places.values()] == [f"tcp://10.0.0.7:{number}" for number in range(1, 65)]
    write_places(file, places)
    assert read_places(file, NOW) == places


def test_a_file_that_cannot_be_written_hurts_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with node("one") as one, node("two", remember=tmp_path / "file" / "peers") as two:
        two.connect(one.endpoint)
        expect(two, zyre.Enter)
    with pytest.raises(zyre.InvalidConfig, match="remember"):
        zyre.Node(remember=7)  # type: ignore[arg-type]
