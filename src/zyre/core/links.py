"""How links fare: full, writable again, or impossible to open; and whose business that is."""

from __future__ import annotations

from collections.abc import Mapping

from zyre.core.carrying import Carrying
from zyre.core.counters import Counters
from zyre.core.delivery import Delivery
from zyre.core.durable import Durable
from zyre.core.effects import LinkBlocked, LinkFailed, LinkWritable
from zyre.core.locality import Locality
from zyre.core.membership import Membership
from zyre.core.part import Follower, Moves, Part
from zyre.core.peer import PeerRecord
from zyre.core.reliable import Reliable

__all__ = ["Links"]


class Links(Part):
    """The reports of the transport about links. A link is nobody's any more once we said goodbye on it."""

    def __init__(
        self,
        membership: Membership,
        delivery: Delivery,
        reliable: Reliable,
        durable: Durable,
        carrying: Carrying,
        counters: Counters,
    ) -> None:
        self._membership = membership
        self._delivery = delivery
        self._reliable = reliable
        self._durable = durable
        self._carrying = carrying
        self._counters = counters
        self._running = False

    def start(self, locality: Locality, now: float) -> Moves:
        """Links may be opened."""
        self._running = True
        return ()

    def stop(self) -> None:
        """All links are closed."""
        self._running = False

    def reports(self) -> Mapping[type, Follower]:
        """What the transport says of links."""
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
            if record.blocked and not record.on_hold:
                self._membership.vigil.reached(record, now)
            self._delivery.on_writable(record)
            self.go_on(record, now)
        return ()

    def go_on(self, record: PeerRecord, now: float) -> None:
        """A link has room: send what waits for it in others' books."""
        self._carrying.writable(record)
        self._reliable.writable(record, now)
        self._durable.writable(record, now)

    def _on_failed(self, report: LinkFailed, now: float) -> Moves:
        record = self._at(report.link)
        if record is None:
            return ()
        self._counters.failures["link"] += 1
        return () if record.identity is None else self._membership.remove(record, "unreachable")
