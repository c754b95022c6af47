"""How links fare: what the transport reports of them, to the part that knows what follows."""

from __future__ import annotations

from collections.abc import Mapping

from zyre.core.counters import Counters
from zyre.core.delivery import Delivery
from zyre.core.effects import LinkBlocked, LinkFailed, LinkWritable
from zyre.core.locality import Locality
from zyre.core.membership import Membership
from zyre.core.part import Follower, Moves, Part
from zyre.core.peer import PeerRecord

__all__ = ["Links"]


class Links(Part):
    """Whose link that is: nobody's before the start, and nobody's any more once we said goodbye."""

    def __init__(self, membership: Membership, delivery: Delivery, counters: Counters) -> None:
        self._membership = membership
        self._delivery = delivery
        self._counters = counters
        self._running = False

    def start(self, locality: Locality, now: float) -> Moves:
        """Links mean something."""
        self._running = True
        return ()

    def stop(self) -> None:
        """What is reported from now on means nothing."""
        self._running = False

    def reports(self) -> Mapping[type, Follower]:
        """Of links that are full, have room again, or could not be opened."""
        return {LinkBlocked: self._on_blocked, LinkWritable: self._on_writable, LinkFailed: self._on_failed}

    def _at(self, link: int) -> PeerRecord | None:
        if not self._running:
            return None
        return self._membership.directory.at_link(link) or self._membership.dialling.at_link(link)

    def _on_blocked(self, report: LinkBlocked, now: float) -> Moves:
        self._delivery.on_blocked(self._at(report.link), report.frames)
        return ()

    def _on_writable(self, report: LinkWritable, now: float) -> Moves:
        if (record := self._at(report.link)) is not None:
            self._delivery.on_writable(record)
        return ()

    def _on_failed(self, report: LinkFailed, now: float) -> Moves:
        record = self._at(report.link)
        if record is None:
            return ()
        self._counters.failures["link"] += 1
        return () if record.identity is None else self._membership.remove(record, "unreachable")
