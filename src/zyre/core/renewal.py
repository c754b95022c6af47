"""New keys while a node runs: its links are replaced one by one, and nothing that was sent is lost on the way.

A link that is closed loses what is still on it. So we fall silent on it first, and ask whether everything has been
heard (PAUSE); what is to be sent meanwhile is held. With the answer (PAUSED), or when patience is over, a new link is
opened with the new keys, HELLO is said on it, and what was held follows. To the peer nothing has happened: it knows the
HELLO for one of a node that was here all the time.

Who has a new key to be reached by must listen anew, which ends all connections to it. So it asks its peers to fall
silent on theirs (PARK), and listens anew when they have (PARKED). Its HELLO shows the new key; the host knows whether
that one may (HelloFrom.rekeyed), and the peer opens a new link, and sends what it held.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from zyre.core.admission import Greeting
from zyre.core.announcer import Announcer
from zyre.core.delivery import Delivery
from zyre.core.effects import KeysChanged, KeysComing, ListenAnew
from zyre.core.links import Links
from zyre.core.membership import Membership
from zyre.core.part import Follower, Handler, Moves, Part
from zyre.core.peer import PeerRecord
from zyre.core.portrait import PUBLIC_KEY_HEADER, Portrait
from zyre.core.profile import NodeProfile
from zyre.core.tables import PeerState
from zyre.core.timers import Deadlines
from zyre.identity import PeerId
from zyre.wire import renewal, tally

__all__ = ["Renewal"]

_FEATURE: Final = "renewal"


#: Who is asked to be silent waits for a HELLO, and that may wait for others.
_LONGER: Final = 2


class Unheard(NamedTuple):
    """The deadline for those who were asked to fall silent."""

    number: int


class Overdue(NamedTuple):
    """The deadline for a peer's answer."""

    peer: PeerId
    token: int


class Renewal(Part):
    """Replaces links, ours for a new key of ours, and ours to a peer that has a new one."""

    def __init__(
        self,
        profile: NodeProfile,
        membership: Membership,
        portrait: Portrait,
        announcer: Announcer,
        links: Links,
        delivery: Delivery,
        timers: Deadlines[object],
    ) -> None:
        self._patience = profile.config.timing.handshake
        self._membership = membership
        self._portrait = portrait
        membership.gate.adopt = self.adopt
        self._announcer = announcer
        self._links = links
        self._delivery = delivery
        self._timers = timers
        self._tokens = 0
        self._waiting: dict[PeerId, int] = {}
        """Who was asked whether all was heard, by which token."""
        self._parked: set[PeerId] = set()
        """Toward whom we are silent until they greet again."""
        self._parking: set[PeerId] = set()
        """Who was asked to be silent, and is not known to be."""
        self._key = ""
        """Our own new key, which is announced when all links are renewed: peers know it then."""

    def handlers(self) -> Mapping[int, Handler]:
        """The question, and the answer."""
        return {
            renewal.PAUSE: self._on_pause,
            renewal.PAUSED: self._on_paused,
            renewal.PARK: self._on_park,
            renewal.PARKED: self._on_parked,
        }

    def reports(self) -> Mapping[type, Follower]:
        """The host has new keys."""
        return {KeysComing: self._on_coming, KeysChanged: self._on_keys}

    def subjects(self) -> Mapping[type, Follower]:
        """Who does not answer is not waited for."""
        return {Overdue: self._on_overdue, Unheard: self._on_unheard}

    def left(self, record: PeerRecord) -> None:
        """It is gone, and not waited for."""
        self._waiting.pop(record.peer, None)
        self._parked.discard(record.peer)
        self._on_silent(record.peer)
        self._announce_if_done()

    def take_leave(self, record: PeerRecord) -> None:
        """The node stops: what is held goes on the link that there is."""
        if record.on_hold:
            self._delivery.release(record)

    def _on_coming(self, report: KeysComing, now: float) -> Moves:
        self._parking = {record.peer for record in self._membership.directory.ready() if _FEATURE in record.extensions}
        for peer in sorted(self._parking):
            record = self._membership.directory.by_id[peer]
            self._delivery.send_past(record, renewal.PARK, b"")
            self._delivery.hold(record)  # PARKED will say that everything before has been heard
            self._waiting.pop(peer, None)
        if self._parking:
            self._timers.add(now + self._patience, Unheard(self._tokens))
        else:
            self._delivery.effects.append(ListenAnew())
        return ()

    def _on_silent(self, peer: PeerId) -> None:
        """One less to wait for."""
        if peer in self._parking:
            self._parking.discard(peer)
            if not self._parking:
                self._delivery.effects.append(ListenAnew())

    def _on_unheard(self, subject: Unheard, now: float) -> Moves:
        if self._parking:
            self._parking.clear()
            self._delivery.effects.append(ListenAnew())
        return ()

    def _on_park(self, record: PeerRecord, frames: Sequence[bytes], now: float) -> Moves:
        self._parked.add(record.peer)
        self._begin(record, now)
        return ()

    def _on_parked(self, record: PeerRecord, frames: Sequence[bytes], now: float) -> Moves:
        self._on_silent(record.peer)
        return ()

    def _on_keys(self, report: KeysChanged, now: float) -> Moves:
        if report.public_key:
            self._key = report.public_key
            self._membership.gate.rekey(report.public_key)
            self._portrait.rekey(report.public_key, report.certificate)
        for record in list(self._membership.directory.ready()):
            if record.on_hold and record.peer not in self._waiting:
                self._resume(record, now)
            else:
                self._begin(record, now)
        self._announce_if_done()
        return ()

    def adopt(self, greeting: Greeting, now: float) -> None:
        """A peer that is here greets with a new key, and may: it is known by that, and our link to it is renewed."""
        record = self._membership.directory.by_id.get(greeting.peer)
        key = greeting.speech.endpoint.key
        if record is None or record.state is not PeerState.READY or record.endpoint.key == key:
            return
        directory = self._membership.directory
        directory.remove(record)
        record.endpoint = record.endpoint.with_key(key)
        if PUBLIC_KEY_HEADER in record.headers:
            record.headers = MappingProxyType({**record.headers, PUBLIC_KEY_HEADER: key})
        record.permitted = greeting.permitted
        record.snapshot = None
        directory.add(record)
        directory.changed = True
        if record.peer in self._parked:
            self._resume(record, now)
        else:
            self._begin(record, now)

    def _begin(self, record: PeerRecord, now: float) -> None:
        if _FEATURE not in record.extensions:
            self._replace(record)
            return
        self._tokens += 1
        self._waiting[record.peer] = self._tokens
        patience = _LONGER * self._patience if record.peer in self._parked else self._patience
        self._timers.add(now + patience, Overdue(record.peer, self._tokens))
        if "tally" in record.extensions:
            self._delivery.send(record, tally.TALLY, tally.encode_tally(record.link, record.account.offered))
        self._delivery.send(record, renewal.PAUSE, renewal.encode_token(self._tokens))
        self._delivery.hold(record)

    def _on_pause(self, record: PeerRecord, frames: Sequence[bytes], now: float) -> Moves:
        """Said past what we hold ourselves, or two who renew at the same time would wait for each other."""
        token = renewal.decode_token(frames[1])
        self._delivery.send_past(record, renewal.PAUSED, renewal.encode_token(token))
        return ()

    def _on_paused(self, record: PeerRecord, frames: Sequence[bytes], now: float) -> Moves:
        self._finish(record, renewal.decode_token(frames[1]), now)
        return ()

    def _on_overdue(self, subject: Overdue, now: float) -> Moves:
        record = self._membership.directory.by_id.get(subject.peer)
        if record is not None:
            self._finish(record, subject.token, now, overdue=True)
        return ()

    def _finish(self, record: PeerRecord, token: int, now: float, *, overdue: bool = False) -> None:
        if self._waiting.get(record.peer) != token:
            return
        if record.peer in self._parked and not overdue:
            self._delivery.send_past(record, renewal.PARKED, b"")
            return  # and wait for its HELLO, or for patience to be over
        self._resume(record, now)

    def _resume(self, record: PeerRecord, now: float) -> None:
        """Go on with a new link."""
        self._waiting.pop(record.peer, None)
        self._parked.discard(record.peer)
        self._replace(record)
        self._links.go_on(record, now)
        self._delivery.tell_of_room()
        self._announce_if_done()

    def _replace(self, record: PeerRecord) -> None:
        backlog = record.backlog
        self._membership.reopen(record, record.endpoint, answer=True)
        self._delivery.release(record, backlog)

    def _announce_if_done(self) -> None:
        if self._key and not self._waiting:
            self._announcer.rekey(self._key)
            self._key = ""
