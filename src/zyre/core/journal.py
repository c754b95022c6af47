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
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any, Final, NamedTuple

from zyre.config import ClusterConfig, Limits, NodeConfig, Timing
from zyre.core.journal_inputs import Kind, decode_payload, input_encoders
from zyre.core.profile import NodeProfile
from zyre.errors import DecodeError, UsageError
from zyre.events import Enter, Event, Shout, Updated, Whisper
from zyre.identity import PeerId
from zyre.views import frames_of

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
#: Monotonic clocks count from when the machine was started. To a time without end a timer's second adds nothing, and a
#: machine would wait for ever; so too with timers of no duration.
_LATEST: Final = float(1 << 31)
_SHORTEST: Final = 1e-6
_U32: Final = struct.Struct(">I")
_U64: Final = struct.Struct(">Q")


class Record(NamedTuple):
    """One record, read. ``now`` is by the clock of the recorded node."""

    now: float
    kind: Kind
    arguments: tuple[Any, ...]


# -- records and blocks ------------------------------------------------------------------------------------------------


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
    if position + _RECORD.size > len(records):
        raise DecodeError("a record is longer than its block")
    size, kind, now = _RECORD.unpack_from(records, position)
    if not 0 <= now < _LATEST:
        raise DecodeError(f"a record is of the time {now:g}")
    begin = position + _RECORD.size
    if begin + size > len(records):
        raise DecodeError("a record is longer than its block")
    return Record(now, *decode_payload(kind, records[begin : begin + size]))


# -- the profile -------------------------------------------------------------------------------------------------------


def encode_profile(profile: NodeProfile, **about: object) -> bytes:
    """The payload of PROFILE: who the node is, and what the recorder says ``about`` this file."""
    about |= {
        "identity": profile.identity,
        "name": profile.name,
        "headers": dict(profile.headers),
        "groups": profile.groups,
        "port": profile.cluster.port,
        "cluster": profile.cluster.name,
        "config": asdict(profile.config),
        "extensions": sorted(profile.extensions),
        "incarnation": profile.incarnation,
        "public_key": profile.public_key,
        "proven": profile.proven,
        "certificate": profile.certificate,
    }
    return json.dumps(about, ensure_ascii=False).encode()


def decode_profile(about: Mapping[str, Any]) -> NodeProfile:
    """The node of a PROFILE. Raises DecodeError."""
    try:
        config = dict(about["config"])
        timing, limits = Timing(**config.pop("timing")), Limits(**config.pop("limits"))
        if min(asdict(timing).values()) < _SHORTEST:
            raise DecodeError("the profile has a timing that no node could keep")
        return NodeProfile(
            identity=PeerId.parse(about["identity"]),
            name=str(about["name"]),
            headers=dict(about["headers"]),
            groups=tuple(about["groups"]),
            cluster=ClusterConfig(about["port"], str(about.get("cluster", ""))),
            config=NodeConfig(timing=timing, limits=limits, **config),
            extensions=frozenset(about["extensions"]),
            incarnation=int(about.get("incarnation", 0)),
            public_key=str(about.get("public_key", "")),
            proven=about.get("proven") is True,
            certificate=str(about.get("certificate", "")),
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
            if isinstance(event, (Whisper, Shout)):
                frames = frames_of(event)
                value = zlib.crc32(_U32.pack(len(frames)), value)
                if self._contents:
                    for frame in frames:
                        value = zlib.crc32(frame, value)
        self.value = value

    def encode(self) -> bytes:
        """The payload of an EVENTS record."""
        return _U64.pack(self.count) + _U32.pack(self.value)


def _octets(event: Event) -> bytes:
    if isinstance(event, Whisper):
        return event.peer.encode()
    if isinstance(event, Shout):
        return f"{event.peer}{event.group}".encode()
    text = [type(event).__name__, event.peer, event.name]
    if isinstance(event, Enter):
        text += [
            event.address,
            *sorted(event.groups),
            *(f"{key}={event.headers[key]}" for key in sorted(event.headers)),
        ]
    elif isinstance(event, Updated):
        text += [*sorted(event.removed), *(f"{key}={event.changed[key]}" for key in sorted(event.changed))]
    else:
        text += [str(getattr(event, name, "")) for name in ("reason", "group", "missed")]
    return "\0".join(text).encode()
