"""Who follows the events of a node on real sockets beside its readers: let in and out by any thread."""

from __future__ import annotations

import threading

from zyre.core.driver import Driver
from zyre.core.host import Interceptor
from zyre.core.watching import Watcher
from zyre.engine.lead import Lead
from zyre.engine.mailbox import Mailbox

__all__ = ["Lookout"]


class Lookout:
    """See Host.watch."""

    def __init__(self, lock: threading.Lock, driver: Driver, lead: Lead, mailbox: Mailbox) -> None:
        self._lock = lock
        self._driver = driver
        self._lead = lead
        self._mailbox = mailbox
        self._over = False
        self._defect: BaseException | None = None

    def intercept(self, interceptor: Interceptor) -> None:
        """Have one's own events taken out; from now on the engine reads though nobody waits."""
        self._mailbox.interceptor = interceptor
        self._lead.share()

    def watch(self, watcher: Watcher, question: str, *arguments: object) -> None:
        """Let a watcher begin; from now on the engine reads though nobody waits."""
        self._lead.share()
        with self._lock:
            self._driver.watch(watcher, question, arguments)
            over = self._over
        if over:
            watcher.ended(self._defect)

    def unwatch(self, watcher: Watcher) -> None:
        """Let it hear nothing more."""
        with self._lock:
            self._driver.watching.remove(watcher)

    def end(self, defect: BaseException | None) -> None:
        """The node is over."""
        with self._lock:
            self._over, self._defect = True, defect
        self._driver.watching.end(defect)
        if self._mailbox.interceptor is not None:
            self._mailbox.interceptor.ended(defect)

    def abandon(self, lock: threading.Lock) -> None:
        """In a child after a fork: nobody there holds the new lock, and nobody watches."""
        self._lock = lock
        self._driver.watching.end(None)
        if self._mailbox.interceptor is not None:
            self._mailbox.interceptor.abandon()
