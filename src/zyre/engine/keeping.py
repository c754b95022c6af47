"""The durable side of one node's host: between its store, its machine and its mailbox."""

from __future__ import annotations

from collections.abc import Callable

from zyre.core.effects import Report, Restored, Taken
from zyre.engine.mailbox import Mailbox
from zyre.engine.store import SqliteStore
from zyre.events import DurableShout, DurableWhisper, Event

__all__ = ["Keeping"]


class Keeping:
    """Has what the store says told to the machine, and what the program has taken. ``tell`` may be called in any
    thread, without the node's lock."""

    def __init__(self, store: SqliteStore, mailbox: Mailbox, tell: Callable[[Report], object]) -> None:
        self.store = store
        self._mailbox = mailbox
        self._tell = tell
        self._restored = False

    def open(self, restore: Callable[[Restored], object]) -> None:
        """Open the store; ``restore`` is told, once, what earlier lives have left there. Raises StoreError."""
        restored = self.store.open()
        self.store.on_report = self._tell
        if not self._restored:
            self._restored = True
            restore(restored)

    def deliver(self, events: list[Event]) -> None:
        """Put events into the mailbox; each durable message by itself."""
        run: list[Event] = []
        for event in events:
            if isinstance(event, (DurableWhisper, DurableShout)):
                if run:
                    self._mailbox.put(run)
                    run = []
                self._mailbox.hand(event, self._on_taken)
            else:
                run.append(event)
        if run:
            self._mailbox.put(run)

    def _on_taken(self, event: Event) -> None:
        assert isinstance(event, (DurableWhisper, DurableShout))
        self._tell(Taken(event.peer, event.stream, event.number))

    def finish(self, timeout: float) -> None:
        """The node is about to stop: let what was taken be written, and its senders be told so."""
        self.store.flush(timeout)

    def close(self) -> None:
        """The node has stopped."""
        self.store.close()

    def wait_closed(self, timeout: float) -> None:
        """Wait until another life can have the store."""
        self.store.wait_closed(timeout)

    def abandon(self) -> None:
        """In a child after a fork: it is the parent's."""
        self.store.abandon()
