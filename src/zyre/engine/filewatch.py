"""A file that is read again when it has changed: looked at once a second, as CZMQ does with a zgossip's settings."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from typing import Final

from zyre.core.timers import NEVER
from zyre.engine import clock
from zyre.engine.engine import EngineAlarm

__all__ = ["FileWatch"]

#: Seconds between two looks.
_OFTEN: Final = 1.0


class FileWatch:
    """Calls a method, in a thread of its own, whenever the file is another one than before. It keeps nobody alive whose
    method that is. The engine must have acquired ``alarm``."""

    def __init__(self) -> None:
        self.alarm = EngineAlarm(self._look)
        self._path = ""
        self._seen: tuple[int, ...] = ()
        self._find: Callable[[], Callable[[], object] | None] = lambda: None

    def begin(self, path: str | os.PathLike[str], on_change: Callable[[], object]) -> None:
        """Look at this file from now on, instead of another one."""
        self._path = os.path.abspath(os.fspath(path))
        self._seen = _stamp(self._path)
        self._find = weakref.WeakMethod(on_change)
        self.alarm.set(clock.now() + _OFTEN)

    def end(self) -> None:
        """Look no more."""
        self._find = lambda: None
        self.alarm.set(NEVER)

    def _look(self) -> None:
        on_change = self._find()
        if on_change is None:
            return
        stamp = _stamp(self._path)
        if stamp and stamp != self._seen:
            self._seen = stamp
            try:
                threading.Thread(target=on_change, name="zyre-reload", daemon=True).start()
            except RuntimeError:  # the program ends
                return
        self.alarm.set(clock.now() + _OFTEN)


def _stamp(path: str) -> tuple[int, ...]:
    """What differs when a file is written or replaced; nothing while it is not there."""
    try:
        about = os.stat(path)
    except OSError:
        return ()
    return (about.st_ino, about.st_size, about.st_mtime_ns)
