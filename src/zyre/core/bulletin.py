"""That every member has the authority's latest list of revoked keys: the extension ``bulletin``.

The host verifies lists, as soon as one arrives or a file shows one, and reports those that are later than what it had
(ListProven). This part tells peers which version there is, gives it to those who have an earlier one, and asks again
those who do not say that they have it. Between changes nothing is said. Nodes that are no members say none of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Final

from zyre.core.delivery import Delivery
from zyre.core.directory import Directory
from zyre.core.effects import ListProven
from zyre.core.part import Follower, Handler, Moves, Part
from zyre.core.peer import PeerRecord
from zyre.core.profile import NodeProfile
from zyre.core.timers import Deadlines
from zyre.identity import PeerId
from zyre.wire import bulletin

__all__ = ["Bulletins"]

_FEATURE: Final = "bulletin"
#: Who has not noted it is told again after 1, 2, 4, ... times ``Timing.confirm``, and at least after so many.
_RAREST: Final = 32


class _Timer(Enum):
    """What the deadline is about."""

    TELL_AGAIN = "tell again"


class Bulletins(Part):
    """Has the latest list, and sees to it that peers do."""

    def __init__(
        self, profile: NodeProfile, *, directory: Directory, delivery: Delivery, timers: Deadlines[object]
    ) -> None:
        self._is_member = bool(profile.certificate) and _FEATURE in profile.extensions
        self._confirm = profile.config.timing.confirm
        self._directory = directory
        self._delivery = delivery
        self._timers = timers
        self._version = 0
        self._list = b""
        self._noted: dict[PeerId, int] = {}
        """What peers are known to have."""
        self._timed = False
        self._patience = 1

    def handlers(self) -> Mapping[int, Handler]:
        """What members say; a bulletin itself has been looked at by the host."""
        if not self._is_member:
            return {}
        return {
            bulletin.NOTICE: self._on_notice,
            bulletin.BULLETIN: self._on_bulletin,
            bulletin.NOTED: self._on_noted,
        }

    def reports(self) -> Mapping[type, Follower]:
        """A list that the authority has signed."""
        return {ListProven: self._on_proven}

    def subjects(self) -> Mapping[type, Follower]:
        """Somebody may not have it."""
        return {_Timer: self._on_due}

    def entered(self, record: PeerRecord, now: float) -> Moves:
        """A peer is here: it may not know, or know more."""
        if self._version and _FEATURE in record.extensions and self._is_member:
            self._notify(record)
            self._watch(now)
        return ()

    def left(self, record: PeerRecord) -> None:
        """It is gone."""
        self._noted.pop(record.peer, None)

    def _on_proven(self, report: ListProven, now: float) -> Moves:
        if self._is_member and report.version > self._version:
            self._version, self._list = report.version, report.octets
            self.await_entries(self)
            self._patience = 1
            for record in self._kin():
                if self._noted.get(record.peer, 0) < self._version:
                    self._notify(record)
                else:
                    self._delivery.send(record, bulletin.NOTED, bulletin.encode_version(self._version))
            self._watch(now)
        return ()

    def _kin(self) -> Iterator[PeerRecord]:
        return (record for record in self._directory.ready() if _FEATURE in record.extensions)

    def _lacking(self) -> list[PeerRecord]:
        return [record for record in self._kin() if self._noted.get(record.peer, 0) < self._version]

    def _notify(self, record: PeerRecord) -> None:
        self._delivery.send(record, bulletin.NOTICE, bulletin.encode_version(self._version))

    def _watch(self, now: float) -> None:
        if not self._timed:
            self._timed = True
            self._timers.add(now + self._patience * self._confirm, _Timer.TELL_AGAIN)

    def _on_due(self, subject: _Timer, now: float) -> Moves:
        self._timed = False
        lacking = self._lacking()
        for record in lacking:
            self._notify(record)
        self._patience = min(2 * self._patience, _RAREST) if lacking else 1
        if lacking:
            self._watch(now)
        return ()

    def _on_notice(self, record: PeerRecord, frames: Sequence[bytes], now: float) -> Moves:
        """Whoever has an earlier one than we is given ours at once; whoever has a later one gives it to us."""
        version = bulletin.decode_version(frames[1])
        if version < self._version:
            self._give(record)
        else:
            self._noted[record.peer] = version
            self._delivery.send(record, bulletin.NOTED, bulletin.encode_version(self._version))
        return ()

    def _on_noted(self, record: PeerRecord, frames: Sequence[bytes], now: float) -> Moves:
        version = bulletin.decode_version(frames[1])
        if version < self._version:
            self._give(record)
        else:
            self._noted[record.peer] = version
        return ()

    def _on_bulletin(self, record: PeerRecord, frames: Sequence[bytes], now: float) -> Moves:
        """The host hears it before us; what it says to it comes as a report, before or after this."""
        bulletin.decode_bulletin(frames[1])
        return ()

    def _give(self, record: PeerRecord) -> None:
        self._delivery.send(record, bulletin.BULLETIN, self._list)
