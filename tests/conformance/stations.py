"""Transports on two hosts, modelled and real, behind one face, so that the same tests run over both.

A ``Bench`` makes ``Station``s, which hear each other. A station has a transport, and writes down what arrives at it.
Waiting pumps: the modelled bench lets virtual time pass, the real one polls its sockets.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import tests.support.nodes  # noqa: F401  # starts pyzmq's thread for large frames, which no test shall be blamed for
from tests.peers.harness import unused_port
from zyre.config import Limits, NodeConfig
from zyre.core.effects import LinkAnswered, LinkLost, LinkRefused, LinkWritable, Report
from zyre.core.locality import Locality
from zyre.endpoint import Endpoint
from zyre.engine.probing import Probes
from zyre.engine.transport import ZmqTransport
from zyre.sim import LAN, World
from zyre.sim.transport import SimTransport

PATIENCE = 20.0


class Station(ABC):
    """One transport, and what it got. ``reading`` may be switched off: then everything waits for it."""

    transport: Any

    def __init__(self, number: int, limits: Limits) -> None:
        self.identity = bytes([0x50 + number]) * 16
        self.limits = limits
        self.messages: list[list[bytes]] = []
        self.datagrams: list[tuple[bytes, tuple[str, int]]] = []
        self.writable: list[int] = []
        self.lost: list[bytes] = []
        """The identities of those whose connections broke."""
        self.verdicts: list[tuple[str, int]] = []
        """What was found out about links: "answered" or "refused"."""
        self.reading = True
        self.locality: Locality | None = None

    def open(self) -> Locality:
        self.locality = self.transport.open()
        return self.locality

    @property
    def endpoint(self) -> str:
        """Where others reach it."""
        assert self.locality is not None
        return self.locality.endpoint

    @property
    def bodies(self) -> list[bytes]:
        """The last frame of every message so far."""
        return [frames[-1] for frames in self.messages]

    def on_report(self, report: Report) -> None:
        if isinstance(report, LinkWritable):
            self.writable.append(report.link)
        elif isinstance(report, LinkLost):
            self.lost.append(report.identity)
        elif isinstance(report, (LinkAnswered, LinkRefused)):
            self.verdicts.append(("answered" if isinstance(report, LinkAnswered) else "refused", report.link))

    @abstractmethod
    def again(self) -> Station:
        """A station in its place, after this one is closed: the same port and identity."""


class Bench(ABC):
    """A place where stations stand."""

    def __init__(self) -> None:
        self.stations: list[Station] = []
        self.port = unused_port()

    @abstractmethod
    def new_station(self, number: int, limits: Limits, tcp_port: int | None, interface: str | None) -> Station:
        """A station of this bench."""

    @abstractmethod
    def wait(self, condition: Callable[[], object], what: str = "it") -> None:
        """Let things happen until ``condition`` holds; fail if they do not."""

    def station(
        self, *, tcp_port: int | None = None, interface: str | None = None, opened: bool = True, **limits: Any
    ) -> Station:
        station = self.new_station(len(self.stations), Limits(**limits), tcp_port, interface)
        self.stations.append(station)
        if opened:
            station.open()
        return station

    @abstractmethod
    def unused_tcp_port(self) -> int:
        """A TCP port that nobody has bound."""

    def close(self) -> None:
        for station in self.stations:
            station.transport.close()


# -- modelled ----------------------------------------------------------------------------------------------------------


class ModelledStation(Station):
    """It is the SimTransport's Receiver."""

    def __init__(self, bench: ModelledBench, number: int, limits: Limits, tcp_port: int | None, interface: str | None):
        super().__init__(number, limits)
        self.bench = bench
        self._interface = interface
        self.transport = SimTransport(bench.world.network, bench.box, self.identity, limits, bench.port, interface)
        self.transport.host = self
        self.transport.wanted_port = tcp_port

    @property
    def ready(self) -> bool:
        return self.reading

    def on_datagrams(self, datagrams: Iterable[tuple[bytes, tuple[str, int]]]) -> None:
        self.datagrams += datagrams

    def on_messages(self, messages: Iterable[Sequence[bytes]]) -> None:
        self.messages += map(list, messages)

    def again(self) -> Station:
        station = ModelledStation(self.bench, 0, self.limits, self.transport.tcp_port, self._interface)
        station.identity, station.transport.identity = self.identity, self.transport.identity
        self.bench.stations.append(station)
        station.open()
        return station


class ModelledBench(Bench):
    """One computer in a simulated world."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(1, LAN)
        self.box = self.world.box()
        self._reading: dict[Station, bool] = {}

    def new_station(self, number: int, limits: Limits, tcp_port: int | None, interface: str | None) -> Station:
        return ModelledStation(self, number, limits, tcp_port, interface)

    def wait(self, condition: Callable[[], object], what: str = "it") -> None:
        for station in self.stations:
            if station.reading and not self._reading.get(station, True):
                station.transport.wake()
            self._reading[station] = station.reading
        self.world.run_until(lambda: bool(condition()), PATIENCE)

    def unused_tcp_port(self) -> int:
        return 40_000 + len(self.stations)


# -- real --------------------------------------------------------------------------------------------------------------


class RealStation(Station):
    """It does what the engine and the host of a node do: reads what is there, asks blocked links for room."""

    def __init__(self, bench: RealBench, number: int, limits: Limits, tcp_port: int | None, interface: str | None):
        super().__init__(number, limits)
        self.bench = bench
        self._interface = interface
        self._blocked: set[int] = set()
        self._probes = Probes()
        self.transport = ZmqTransport(
            self.identity,
            NodeConfig(limits=limits, peer_port=tcp_port),
            interface or "va",
            bench.port,
            on_blocked=lambda link, descriptor: self._blocked.add(link),
            on_closed=self._on_closed,
            on_moved=lambda locality: None,
            on_probe=self._probe,
        )

    def _on_closed(self, link: int) -> None:
        self._blocked.discard(link)
        self._probes.end(link)

    def _probe(self, link: int, endpoint: str) -> None:
        begun = self._probes.begin(link, Endpoint.parse(endpoint))
        if begun is not None and not isinstance(begun, int):
            self.on_report(begun)

    def pump(self) -> None:
        if self.transport._inbox is not None and not self.transport._inbox.closed and self.reading:
            self.messages += self.transport.receive(1000)
            if self.transport.beacons is not None:
                for data, source in self.transport.beacons.receive(1000)[1]:
                    if all(data != known for known, _ in self.datagrams):  # it comes by several ways
                        self.datagrams.append((data, source))
        if self.transport.connections is not None and not self.transport.connections._events.closed:
            for report in self.transport.connections.take_lost(1000)[0]:
                self.on_report(report)
        for link in self._probes.open():
            shown = self._probes.look(link)
            if shown is not True:
                self._probes.end(link)
            if not isinstance(shown, bool):
                self.on_report(shown)
        for link in list(self._blocked):
            if self.transport.is_writable(link):
                self._blocked.discard(link)
                self.writable.append(link)

    def again(self) -> Station:
        assert self.locality is not None
        station = RealStation(self.bench, 0, self.limits, self.locality.bound.port, self._interface)
        station.identity, station.transport._identity = self.identity, self.transport._identity
        self.bench.stations.append(station)
        self.bench.wait(lambda: self.bench.try_to_open(station), "the port is free again")
        return station


class RealBench(Bench):
    """The private network of the tests."""

    def __init__(self) -> None:
        super().__init__()
        self._pause = threading.Event()

    def new_station(self, number: int, limits: Limits, tcp_port: int | None, interface: str | None) -> Station:
        return RealStation(self, number, limits, tcp_port, interface)

    def try_to_open(self, station: Station) -> bool:
        """libzmq gives a port back in its own thread, a moment after ``close``."""
        try:
            station.open()
        except OSError:
            return False
        return True

    def wait(self, condition: Callable[[], object], what: str = "it") -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            for station in self.stations:
                station.pump()  # type: ignore[attr-defined]
            if condition():
                return
            assert time.monotonic() < deadline, f"{what} did not happen within {PATIENCE} s"
            self._pause.wait(0.002)

    def unused_tcp_port(self) -> int:
        return unused_port()
