"""Bundles: many messages of the application in one frame, to peers of our own kind that understand it.

Each message in a bundle is a message of the ledger; the bundle is one by its sequence number. A bundle is given to a
peer whole or not at all, and none while more than a window of messages are on their way there: the link's own limit
counts frames. What a peer does not understand goes to it message by message (see Driver.bundle).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from zyre.core.burst import Burst, expand
from zyre.core.counters import Counters
from zyre.core.delivery import Delivery
from zyre.core.directory import Directory
from zyre.core.gate import Gate
from zyre.core.groups import Groups
from zyre.core.outcome import Outcome
from zyre.core.part import Handler, Moves, Part
from zyre.core.peer import PeerRecord
from zyre.core.tables import READY
from zyre.events import Event
from zyre.identity import PeerId
from zyre.wire import bundle, zre
from zyre.wire.bundle import Content

__all__ = ["Bundling"]

EXTENSION: Final = "bundle"


class Bundling(Part):
    """What is bundled, both ways. ``happenings`` takes bursts as it takes events."""

    __slots__ = (
        "_bursting",
        "_counters",
        "_delivery",
        "_directory",
        "_gate",
        "_groups",
        "_happenings",
        "_window",
    )

    def __init__(
        self,
        directory: Directory,
        groups: Groups,
        delivery: Delivery,
        counters: Counters,
        happenings: list[Any],
        gate: Gate,
    ) -> None:
        self._directory = directory
        self._groups = groups
        self._delivery = delivery
        self._counters = counters
        self._happenings = happenings
        self._gate = gate
        self._bursting = False
        """Whether there have been bursts among the happenings since they were last expanded."""

    def handlers(self) -> Mapping[int, Handler]:
        """Bundles."""
        return {bundle.BUNDLE: self._on_bundle}

    # -- sending -------------------------------------------------------------------------------------------------

    def is_here(self, peer: PeerId) -> bool:
        """Whether a peer can be sent anything."""
        record = self._directory.by_id.get(peer)
        return record is not None and record.state is READY

    def takes(self, peer: PeerId, contents: Sequence[Content]) -> bool:
        """Whether a peer is here, and can be given so many messages at once."""
        record = self._directory.by_id.get(peer)
        if record is None or record.state is not READY:
            return False
        return _understands(record) or (bool(contents[0]) and self._delivery.takes_series(record, len(contents)))

    def bundle(self, peer: PeerId, group: str, contents: Sequence[Content]) -> Outcome:
        """Send messages of equally many frames to one peer that takes them: whispers, or shouts to a ``group``. In one
        frame, if it understands that."""
        record = self._directory.by_id.get(peer)
        if record is None or record.state is not READY or (group and peer not in self._groups.members(group)):
            self._counters.dropped["absent"] += len(contents)
            self._counters.ledger.refuse(len(contents))
            return Outcome.ABSENT
        if _understands(record):
            fields, body = bundle.encode_bundle(group, contents)
            return self._delivery.offer_bundle(record, len(contents), fields, body)
        message_id, fields = (zre.SHOUT, zre.encode_shout(group)) if group else (zre.WHISPER, b"")
        return self._delivery.offer_series(record, message_id, fields, contents)

    def members(self, group: str) -> tuple[tuple[PeerId, ...], tuple[PeerId, ...]]:
        """The members of a group that understand bundles, and the others."""
        members = self._groups.members(group)
        able = tuple(peer for peer, record in members.items() if _understands(record))
        return able, tuple(peer for peer, record in members.items() if not _understands(record))

    def shout_bundle(self, group: str, contents: Sequence[Content]) -> tuple[int, tuple[PeerId, ...]]:
        """Send shouts to all members that understand it: to how many members, and whose queues were full."""
        fields, body = bundle.encode_bundle(group, contents)
        sent, blocked = 0, []
        for record in self._groups.members(group).values():
            if _understands(record):
                outcome = self._delivery.offer_bundle(record, len(contents), fields, body)
                sent += outcome is Outcome.SENT
                if outcome is Outcome.BLOCKED:
                    blocked.append(record.peer)
        return sent, tuple(blocked)

    # -- receiving -----------------------------------------------------------------------------------------------

    def _on_bundle(self, record: PeerRecord, frames: Sequence[bytes], now: float) -> Moves:
        found = bundle.decode_bundle(frames[1], frames[2:])
        if found.group and record.permitted is not None and not self._gate.admits(record, found.group):
            return ()
        record.account.heard += found.messages
        self._happenings.append(Burst(record.peer, record.name, found))
        self._bursting = True
        return ()

    def take_happenings(self) -> list[Any]:
        """All happenings, with bursts as they came; they are taken out."""
        taken = self._happenings[:]
        self._happenings.clear()
        return taken

    def take_events(self) -> list[Event]:
        """The same, with each message by itself."""
        taken = self.take_happenings()
        if self._bursting:
            self._bursting = False
            return expand(taken)
        return taken


def _understands(record: PeerRecord) -> bool:
    return EXTENSION in record.extensions and "tally" in record.extensions
