"""Which libzmq this is, and what it can do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import zmq

__all__ = ["Version", "version"]

#: What libzmq can be asked about.
_CAPABILITIES: Final = ("ipc", "pgm", "tipc", "norm", "curve", "gssapi", "vmci", "ws", "wss", "draft")


@dataclass(frozen=True, slots=True)
class Version:
    """The version of libzmq and of pyzmq, and what libzmq was built with beside tcp and inproc."""

    libzmq: tuple[int, int, int]
    pyzmq: str
    built_with: frozenset[str]

    def __str__(self) -> str:
        libzmq = ".".join(map(str, self.libzmq))
        return f"libzmq {libzmq} ({', '.join(sorted(self.built_with)) or 'plain'}), pyzmq {self.pyzmq}"


def version() -> Version:
    """The libzmq that carries the sockets of this process."""
    built_with = frozenset(each for each in _CAPABILITIES if zmq.has(each))
    return Version(zmq.zmq_version_info(), zmq.__version__, built_with)
