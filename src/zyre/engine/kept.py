"""An identity that outlives its process: kept in a file, and lent to one node at a time."""

from __future__ import annotations

import os
from pathlib import Path
from types import ModuleType
from typing import IO

from zyre.engine.entropy import new_identity, new_incarnation
from zyre.engine.zplfile import load_zpl, save_zpl
from zyre.errors import IdentityInUse, InvalidConfig, InvalidPeer
from zyre.identity import PeerId
from zyre.wire.zpl import Setting

fcntl: ModuleType | None
try:
    import fcntl
except ImportError:  # pragma: no cover  (where there are no such locks, two programs can take one identity)
    fcntl = None

__all__ = ["KeptIdentity"]

_UUID = "identity/uuid"
_INCARNATION = "identity/incarnation"


class KeptIdentity:
    """The identity in a file, which is made if it is not there, and the number of the life that begins with this.

    The file is ZPL, and may be written by hand with ``identity/uuid`` alone. Beside it stands a lock, which ends with
    its holder however that ends. Raises IdentityInUse while another node has it, InvalidConfig if the file makes no
    sense, OSError if it cannot be read or written.
    """

    def __init__(self, path: str | os.PathLike[str], wanted: PeerId | None = None) -> None:
        self.path = Path(path)
        self._lock: IO[bytes] | None = self._take()
        try:
            self.uuid, last = self._read(wanted)
            self.incarnation = new_incarnation(last)
            self._write()
        except BaseException:
            self.release()
            raise

    def _take(self) -> IO[bytes]:
        lock = self.path.with_name(self.path.name + ".lock").open("wb")
        try:
            if fcntl is not None:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise IdentityInUse(str(self.path)) from None
        return lock

    def _read(self, wanted: PeerId | None) -> tuple[PeerId, int]:
        if not self.path.exists():
            return wanted or new_identity(), 0
        settings = load_zpl(self.path)
        try:
            uuid = PeerId.parse(settings.get(_UUID))
            last = int(settings.get(_INCARNATION, "0"))
        except (InvalidPeer, ValueError):
            raise InvalidConfig(
                f"{self.path}: {_UUID} is to be 32 hexadecimal digits, {_INCARNATION} a number"
            ) from None
        if wanted is not None and wanted != uuid:
            raise InvalidConfig(f"{self.path} holds the identity {uuid}, and uuid= says {wanted}: give one of them")
        return uuid, last

    def _write(self) -> None:
        root = Setting()
        root.put(_UUID, str(self.uuid))
        root.put(_INCARNATION, str(self.incarnation))
        save_zpl(root, self.path)

    def release(self) -> None:
        """Let others have it; a second call does nothing."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None
