"""A NodeMachine on the bench: no driver, no network; what it is fed and what it wants done are plain values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from zyre.config import ClusterConfig, Limits, NodeConfig, Timing
from zyre.core.effects import Broadcast, CloseLink, Effect, OpenLink, Send
from zyre.core.locality import Interface, Locality
from zyre.core.node import NodeMachine
from zyre.core.profile import NodeProfile
from zyre.core.tables import PeerState
from zyre.endpoint import Endpoint
from zyre.events import Enter, Event, Exit, Refused
from zyre.identity import PeerId
from zyre.wire import bulletin, introduce, leases, lives, news, renewal, terms, zre
from zyre.wire.beacon import Beacon, encode_beacon

OWN = PeerId("5" * 32)
ADDRESS = "10.0.0.1"
PORT = 49152
BEACON_PORT = 5670
LOCALITY = Locality(Endpoint("tcp", ADDRESS, PORT), (Interface("eth0", ADDRESS, 24, "10.0.0.255"),))


class Sent(NamedTuple):
    """One message as it left: its command by name, its number, its fields, its content."""

    command: str
    sequence: int
    fields: bytes
    content: tuple[bytes, ...]


def read(effect: Send) -> Sent:
    message_id, sequence = zre.unpack_header(effect.frames[0])
    names = {
        **zre.MESSAGE_NAMES,
        **introduce.MESSAGE_NAMES,
        **news.MESSAGE_NAMES,
        **lives.MESSAGE_NAMES,
        **leases.MESSAGE_NAMES,
        **terms.MESSAGE_NAMES,
        **bulletin.MESSAGE_NAMES,
        **renewal.MESSAGE_NAMES,
    }
    return Sent(names[message_id], sequence, effect.frames[0][6:], tuple(effect.frames[1:]))


def peer_id(number: int) -> PeerId:
    """Small numbers make small ids, below OWN; none of them is of version 4."""
    return PeerId(f"{number:032X}")


class Rig:
    """A started machine, its clock, and all that it did so far."""

    def __init__(
        self,
        *,
        groups: Iterable[str] = (),
        headers: Mapping[str, str] | None = None,
        extensions: Iterable[str] = (),
        timing: Timing | None = None,
        limits: Limits | None = None,
        port: int = BEACON_PORT,
        locality: Locality = LOCALITY,
        public_key: str = "",
        proven: bool = False,
        incarnation: int = 0,
        certificate: str = "",
        start: bool = True,
    ) -> None:
        profile = NodeProfile(
            identity=OWN,
            name="own",
            headers=headers or {},
            groups=tuple(groups),
            cluster=ClusterConfig(port),
            config=NodeConfig(timing=timing or Timing(), limits=limits or Limits()),
            extensions=frozenset(extensions),
            public_key=public_key,
            proven=proven,
            incarnation=incarnation,
            certificate=certificate,
        )
        self.machine = NodeMachine(profile)
        self.now = 100.0
        self.history: list[Event] = []
        self.links: dict[int, str] = {}
        if start:
            self.machine.start(locality, self.now)

    def run_for(self, seconds: float) -> None:
        """Let time pass, stopping at every deadline."""
        end = self.now + seconds
        while self.machine.next_timeout() <= end:
            self.now = max(self.now, self.machine.next_timeout())
            self.machine.handle_timeout(self.now)
            assert self.machine.next_timeout() > self.now
        self.now = end

    def events(self) -> list[Event]:
        """What was told since the last question."""
        taken = self.machine.take_events()
        self.history += taken
        return taken

    def effects(self) -> list[Effect]:
        """What was asked for since the last question, with the book of links kept."""
        taken = self.machine.take_effects()
        for effect in taken:
            if isinstance(effect, OpenLink):
                assert effect.link not in self.links, "a link's number is used once"
                self.links[effect.link] = effect.endpoint
            elif isinstance(effect, CloseLink):
                assert self.links.pop(effect.link, None) is not None, "a link is closed once"
            elif isinstance(effect, Send):
                assert effect.link in self.links, "nothing is sent on a link that is not open"
        return taken

    def sent(self, peer: Foreign | None = None) -> list[Sent]:
        """The messages among the effects, in order; only those to ``peer`` if given."""
        sends = [effect for effect in self.effects() if isinstance(effect, Send)]
        return [read(effect) for effect in sends if peer is None or effect.link == peer.link]

    def commands(self, peer: Foreign | None = None) -> list[str]:
        return [message.command for message in self.sent(peer)]

    def beacons(self) -> list[bytes]:
        return [effect.payload for effect in self.effects() if isinstance(effect, Broadcast)]

    def count(self, kind: str) -> int:
        """A violation's count, by its public name."""
        return {str(key): value for key, value in self.machine.counters.violations.items()}.get(kind, 0)

    def state(self, peer: PeerId) -> PeerState:
        return self.machine._directory.state_of(peer)

    def ready(self, number: int = 1, **said: object) -> Foreign:
        """A foreign peer that has entered; its events and effects are already taken."""
        peer = Foreign(self, number)
        peer.hello(**said)  # type: ignore[arg-type]
        self.events()
        self.effects()
        return peer


class Foreign:
    """A peer whose every octet the test decides."""

    def __init__(self, rig: Rig, number: int = 1, *, address: str | None = None, port: int = PORT) -> None:
        self.rig = rig
        self.id = peer_id(number)
        self.address = address or f"10.0.0.{number + 1}"
        self.endpoint = f"tcp://{self.address}:{port}"
        self.port = port
        self.sequence = 0
        self.name = f"peer{number}"

    @property
    def link(self) -> int:
        return self.record.link

    @property
    def record(self):  # type: ignore[no-untyped-def]
        return self.rig.machine._directory.by_id[self.id]

    def beacon(self, port: int | None = None, source_port: int = BEACON_PORT) -> None:
        data = encode_beacon(Beacon(self.id.octets, self.port if port is None else port))
        self.rig.machine.receive_datagram(data, (self.address, source_port), self.rig.now)

    def send(
        self, message_id: int, fields: bytes = b"", *content: bytes, sequence: int | None = None, skip: int = 0
    ) -> None:
        self.sequence = (self.sequence + 1 + skip) % 65536 if sequence is None else sequence
        frame = zre.pack_header(message_id, self.sequence) + fields
        self.rig.machine.receive_frames([zre.identity_frame(self.id.octets), frame, *content], self.rig.now)

    def hello(
        self,
        *,
        groups: tuple[str, ...] = (),
        status: int = 0,
        headers: Mapping[str, str] | None = None,
        endpoint: str | None = None,
        name: str | None = None,
        sequence: int = 1,
    ) -> None:
        hello = zre.Hello(
            self.endpoint if endpoint is None else endpoint,
            self.name if name is None else name,
            groups,
            status,
            headers or {},
        )
        self.send(zre.HELLO, zre.encode_hello(hello), sequence=sequence)

    def whisper(self, *content: bytes, **how: int) -> None:
        self.send(zre.WHISPER, b"", *content, **how)

    def join(self, group: str, status: int = 1) -> None:
        self.send(zre.JOIN, zre.encode_group_change(group, status))

    def leave(self, group: str, status: int = 2) -> None:
        self.send(zre.LEAVE, zre.encode_group_change(group, status))


def names(events: Iterable[Event]) -> list[str]:
    return [type(event).__name__ for event in events]


def check_lives(events: Iterable[Event], own: PeerId = OWN) -> set[PeerId]:
    """Nothing is told of a peer outside its Enter..Exit; returns who is here at the end."""
    here: set[PeerId] = set()
    for event in events:
        if isinstance(event, Enter):
            assert event.peer not in here, f"entered twice: {event}"
            here.add(event.peer)
        elif event.peer != own and not isinstance(event, Refused):
            assert event.peer in here, f"told of somebody who is not here: {event}"
            if isinstance(event, Exit):
                here.discard(event.peer)
    return here
