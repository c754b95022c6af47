"""What a node counted: nothing that is refused, dropped or malformed goes without a number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from zyre.fates import Fates

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
    """What the operating system refused, by kind: a ``beacon`` could not be sent; a ``link`` could not be opened, or
    was not, because there are too few ``descriptors`` left; a ``datagram`` was not handed over, because it was no
    beacon or more came than were read."""
    fates: Fates = field(default_factory=Fates)
    """What became of the messages that the application gave."""
    calls: Mapping[str, int] = field(default_factory=dict)
    """Requests of this node: ``asked``, ``answered``, ``unanswered`` (given up on), and ``late`` answers. Requests of
    peers: ``served``, ``failed`` (the service raised), ``refused`` (unknown, or over a limit), ``cancelled``,
    ``expired`` (their time was over before their turn came), ``malformed``."""
