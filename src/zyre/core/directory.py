"""The table of peers: by identity, by the identity frame that their messages carry, by link, by endpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from zyre.core.machine import Hearing
from zyre.core.peer import PeerRecord
from zyre.core.tables import ABSENT, READY, WITHOUT_A_WORD, PeerState
from zyre.endpoint import Endpoint
from zyre.events import ExitReason
from zyre.identity import PeerId
from zyre.roster import Peer, Roster
from zyre.wire.zre import identity_frame

__all__ = ["Directory"]


@lru_cache(maxsize=4096)
def _identity_frame(peer: PeerId) -> bytes:
    """One object for all nodes of this process that know a peer."""
    return identity_frame(peer.octets)


class Directory:
    """Every record that has an identity. Lookups are one dictionary access each.

    ``proven``: messages come with the key that their sender has proven to own, behind its identity. ``most_missed``: of
    so many who went without a word it keeps in mind where they were.
    """

    __slots__ = (
        "_by_endpoint",
        "_by_link",
        "_elsewhere",
        "_heard_at",
        "_missed",
        "_most_missed",
        "_proven",
        "beacons_changed",
        "by_beacon",
        "by_frame",
        "by_id",
        "changed",
        "hearing",
    )

    def __init__(self, most_missed: int, *, proven: bool = False) -> None:
        self._proven = proven
        self._missed: dict[PeerId, tuple[Endpoint, str]] = {}
        self._most_missed = most_missed
        self.by_id: dict[PeerId, PeerRecord] = {}
        self.by_frame: dict[bytes, PeerRecord] = {}
        """Keyed by what stands before each message, the ROUTER's 17 octets and perhaps a proven key: the hot path looks
        here. So whoever borrows an identity and has another key is a stranger."""
        self.by_beacon: dict[bytes, PeerRecord] = {}
        """Keyed by the whole datagram that a READY peer sends again and again; one for each peer."""
        self.beacons_changed = True
        """Whether ``by_beacon`` has other keys than when this was last set to False; and so if that never was."""
        self.hearing: Hearing | None = None
        self.changed = True
        """Whether ``roster`` would be another one than when this was last set to False."""
        self._by_link: dict[int, PeerRecord] = {}
        self._by_endpoint: dict[str, PeerRecord] = {}
        self._elsewhere: dict[PeerId, tuple[str, float]] = {}
        """From which other endpoint a peer's beacon came last, and when: a computer may have several interfaces."""
        self._heard_at: dict[str, PeerId] = {}

    def add(self, record: PeerRecord) -> None:
        """Enter a record under all its keys."""
        peer = record.peer
        if self._missed:
            self._missed.pop(peer, None)
        self.by_id[peer] = record
        self.by_frame[self._frame(record) if self._proven else _identity_frame(peer)] = record
        self._by_link[record.link] = record
        self._by_endpoint[record.endpoint.text] = record

    def remember(self, beacon: bytes, record: PeerRecord) -> None:
        """Enter a record under its beacon, instead of an earlier one."""
        if record.beacon:
            self.overlook(record)
        record.beacon = beacon
        self.by_beacon[beacon] = record
        self.beacons_changed = True
        if self.hearing is not None:
            self.let_note(record)

    def let_note(self, record: PeerRecord) -> None:
        """Nothing follows from a peer's beacon: a host that hears for many nodes may keep it to itself."""
        if self.hearing is not None and not record.noted:
            record.noted = self.hearing.know(record.beacon, record.endpoint.host)

    def listen_to(self, record: PeerRecord) -> None:
        """Be handed a peer's beacon when it comes next, if from there, too, nothing follows but that it came."""
        if record.noted and self.hearing is not None:
            self.hearing.settle(record.beacon)

    def overlook(self, record: PeerRecord) -> None:
        """Look again at a peer's beacon when it comes next: more may follow from it than that the peer is there."""
        self.listen_to(record)
        self._forget_beacon(record)

    def _forget_beacon(self, record: PeerRecord) -> None:
        self.beacons_changed |= self.by_beacon.pop(record.beacon, None) is not None

    def take_expected(self) -> tuple[bytes, ...] | None:
        """The beacons from which nothing follows but that they have come; None if they are those of the last time."""
        if not self.beacons_changed:
            return None
        self.beacons_changed = False
        return tuple(self.by_beacon)

    def remove(self, record: PeerRecord) -> None:
        """Take a record out under all its keys."""
        del self.by_id[record.peer]
        del self.by_frame[self._frame(record)]
        del self._by_link[record.link]
        self._forget_beacon(record)
        if self._elsewhere:
            self._forget_elsewhere(record.peer)
        if record.noted and self.hearing is not None:
            record.noted = False
            self.hearing.forget(record.beacon)
        if self._by_endpoint.get(record.endpoint.text) is record:
            del self._by_endpoint[record.endpoint.text]

    def _frame(self, record: PeerRecord) -> bytes:
        frame = _identity_frame(record.peer)
        return frame + record.endpoint.key.encode() if self._proven else frame

    def recall(self, records: Iterable[PeerRecord]) -> None:
        """Bring up to date when these were last heard: a host may know of beacons that were not handed over."""
        if self.hearing is not None:
            self.hearing.recall(records)

    def miss(self, record: PeerRecord, reason: ExitReason) -> None:
        """Keep in mind where a peer was that went without a word: it may not have gone at all."""
        if reason not in WITHOUT_A_WORD:
            return
        self._missed[record.peer] = record.endpoint, record.found_by
        if len(self._missed) > self._most_missed:
            del self._missed[next(iter(self._missed))]

    def misses(self, peer: PeerId) -> bool:
        """Whether a peer went without a word."""
        return peer in self._missed

    def take_missed(self, peer: PeerId) -> tuple[Endpoint, str] | None:
        """Where a peer was that is missed, and how it was found, once."""
        return self._missed.pop(peer, None)

    def at_link(self, link: int) -> PeerRecord | None:
        """Whose link that is."""
        return self._by_link.get(link)

    def peer_at(self, link: int) -> PeerId | None:
        """The identity of whoever's link that is."""
        return None if (record := self._by_link.get(link)) is None else record.peer

    def at_endpoint(
        self, endpoint: Endpoint, is_recent: Callable[[PeerRecord, float], bool] | None = None
    ) -> PeerRecord | None:
        """Who is reached there; or else who was heard from there, as from another interface, if that ``is_recent``."""
        record = self._by_endpoint.get(endpoint.text)
        if record is None and is_recent is not None and (peer := self._heard_at.get(endpoint.text)) is not None:
            record = self.by_id[peer] if is_recent(self.by_id[peer], self._elsewhere[peer][1]) else None
        return record

    def hear_elsewhere(self, record: PeerRecord, endpoint: Endpoint, now: float) -> None:
        """A peer's beacon came from where we do not reach it. The last such place is kept in mind."""
        self.listen_to(record)
        self._forget_elsewhere(record.peer)
        self._elsewhere[record.peer] = endpoint.text, now
        self._heard_at[endpoint.text] = record.peer

    def _forget_elsewhere(self, peer: PeerId) -> None:
        text, _ = self._elsewhere.pop(peer, ("", 0.0))
        if text and self._heard_at.get(text) == peer:
            del self._heard_at[text]

    def state_of(self, peer: PeerId) -> PeerState:
        """How far we are with a peer; ABSENT for one we do not know."""
        record = self.by_id.get(peer)
        return ABSENT if record is None else record.state

    def ready(self) -> Iterator[PeerRecord]:
        """Those who entered."""
        return (record for record in self.by_id.values() if record.state is READY)

    def acquaintances(self) -> tuple[tuple[bytes, str, str, str, bool], ...]:
        """Everybody, greeted or here: uuid, name, endpoint, how found, and whether here."""
        return tuple(
            (record.peer.octets, record.name, str(record.endpoint), record.found_by, record.state is READY)
            for record in self
        )

    def roster(self) -> Roster:
        """Those who entered, as an immutable snapshot."""
        peers: dict[PeerId, Peer] = {record.peer: record.to_public() for record in self.ready()}
        return Roster(peers)

    def __len__(self) -> int:
        return len(self.by_id)

    def __iter__(self) -> Iterator[PeerRecord]:
        return iter(self.by_id.values())
