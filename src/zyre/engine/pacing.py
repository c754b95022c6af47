"""An application that reads too slowly: the network waits for it, for a while.

    reads all ──mailbox full──> sips ──patience is over──> reads all, and drops data
        ^                        │                                   │
        └──────half empty────────┴───────────────────────────────────┘

A full mailbox first makes the peers wait: what they send stays with libzmq, so their queues fill. But membership is to
wait for nobody's data, and libzmq keeps all connections behind one socket, and takes from each in turn. So the node
sips: every now and then it reads one message of each, which is membership of whoever is not sending much, and data of
those who are. For that a part of the mailbox is left, and sips are so far apart that it is used up no sooner than
patience. What a peer says behind its own data waits for them, in its own connection. When patience is over the node
reads on and drops data, until the mailbox is half empty.

Long before, when it is half full, the machine is told, so that it lets nobody send more reliable messages; those are
never dropped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from zyre.config import NodeConfig
from zyre.core.effects import Pressure, Report
from zyre.core.timers import NEVER
from zyre.engine import clock
from zyre.engine.engine import EngineAlarm, shared_engine
from zyre.engine.mailbox import Mailbox

__all__ = ["Pacing", "one_of_each"]

#: Sips are so far apart, in seconds, or further: what is read meanwhile is a trickle, and a person sees no delay.
_SIP: Final = 0.02


def one_of_each(receive: Callable[[int], list[list[bytes]]], most: int, octets: int) -> list[list[bytes]]:
    """One message of each peer that has some, by ``receive(1)``, which takes from them in turn: until somebody speaks
    for the second time; and no more than ``most``, or than so many ``octets`` and one more."""
    messages: list[list[bytes]] = []
    speakers: set[bytes] = set()
    while len(messages) < most and octets > 0 and (one := receive(1)):
        messages += one
        speaker = one[0][0]
        if speaker in speakers:
            break
        speakers.add(speaker)
        octets -= sum(map(len, one[0]))
    return messages


class Pacing:
    """Whether one node reads from the network. In the engine thread, ``read_on`` is called when it may again, and
    ``sip`` when it is to read ``one_of_each``; the machine is told by ``tell`` when there is pressure and when it is
    over."""

    def __init__(
        self,
        config: NodeConfig,
        on_wait: Callable[[], None],
        read_on: Callable[[], None],
        sip: Callable[[], object],
        tell: Callable[[Report], None],
    ) -> None:
        self.paused = False
        self.alarm = EngineAlarm(self._on_alarm)
        self.mailbox = Mailbox(config.limits, self._on_room, on_wait, self._on_relief)
        self._waits = config.when_full == "block"
        self.mailbox.shedding = not self._waits
        self.mailbox.sheds_oldest = config.when_full == "drop_oldest"
        self.engine = shared_engine()
        self._patience = config.limits.mailbox_patience
        self._paused_at = 0.0
        self._read_on = read_on
        self._sip = sip
        self._tell = tell
        self._pressed = False

    def look(self) -> None:
        """Something was put into the mailbox: if it is full, leave messages with libzmq, so that the senders wait."""
        if self.mailbox.pressed is not self._pressed:
            self.engine.call_soon(self._tell_pressure)
        if self.mailbox.full and not self.mailbox.shedding and not self.paused:
            self.paused = True
            self._paused_at = clock.now()
            self._rest(self._paused_at)

    def _rest(self, now: float) -> None:
        """Until the next sip; as much of the patience is to be over by then as is used up of the reserve."""
        patience = min(1.0, self.mailbox.reserve_used) * self._patience
        self.alarm.set(min(max(now + _SIP, self._paused_at + patience), self._paused_at + self._patience))

    def _on_alarm(self) -> None:
        now = clock.now()
        if now < self._paused_at + self._patience:
            self._sip()
            self._rest(now)
        else:  # still full: read on, so that membership goes on, and drop data, until there is room
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
