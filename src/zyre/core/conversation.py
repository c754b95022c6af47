"""What peers say: every message of 36/ZRE, from a peer that has said HELLO, to the part that knows what follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from zyre import views
from zyre.core.delivery import Delivery
from zyre.core.gate import Gate
from zyre.core.membership import Membership
from zyre.core.part import Handler, Moves, Part
from zyre.core.peer import PeerRecord
from zyre.events import Event, new_shout, new_whisper
from zyre.views import LargeFrames
from zyre.wire import zre

__all__ = ["Conversation"]


class Conversation(Part):
    """The messages of the protocol itself, votes excepted. WHISPER and SHOUT are the hot path."""

    def __init__(self, membership: Membership, delivery: Delivery, events: list[Event], gate: Gate) -> None:
        self._membership = membership
        self._delivery = delivery
        self._events = events
        self._gate = gate

    def handlers(self) -> Mapping[int, Handler]:
        """By message id."""
        return {
            zre.WHISPER: self._on_whisper,
            zre.SHOUT: self._on_shout,
            zre.JOIN: self._on_join,
            zre.LEAVE: self._on_leave,
            zre.PING: self._on_ping,
            zre.PING_OK: self._on_ping_ok,
            zre.GOODBYE: self._on_goodbye,
        }

    def _on_whisper(self, record: PeerRecord, frames: Sequence[bytes], now: float) -> Moves:
        (record.books or record.account).heard += 1
        if type(frames) is LargeFrames:
            self._events.append(views.Whisper(record.peer, record.name, frames[2:]))
        else:
            self._events.append(new_whisper(record.peer, record.name, tuple(frames[2:])))
        return ()

    def _on_shout(self, record: PeerRecord, frames: Sequence[bytes], now: float) -> Moves:
        group = zre.decode_shout_group(frames[1])
        if record.permitted is not None and not self._gate.admits(record, group):
            return ()
        (record.books or record.account).heard += 1
        if type(frames) is LargeFrames:
            self._events.append(views.Shout(record.peer, record.name, group, frames[2:]))
        else:
            self._events.append(new_shout(record.peer, record.name, group, tuple(frames[2:])))
        return ()

    def _on_join(self, record: PeerRecord, frames: Sequence[bytes], now: float) -> Moves:
        return self._membership.hearsay.on_join(record, zre.decode_group_change(frames[1]))

    def _on_leave(self, record: PeerRecord, frames: Sequence[bytes], now: float) -> Moves:
        return self._membership.hearsay.on_leave(record, zre.decode_group_change(frames[1]))

    def _on_ping(self, record: PeerRecord, frames: Sequence[bytes], now: float) -> Moves:
        self._delivery.send(record, zre.PING_OK)
        return ()

    def _on_ping_ok(self, record: PeerRecord, frames: Sequence[bytes], now: float) -> Moves:
        """That it was heard is all there is to it."""
        return ()

    def _on_goodbye(self, record: PeerRecord, frames: Sequence[bytes], now: float) -> Moves:
        return self._membership.on_goodbye(record)
