"""How the driver of a real node is put together: with a journal around it, or a log of its events, or neither."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from zyre.core.driver import Driver
from zyre.core.machine import Alarm, Clock, Transport
from zyre.core.node import NodeMachine
from zyre.engine.clock import MonotonicClock
from zyre.events import Event

if TYPE_CHECKING:
    from zyre.engine.recorder import Recorder

__all__ = ["new_driver"]

#: At DEBUG every event is logged, if enabled when the node is made (libzyre: set_verbose).
_log = logging.getLogger("zyre")


def new_driver(
    machine: NodeMachine,
    transport: Transport,
    alarm: Alarm,
    put: Callable[[list[Any]], None],
    recorder: Recorder | None,
) -> Driver:
    """A driver that puts events, and bursts of them where nobody must see each by itself, into the mailbox."""
    clock: Clock = MonotonicClock()
    logs = _log.isEnabledFor(logging.DEBUG)
    deliver = partial(_log_and_put, machine.name, put) if logs else put
    tap = None
    if recorder is not None:
        transport, clock = recorder.around_transport(transport), recorder.around_clock(clock)
        deliver, tap = recorder.around_deliver(deliver), recorder.tap
    bursts = not logs and recorder is None
    return Driver(machine, transport=transport, clock=clock, alarm=alarm, deliver=deliver, tap=tap, bursts=bursts)


def _log_and_put(name: str, put: Callable[[list[Any]], None], events: list[Event]) -> None:
    for event in events:
        _log.debug("%s: %s", name, event)
    put(events)
