"""That our groups and headers are known as they are by every peer of our own kind: the extension ``news``.

36/ZRE says a JOIN or LEAVE once. One that is on its way when a connection breaks is never heard, and in a quiet network
nothing tells. So whoever of our own kind has not confirmed how things are since the last change is asked whether they
know (CHECK, with a digest). They confirm, or ask for all of it (ASK, TELL) and confirm then. Who sees a gap in our
messages asks without waiting. Between changes nothing is said, however long that is.

A change of headers is told as a difference (CHANGE), at most once in ``Timing.news``: what changes more often is told
as it is then. Plain peers are told nothing, and have what the last HELLO said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Final

from zyre.core.counters import Counters
from zyre.core.delivery import Delivery
from zyre.core.directory import Directory
from zyre.core.groups import Groups
from zyre.core.hearsay import Hearsay
from zyre.core.part import Arrival, Follower, Handler, Moves, Part, Verb
from zyre.core.peer import PeerRecord
from zyre.core.portrait import Portrait
from zyre.core.profile import NodeProfile
from zyre.core.tables import PeerState, Violation
from zyre.core.timers import Deadlines
from zyre.events import Event, Gap
from zyre.wire import news

__all__ = ["News"]

_FEATURE: Final = "news"
#: Who has not confirmed is asked after 1, 2, 4, 8, 16, 24, ... times ``Timing.confirm``: it may be cut off.
_RAREST: Final = 8


class _Timer(Enum):
    """What the deadlines are about."""

    TELL = "tell"
    """Changed headers may be told again."""
    CONFIRM = "confirm"
    """Somebody may not have confirmed."""


class News(Part):
    """Tells what changed, and sees to it that it is known."""

    def __init__(
        self,
        profile: NodeProfile,
        *,
        portrait: Portrait,
        groups: Groups,
        directory: Directory,
        hearsay: Hearsay,
        delivery: Delivery,
        timers: Deadlines[object],
        counters: Counters,
        events: list[Event],
    ) -> None:
        self._wanted = _FEATURE in profile.extensions
        self._timing = profile.config.timing
        self._portrait = portrait
        self._groups = groups
        self._directory = directory
        self._hearsay = hearsay
        self._delivery = delivery
        self._timers = timers
        self._counters = counters
        self._events = events
        self._changed: dict[str, str | None] = {}
        """Headers that are to be told, with their values; None for those that are gone."""
        self._tell_timed = False
        self._confirm_timed = False

    def handlers(self) -> Mapping[int, Handler]:
        """What peers tell and ask, if this node knows the extension at all."""
        if not self._wanted:
            return {}
        return {
            news.CHANGE: self._on_change,
            news.CHECK: self._on_check,
            news.CONFIRM: self._on_confirm,
            news.ASK: self._on_ask,
            news.TELL: self._on_tell,
        }

    def subjects(self) -> Mapping[type, Follower]:
        """The next telling, and the next look at who has confirmed."""
        return {_Timer: self._on_due}

    def verbs(self) -> Mapping[str, Verb]:
        """What can be done beside ``set_header``, which is the machine's own verb."""
        return {"remove_header": self.remove_header}

    # -- changes of ours -----------------------------------------------------------------------------------------

    def set_header(self, name: str, value: str, now: float) -> Moves:
        """Give a header a value."""
        if self._portrait.headers.get(name) != value:
            self._portrait.set_header(name, value)
            self._change(name, value, now)
        return ()

    def remove_header(self, name: str, now: float) -> Moves:
        """Have a header no longer."""
        if name in self._portrait.headers:
            self._portrait.remove_header(name)
            self._change(name, None, now)
        return ()

    def _change(self, name: str, value: str | None, now: float) -> None:
        if not self._wanted or self._portrait.locality is None:
            return  # before the start: the first HELLO says it
        self._changed[name] = value
        if not self._tell_timed:
            self._tell(now)
        self.on_change(now)

    def _tell(self, now: float) -> None:
        changed, self._changed = self._changed, {}
        gone = tuple(name for name, value in changed.items() if value is None)
        values = {name: value for name, value in changed.items() if value is not None}
        digest = news.digest_of((), self._portrait.said)
        fields = news.encode_change(news.Change(self._portrait.version, digest, values, gone))
        for record in self._kin():
            self._delivery.send(record, news.CHANGE, fields)
        self._tell_timed = True
        self._timers.add(now + self._timing.news, _Timer.TELL)

    def on_change(self, now: float) -> None:
        """Our groups or headers have changed: see to it that it is confirmed."""
        for record in self._directory:
            record.unconfirmed = 0
        if self._wanted and not self._confirm_timed:
            self._confirm_timed = True
            self._timers.add(now + self._timing.confirm, _Timer.CONFIRM)

    def _kin(self) -> Iterator[PeerRecord]:
        """Who is here and knows these messages."""
        return (record for record in self._directory.ready() if _FEATURE in record.extensions)

    # -- deadlines -----------------------------------------------------------------------------------------------

    def _on_due(self, subject: _Timer, now: float) -> Moves:
        if subject is _Timer.CONFIRM:
            self._check(now)
        else:
            self._tell_timed = False
            if self._changed:
                self._tell(now)
        return ()

    def _check(self, now: float) -> None:
        version = self._portrait.version
        waiting = [record for record in self._directory if self._may_not_know(record, version)]
        self._confirm_timed = bool(waiting)
        if not waiting:
            return
        self._timers.add(now + self._timing.confirm, _Timer.CONFIRM)
        fields = news.encode_check(news.Check(version, news.digest_of(self._groups.own, self._portrait.said)))
        for record in waiting:
            if record.state is not PeerState.READY:
                continue  # whether it is of our kind will be seen
            record.unconfirmed += 1
            if record.unconfirmed in (1, 2, 4) or record.unconfirmed % _RAREST == 0:
                self._delivery.send(record, news.CHECK, fields)

    @staticmethod
    def _may_not_know(record: PeerRecord, version: int) -> bool:
        possible = _FEATURE in record.extensions or record.state is PeerState.PENDING
        return possible and record.confirmed < version

    # -- messages ------------------------------------------------------------------------------------------------

    def on_missed(self, record: PeerRecord, missed: int, now: float) -> None:
        """So many messages of a peer are missing, or -1 if its count goes back: changes may have been among them."""
        self._ask_soon(record, now)
        if missed < 0:
            self._counters.violations[Violation.SEQUENCE_BACKWARDS] += 1
            return
        self._counters.missed += missed
        self._events.append(Gap(record.peer, record.name, missed))

    def _ask_soon(self, record: PeerRecord, now: float) -> None:
        if _FEATURE in record.extensions and not now < record.ask_again_at:
            record.ask_again_at = now + self._timing.confirm
            self._delivery.send(record, news.ASK)

    def _on_change(self, record: PeerRecord, frames: Sequence[bytes], now: float) -> Moves:
        change = news.decode_change(frames[1])
        headers = {name: value for name, value in record.headers.items() if name not in change.removed}
        headers.update(change.changed)
        self._hearsay.take_headers(record, headers)
        if news.digest_of((), record.headers) != change.digest:
            self._ask_soon(record, now)
        return ()

    def _on_check(self, record: PeerRecord, frames: Sequence[bytes], now: float) -> Moves:
        check = news.decode_check(frames[1])
        if news.digest_of(record.groups, record.headers) == check.digest:
            self._delivery.send(record, news.CONFIRM, news.encode_confirm(check.version))
        else:
            self._delivery.send(record, news.ASK)
        return ()

    def _on_confirm(self, record: PeerRecord, frames: Sequence[bytes], now: float) -> Moves:
        version = news.decode_confirm(frames[1])
        if version <= self._portrait.version:
            record.confirmed = max(record.confirmed, version)
        return ()

    def _on_ask(self, record: PeerRecord, frames: Sequence[bytes], now: float) -> Moves:
        """Votes may have been lost to it, too: elections count it as an arrival."""
        portrait, groups = self._portrait, self._groups
        tell = news.Tell(portrait.version, groups.status, tuple(groups.own), portrait.said)
        self._delivery.send(record, news.TELL, news.encode_tell(tell))
        return tuple(Arrival(group, record.peer) for group in sorted(record.groups))

    def _on_tell(self, record: PeerRecord, frames: Sequence[bytes], now: float) -> Moves:
        """What is refused of it, over a limit, is confirmed all the same: it would be refused again."""
        tell = news.decode_tell(frames[1])
        moves = self._hearsay.take_groups(record, tuple(dict.fromkeys(tell.groups)), tell.status)
        self._hearsay.take_headers(record, tell.headers)
        self._delivery.send(record, news.CONFIRM, news.encode_confirm(tell.version))
        return moves
