"""The store's file: whose it is, who may have it, and what cannot be one. What it keeps: tests/conformance."""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path

import pytest

from tests.support.nodes import PATIENCE
from zyre.core.effects import Keep
from zyre.engine.store import SqliteStore
from zyre.errors import StoreError
from zyre.identity import PeerId

OWN, OTHER = PeerId("0" * 32), PeerId("1" * 32)


def close(store: SqliteStore) -> None:
    store.close()
    store.wait_closed(PATIENCE)


def test_it_is_nobody_else_s_to_read(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.db", OWN)
    store.open()
    close(store)
    assert stat.S_IMODE(os.stat(tmp_path / "store.db").st_mode) == 0o600


def test_one_node_at_a_time_has_it(tmp_path: Path) -> None:
    first, second = (SqliteStore(tmp_path / "store.db", OWN) for _ in range(2))
    first.open()
    with pytest.raises(StoreError, match="in use by another node"):
        second.open()
    close(first)
    second.open()
    close(second)


def test_it_is_one_node_s(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.db", OWN)
    store.open()
    close(store)
    with pytest.raises(StoreError, match=f"is that of the node {OWN}, and this one is {OTHER}"):
        SqliteStore(tmp_path / "store.db", OTHER).open()


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\x00" + bytes(4000)])
def test_what_is_no_store_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "store.db").write_bytes(content)
    with pytest.raises(StoreError, match=r"the store .*store\.db cannot be"):
        SqliteStore(tmp_path / "store.db", OWN).open()
    assert (tmp_path / "store.db").read_bytes() == content


def test_a_place_where_no_file_can_be_is_told(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere" / "store.db", tmp_path):
        with pytest.raises(StoreError, match="cannot be opened"):
            SqliteStore(path, OWN).open()


def test_another_version_is_left_alone(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.db", OWN)
    store.open()
    close(store)
    with sqlite3.connect(tmp_path / "store.db") as connection:
        connection.execute("UPDATE about SET value = '99' WHERE key = 'version'")
    connection.close()
    with pytest.raises(StoreError, match="another version of zyre"):
        SqliteStore(tmp_path / "store.db", OWN).open()


def test_a_letter_that_makes_no_sense_is_told(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.db", OWN)
    store.open()
    store.write(Keep(1, OTHER, 7, 1, "", (b"x",), 60.0))
    assert store.flush(PATIENCE)
    close(store)
    with sqlite3.connect(tmp_path / "store.db") as connection:
        connection.execute("UPDATE letters SET frames = x'000000ff'")
    connection.close()
    with pytest.raises(StoreError, match="cannot be read"):
        SqliteStore(tmp_path / "store.db", OWN).open()


def test_a_commit_costs_the_writer_nothing(tmp_path: Path) -> None:
    """Many effects are few commits: the node never waits, and the disk is asked seldom."""
    store = SqliteStore(tmp_path / "store.db", OWN)
    store.open()
    reports: list[object] = []
    store.on_report = reports.append
    for number in range(1, 3001):
        store.write(Keep(number, OTHER, 7, number, "", (b"x",), 60.0))
    assert store.flush(PATIENCE)
    close(store)
    assert len(reports) < 1500
