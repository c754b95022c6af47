"""The directory of node files: whole or not at all, ours only, and trouble is survived."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from zyre.cli.nodefiles import NodeFiles

ADA = "A" * 32
BEN = "B" * 32


def names(path: Path) -> set[str]:
    return {entry.name for entry in path.iterdir()}


def test_files_follow_what_is_wanted(tmp_path: Path) -> None:
    with NodeFiles(tmp_path / "new" / "nodes") as files:
        files.put(ADA, {"name": "ada"})
        files.put(BEN, {"name": "ben"})
        assert files.settle() is None
        assert names(files.path) == {f"{ADA}.json", f"{BEN}.json"}
        files.put(ADA, {"name": "ada", "groups": ["ü"]})
        files.discard(BEN)
        assert files.settle() is None
        assert names(files.path) == {f"{ADA}.json"}
        assert json.loads((files.path / f"{ADA}.json").read_bytes()) == {"name": "ada", "groups": ["ü"]}
    assert names(files.path) == set()


def test_leftovers_of_a_crash_go_and_nothing_else(tmp_path: Path) -> None:
    ours = {f"{ADA}.json", f".{BEN}.json.new"}
    others = {"notes.json", f"{ADA.lower()}.json", f"{ADA}.json.bak", f"{ADA}0.json", f".{BEN}.json", "x.new"}
    for name in ours | others:
        (tmp_path / name).write_text("{}")
    (tmp_path / f"{BEN}.json").mkdir()  # of our name, and yet no file of ours
    with NodeFiles(tmp_path):
        assert names(tmp_path) == others | {f"{BEN}.json"}
    assert names(tmp_path) == others | {f"{BEN}.json"}


def test_a_link_under_our_name_is_replaced_and_not_followed(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("keep me")
    path = tmp_path / "nodes"
    with NodeFiles(path) as files:
        (path / f".{ADA}.json.new").symlink_to(precious)
        files.put(ADA, {})
        assert files.settle() is not None
        assert files.settle() is None, "the link itself is in nobody's way twice"
    assert precious.read_text() == "keep me"


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    """Whatever the moment, a reader finds no file or a whole one, with all of one version in it."""
    seen: set[int] = set()
    stop = threading.Event()
    broken: list[str] = []

    def read() -> None:
        while not stop.is_set():
            try:
                text = (tmp_path / f"{ADA}.json").read_text()
                numbers = set(json.loads(text)["numbers"])
            except FileNotFoundError:
                continue
            except ValueError:
                broken.append(text)
                return
            if len(numbers) != 1:
                broken.append(text)
            seen.update(numbers)

    with NodeFiles(tmp_path) as files:
        reader = threading.Thread(target=read)
        reader.start()
        for number in range(400):
            files.put(ADA, {"numbers": [number] * (1 + number % 7 * 2000)})
            assert files.settle() is None
        stop.set()
        reader.join()
    assert not broken
    assert len(seen) > 3, "the reader has to run while files change"


def test_what_cannot_be_written_is_tried_again_and_stops_nothing_else(tmp_path: Path) -> None:
    with NodeFiles(tmp_path) as files:
        obstacle = tmp_path / f"{ADA}.json"
        obstacle.mkdir()
        (obstacle / "full").touch()
        files.put(ADA, {"name": "ada"})
        files.put(BEN, {"name": "ben"})
        assert isinstance(files.settle(), OSError)
        assert names(tmp_path) == {f"{ADA}.json", f"{BEN}.json"}, "no temporary file is left"
        (obstacle / "full").unlink()
        obstacle.rmdir()
        assert files.settle() is None
        assert obstacle.is_file()


def test_impossible_places(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for path in (file, file / "below", Path("/proc/nodes")):
        with pytest.raises(OSError), NodeFiles(path):
            pass


def test_one_keeper_at_a_time(tmp_path: Path) -> None:
    with NodeFiles(tmp_path) as files:
        files.put(ADA, {})
        files.settle()
        with pytest.raises(OSError, match="another"), NodeFiles(tmp_path):
            pass
        assert names(tmp_path) == {f"{ADA}.json"}
    with NodeFiles(tmp_path):
        pass
