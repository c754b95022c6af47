"""Lanes: whispers that come one right after the other are gathered, and leave in one frame.

A lone message never waits: it leaves at once, in its sender's own thread. Only when one has followed another so closely
a number of times does a lane open for its peer. From then on a whisper is put into a list, and no lock is taken. What
is there leaves when the list is full, when its sender waits for events, before anything else that this node says, and a
millisecond later at the latest. The lane closes when little went through it for that long.

A lane is filled by any thread without a lock, and emptied under the node's lock. Whoever has filled a lane that was
being closed sees so afterwards, and empties it himself.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from zyre.core.driver import Driver
from zyre.engine import clock
from zyre.engine.engine import EngineAlarm
from zyre.identity import PeerId
from zyre.wire.bundle import Content

__all__ = ["SMALL", "Lane", "Lanes"]

#: Octets of the largest message that is gathered. A few larger ones would fill a frame.
SMALL: Final = 4096
#: A lane takes so many messages before they must leave, and no more than make so many octets if all are as large as the
#: one that opened it.
_ROOM: Final = 512
_OCTETS: Final = 65536
#: Messages follow each other closely if it is no longer than this from one to the next, in seconds ...
_CLOSELY: Final = 0.00003
#: ... and a lane opens when so many have done so.
_FOLLOWERS: Final = 16
#: What is in a lane waits no longer than this, in seconds; while its peer takes nothing it is tried less often.
_LATEST: Final = 0.001
_SELDOM: Final = 0.05
#: A lane closes when fewer went through it in that time.
_FEW: Final = 32


class Lane:
    """The way to one peer, for messages of about ``size`` octets. ``on_closed_meanwhile`` empties it under the lock."""

    __slots__ = ("_on_closed_meanwhile", "moved", "peer", "pending", "room")

    def __init__(self, peer: PeerId, size: int, on_closed_meanwhile: Callable[[Lane], None]) -> None:
        self.peer = peer
        self.pending: list[Content] = []
        self.room = min(_ROOM, _OCTETS // max(1, size))
        """0 when it is closed."""
        self.moved = 0
        """Messages that left since the last look."""
        self._on_closed_meanwhile = on_closed_meanwhile

    def take(self, content: Content) -> bool:
        """See zyre.core.host.Lane."""
        pending = self.pending
        if len(content) != 1 or len(content[0]) > SMALL or len(pending) >= self.room:
            return False
        pending.append(content)
        if not self.room:
            self._on_closed_meanwhile(self)
        return True


class Lanes:
    """The lanes of one node. All methods are called under its lock."""

    def __init__(self, driver: Driver, alarm: EngineAlarm, on_closed_meanwhile: Callable[[Lane], None]) -> None:
        self.open: dict[PeerId, Lane] = {}
        self._driver = driver
        self._alarm = alarm
        self._on_closed_meanwhile = on_closed_meanwhile
        self._said_at = 0.0
        self._followers = 0
        self._wait = _LATEST

    def notice(self, peer: PeerId, content: Content) -> None:
        """That left by itself. If it followed others closely, there is a lane for the next ones."""
        now = time.monotonic()
        if now - self._said_at > _CLOSELY or len(content) != 1 or len(content[0]) > SMALL:
            self._followers = 0
        elif self._followers < _FOLLOWERS:
            self._followers += 1
        elif self._driver.machine.bundling.understood_by(peer):
            self.open[peer] = Lane(peer, len(content[0]), self._on_closed_meanwhile)
            if len(self.open) == 1:
                self._wait = _LATEST
                self._alarm.set(now + _LATEST)
        self._said_at = now

    def empty(self, lane: Lane) -> bool:
        """Send what is in a lane; False if there is no room for all of it."""
        pending = lane.pending
        while pending:
            taken = pending[:_ROOM]
            settled, sent = self._driver.bundle(lane.peer, "", taken)
            del pending[:settled]
            lane.moved += settled
            if settled < len(taken):
                return False
            if sent < settled:  # the peer is gone, or takes nothing for too long
                self._close(lane)
        return True

    def empty_all(self) -> None:
        """Send what is in all lanes, as far as there is room."""
        for lane in list(self.open.values()):
            self.empty(lane)

    def look(self) -> None:
        """In a moment at the latest after a lane has opened, and again while one is."""
        moved = 0
        for lane in list(self.open.values()):
            emptied = self.empty(lane)
            moved += lane.moved
            if emptied and lane.moved < _FEW:
                self._close(lane)
            lane.moved = 0
        self._wait = _LATEST if moved else min(2 * self._wait, _SELDOM)
        if self.open:
            self._alarm.set(clock.now() + self._wait)

    def _close(self, lane: Lane) -> None:
        lane.room = 0
        self.open.pop(lane.peer, None)
        self.empty(lane)  # what was put into it just before that

    def give_up(self) -> None:
        """The node stops: what no peer took until now, none will."""
        for lane in list(self.open.values()):
            if not self.empty(lane):
                self._driver.shed(lane.peer)
            self._close(lane)
