"""``zyre dir``: files and HTTP for programs that know nothing of ZRE."""

from __future__ import annotations

import http.client
import json
import resource
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import pytest

import zyre

from .command import PATIENCE, Command, run

MakeNode = Callable[..., zyre.Node]
T = TypeVar("T")


def until(look: Callable[[], T]) -> T:
    """What ``look`` returns as soon as it is true."""
    deadline = time.monotonic() + PATIENCE
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)
    return found


def test_one_file_for_each_node_online(make_node: MakeNode, place: list[str], tmp_path: Path) -> None:
    with Command("dir", tmp_path, *place) as keeper:
        keeper.wait_for("keeps")
        ada = make_node("ada", "CHAT", headers={"role": "printer"})
        file = tmp_path / f"{ada.uuid}.json"
        record = json.loads(until(lambda: file.exists() and file.read_bytes()))
        since = datetime.fromisoformat(record["since"])
        assert datetime.now(UTC) - since < timedelta(seconds=PATIENCE)
        assert (
            record.items()
            >= {
                "name": "ada",
                "uuid": str(ada.uuid),
                "address": ada.endpoint,
                "headers": {"role": "printer"},
                "groups": ["CHAT"],
            }.items()
        )
        ada.join("WORK")
        until(lambda: json.loads(file.read_bytes())["groups"] == ["CHAT", "WORK"])
        ada.leave("CHAT")
        until(lambda: json.loads(file.read_bytes())["groups"] == ["WORK"])
        assert json.loads(file.read_bytes())["since"] == record["since"]
        ada.stop()
        until(lambda: not file.exists())
        ben = make_node("ben")
        keeper.wait_for("enter     ben")
        until((tmp_path / f"{ben.uuid}.json").exists)
        keeper.interrupt()
        assert keeper.end() == (130, "")
    assert list(tmp_path.iterdir()) == []


def test_after_a_crash_the_next_run_clears_up(make_node: MakeNode, place: list[str], tmp_path: Path) -> None:
    ada = make_node("ada")
    (tmp_path / "notes.txt").touch()
    with Command("dir", tmp_path, *place) as keeper:
        until((tmp_path / f"{ada.uuid}.json").exists)
        keeper.process.kill()
    ada.stop()
    assert (tmp_path / f"{ada.uuid}.json").exists()
    assert run("dir", tmp_path, "--for", "0.1", *place)[0] == 0
    assert [file.name for file in tmp_path.iterdir()] == ["notes.txt"]


def test_a_disk_that_fills_up_is_reported_once_and_tried_again(
    make_node: MakeNode, place: list[str], tmp_path: Path
) -> None:
    with Command("dir", tmp_path, *place) as keeper:
        keeper.wait_for("keeps")
        _, hard = resource.prlimit(keeper.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(keeper.process.pid, resource.RLIMIT_FSIZE, (0, hard))  # no file may grow now
        ada, ben = make_node("ada"), make_node("ben")
        keeper.wait_for("cannot be written: File too large; trying again every 2 s")
        for name in ("ada", "ben"):
            if not any(f"enter     {name}" in line for line in keeper.lines):
                keeper.wait_for(f"enter     {name}")
        assert [file for file in tmp_path.iterdir() if not file.name.startswith(".")] == []
        resource.prlimit(keeper.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
        keeper.wait_for("is up to date again")
        assert {file.stem for file in tmp_path.iterdir()} == {ada.uuid, ben.uuid}
        keeper.interrupt()
        assert keeper.end() == (130, "")
    assert sum("cannot be written" in line for line in keeper.lines) == 1


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("file", "is a file, and has to be a directory"),
        ("file/below", "cannot be kept: Not a directory"),
        ("/proc/nodes", "cannot be kept: No such file or directory"),
    ],
)
def test_a_place_that_cannot_be_kept(path: str, why: str, place: list[str], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    code, lines, error = run("dir", tmp_path / path, *place)
    assert (code, lines) == (3, [])
    assert error.startswith("zyre: ")
    assert why in error
    assert error.count("\n") == 1


def test_two_keepers_of_one_directory(place: list[str], tmp_path: Path) -> None:
    with Command("dir", tmp_path, *place) as keeper:
        keeper.wait_for("keeps")
        code, _, error = run("dir", tmp_path, *place)
        assert code == 3
        assert "another `zyre dir` keeps it already" in error


class Client:
    """Asks one server, with the path exactly as given."""

    def __init__(self, url: str) -> None:
        self._address = urlsplit(url).netloc

    def ask(self, path: str, method: str = "GET") -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self._address, timeout=PATIENCE)
        try:
            connection.request(method, path)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()


def test_http(make_node: MakeNode, place: list[str], tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text("{}")
    ada = make_node("ada", "CHAT")
    with Command("dir", tmp_path, "--http", 0, "--json", *place) as keeper:
        url = json.loads(keeper.wait_for("serving"))["url"]
        assert url.startswith("http://127.0.0.1:")
        client = Client(url)
        file = tmp_path / f"{ada.uuid}.json"
        until(file.exists)
        assert client.ask(f"/{ada.uuid}.json") == (200, file.read_bytes())
        assert client.ask("/") == (200, json.dumps([json.loads(file.read_bytes())], indent=2).encode() + b"\n")
        assert client.ask("/", "HEAD") == (200, b"")
        for path in ("/secret.json", "/../../etc/passwd", f"//{file}", "/%2e%2e/", f"/{'0' * 32}.json", f"/{ada.uuid}"):
            assert client.ask(path)[0] == 404, path
        for method in ("POST", "PUT", "DELETE"):
            assert client.ask(f"/{ada.uuid}.json", method)[0] == 501
        ada.stop()
        until(lambda: client.ask("/") == (200, b"[]\n"))
        keeper.interrupt()
        assert keeper.end() == (130, "")
    assert [file.name for file in tmp_path.iterdir()] == ["secret.json"]


def test_an_http_port_that_is_taken(place: list[str], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        code, _, error = run("dir", tmp_path, "--http", number, *place)
    assert code == 3
    assert error == f"zyre: http://127.0.0.1:{number} cannot be served: Address already in use\n"


def test_an_http_client_that_stops_halfway_stops_nobody(make_node: MakeNode, place: list[str], tmp_path: Path) -> None:
    make_node("ada")
    with Command("dir", tmp_path, "--http", 0, "--json", *place) as keeper:
        url = json.loads(keeper.wait_for("serving"))["url"]
        address = urlsplit(url)
        assert address.hostname
        assert address.port
        with socket.create_connection((address.hostname, address.port)) as slow:
            slow.sendall(b"GET / HT")
            assert Client(url).ask("/")[0] == 200
            keeper.interrupt()
            assert keeper.end() == (130, "")
