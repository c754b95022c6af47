"""News of this computer's networks, as soon as there are any: a cable, an address, an interface came or went.

Linux tells it to whoever listens (rtnetlink(7): multicast groups of links and of addresses). Elsewhere, and should that
socket fail, nodes find out by looking every other second. One socket serves all nodes of a process.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from typing import Final
from weakref import WeakKeyDictionary

from zyre.core.timers import NEVER
from zyre.engine import clock
from zyre.engine.engine import Engine, EngineAlarm

__all__ = ["NetNews", "shared_news"]

#: RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR (linux/rtnetlink.h).
_GROUPS: Final = 0x1 | 0x10 | 0x100
_READ: Final = 65536
#: One change comes as several pieces of news: so long after the first, in seconds, all are there.
_GATHER: Final = 0.02
#: And no oftener than this does anybody look, however an interface flaps.
_APART: Final = 0.2


class NetNews:
    """Calls its listeners, in the engine thread, soon after something has changed."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._alarm = EngineAlarm(self._tell)
        self._listeners: dict[Callable[[], object], None] = {}
        self._socket: socket.socket | None = None
        self._told_at = -NEVER

    @property
    def running(self) -> bool:
        """Whether news arrives; if not, nobody will ever be called."""
        return self._socket is not None

    def add(self, listener: Callable[[], object]) -> None:
        """Call it from now on."""
        self._listeners[listener] = None
        if len(self._listeners) == 1:
            self._engine.acquire(self._alarm)
            self._open()

    def remove(self, listener: Callable[[], object]) -> None:
        """Call it no more; nothing happens if it is not called."""
        if self._listeners.pop(listener, listener) is None and not self._listeners:
            self._close()
            self._alarm.set(NEVER)
            self._engine.release(self._alarm)

    def _open(self) -> None:
        family = getattr(socket, "AF_NETLINK", None)
        if family is None:
            return
        try:
            news = socket.socket(family, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.NETLINK_ROUTE)
        except OSError:  # not allowed here
            return
        try:
            news.bind((0, _GROUPS))
        except OSError:
            news.close()
            return
        self._socket = news
        self._engine.watch(news.fileno(), self._on_readable)

    def _close(self) -> None:
        if self._socket is not None:
            self._engine.unwatch(self._socket.fileno())
            self._socket.close()
            self._socket = None

    def _on_readable(self) -> bool:
        """What the news is does not matter. That some were lost, because there were so many, is news as well."""
        assert self._socket is not None
        try:
            while self._socket.recv(_READ):
                pass
        except BlockingIOError:
            pass
        except OSError as error:
            if error.errno != errno.ENOBUFS:
                self._close()
        if self._alarm.deadline == NEVER:
            self._alarm.set(max(clock.now() + _GATHER, self._told_at + _APART))
        return False

    def _tell(self) -> None:
        self._told_at = clock.now()
        for listener in tuple(self._listeners):
            listener()


_of_engines: WeakKeyDictionary[Engine, NetNews] = WeakKeyDictionary()


def shared_news(engine: Engine) -> NetNews:
    """That of all nodes of an engine."""
    news = _of_engines.get(engine)
    if news is None:
        news = _of_engines[engine] = NetNews(engine)
    return news
