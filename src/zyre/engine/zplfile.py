"""ZPL files on disk: read whole, and replaced whole, so that no reader ever sees half of one."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from zyre.errors import InvalidConfig
from zyre.wire.zpl import Setting, format_zpl, parse_zpl

__all__ = ["load_zpl", "save_zpl"]

#: Octets; settings and certificates are far shorter, and a device or a mistaken path must not fill the memory.
_LONGEST_FILE = 4 << 20


def load_zpl(path: str | os.PathLike[str]) -> Setting:
    """Read a file. Raises OSError if it cannot be read, InvalidConfig, naming the file and the line, if it is no ZPL.

    Octets that are no UTF-8 are kept as they are, through a save as well.
    """
    with Path(path).open("rb") as file:
        data = file.read(_LONGEST_FILE + 1)
    if len(data) > _LONGEST_FILE:
        raise InvalidConfig(f"{os.fspath(path)}: is longer than {_LONGEST_FILE} octets")
    try:
        return parse_zpl(data.decode("utf-8", "surrogateescape"))
    except InvalidConfig as error:
        raise InvalidConfig(f"{os.fspath(path)}: {error}") from None


def save_zpl(root: Setting, path: str | os.PathLike[str], *, private: bool = False) -> None:
    """Write a file, in place of what was there; ``private`` lets only its owner read it. Raises OSError, InvalidConfig.

    The new file takes the old one's place in one step, and has never been readable to others if it is private.
    """
    data = format_zpl(root).encode("utf-8", "surrogateescape")
    target = Path(path).resolve()
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o666), "wb") as file:
            file.write(data)
        if not private and target.exists():
            beside.chmod(target.stat().st_mode & 0o7777)
        os.replace(beside, target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
