"""What a node counted: nothing that is refused, dropped or malformed goes without a number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Statistics"]


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counters of one node since its start, as ``node.statistics()`` returns them."""

    peers: int
    """Peers that entered and have not exited."""
    pending: int
    """Peers found that have not said HELLO yet."""
    messages_sent: int
    """ZRE messages handed to libzmq, of every kind."""
    messages_received: int
    """ZRE messages accepted from peers, of every kind."""
    messages_missed: int
    """Messages that peers say they sent and that never arrived."""
    beacons_sent: int
    """UDP beacons sent, one for each interface."""
    beacons_received: int
    """Well-formed UDP beacons of other nodes."""
    unread: int
    """Events waiting for the application."""
    dropped: Mapping[str, int]
    """Messages not delivered, by reason: ``mailbox_full`` (the application reads too slowly), ``peer_slow`` (the
    peer reads too slowly), ``absent`` (it was not there)."""
    violations: Mapping[str, int]
    """Malformed or unexpected input, by kind; see zyre.core.tables.Violation for the list."""
    failures: Mapping[str, int]
    """What the operating system refused, by kind: beacons that could not be sent, links that could not be opened."""
