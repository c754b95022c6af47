"""A directory of JSON files, one per node, that other programs may read at any moment.

A file is written beside its place and renamed into it, so that a reader sees the old one or the new one and never
half of one. Nothing is synced to the disk: after a power cut the files are stale anyway, and the next start clears
them. Only names that this module itself would choose are ever removed.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from zyre.cli.records import json_line

__all__ = ["NodeFiles"]

_OURS = re.compile(r"[0-9A-F]{32}\.json\Z|\.[0-9A-F]{32}\.json\.new\Z")
#: Never follow a symbolic link that somebody put where a file of ours will be.
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0)


class NodeFiles:
    """What the files should say (``put``, ``discard``), and the attempt to make them say it (``settle``).

    Enter its ``with`` to take the directory, which makes it if need be and clears what a crash left behind. Raises
    OSError there if that is impossible, or if another process keeps the same directory.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._wanted: dict[str, bytes] = {}
        self._dirty: set[str] = set()
        self._lock: int | None = None

    def __enter__(self) -> Self:
        self.path.mkdir(parents=True, exist_ok=True)
        self._lock = self._take()
        try:
            self._clear()
            self._probe()
        except BaseException:
            self._release()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self._clear()
        except OSError:
            pass  # it was reported when it began; the next start clears what is left now
        finally:
            self._release()

    # -- what should be there ------------------------------------------------------------------------------------

    def put(self, uuid: str, record: Mapping[str, Any]) -> None:
        """A node's file should say this."""
        text = json_line(record, indent=2)
        if self._wanted.get(uuid) != text:
            self._wanted[uuid] = text
            self._dirty.add(uuid)

    def discard(self, uuid: str) -> None:
        """A node should have no file."""
        if self._wanted.pop(uuid, None) is not None:
            self._dirty.add(uuid)

    def current(self) -> dict[str, bytes]:
        """What the files should say, by uuid; any thread may ask."""
        return self._wanted.copy()

    # -- making it so --------------------------------------------------------------------------------------------

    def settle(self) -> OSError | None:
        """Write and remove what changed. What fails stays to be done by the next call; the first error is returned."""
        problem = None
        for uuid in list(self._dirty):
            try:
                self._settle_one(uuid)
            except OSError as error:
                problem = problem or error
            else:
                self._dirty.discard(uuid)
        return problem

    def _settle_one(self, uuid: str) -> None:
        text = self._wanted.get(uuid)
        if text is None:
            (self.path / f"{uuid}.json").unlink(missing_ok=True)
        else:
            self._write(uuid, text)

    def _write(self, uuid: str, text: bytes) -> None:
        temporary = self.path / f".{uuid}.json.new"
        try:
            with open(os.open(temporary, _CREATE, 0o644), "wb") as file:
                file.write(text)
            os.replace(temporary, self.path / f"{uuid}.json")
        except OSError:
            try:
                temporary.unlink(missing_ok=True)
            except OSError:
                pass  # the first error tells more
            raise

    def _probe(self) -> None:
        """Find out now whether files can be written here, and not when the first node comes."""
        nobody = "0" * 32
        self._write(nobody, b"{}\n")
        (self.path / f"{nobody}.json").unlink()

    def _clear(self) -> None:
        """Remove our files, of this run or of one that crashed, and no others."""
        with os.scandir(self.path) as entries:
            ours = [entry.path for entry in entries if _OURS.match(entry.name) and not entry.is_dir()]
        for path in ours:
            Path(path).unlink(missing_ok=True)

    # -- one keeper for one directory ----------------------------------------------------------------------------

    def _take(self) -> int | None:
        """Lock the directory itself: no file is needed for it, and a crash releases it."""
        if sys.platform == "win32":  # it has no such locks: two keepers are not kept apart there
            return None
        import fcntl

        descriptor = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise OSError(None, "another `zyre dir` keeps it already") from None
        except OSError:  # a file system without locks
            os.close(descriptor)
            return None
        return descriptor

    def _release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
