"""A peer's connection broke: did its process die, or only the connection?

The kernel of a process that dies closes its connections, so the inbox knows at once; but a connection also breaks when
somebody in between forgets it, and then the peer connects again and nothing has happened. So we ask before we tell: if
the peer's host refuses a connection to its endpoint, and does so again a moment later, and nothing was heard meanwhile,
nobody is there any more. A host that does not answer at all proves nothing; that is what silence is measured for.

    LinkLost ──> Probe ──refused──> wait ──> Probe ──refused──> Exit(reason="crashed")
                   └──answered, or nothing──> the peer stays, and is asked on the link

Who listens may be the peer's next life, which hears us for the first time. So one of our own kind is also greeted, as
if in answer: the same life takes no notice, and a new one greets back without waiting for a beacon. A beacon that comes
between two refusals makes us ask at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from zyre.config import Timing
from zyre.core.delivery import Delivery
from zyre.core.directory import Directory
from zyre.core.effects import LinkAnswered, LinkLost, LinkRefused, Probe
from zyre.core.part import Follower, Moves, Part
from zyre.core.peer import PeerRecord
from zyre.core.portrait import Portrait
from zyre.core.tables import READY, Input
from zyre.core.timers import NEVER, Deadlines
from zyre.core.vigil import Vigil
from zyre.wire import zre

__all__ = ["Recheck", "Verification"]


class Recheck(NamedTuple):
    """The timer for asking once more at a peer's endpoint."""

    record: PeerRecord


class Verification(Part):
    """Follows up broken connections. ``depart(record, input)`` lets go of a peer, as the table has it."""

    def __init__(
        self,
        timing: Timing,
        *,
        directory: Directory,
        delivery: Delivery,
        timers: Deadlines[object],
        vigil: Vigil,
        depart: Callable[[PeerRecord, Input], Moves],
        portrait: Portrait,
    ) -> None:
        self._wait = timing.verify
        self._directory = directory
        self._delivery = delivery
        self._timers = timers
        self._vigil = vigil
        self._depart = depart
        self._portrait = portrait

    def reports(self) -> Mapping[type, Follower]:
        """How connections fare."""
        return {LinkLost: self._on_lost, LinkRefused: self._on_refused, LinkAnswered: self._on_answered}

    def subjects(self) -> Mapping[type, Follower]:
        """Second looks."""
        return {Recheck: self._on_recheck}

    def _on_lost(self, report: LinkLost, now: float) -> Moves:
        record = self._directory.by_frame.get(report.identity)
        if record is not None and record.state is READY:
            self._vigil.doubt(record)
            self._probe(record)
        return ()

    def _probe(self, record: PeerRecord) -> None:
        self._delivery.effects.append(Probe(record.link, record.endpoint.text))

    def _on_refused(self, report: LinkRefused, now: float) -> Moves:
        """Nobody listens there. The second time in a row that is final, unless something was heard in between."""
        record = self._directory.at_link(report.link)
        if record is None or record.state is not READY:
            return ()
        self._directory.recall((record,))
        heard_since = record.heard_mark != (record.quiet_at, record.received)
        if record.verified_at == NEVER or heard_since:
            record.heard_mark = record.quiet_at, record.received
            record.verified_at = now + self._wait
            self._timers.add(record.verified_at, Recheck(record))
        elif not now < record.verified_at:
            return self._depart(record, Input.REFUSED)
        return ()

    def _on_recheck(self, subject: Recheck, now: float) -> Moves:
        record = subject.record
        if record.state is READY and not now < record.verified_at:
            self._probe(record)
        return ()

    def _on_answered(self, report: LinkAnswered, now: float) -> Moves:
        """Somebody listens. If it is still that peer, it will say so, and its beacons count again."""
        record = self._directory.at_link(report.link)
        if record is not None and record.state is READY:
            record.answered_at = now
            record.verified_at = record.strayed_at = NEVER
            doubted = record.doubted
            self._vigil.trust(record, now)
            if doubted and not record.doubted and record.incarnation:
                self._delivery.send(record, zre.HELLO, self._portrait.hello_to(record.endpoint, answer=True))
        return ()
