"""A descriptor that says "there is something", for whoever waits with select, poll or a foreign loop."""

from __future__ import annotations

import socket

__all__ = ["Signal"]


class Signal:
    """Readable while set. Not thread-safe: its user holds a lock. Closed with the last reference, because a loop may go
    on watching it after the node has stopped."""

    __slots__ = ("_in", "_is_set", "_out")

    def __init__(self) -> None:
        self._out, self._in = socket.socketpair()
        self._out.setblocking(False)
        self._is_set = False

    def fileno(self) -> int:
        """The descriptor."""
        return self._out.fileno()

    def set(self) -> None:
        """Make it readable."""
        if not self._is_set:
            self._is_set = True
            self._in.send(b"\0")

    def clear(self) -> None:
        """Make it unreadable."""
        if self._is_set:
            self._is_set = False
            self._out.recv(1)

    def close(self) -> None:
        """Give the descriptor back; clearing it is no error afterwards."""
        self._is_set = False
        self.__del__()

    def __del__(self) -> None:
        try:
            self._out.close()
            self._in.close()
        except AttributeError:  # Ctrl-C came while it was being made
            pass
