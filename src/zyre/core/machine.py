"""The seam: what a protocol machine offers, and what its driver needs from a host.

Nothing behind these interfaces blocks, and nothing in a machine asks the time: ``now`` is a parameter, in seconds of
any clock that never goes back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from zyre.core.discovery import Source
from zyre.core.effects import Discard, Effect, Keep, Mark, Report
from zyre.core.locality import Locality
from zyre.core.peer import PeerRecord
from zyre.events import Event

__all__ = ["Alarm", "Clock", "Machine", "Store", "Transport"]


class Machine(Protocol):
    """Inputs go in, effects and events come out; verbs are the machine's own methods."""

    def receive_datagram(self, data: bytes, source: Source, now: float) -> bool:
        """A UDP datagram, and the address and port that it came from; False if nothing follows from it."""

    def receive_frames(self, frames: Sequence[bytes], now: float) -> None:
        """A message as the ROUTER gives it: identity, first frame, content."""

    def receive_report(self, report: Report, now: float) -> None:
        """How an effect fared, or what changed in the world."""

    def handle_timeout(self, now: float) -> None:
        """The deadline that next_timeout named has come."""

    def next_timeout(self) -> float:
        """When handle_timeout wants to be called; infinity for never. O(1)."""

    def take_effects(self) -> list[Effect]:
        """What is to be done, once, in order."""

    def take_events(self) -> list[Event]:
        """What the application should hear, once, in order."""


class Hearing(Protocol):
    """A host of many nodes may note the beacons from which nothing follows, instead of handing each of them to each
    machine: the machine says which they are, and leaves it to the host to watch for the silence after them. Before the
    peer would have to be asked, and before anything changes that could make more of a beacon than that, the host hands
    the watch back by ``on_unheard`` (of the driver)."""

    def know(self, beacon: bytes, address: str) -> bool:
        """Nothing follows any more from that beacon if it comes from that address, but that the silence of its sender
        begins later. Whether the host notes it from now on."""

    def recall(self, records: Iterable[PeerRecord]) -> None:
        """Move ``quiet_at`` of each to where the last beacon that was noted puts it, unless it is later."""

    def settle(self, beacon: bytes) -> None:
        """Hand back the watch that goes with a beacon."""

    def forget(self, beacon: bytes) -> None:
        """Its sender is gone."""


class Transport(Protocol):
    """What carries messages and beacons. Called by the driver only, under the node's lock."""

    def open(self) -> Locality:
        """Bind the inbox and the beacon sockets. Raises NetworkError."""

    def open_link(self, link: int, endpoint: str) -> bool:
        """Begin to connect; messages queue meanwhile. False if the endpoint is unusable."""

    def send(self, link: int, frames: Sequence[bytes]) -> bool:
        """Queue a whole message, or nothing of it. False if the link's queue is full: a LinkWritable follows."""

    def close_link(self, link: int, flush: bool) -> None:
        """Close a link; with ``flush``, what is queued may still leave for a moment."""

    def probe(self, link: int, endpoint: str) -> None:
        """Find out whether anybody listens where a link leads. LinkAnswered or LinkRefused follows, or nothing."""

    def hasten(self, link: int) -> None:
        """See to it that after an outage a link goes on soon."""

    def broadcast(self, payload: bytes) -> None:
        """Send a datagram on every interface in use. Failures are counted, not raised."""

    def listen_anew(self) -> None:
        """Listen with new keys, where there are any. KeysChanged follows."""

    def close(self) -> None:
        """Release everything. May be called twice."""


class Store(Protocol):
    """What keeps durable messages over the end of a process. Nothing in here waits for a disk: whether something is
    written is told by Persisted and NotPersisted, in the order of the effects."""

    def write(self, effect: Keep | Discard | Mark) -> None:
        """Have it written, in order with all others."""


class Clock(Protocol):
    """Monotonic time."""

    def now(self) -> float:
        """Seconds since some fixed moment."""


class Alarm(Protocol):
    """Calls the driver's ``on_alarm`` at a deadline."""

    def set(self, deadline: float) -> None:
        """Move the deadline; infinity for never."""
