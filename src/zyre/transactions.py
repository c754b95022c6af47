"""Durable messages, each done once: the work and how far it is, in one transaction of the program's own database.

A durable message is handed over again if the program's process died before that it was taken was on disk. Only the
program's own database knows whether the work of before was done, so the number is kept there, beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from zyre.events import DurableShout, DurableWhisper

if TYPE_CHECKING:
    import sqlite3

__all__ = ["once"]

_TABLE = """CREATE TABLE IF NOT EXISTS zyre_done (peer TEXT PRIMARY KEY, stream INTEGER NOT NULL,
    number INTEGER NOT NULL)"""


@contextmanager
def once(connection: sqlite3.Connection, event: DurableWhisper | DurableShout) -> Iterator[bool]:
    """One transaction for a durable message, True if it was not done before: ``with once(database, event) as fresh:``.

    What the block writes to ``connection`` and the message's number are committed together, or neither, if the block
    raises. The numbers are in a table ``zyre_done`` that is made when it is missing; a database is for one node's
    messages. What was written and not committed before the block belongs to it. Raises sqlite3.Error.
    """
    peer, place = str(event.peer), (event.stream, event.number)
    if not connection.in_transaction:
        connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(_TABLE)
        last = connection.execute("SELECT stream, number FROM zyre_done WHERE peer = ?", (peer,)).fetchone()
        fresh = last is None or place > tuple(last)
        yield fresh
        if fresh:
            connection.execute("REPLACE INTO zyre_done VALUES (?, ?, ?)", (peer, *place))
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
