from __future__ import annotations

from tests.core.rig import peer_id
from zyre.core.ledger import Ledger
from zyre.core.peer import PeerRecord
from zyre.endpoint import Endpoint
from zyre.statistics import Fates
from zyre.wire.tally import Tallied


def record(*extensions: str) -> PeerRecord:
    made = PeerRecord(peer_id(1), Endpoint("tcp", "10.0.0.2", 1), 1, "beacon")
    made.extensions = frozenset(extensions)
    return made


def test_nobody_knows_what_became_of_messages_to_plain_peers() -> None:
    peer = record()
    peer.account.offered = 3
    assert Ledger().fates([peer]) == Fates(offered=3, unknown=3)


def test_our_own_kind_is_asked_and_until_then_they_are_in_flight() -> None:
    peer = record("tally")
    peer.account.offered = 5
    peer.account.settle(Tallied(1, 3, 0, 2))
    assert Ledger().fates([peer]) == Fates(offered=5, delivered=2, lost=1, in_flight=2)


def test_what_is_in_flight_when_a_peer_goes_is_unknown_for_ever_and_counted_once() -> None:
    ledger, peer = Ledger(), record("tally")
    peer.account.offered = 5
    peer.account.settle(Tallied(1, 3, 0, 2))
    ledger.retire(peer)
    ledger.retire(peer)
    assert ledger.fates([peer]) == ledger.fates([]) == Fates(offered=5, delivered=2, lost=1, unknown=2)


def test_what_never_left_is_refused() -> None:
    ledger = Ledger()
    ledger.refuse()
    ledger.refuse(2)
    assert ledger.fates([]) == Fates(offered=3, refused=3)
