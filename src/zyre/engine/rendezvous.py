"""Where a node looks for others that its beacons do not reach: ``Node(join=[...])`` and ZYRE_JOIN.

    "10.0.0.7"                a host: our beacon is sent there, too, and whoever hears it greets us
    "10.0.0.7:5680"           a node's TCP port: it is greeted
    "tcp://10.0.0.7:5680"     the same
    "dns://nodes.lan"         every address of a name, as a headless service has many; with ``:port`` their TCP ports
    "dns+srv://_zyre._tcp.lan"   every host and port of the SRV records of a name (RFC 2782)

One that answers is enough: it introduces us to the others. Names are looked up beside, and again from time to time.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Final, Protocol, TypeAlias

from zyre.core.timers import NEVER
from zyre.endpoint import Endpoint
from zyre.engine import clock
from zyre.engine.engine import Engine, EngineAlarm
from zyre.engine.names import look_up, look_up_services
from zyre.errors import InvalidConfig, InvalidEndpoint, NodeStopped

__all__ = ["JOIN_VARIABLE", "Host", "Meeting", "Name", "Rendezvous", "Services", "parse_meetings"]

#: Where nodes look that are not told, with commas between.
JOIN_VARIABLE: Final = "ZYRE_JOIN"

#: Seconds between two look-ups of a name: soon again while it is unknown.
_AGAIN: Final = 30.0
_AGAIN_UNKNOWN: Final = 2.0
#: Addresses that are followed; a name that stands for more is cut.
_MOST: Final = 64

_DNS: Final = "dns://"
_SRV: Final = "dns+srv://"


@dataclass(frozen=True, slots=True)
class Host:
    """A host, by name or address, that gets our beacons."""

    host: str


@dataclass(frozen=True, slots=True)
class Name:
    """A name that stands for several hosts; with a port, for as many nodes."""

    name: str
    port: int = 0


@dataclass(frozen=True, slots=True)
class Services:
    """A name that SRV records stand under."""

    name: str


Meeting: TypeAlias = Endpoint | Host | Name | Services


def parse_meetings(wanted: str | Iterable[str] | None) -> tuple[Meeting, ...]:
    """Read what ``join`` says, or ZYRE_JOIN if it is None. Raises InvalidConfig, InvalidEndpoint."""
    if wanted is None:
        wanted = os.environ.get(JOIN_VARIABLE, "")
    texts = wanted.split(",") if isinstance(wanted, str) else tuple(wanted)
    return tuple(_parse(text.strip()) if isinstance(text, str) else _refuse(text) for text in texts if text != "")


def _refuse(word: object) -> Meeting:
    raise InvalidConfig(f"join takes text such as '10.0.0.7' or 'dns://nodes.lan', not {word!r}")


def _parse(word: str) -> Meeting:
    if word.startswith(_SRV):
        if find_spec("dns") is None:
            raise InvalidConfig(f"{word!r} takes dnspython, which `pip install 'zyre[dns]'` installs")
        return Services(_require_name(word, word.removeprefix(_SRV)))
    if word.startswith(_DNS):
        name, _, digits = word.removeprefix(_DNS).partition(":")
        return Name(_require_name(word, name), Endpoint.parse(f"tcp://{name}:{digits}").port if digits else 0)
    if "://" not in word and not word.startswith("[") and word.count(":") != 1:  # several colons: an IPv6 address
        return Host(_require_name(word, word))
    endpoint = Endpoint.parse(word if "://" in word else f"tcp://{word}")
    if not endpoint.is_reachable:
        raise InvalidEndpoint(word, "is a wildcard: one can bind it, and not connect to it")
    return endpoint


def _require_name(word: str, name: str) -> str:
    if not name or any(character.isspace() or character in "/[]" for character in name):
        raise InvalidEndpoint(word, "names no host")
    return name


class _Aimed(Protocol):
    targets: tuple[str, ...]


class Rendezvous:
    """The look-ups of one node.

    The node is told by its verbs ("connect" to each node to greet, "seek" with the hosts that get beacons), and its
    beacons where to go; in a thread of the look-up or of the engine, never after ``close``.
    """

    def __init__(
        self, meetings: tuple[Meeting, ...], change: Callable[..., object], beacons: Callable[[], _Aimed | None]
    ) -> None:
        self.alarm = EngineAlarm(self._look)
        self._meetings = meetings
        self._change = change
        self._beacons = beacons
        self._lock = threading.Lock()
        self._greeted: set[Endpoint] = set()
        self._open = False
        self._looking = False

    def open(self, engine: Engine) -> None:
        """Begin. The engine must have acquired ``alarm``."""
        self._open = True
        for meeting in self._meetings:
            if isinstance(meeting, Endpoint):
                self._greet(meeting)
        if any(not isinstance(meeting, Endpoint) for meeting in self._meetings):
            engine.call_soon(self._look)

    def close(self) -> None:
        """End; a look-up that is under way changes nothing any more."""
        with self._lock:
            self._open = False
        self.alarm.set(NEVER)

    def _look(self) -> bool:
        """Look all names up, in a thread of its own: a resolver may take its time."""
        self.alarm.set(NEVER)
        if self._open and not self._looking:
            self._looking = True
            threading.Thread(target=self._run, name="zyre-resolve", daemon=True).start()
        return False

    def _run(self) -> None:
        known = True
        hosts: dict[str, None] = {}
        for meeting in self._meetings:
            if isinstance(meeting, Services):
                endpoints = look_up_services(meeting.name)
                known &= bool(endpoints)
            elif isinstance(meeting, (Host, Name)):
                addresses = look_up(meeting.host if isinstance(meeting, Host) else meeting.name)
                known &= bool(addresses)
                port = meeting.port if isinstance(meeting, Name) else 0
                endpoints = tuple(Endpoint("tcp", address, port) for address in addresses if port)
                hosts.update(dict.fromkeys(() if port else addresses))
            else:
                continue
            for endpoint in endpoints:
                self._greet(endpoint)
        with self._lock:
            self._looking = False
            if self._open:
                self._aim(tuple(hosts)[:_MOST])
                self.alarm.set(clock.now() + (_AGAIN if known else _AGAIN_UNKNOWN))

    def _greet(self, endpoint: Endpoint) -> None:
        with self._lock:
            if self._open and endpoint not in self._greeted and len(self._greeted) < _MOST:
                self._greeted.add(endpoint)
                self._tell("connect", endpoint, None)

    def _aim(self, addresses: tuple[str, ...]) -> None:
        beacons = self._beacons()
        if beacons is not None and beacons.targets != addresses and self._tell("seek", addresses):
            beacons.targets = addresses

    def _tell(self, verb: str, *arguments: object) -> bool:
        try:
            self._change(verb, *arguments)
        except NodeStopped:  # it may be too late
            return False
        return True
