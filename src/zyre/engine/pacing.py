"""An application that reads too slowly: the network waits for it, for a while.

A full mailbox first makes the peers wait: nothing is read, so their queues fill. Membership waits with them, so when
patience is over the node reads on and drops data, until the mailbox is half empty.

Long before, when it is half full, the machine is told, so that it lets nobody send more reliable messages; those are
never dropped.
"""

from __future__ import annotations

from collections.abc import Callable

from zyre.config import NodeConfig
from zyre.core.effects import Pressure, Report
from zyre.core.timers import NEVER
from zyre.engine import clock
from zyre.engine.engine import EngineAlarm, shared_engine
from zyre.engine.mailbox import Mailbox

__all__ = ["Pacing"]


class Pacing:
    """Whether one node reads from the network. ``read_on`` is called, in the engine thread, when it may again, and
    the machine is told by ``tell`` when there is pressure and when it is over."""

    def __init__(
        self,
        config: NodeConfig,
        on_wait: Callable[[], None],
        read_on: Callable[[], None],
        tell: Callable[[Report], None],
    ) -> None:
        self.paused = False
        self.alarm = EngineAlarm(self._on_patience_over)
        self.mailbox = Mailbox(config.limits, self._on_room, on_wait, self._on_relief)
        self._waits = config.when_full == "block"
        self.mailbox.shedding = not self._waits
        self.mailbox.sheds_oldest = config.when_full == "drop_oldest"
        self.engine = shared_engine()
        self._patience = config.limits.mailbox_patience
        self._read_on = read_on
        self._tell = tell
        self._pressed = False

    def look(self) -> None:
        """Something was put into the mailbox: if it is full, leave messages with libzmq, so that the senders wait."""
        if self.mailbox.pressed is not self._pressed:
            self.engine.call_soon(self._tell_pressure)
        if self.mailbox.full and not self.mailbox.shedding:
            self.paused = True
            self.alarm.set(clock.now() + self._patience)

    def _on_patience_over(self) -> None:
        """Still full: read on, so that membership goes on, and drop data, until there is room."""
        self.mailbox.shedding = True
        self._resume()

    def _on_room(self) -> None:
        """In the reader's thread, which cannot know whether the engine thread is just about to pause."""
        self.engine.call_soon(self._on_room_made)

    def _on_room_made(self) -> None:
        self.mailbox.shedding = not self._waits
        self._resume()

    def _on_relief(self) -> None:
        self.engine.call_soon(self._tell_pressure)

    def _tell_pressure(self) -> None:
        if self.mailbox.pressed is not self._pressed:
            self._pressed = self.mailbox.pressed
            self._tell(Pressure(self._pressed))

    def _resume(self) -> None:
        self.paused = False
        self.alarm.set(NEVER)
        self._read_on()
