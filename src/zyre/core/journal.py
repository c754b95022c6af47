"""The journal: a recording of everything that a node took in, from which the same machine makes the same events again.

    zyre journal 1\\n                                  the version line
    block   >II  octets, CRC-32 of what follows        written at once, so only the last one can be broken
      record  >IBd  octets of the payload, Kind, time  then the payload

Each file begins with a PROFILE: who the node is and how it is set. If it is not the first of its life a CHECKPOINT of
its state follows, so every file replays by itself. Then come the inputs in the order in which the driver tapped them;
EVENTS records say what the node had told its application by then, REFUSED ones which calls its transport refused.

Pure functions: engine/recorder.py writes files, sim/replay.py reads them.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from enum import IntEnum
from typing import Any, Final, NamedTuple

from zyre.config import ClusterConfig, Limits, NodeConfig, Timing
from zyre.core.effects import LinkBlocked, LinkFailed, LinkWritable, LocalityChanged, Report
from zyre.core.locality import Interface, Locality
from zyre.core.node import NodeProfile
from zyre.endpoint import Endpoint
from zyre.errors import DecodeError, UsageError
from zyre.events import Enter, Event, Shout, Whisper
from zyre.identity import PeerId

__all__ = [
    "BLOCK",
    "VERSION_LINE",
    "EventDigest",
    "Kind",
    "Record",
    "decode_profile",
    "decode_records",
    "encode_block",
    "encode_profile",
    "encode_record",
    "input_encoders",
]

VERSION_LINE: Final = b"zyre journal 1\n"
BLOCK: Final = struct.Struct(">II")
_RECORD: Final = struct.Struct(">IBd")
_U16: Final = struct.Struct(">H")
_U32: Final = struct.Struct(">I")
_U64: Final = struct.Struct(">Q")
#: Marks the length of a frame whose octets were not recorded.
_ELIDED: Final = 0x80000000
#: Of a message's frames as they arrive, the identity and the header tell the machine all that it must know.
_TELLING: Final = 2


class Kind(IntEnum):
    """What a record is about. Those from START on are inputs, named like the machine's methods."""

    PROFILE = 1
    CHECKPOINT = 2
    EVENTS = 3
    REFUSED = 4
    END = 5
    SET_HEADER = 6
    START = 16
    STOP = 17
    FAREWELL = 18
    HANDLE_TIMEOUT = 19
    RECEIVE_FRAMES = 20
    RECEIVE_DATAGRAM = 21
    RECEIVE_REPORT = 22
    JOIN = 23
    LEAVE = 24
    CONTEST = 25
    CONNECT = 26
    WHISPER = 27
    SHOUT = 28
    SHOUT_TO = 29
    SHED = 30


class Record(NamedTuple):
    """One record, read. ``now`` is by the clock of the recorded node."""

    now: float
    kind: Kind
    arguments: tuple[Any, ...]


# -- values ------------------------------------------------------------------------------------------------------------


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _pack_frames(frames: Sequence[bytes]) -> bytes:
    return struct.pack(f">{len(frames) + 1}I", len(frames), *map(len, frames)) + b"".join(frames)


def _pack_sizes(frames: Sequence[bytes], kept: int) -> bytes:
    """The first ``kept`` frames, and of the others how long they were."""
    sizes = (len(frame) if at < kept else len(frame) | _ELIDED for at, frame in enumerate(frames))
    return struct.pack(f">{len(frames) + 1}I", len(frames), *sizes) + b"".join(frames[:kept])


def _unpack_frames(data: bytes) -> tuple[bytes, ...]:
    (count,) = _U32.unpack_from(data)
    position = 4 * (count + 1)
    if position > len(data):
        raise DecodeError("a record counts more frames than there are octets")
    frames = []
    for size in struct.unpack_from(f">{count}I", data, 4):
        if size & _ELIDED:
            frames.append(b"(%d octets, not recorded)" % (size ^ _ELIDED))
        else:
            frames.append(data[position : position + size])
            position += size
    if position != len(data):
        raise DecodeError("the frames of a record do not fill it")
    return tuple(frames)


def _pack_locality(locality: Locality) -> object:
    interfaces = [[face.name, face.address, face.prefix, face.broadcast] for face in locality.interfaces]
    return [str(locality.bound), interfaces, locality.advertise, locality.restricted]


def _unpack_locality(value: Any) -> Locality:
    bound, interfaces, advertise, restricted = value
    return Locality(Endpoint.parse(bound), tuple(Interface(*face) for face in interfaces), advertise, restricted)


def _pack_report(report: Report) -> bytes:
    if isinstance(report, LocalityChanged):
        return _json(["LocalityChanged", _pack_locality(report.locality)])
    return _json([type(report).__name__, report.link])


_LINK_REPORTS: Final[Mapping[str, Callable[[int], Report]]] = {
    "LinkWritable": LinkWritable,
    "LinkFailed": LinkFailed,
    "LinkBlocked": lambda link: LinkBlocked(link, (b"",)),
}


def _unpack_report(data: bytes) -> tuple[Any, ...]:
    name, value = json.loads(data)
    return (LocalityChanged(_unpack_locality(value)) if name == "LocalityChanged" else _LINK_REPORTS[name](value),)


def _pack_group(group: str) -> bytes:
    raw = group.encode()
    return _U16.pack(len(raw)) + raw


def _unpack_group(data: bytes) -> tuple[str, bytes]:
    end = 2 + _U16.unpack_from(data)[0]
    return data[2:end].decode(), data[end:]


def _pack_connect(endpoint: Endpoint, peer: PeerId | None) -> bytes:
    return _json([str(endpoint), peer])


def _unpack_connect(data: bytes) -> tuple[Any, ...]:
    endpoint, peer = json.loads(data)
    return (Endpoint.parse(endpoint), None if peer is None else PeerId.parse(peer))


def _unpack_shout(data: bytes) -> tuple[Any, ...]:
    group, rest = _unpack_group(data)
    return (group, _unpack_frames(rest))


def _unpack_shout_to(data: bytes) -> tuple[Any, ...]:
    return (PeerId.parse(data[:16]), *_unpack_shout(data[16:]))


def _unpack_datagram(data: bytes) -> tuple[Any, ...]:
    address, rest = _unpack_group(data)
    return (rest[2:], (address, _U16.unpack_from(rest)[0]))


# -- inputs ------------------------------------------------------------------------------------------------------------

Encoder = Callable[[tuple[Any, ...]], bytes]


def input_encoders(contents: bool) -> dict[str, tuple[Kind, Encoder]]:
    """For each name of an input that the driver taps: its kind, and what makes a payload of its arguments.

    Without ``contents`` only the sizes of what nodes say to each other are written down.
    """
    pack = _pack_frames if contents else lambda frames: _pack_sizes(frames, 0)
    arrived = _pack_frames if contents else lambda frames: _pack_sizes(frames, _TELLING)
    encoders: dict[Kind, Encoder] = {
        Kind.START: lambda a: _json(_pack_locality(a[0])),
        Kind.STOP: lambda a: b"",
        Kind.FAREWELL: lambda a: b"",
        Kind.HANDLE_TIMEOUT: lambda a: b"",
        Kind.RECEIVE_FRAMES: lambda a: arrived(a[0]),
        Kind.RECEIVE_DATAGRAM: lambda a: _pack_group(a[1][0]) + _U16.pack(a[1][1]) + a[0],
        Kind.RECEIVE_REPORT: lambda a: _pack_report(a[0]),
        Kind.JOIN: lambda a: a[0].encode(),
        Kind.LEAVE: lambda a: a[0].encode(),
        Kind.CONTEST: lambda a: a[0].encode(),
        Kind.CONNECT: lambda a: _pack_connect(*a),
        Kind.WHISPER: lambda a: a[0].octets + pack(a[1]),
        Kind.SHOUT: lambda a: _pack_group(a[0]) + pack(a[1]),
        Kind.SHOUT_TO: lambda a: a[0].octets + _pack_group(a[1]) + pack(a[2]),
        Kind.SHED: lambda a: a[0].octets,
        Kind.SET_HEADER: lambda a: _json(list(a)),
    }
    return {kind.name.lower(): (kind, encode) for kind, encode in encoders.items()}


_DECODERS: Final[dict[Kind, Callable[[bytes], tuple[Any, ...]]]] = {
    Kind.PROFILE: lambda data: (json.loads(data),),
    Kind.CHECKPOINT: lambda data: (json.loads(data),),
    Kind.EVENTS: lambda data: (_U64.unpack_from(data)[0], _U32.unpack_from(data, 8)[0]),
    Kind.REFUSED: lambda data: _U64.unpack(data),
    Kind.END: lambda data: (),
    Kind.SET_HEADER: lambda data: tuple(json.loads(data)),
    Kind.START: lambda data: (_unpack_locality(json.loads(data)),),
    Kind.STOP: lambda data: (),
    Kind.FAREWELL: lambda data: (),
    Kind.HANDLE_TIMEOUT: lambda data: (),
    Kind.RECEIVE_FRAMES: lambda data: (_unpack_frames(data),),
    Kind.RECEIVE_DATAGRAM: _unpack_datagram,
    Kind.RECEIVE_REPORT: _unpack_report,
    Kind.JOIN: lambda data: (data.decode(),),
    Kind.LEAVE: lambda data: (data.decode(),),
    Kind.CONTEST: lambda data: (data.decode(),),
    Kind.CONNECT: _unpack_connect,
    Kind.WHISPER: lambda data: (PeerId.parse(data[:16]), _unpack_frames(data[16:])),
    Kind.SHOUT: _unpack_shout,
    Kind.SHOUT_TO: _unpack_shout_to,
    Kind.SHED: lambda data: (PeerId.parse(data),),
}


# -- records and blocks --------------------------------------------------------------------------------------------------


def encode_record(kind: Kind, now: float, payload: bytes) -> bytes:
    """A record as it stands in a block."""
    return _RECORD.pack(len(payload), kind, now) + payload


def encode_block(records: bytes | bytearray) -> bytes:
    """Records as they stand in a file."""
    return BLOCK.pack(len(records), zlib.crc32(records)) + records


def decode_records(records: bytes, checksum: int) -> Iterator[Record]:
    """The records of a block. Raises DecodeError."""
    if zlib.crc32(records) != checksum:
        raise DecodeError("a block is not as it was written")
    position = 0
    while position < len(records):
        yield _decode_record(records, position)
        position += _RECORD.size + _U32.unpack_from(records, position)[0]


def _decode_record(records: bytes, position: int) -> Record:
    try:
        size, kind, now = _RECORD.unpack_from(records, position)
        begin = position + _RECORD.size
        if begin + size > len(records):
            raise DecodeError("a record is longer than its block")
        known = Kind(kind)
        return Record(now, known, _DECODERS[known](records[begin : begin + size]))
    except (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError, struct.error) as error:
        if isinstance(error, DecodeError):
            raise
        raise DecodeError(f"a record makes no sense ({error!r})") from error


# -- the profile -------------------------------------------------------------------------------------------------------


def encode_profile(profile: NodeProfile, **about: object) -> bytes:
    """The payload of PROFILE: who the node is, and what the recorder says ``about`` this file."""
    return _json(
        {
            **about,
            "identity": profile.identity,
            "name": profile.name,
            "headers": dict(profile.headers),
            "groups": profile.groups,
            "port": profile.cluster.port,
            "config": asdict(profile.config),
            "extensions": sorted(profile.extensions),
        }
    )


def decode_profile(about: Mapping[str, Any]) -> NodeProfile:
    """The node of a PROFILE. Raises DecodeError."""
    try:
        config = dict(about["config"])
        timing, limits = Timing(**config.pop("timing")), Limits(**config.pop("limits"))
        return NodeProfile(
            identity=PeerId.parse(about["identity"]),
            name=str(about["name"]),
            headers=dict(about["headers"]),
            groups=tuple(about["groups"]),
            cluster=ClusterConfig(about["port"]),
            config=NodeConfig(timing=timing, limits=limits, **config),
            extensions=frozenset(about["extensions"]),
        )
    except (AttributeError, KeyError, TypeError, ValueError, UsageError) as error:
        raise DecodeError(f"the profile cannot be read by this version ({error!r})") from error


# -- events ------------------------------------------------------------------------------------------------------------


class EventDigest:
    """How many events there were, and a number made of them all: equal histories have equal ones.

    Without ``contents`` the octets of messages do not count, because they were not recorded.
    """

    __slots__ = ("_contents", "count", "value")

    def __init__(self, contents: bool, count: int = 0, value: int = 0) -> None:
        self._contents = contents
        self.count = count
        self.value = value

    def add(self, events: Iterable[Event]) -> None:
        """Take in events."""
        value = self.value
        for event in events:
            self.count += 1
            value = zlib.crc32(_octets(event), value)
            if type(event) is Whisper or type(event) is Shout:
                value = zlib.crc32(_U32.pack(len(event.content)), value)
                if self._contents:
                    for frame in event.content:
                        value = zlib.crc32(frame, value)
        self.value = value

    def encode(self) -> bytes:
        """The payload of an EVENTS record."""
        return _U64.pack(self.count) + _U32.pack(self.value)


def _octets(event: Event) -> bytes:
    if type(event) is Whisper:
        return event.peer.encode()
    if type(event) is Shout:
        return f"{event.peer}{event.group}".encode()
    text = [type(event).__name__, event.peer, event.name]
    if isinstance(event, Enter):
        text += [
            event.address,
            *sorted(event.groups),
            *(f"{key}={event.headers[key]}" for key in sorted(event.headers)),
        ]
    else:
        text += [str(getattr(event, name, "")) for name in ("reason", "group", "missed")]
    return "\0".join(text).encode()
