"""How the driver of a real node is put together: with a journal around it, a log of its events, a store behind it, or
none of them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from zyre.core.driver import Driver
from zyre.core.effects import Report, Restored
from zyre.core.machine import Alarm, Clock, Transport
from zyre.core.node import NodeMachine
from zyre.engine.clock import MonotonicClock
from zyre.engine.mailbox import Mailbox
from zyre.events import Event

if TYPE_CHECKING:
    from zyre.engine.keeping import Keeping
    from zyre.engine.recorder import Recorder
    from zyre.engine.store import SqliteStore

__all__ = ["NoKeeping", "new_driver", "new_keeping"]

#: At DEBUG every event is logged, if enabled when the node is made (libzyre: set_verbose).
_log = logging.getLogger("zyre")


class NoKeeping:
    """What stands in the place of Keeping where a node has no store."""

    store = None

    def __init__(self, mailbox: Mailbox) -> None:
        self.deliver = mailbox.put

    def open(self, restore: Callable[[Restored], object]) -> None:
        """Nothing is left of earlier lives."""

    def finish(self, timeout: float) -> None:
        """Nothing is to be written."""

    def close(self) -> None:
        """Nothing is open."""

    wait_closed = finish
    abandon = close


def new_keeping(store: SqliteStore | None, mailbox: Mailbox, tell: Callable[[Report], object]) -> Keeping | NoKeeping:
    """The durable side of a node's host."""
    if store is None:
        return NoKeeping(mailbox)
    from zyre.engine.keeping import Keeping  # which most programs can do without

    return Keeping(store, mailbox, tell)


def new_driver(
    machine: NodeMachine,
    transport: Transport,
    alarm: Alarm,
    keeping: Keeping | NoKeeping,
    recorder: Recorder | None,
) -> Driver:
    """A driver that puts events, and bursts of them where nobody must see each by itself, into the mailbox."""
    clock: Clock = MonotonicClock()
    logs = _log.isEnabledFor(logging.DEBUG)
    deliver: Callable[[list[Any]], None] = keeping.deliver
    if logs:
        deliver = partial(_log_and_put, machine.name, deliver)
    tap = None
    if recorder is not None:
        transport, clock = recorder.around_transport(transport), recorder.around_clock(clock)
        deliver, tap = recorder.around_deliver(deliver), recorder.tap
    bursts = not logs and recorder is None
    return Driver(
        machine,
        transport=transport,
        clock=clock,
        alarm=alarm,
        deliver=deliver,
        tap=tap,
        bursts=bursts,
        store=keeping.store,
    )


def _log_and_put(name: str, put: Callable[[list[Any]], None], events: list[Event]) -> None:
    for event in events:
        _log.debug("%s: %s", name, event)
    put(events)
