"""Each durable message is done once: its work and its number are committed together, or neither is."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

import zyre
from tests.core.rig import peer_id
from tests.peers.harness import unused_port
from tests.support.nodes import expect
from zyre.events import DurableWhisper


def letter(number: int, stream: int = 1, peer: int = 1) -> DurableWhisper:
    return DurableWhisper(peer_id(peer), "billing", (b"%d" % number,), stream=stream, number=number)


@pytest.fixture(params=["", None])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(tmp_path / "work.db", isolation_level=request.param)
    connection.execute("CREATE TABLE invoices (text BLOB)")
    connection.commit()
    yield connection
    connection.close()


def do(database: sqlite3.Connection, event: DurableWhisper, *, defect: bool = False) -> bool:
    with zyre.once(database, event) as fresh:
        if fresh:
            database.execute("INSERT INTO invoices VALUES (?)", (event.content[0],))
        if defect:
            raise LookupError
    return fresh


def invoices(database: sqlite3.Connection) -> list[bytes]:
    return [text for (text,) in database.execute("SELECT text FROM invoices")]


def test_what_comes_again_is_known_also_after_the_program_began_anew(
    database: sqlite3.Connection, tmp_path: Path
) -> None:
    events = [letter(1), letter(1), letter(2), letter(1), letter(2), letter(3)]
    assert [do(database, event) for event in events] == [True, False, True, False, False, True]
    database.close()
    again = sqlite3.connect(tmp_path / "work.db")
    assert [do(again, event) for event in (letter(3), letter(4))] == [False, True]
    assert invoices(again) == [b"1", b"2", b"3", b"4"]
    again.close()


def test_peers_and_their_streams_are_told_apart(database: sqlite3.Connection) -> None:
    events = [letter(5), letter(1, peer=2), letter(1, stream=2), letter(9, stream=1)]
    assert [do(database, event) for event in events] == [True, True, True, False]


def test_work_that_fails_leaves_nothing_and_may_be_done_when_it_comes_again(database: sqlite3.Connection) -> None:
    with pytest.raises(LookupError):
        do(database, letter(1), defect=True)
    assert invoices(database) == []
    assert not database.in_transaction
    assert do(database, letter(1))
    assert invoices(database) == [b"1"]


def test_a_message_that_really_comes_again_is_done_once(tmp_path: Path, database: sqlite3.Connection) -> None:
    """The program dies between its commit and its next read: the store has not heard that the message was taken."""
    port = unused_port()

    def receiver() -> zyre.Node:
        return zyre.Node("printer", store=tmp_path / "printer.db", port=port, interface="lo")

    with zyre.Node("billing", store=tmp_path / "billing.db", port=port, interface="lo") as billing:
        with suppress(InterruptedError), receiver() as printer:
            billing.whisper(printer.uuid, "invoice 1", mode="durable")
            assert do(database, expect(printer, DurableWhisper))
            raise InterruptedError
        with receiver() as printer:
            assert not do(database, expect(printer, DurableWhisper))
        assert invoices(database) == [b"invoice 1"]
