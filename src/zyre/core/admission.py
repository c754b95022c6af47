"""Whom to let in: a HELLO is read, held against the limits, and either understood or refused with a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from zyre.config import Limits
from zyre.core.discovery import beacon_of
from zyre.core.locality import is_link_local
from zyre.core.part import Arrival, Moves
from zyre.core.tables import Violation
from zyre.endpoint import Endpoint
from zyre.errors import DecodeError, InvalidEndpoint, InvalidName
from zyre.events import Enter, Event, Join
from zyre.identity import PeerId, check_group
from zyre.security.keys import KEY_TEXT
from zyre.wire import zre
from zyre.wire.envelope import CLUSTER_HEADER
from zyre.wire.extension import application_headers, offered_extensions
from zyre.wire.lives import read_incarnation

__all__ = ["IDENTITY_SIZE", "Greeting", "Speech", "judge_hello", "read_identity", "understand"]

#: Octets of the identity that a ROUTER puts before a message. The key that its sender has proven to own follows, in
#: Z85, where the host knows that.
IDENTITY_SIZE = 17
_WITH_KEY = IDENTITY_SIZE + KEY_TEXT
_IDENTITY_START = b"\x01"


@dataclass(frozen=True, slots=True)
class Speech:
    """What a HELLO frame says, checked and made ready for use."""

    sequence: int
    endpoint: Endpoint
    name: str
    status: int
    groups: tuple[str, ...]
    """Those with possible names, each once."""
    headers: Mapping[str, str]
    """What the application of the peer says; read only."""
    extensions: frozenset[str] | None
    """What it understands beyond 36/ZRE; None for a node of another kind."""
    incarnation: int
    """Which life of the peer this is: a later one has a higher number. 0 if it does not say."""
    cluster: str
    """The name of its cluster; empty for the one without a name, in which all other kinds of nodes are."""
    is_answer: bool
    """Whether it answers a HELLO of ours, and needs no answer."""
    group_count: int
    header_count: int
    longest_header: int


class Greeting:
    """A HELLO that makes sense, and who says it. It never changes: all nodes of a process that hear it share it.

    ``permitted`` are patterns of the groups that the sender may be in; None for all.
    """

    __slots__ = ("_address", "_beacon", "_events", "_moves", "_place", "is_on_link", "peer", "permitted", "speech")

    def __init__(self, peer: PeerId, speech: Speech, permitted: tuple[str, ...] | None = None) -> None:
        self.peer = peer
        self.speech = speech
        self.permitted = permitted
        self.is_on_link = is_link_local(speech.endpoint.host)
        self._address = ""
        self._events: tuple[Event, ...] = ()
        self._moves: Moves = ()
        self._beacon = b""
        self._place = (0, "", b"")
        """What the beacon was made of."""

    def beacon(self, endpoint: Endpoint, envelope: bytes) -> bytes:
        """By which the sender says that it listens there: the same for most who hear of it."""
        place = endpoint.port, endpoint.key, envelope
        if place != self._place:
            self._beacon, self._place = beacon_of(self.peer, *place), place
        return self._beacon

    def entry(self, address: str, groups: frozenset[str]) -> tuple[tuple[Event, ...], Moves]:
        """What is told, and what follows, when the sender enters, who is reached at ``address`` and is in ``groups``:
        the same for most who hear of it."""
        if address != self._address:
            peer, speech = self.peer, self.speech
            name = speech.name or peer.short
            joins = tuple(Join(peer, name, group) for group in speech.groups)
            self._events = (Enter(peer, name, address, speech.headers, groups), *joins)
            self._moves = tuple(Arrival(group, peer) for group in speech.groups)
            self._address = address
        return self._events, self._moves


def read_identity(frame: bytes) -> PeerId | None:
    """Who sent a message, by its identity frame: 01 and the 16 octets of the UUID.

    libzyre does not look at the first octet. Here the whole frame is the key by which later messages find their
    sender, so a HELLO under another one would admit a peer whose messages are those of a stranger.
    """
    if len(frame) not in (IDENTITY_SIZE, _WITH_KEY) or not frame.startswith(_IDENTITY_START):
        return None
    return PeerId.parse(bytes(frame[1:IDENTITY_SIZE]))


def judge_hello(frames: Sequence[bytes], limits: Limits) -> Greeting | Violation:
    """What a HELLO amounts to.

    Groups with impossible names are left out; everything else over a limit refuses the whole, because a peer
    admitted by halves would be one whom others see differently.
    """
    identity, frame = frames[0], frames[1]
    if len(frame) > limits.hello:
        return Violation.HELLO_REFUSED
    greeting = _read(identity, frame) if len(frame) > _REMEMBERED_SIZE else _read_again(identity, frame)
    if not isinstance(greeting, Greeting):
        return greeting
    speech = greeting.speech
    if (
        speech.group_count > limits.groups
        or speech.header_count > limits.headers
        or speech.longest_header > limits.header_value
    ):
        return Violation.HELLO_REFUSED
    return greeting


def _read(identity: bytes, frame: bytes) -> Greeting | Violation:
    peer = read_identity(identity)
    if peer is None:
        return Violation.IDENTITY_MALFORMED
    speech = understand(frame)
    return speech if isinstance(speech, Violation) else Greeting(peer, speech)


#: A node says the same HELLO to many, so a process with many nodes reads it many times.
_read_again = lru_cache(maxsize=4096)(_read)
_REMEMBERED_SIZE = 1024


def understand(frame: bytes) -> Speech | Violation:
    """Read a HELLO frame; without an endpoint at which its sender is reached it is of no use."""
    try:
        _, sequence = zre.unpack_header(frame)
        hello = zre.decode_hello(frame)
        endpoint = Endpoint.parse(hello.endpoint)
    except DecodeError:
        return Violation.FRAME_MALFORMED
    except InvalidEndpoint:
        return Violation.HELLO_REFUSED
    if not endpoint.is_reachable:
        return Violation.HELLO_REFUSED
    incarnation, is_answer = read_incarnation(hello.headers)
    return Speech(
        sequence=sequence,
        endpoint=endpoint,
        name=hello.name,
        status=hello.status,
        groups=tuple(dict.fromkeys(group for group in hello.groups if is_group(group))),
        headers=MappingProxyType(application_headers(hello.headers)),
        extensions=offered_extensions(hello.headers),
        incarnation=incarnation,
        cluster=hello.headers.get(CLUSTER_HEADER, ""),
        is_answer=is_answer,
        group_count=len(hello.groups),
        header_count=len(hello.headers),
        longest_header=max((len(value.encode()) for value in hello.headers.values()), default=0),
    )


def is_group(name: str) -> bool:
    """Whether a group name from the wire is one that we could say ourselves."""
    try:
        check_group(name)
    except InvalidName:
        return False
    return True
