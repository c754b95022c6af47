"""The store of one node: durable messages, and what was taken of peers, in a file of SQLite, written by its own thread.

What is to be written waits in a queue; the thread takes all that is there and commits it at once, so that a slow disk
makes larger commits and never a slow node. With ``synchronous=FULL`` a commit survives the loss of power. The file is
locked for as long as it is open, and says whose it is.
"""

from __future__ import annotations

import os
import sqlite3
import struct
import threading
import time
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Final, TypeAlias

from zyre.core.effects import Discard, Keep, KeptLetter, Mark, NotPersisted, Persisted, Restored
from zyre.errors import StoreError
from zyre.identity import PeerId

__all__ = ["SqliteStore"]

_Written: TypeAlias = Keep | Discard | Mark

_VERSION: Final = "1"
#: One commit holds at most so much: what comes later would wait for it.
_COMMIT: Final = 4096
#: Seconds that a file may still be locked by a process that is about to end.
_BUSY: Final = 1.0

_NOBODY: Final = threading.Event()

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS about (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS letters (peer BLOB NOT NULL, number INTEGER NOT NULL, groupname TEXT NOT NULL,
    frames BLOB NOT NULL, until REAL NOT NULL, ttl REAL NOT NULL, PRIMARY KEY (peer, number));
CREATE TABLE IF NOT EXISTS streams (peer BLOB PRIMARY KEY, stream INTEGER NOT NULL, next INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS taken (peer BLOB PRIMARY KEY, stream INTEGER NOT NULL, number INTEGER NOT NULL);
"""


class SqliteStore:
    """See zyre.core.machine.Store. ``owner`` is the node whose messages these are; ``on_report`` is called in the
    store's thread."""

    def __init__(self, path: str | os.PathLike[str], owner: PeerId) -> None:
        self.path = os.fspath(path)
        self.on_report: Callable[[Persisted | NotPersisted], object] = lambda report: None
        self._owner = owner
        self._queue: SimpleQueue[_Written | threading.Event | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._opened: SimpleQueue[Restored | StoreError] = SimpleQueue()

    def open(self) -> Restored:
        """What is in it. Raises StoreError, and is then as before."""
        self._thread = threading.Thread(target=self._run, name="zyre-store", daemon=True)
        self._thread.start()
        found = self._opened.get()
        if isinstance(found, StoreError):
            self._thread.join()
            self._thread = None
            raise found
        return found

    def write(self, effect: _Written) -> None:
        """Have it written."""
        self._queue.put(effect)

    def flush(self, timeout: float) -> bool:
        """Wait until all that was to be written is, or was tried, and reported; False if the time was over first."""
        if self._thread is None or self._thread is threading.current_thread():
            return True
        done = threading.Event()
        self._queue.put(done)
        return done.wait(max(0.0, timeout))

    def close(self) -> None:
        """Write what is there, and let others have the file, soon; nothing is reported any more."""
        self.on_report = lambda report: None
        if self._thread is not None:
            self._queue.put(None)

    def wait_closed(self, timeout: float) -> None:
        """Wait until others can have the file."""
        if self._thread is not None:
            self._thread.join(max(0.0, timeout))

    def abandon(self) -> None:
        """In a child after a fork: the thread, and the file that it alone knows, are the parent's."""
        self._thread = None
        self._queue = SimpleQueue()

    # -- in the thread, which alone ever holds the connection: in a child after a fork it is never closed ------------

    def _run(self) -> None:
        try:
            connection = self._connect()
            try:
                restored = _read(connection)
            except BaseException:
                connection.close()
                raise
        except StoreError as error:
            self._opened.put(error)
            return
        except (sqlite3.Error, struct.error, ValueError) as error:
            self._opened.put(StoreError(f"the store {self.path} cannot be read: {error}"))
            return
        self._opened.put(restored)
        try:
            waiting: threading.Event | None = _NOBODY
            while waiting is not None:
                effects, waiting = self._take()
                if effects:
                    self._commit(connection, effects)
                if waiting is not None:
                    waiting.set()
        finally:
            connection.close()

    def _connect(self) -> sqlite3.Connection:
        try:
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))  # nobody else's to read
            connection = sqlite3.connect(self.path, timeout=_BUSY, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise StoreError(f"the store {self.path} cannot be opened: {error}") from error
        try:
            for pragma in ("locking_mode=EXCLUSIVE", "journal_mode=WAL", "synchronous=FULL"):
                connection.execute(f"PRAGMA {pragma}")
            connection.executescript(f"BEGIN IMMEDIATE; {_TABLES} COMMIT;")
            self._check_owner(connection)
        except sqlite3.Error as error:
            connection.close()
            if "locked" in str(error):
                raise StoreError(f"the store {self.path} is in use by another node: each needs its own") from error
            raise StoreError(f"the store {self.path} cannot be written: {error}") from error
        except StoreError:
            connection.close()
            raise
        return connection

    def _check_owner(self, connection: sqlite3.Connection) -> None:
        wanted = {"version": _VERSION, "owner": str(self._owner)}
        found = dict(connection.execute("SELECT key, value FROM about"))
        if not found:
            connection.executemany("INSERT INTO about VALUES (?, ?)", wanted.items())
        elif found.get("owner") != wanted["owner"]:
            raise StoreError(
                f"the store {self.path} is that of the node {found.get('owner')}, and this one is {self._owner}: give "
                "it the identity= or uuid= that it had, or another store="
            )
        elif found != wanted:
            raise StoreError(f"the store {self.path} was made by another version of zyre ({found.get('version')})")

    def _take(self) -> tuple[list[_Written], threading.Event | None]:
        """What is to be committed together, and whom to tell; None at the end."""
        effects: list[_Written] = []
        while True:
            item = self._queue.get()
            if not isinstance(item, tuple):
                return effects, item
            effects.append(item)
            if len(effects) >= _COMMIT or self._queue.empty():
                return effects, _NOBODY

    def _commit(self, connection: sqlite3.Connection, effects: Sequence[_Written]) -> None:
        serial = effects[-1].serial
        try:
            connection.execute("BEGIN IMMEDIATE")
            for effect in effects:
                _apply(connection, effect, time.time())
            connection.execute("COMMIT")
        except (sqlite3.Error, OverflowError) as error:
            if connection.in_transaction:
                try:
                    connection.execute("ROLLBACK")
                except sqlite3.Error:  # it has been, by SQLite itself
                    pass
            self.on_report(NotPersisted(serial, f"the store {self.path} cannot be written: {error}"))
        else:
            self.on_report(Persisted(serial))


def _apply(connection: sqlite3.Connection, effect: _Written, now: float) -> None:
    peer = effect.peer.octets
    if isinstance(effect, Keep):
        connection.execute(
            "INSERT OR REPLACE INTO letters VALUES (?, ?, ?, ?, ?, ?)",
            (peer, effect.number, effect.group, _pack(effect.content), now + effect.left, effect.left),
        )
        connection.execute("INSERT OR REPLACE INTO streams VALUES (?, ?, ?)", (peer, effect.stream, effect.number + 1))
    elif isinstance(effect, Mark):
        connection.execute("INSERT OR REPLACE INTO taken VALUES (?, ?, ?)", (peer, effect.stream, effect.number))
    else:
        connection.execute("DELETE FROM letters WHERE peer = ? AND number < ?", (peer, effect.below))
        pairs = [(peer, number) for number in effect.numbers]
        connection.executemany("DELETE FROM letters WHERE peer = ? AND number = ?", pairs)


def _read(connection: sqlite3.Connection) -> Restored:
    now = time.time()
    letters = tuple(
        # a clock that went back is no reason to keep anything for longer than it was to be
        KeptLetter(PeerId.parse(peer), number, group, _unpack(frames), max(0.0, min(until - now, ttl)))
        for peer, number, group, frames, until, ttl in connection.execute("SELECT * FROM letters ORDER BY peer, number")
    )
    return Restored(letters, _places(connection, "streams"), _places(connection, "taken"))


def _places(connection: sqlite3.Connection, table: str) -> tuple[tuple[PeerId, int, int], ...]:
    return tuple((PeerId.parse(peer), *place) for peer, *place in connection.execute(f"SELECT * FROM {table}"))


def _pack(content: Sequence[bytes]) -> bytes:
    return struct.pack(f">{len(content) + 1}I", len(content), *map(len, content)) + b"".join(content)


def _unpack(data: bytes) -> tuple[bytes, ...]:
    (count,) = struct.unpack_from(">I", data)
    position, frames = 4 * (count + 1), []
    for size in struct.unpack_from(f">{count}I", data, 4):
        frames.append(data[position : position + size])
        position += size
    return tuple(frames)
