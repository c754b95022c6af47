"""Beacons by hand, and what probes do with them. A broadcast goes to everybody on the network, not to one node: only
whoever names a beacon port gets it."""

from __future__ import annotations

import select
import time

from zyre.conformance.actor import Deviation
from zyre.core.locality import Interface
from zyre.engine.interfaces import list_interfaces
from zyre.engine.udp import BeaconSockets

__all__ = ["Airwaves"]


class Airwaves:
    """The beacon port of the network that our address is in."""

    def __init__(self, port: int, address: str) -> None:
        interfaces = [face for face in list_interfaces() if face.address == address and face.broadcast]
        self._sockets = BeaconSockets(port, interfaces or [Interface("", address, 32, address)])

    def say(self, datagram: bytes) -> None:
        """Broadcast a datagram."""
        self._sockets.broadcast(datagram)

    def hear_of(self, uuid: bytes, patience: float) -> bytes:
        """The next datagram that bears an identity. Raises Deviation."""
        deadline = time.monotonic() + patience
        while (left := deadline - time.monotonic()) > 0:
            select.select([self._sockets], [], [], left)
            for data, _ in self._sockets.receive(100):
                if data[4:20] == uuid:
                    return data
        raise Deviation(f"no beacon of it was heard within {patience:g} s")

    def close(self) -> None:
        """Hear and say nothing more."""
        self._sockets.close()
