"""Lanes: messages that come one right after the other are gathered, and leave together.

To who understands bundles they go in one frame, and to others one right behind the other: a system call takes many of
them then, and a receiver that is woken finds many.

A lone message never waits: it leaves at once, in its sender's own thread. Only when one has followed another so closely
a number of times does a lane open for its peer, or for its group. From then on a message is put into a list, and no
lock is taken. What is there leaves when the list is full, when its sender waits for events, before anything else that
this node says, and two milliseconds later at the latest. The lane closes when little went through it for that long.

There are lanes for peers, or one for a group, and never both: so whatever was put into one was said before all that is
said otherwise. A lane is filled by any thread without a lock, and emptied under the node's lock. Whoever has filled a
lane that was being closed sees so afterwards, and empties it himself.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from typing import Final

from zyre.core.driver import Driver
from zyre.engine import clock
from zyre.engine.engine import EngineAlarm
from zyre.identity import NOBODY, PeerId
from zyre.wire.bundle import Content

__all__ = ["SMALL", "GroupLane", "Lane", "Lanes"]

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
#: Nor so many that more than this number of frames leave at once for those who do not understand bundles: the node's
#: lock is held meanwhile.
_FRAMES: Final = 25600
#: So often a lane is looked at, in seconds; while its peer takes nothing it is tried less often.
_LATEST: Final = 0.001
_SELDOM: Final = 0.05
#: A lane closes when fewer went through it in that time.
_FEW: Final = 32


class Lane:
    """The way to one peer, for messages of about ``size`` octets. ``on_closed_meanwhile`` empties it under the lock."""

    __slots__ = ("_on_closed_meanwhile", "moved", "over", "peer", "pending", "room")

    def __init__(self, peer: PeerId, size: int, on_closed_meanwhile: Callable[[Lane], None]) -> None:
        self.peer = peer
        self.pending: list[Content] = []
        self.room = min(_ROOM, _OCTETS // max(1, size))
        """0 when it is closed."""
        self.moved = 0
        """Messages that left since the last look."""
        self.over = False
        """Whether it leads nowhere any more."""
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

    def leave(self, driver: Driver) -> bool:
        """Send what is here; False if there is no room for all of it."""
        pending = self.pending
        while pending:
            taken = pending[:_ROOM]
            settled, sent = driver.bundle(self.peer, "", taken)
            del pending[:settled]
            self.moved += settled
            if settled < len(taken):
                return False
            self.over = self.over or sent < settled  # the peer is gone, or takes nothing for too long
        return True

    def shed(self, driver: Driver) -> None:
        """What no peer took until now, none will."""
        driver.shed(self.peer)


class GroupLane(Lane):
    """The way to all members of a group."""

    __slots__ = ("behind", "group", "members")

    def __init__(
        self, group: str, size: int, on_closed_meanwhile: Callable[[Lane], None], able: int, others: int
    ) -> None:
        super().__init__(NOBODY, size, on_closed_meanwhile)
        self.group = group
        self.room = min(self.room, _FRAMES // max(1, others) or 1)
        self.members = able + others
        """How many there were when the lane was last emptied."""
        self.behind: dict[PeerId, list[Content]] = {}
        """What is still to go to members without room. While there is anything, nothing more is taken."""

    def leave(self, driver: Driver) -> bool:
        """See Lane.leave."""
        for peer, contents in list(self.behind.items()):
            while contents and (settled := driver.bundle(peer, self.group, contents[:_ROOM])[0]):
                del contents[:settled]
            if not contents:
                del self.behind[peer]
        pending = self.pending
        while pending:
            taken = pending[:_ROOM]
            if self.behind:
                _, behind = _shout_past(driver, self.group, taken, self.behind)
            else:
                _, behind = driver.shout_many(self.group, taken)
            del pending[: len(taken)]
            self.moved += len(taken)
            for peer, settled in behind:
                self.behind.setdefault(peer, []).extend(taken[settled:])
        self.members = sum(map(len, driver.machine.bundling.members(self.group)))
        self.over = not self.members
        if self.behind:
            self.room = 0
        return not self.behind

    def shed(self, driver: Driver) -> None:
        """See Lane.shed."""
        for peer in self.behind:
            driver.shed(peer)


def _shout_past(
    driver: Driver, group: str, contents: Sequence[Content], waiting: Container[PeerId]
) -> tuple[int, list[tuple[PeerId, int]]]:
    """See Driver.shout_many; those who wait for something already get nothing now, and the others need not wait."""
    sent, behind = 0, []
    for members in driver.machine.bundling.members(group):
        for peer in members:
            settled, sent_here = (0, 0) if peer in waiting else driver.bundle(peer, group, contents)
            sent += sent_here
            if settled < len(contents):
                behind.append((peer, settled))
    return sent, behind


class Lanes:
    """The lanes of one node. All methods are called under its lock."""

    def __init__(self, driver: Driver, alarm: EngineAlarm, on_closed_meanwhile: Callable[[Lane], None]) -> None:
        self.open: dict[PeerId, Lane] = {}
        self.groups: dict[str, GroupLane] = {}
        """One at most."""
        self._driver = driver
        self._alarm = alarm
        self._on_closed_meanwhile = on_closed_meanwhile
        self._said_at = 0.0
        self._said_to = ""
        self._followers = 0
        self._wait = _LATEST

    @property
    def all(self) -> list[Lane]:
        """Those that are open."""
        return [*self.open.values(), *self.groups.values()]

    def notice(self, peer: PeerId, content: Content) -> None:
        """That left by itself. If it followed others closely, there is a lane for the next ones."""
        now = clock.now()
        if self._follows("", content, now, now) and self._driver.machine.bundling.is_here(peer):
            for lane in list(self.groups.values()):
                if not self._close(lane):
                    return
            self._begin(Lane(peer, len(content[0]), self._on_closed_meanwhile), now)

    def notice_shout(self, group: str, content: Content, began: float) -> None:
        """The same of a shout, which was begun then: the more members there are the longer it takes."""
        now = clock.now()
        if self._follows(group, content, began, now):
            able, others = map(len, self._driver.machine.bundling.members(group))
            if able + others and all(self._close(lane) for lane in self.all):
                self._begin(GroupLane(group, len(content[0]), self._on_closed_meanwhile, able, others), now)

    def _follows(self, group: str, content: Content, began: float, now: float) -> bool:
        """Whether enough have followed each other closely, whispers or shouts to one group."""
        close = began - self._said_at <= _CLOSELY and len(content) == 1 and len(content[0]) <= SMALL
        self._followers = self._followers + 1 if close and group == self._said_to else 0
        self._said_at, self._said_to = now, group
        return self._followers > _FOLLOWERS

    def _begin(self, lane: Lane, now: float) -> None:
        self._add(lane)
        if len(self.open) + len(self.groups) == 1:
            self._wait = _LATEST
            self._alarm.set(now + _LATEST)

    def empty(self, lane: Lane) -> bool:
        """Send what is in a lane; False if there is no room for all of it."""
        done = lane.leave(self._driver)
        if not done:
            self._add(lane)  # again, if it has been closed
        elif lane.over or not lane.room:
            self._remove(lane)
            return lane.leave(self._driver)
        return done

    def clear(self, peer: PeerId) -> bool:
        """Whether everything has left that was said to a peer until now."""
        lane = self.open.get(peer)
        if lane is not None and not self.empty(lane):
            return False
        return all(self.empty(lane) or peer not in lane.behind for lane in list(self.groups.values()))

    def empty_all(self) -> None:
        """Send what is in all lanes, as far as there is room."""
        for lane in self.all:
            self.empty(lane)

    def shout_past(self, group: str, contents: Sequence[Content]) -> tuple[int, list[tuple[PeerId, int]]]:
        """Shout to those for whom nothing is left in a lane that was emptied as far as possible; the others are
        behind."""
        waiting = {peer for lane in self.groups.values() for peer in lane.behind}
        return _shout_past(self._driver, group, contents, waiting)

    def look(self) -> None:
        """In a moment at the latest after a lane has opened, and again while one is."""
        moved = 0
        for lane in self.all:
            fast = lane.moved >= _FEW  # then its sender has emptied it since the last look, and soon will again
            emptied = fast or self.empty(lane)
            moved += lane.moved
            if emptied and lane.moved < _FEW:
                self._close(lane)
            lane.moved = 0
        self._wait = _LATEST if moved else min(2 * self._wait, _SELDOM)
        if self.open or self.groups:
            self._alarm.set(clock.now() + self._wait)

    def _close(self, lane: Lane) -> bool:
        """Close a lane, unless there is no room for what is in it."""
        if self.empty(lane):
            lane.room = 0
            return self.empty(lane)  # with what was put into it just before that
        return False

    def _add(self, lane: Lane) -> None:
        if isinstance(lane, GroupLane):
            self.groups[lane.group] = lane
        else:
            self.open[lane.peer] = lane

    def _remove(self, lane: Lane) -> None:
        lane.room = 0
        if isinstance(lane, GroupLane):
            self.groups.pop(lane.group, None)
        else:
            self.open.pop(lane.peer, None)

    def give_up(self) -> None:
        """The node stops: what no peer took until now, none will."""
        for lane in self.all:
            if not self.empty(lane):
                lane.shed(self._driver)
            self._remove(lane)
            lane.leave(self._driver)
