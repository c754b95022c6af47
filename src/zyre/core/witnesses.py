"""Asking others about a peer that has become quiet, and answering when others ask.

What one node does not hear another may: only one path is broken then, or only our own link is slow. Such a peer is not
given up as expired, and nobody says that it is dead; if it cannot be heard for very long it is unreachable. The idea is
that of SWIM (Das, Gupta, Motivala, 2002) and of Lifeguard (Dadgar, Phillips, Currey, 2018).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from zyre.config import Timing
from zyre.core.delivery import Delivery
from zyre.core.directory import Directory
from zyre.core.part import Follower, Handler, Moves, Part
from zyre.core.peer import PeerRecord
from zyre.core.presence import Presence
from zyre.core.tables import ALIVE, READY
from zyre.core.timers import Deadlines
from zyre.identity import PeerId
from zyre.wire import probe, zre

__all__ = ["Enquiry", "Witnesses"]

_FEATURE: Final = "probe"
#: So many are asked at a time. One of them may be slow, and one cut off as we are.
_ASKED: Final = 3
#: So many enquiries wait for an answer at a time; what else is asked meanwhile is not followed up.
_MOST_OPEN: Final = 256


class Enquiry(NamedTuple):
    """The timer of a question: by then whom it is about has been heard, or not."""

    asker: PeerRecord
    about: PeerId


class Witnesses(Part):
    """Asks, answers, and believes what it is told."""

    def __init__(
        self,
        timing: Timing,
        extensions: frozenset[str],
        *,
        directory: Directory,
        delivery: Delivery,
        timers: Deadlines[object],
    ) -> None:
        self._wanted = _FEATURE in extensions
        self._presence = Presence(timing)
        self._patience = timing.ping
        self._directory = directory
        self._delivery = delivery
        self._timers = timers
        self._open = 0
        self._turn = 0
        self._able: list[PeerRecord] = []
        self._able_at = 0.0

    def handlers(self) -> Mapping[int, Handler]:
        """Questions and answers."""
        return {probe.ENQUIRE: self._on_enquire, probe.SEEN: self._on_seen} if self._wanted else {}

    def subjects(self) -> Mapping[type, Follower]:
        """When to answer."""
        return {Enquiry: self._on_due}

    # -- asking --------------------------------------------------------------------------------------------------

    def ask(self, record: PeerRecord, now: float) -> None:
        """Ask some who are heard whether they hear that peer: others each time."""
        if self._able_at != now:
            self._able, self._able_at = [peer for peer in self._directory.ready() if self._is_able(peer)], now
        able = self._able
        for _ in range(min(_ASKED, len(able))):
            self._turn = (self._turn + 1) % len(able)
            if able[self._turn].state is READY:
                self._delivery.send(able[self._turn], probe.ENQUIRE, probe.encode_enquire(record.peer.octets))

    @staticmethod
    def _is_able(peer: PeerRecord) -> bool:
        return peer.phase is ALIVE and not peer.doubted and _FEATURE in peer.extensions

    def _on_seen(self, record: PeerRecord, frames: Sequence[bytes], now: float) -> Moves:
        uuid, ago = probe.decode_seen(frames[1])
        quiet = self._known(PeerId.parse(uuid))
        if quiet is not None and quiet is not record:
            quiet.vouched_at = max(quiet.vouched_at, now - ago)
        return ()

    # -- answering -----------------------------------------------------------------------------------------------

    def _on_enquire(self, record: PeerRecord, frames: Sequence[bytes], now: float) -> Moves:
        about = PeerId.parse(probe.decode_enquire(frames[1]))
        peer = self._known(about)
        if peer is None or peer is record or self._answer(record, peer, now):
            return ()
        if self._open < _MOST_OPEN:
            self._open += 1
            self._delivery.send(peer, zre.PING)
            self._timers.add(now + self._patience, Enquiry(record, about))
        return ()

    def _on_due(self, enquiry: Enquiry, now: float) -> Moves:
        self._open -= 1
        peer = self._known(enquiry.about)
        if peer is not None and enquiry.asker.state is READY:
            self._answer(enquiry.asker, peer, now)
        return ()

    def _answer(self, asker: PeerRecord, peer: PeerRecord, now: float) -> bool:
        self._directory.recall((peer,))
        ago = now - self._presence.last_heard(peer)
        if ago > self._patience:
            return False
        self._delivery.send(asker, probe.SEEN, probe.encode_seen(peer.peer.octets, ago))
        return True

    def _known(self, peer: PeerId) -> PeerRecord | None:
        record = self._directory.by_id.get(peer)
        return record if record is not None and record.state is READY else None
