"""What a journal says of each input: its kind, and the octets that stand for its arguments.

The commonest are packed by hand: a message costs a microsecond. The others, a few in a node's life, are JSON.
"""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from typing import Any, Final

from zyre.core.effects import (
    HelloFrom,
    KeptLetter,
    KeysChanged,
    KeysComing,
    LinkAnswered,
    LinkBlocked,
    LinkFailed,
    LinkLost,
    LinkRefused,
    LinkWritable,
    ListProven,
    LocalityChanged,
    NameResolved,
    NotPersisted,
    PeerJudged,
    PeerRefused,
    Persisted,
    Pressure,
    Report,
    Restored,
    Taken,
)
from zyre.core.locality import Interface, Locality
from zyre.endpoint import Endpoint
from zyre.errors import DecodeError
from zyre.identity import PeerId
from zyre.wire.batch import BATCH
from zyre.wire.bundle import BUNDLE, Content
from zyre.wire.chunk import CHUNK
from zyre.wire.durable import LETTERS

__all__ = ["Kind", "decode_payload", "input_encoders"]

_U16: Final = struct.Struct(">H")
_U32: Final = struct.Struct(">I")
_U64: Final = struct.Struct(">Q")
_F64: Final = struct.Struct(">d")
#: Marks the length of a frame whose octets were not recorded.
_ELIDED: Final = 0x80000000
#: A journal may say that frames were as long as it likes, and costs no more memory than this for each.
_LONGEST_BLANK: Final = 1 << 24
_JOINED: Final = tuple(bytes((message_id,)) for message_id in (BATCH, BUNDLE, LETTERS, CHUNK))
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
    CHANGE = 31
    POST = 32
    KEEP = 33
    BUNDLE = 40
    SHOUT_BUNDLE = 41


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _pack_frames(frames: Sequence[bytes]) -> bytes:
    return struct.pack(f">{len(frames) + 1}I", len(frames), *map(len, frames)) + b"".join(frames)


def _pack_sizes(frames: Sequence[bytes], kept: int) -> bytes:
    """The first ``kept`` frames, and of the others how long they were."""
    sizes = (len(frame) if at < kept else len(frame) | _ELIDED for at, frame in enumerate(frames))
    return struct.pack(f">{len(frames) + 1}I", len(frames), *sizes) + b"".join(frames[:kept])


def _unpack_frames(data: bytes, *, exact: bool = False) -> tuple[bytes, ...]:
    """Frames again; those that were not recorded become blanks of their length if ``exact``, else a word about them."""
    (count,) = _U32.unpack_from(data)
    position = 4 * (count + 1)
    if position > len(data):
        raise DecodeError("a record counts more frames than there are octets")
    frames = []
    for size in struct.unpack_from(f">{count}I", data, 4):
        if size & _ELIDED and exact and size ^ _ELIDED <= _LONGEST_BLANK:
            frames.append(bytes(size ^ _ELIDED))
        elif size & _ELIDED:
            frames.append(b"(%d octets, not recorded)" % (size ^ _ELIDED))
        else:
            frames.append(data[position : position + size])
            position += size
    if position != len(data):
        raise DecodeError("the frames of a record do not fill it")
    return tuple(frames)


def _pack_locality(locality: Locality) -> object:
    interfaces = [[face.name, face.address, face.prefix, face.broadcast] for face in locality.interfaces]
    return [
        str(locality.bound),
        interfaces,
        locality.advertise,
        locality.restricted,
        sorted(locality.unplugged),
        locality.scope,
    ]


def _unpack_locality(value: Any) -> Locality:
    bound, faces, advertise, restricted, *later = value
    interfaces = tuple(Interface(*face) for face in faces)
    unplugged = frozenset(later[0] if later else ())
    scope = str(later[1]) if len(later) > 1 else "any"
    return Locality(Endpoint.parse(bound), interfaces, advertise, restricted, unplugged, scope)


def _pack_report(report: Report) -> bytes:
    if isinstance(report, LocalityChanged):
        return _json(["LocalityChanged", _pack_locality(report.locality)])
    if isinstance(report, HelloFrom):
        return _json(["HelloFrom", [report.identity.hex(), *report[1:]]])
    if isinstance(report, KeysComing):
        return _json(["KeysComing", []])
    if isinstance(report, KeysChanged):
        return _json(["KeysChanged", list(report)])
    if isinstance(report, ListProven):
        return _json(["ListProven", [report.version, report.octets.hex()]])
    if isinstance(report, LinkLost):
        return _json(["LinkLost", report.identity.hex()])
    if isinstance(report, NameResolved):
        return _json(["NameResolved", [report.host, report.addresses]])
    if isinstance(report, PeerJudged):
        return _json(["PeerJudged", list(report)])
    if isinstance(report, PeerRefused):
        return _json(["PeerRefused", list(report)])
    if isinstance(report, Pressure):
        return _json(["Pressure", report.high])
    if isinstance(report, Restored):
        return _json(["Restored", [list(map(_pack_letter, report.letters)), report.streams, report.taken]])
    if isinstance(report, (Persisted, NotPersisted, Taken)):
        return _json([type(report).__name__, list(report)])
    return _json([type(report).__name__, report.link])


def _pack_letter(letter: KeptLetter) -> object:
    frames = [base64.b64encode(frame).decode() for frame in letter.content]
    return [letter.peer, letter.number, letter.group, frames, letter.left]


def _unpack_letter(value: Any) -> KeptLetter:
    peer, number, group, frames, left = value
    content = tuple(base64.b64decode(frame, validate=True) for frame in frames)
    return KeptLetter(PeerId.parse(peer), int(number), str(group), content, float(left))


def _unpack_places(value: Any) -> tuple[tuple[PeerId, int, int], ...]:
    return tuple((PeerId.parse(peer), int(stream), int(number)) for peer, stream, number in value)


def _unpack_restored(letters: Any, streams: Any, taken: Any) -> Restored:
    return Restored(tuple(map(_unpack_letter, letters)), _unpack_places(streams), _unpack_places(taken))


def _unpack_hello_from(
    identity: str, address: str, groups: Any = None, refused: Any = None, rekeyed: bool = False
) -> HelloFrom:
    return HelloFrom(bytes.fromhex(identity), address, None if groups is None else tuple(groups), refused, rekeyed)


def _unpack_judged(peer: str, refused: Any, groups: Any) -> PeerJudged:
    return PeerJudged(PeerId.parse(peer), refused, None if groups is None else tuple(groups))


_REPORTS: Final[Mapping[str, Callable[[Any], Report]]] = {
    "LocalityChanged": lambda value: LocalityChanged(_unpack_locality(value)),
    "HelloFrom": lambda value: _unpack_hello_from(*value),
    "KeysComing": lambda value: KeysComing(),
    "KeysChanged": lambda value: KeysChanged(*value),
    "ListProven": lambda value: ListProven(value[0], bytes.fromhex(value[1])),
    "NameResolved": lambda value: NameResolved(value[0], tuple(value[1])),
    "PeerJudged": lambda value: _unpack_judged(*value),
    "PeerRefused": lambda value: PeerRefused(*value),
    "Pressure": Pressure,
    "Restored": lambda value: _unpack_restored(*value),
    "Persisted": lambda value: Persisted(*value),
    "NotPersisted": lambda value: NotPersisted(*value),
    "Taken": lambda value: Taken(PeerId.parse(value[0]), *value[1:]),
    "LinkWritable": LinkWritable,
    "LinkFailed": LinkFailed,
    "LinkLost": lambda value: LinkLost(bytes.fromhex(value)),
    "LinkRefused": LinkRefused,
    "LinkAnswered": LinkAnswered,
    "LinkBlocked": lambda link: LinkBlocked(link, (b"",)),
}


def _unpack_report(data: bytes) -> tuple[Any, ...]:
    name, value = json.loads(data)
    return (_REPORTS[name](value),)


def _pack_group(group: str) -> bytes:
    raw = group.encode()
    return _U16.pack(len(raw)) + raw


def _unpack_group(data: bytes) -> tuple[str, bytes]:
    end = 2 + _U16.unpack_from(data)[0]
    return data[2:end].decode(), data[end:]


def _pack_connect(endpoint: Endpoint, peer: PeerId | None) -> bytes:
    return _json([endpoint.contact, peer])


def _unpack_connect(data: bytes) -> tuple[Any, ...]:
    endpoint, peer = json.loads(data)
    return (Endpoint.parse(endpoint), None if peer is None else PeerId.parse(peer))


def _unpack_shout(data: bytes) -> tuple[Any, ...]:
    group, rest = _unpack_group(data)
    return (group, _unpack_frames(rest))


def _unpack_shout_to(data: bytes) -> tuple[Any, ...]:
    return (PeerId.parse(data[:16]), *_unpack_shout(data[16:]))


def _unpack_post(data: bytes) -> tuple[Any, ...]:
    group, rest = _unpack_group(data[24:])
    return (PeerId.parse(data[:16]), _U64.unpack_from(data, 16)[0], group, _unpack_frames(rest, exact=True))


def _unpack_keep(data: bytes) -> tuple[Any, ...]:
    return (*_unpack_post(data[8:]), _F64.unpack_from(data)[0])


def _unpack_bundle(data: bytes) -> tuple[Any, ...]:
    return (PeerId.parse(data[:16]), *_unpack_shout_bundle(data[16:]))


def _unpack_shout_bundle(data: bytes) -> tuple[Any, ...]:
    group, rest = _unpack_group(data)
    frames = _unpack_frames(rest[2:], exact=True)
    each = _U16.unpack_from(rest)[0]
    return (group, tuple(frames[at : at + each] for at in range(0, len(frames), each)))


def _unpack_arrived(data: bytes) -> tuple[bytes, ...]:
    """What arrived; of messages that travel together, their lengths decide what follows."""
    frames = _unpack_frames(data)
    exact = len(frames) > 1 and frames[1][2:3] in _JOINED
    return _unpack_frames(data, exact=True) if exact else frames


def _unpack_datagram(data: bytes) -> tuple[Any, ...]:
    address, rest = _unpack_group(data)
    return (rest[2:], (address, _U16.unpack_from(rest)[0]))


Encoder = Callable[[tuple[Any, ...]], bytes]


def input_encoders(contents: bool) -> dict[str, tuple[Kind, Encoder]]:
    """For each name of an input that the driver taps: its kind, and what makes a payload of its arguments.

    Without ``contents`` only the sizes of what nodes say to each other are written down.
    """
    pack = _pack_frames if contents else lambda frames: _pack_sizes(frames, 0)
    arrived = _pack_frames if contents else lambda frames: _pack_sizes(frames, _TELLING)

    def pack_contents(contents: Sequence[Content]) -> bytes:
        return _U16.pack(len(contents[0])) + pack([frame for content in contents for frame in content])

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
        Kind.POST: lambda a: a[0].octets + _U64.pack(a[1]) + _pack_group(a[2]) + pack(a[3]),
        Kind.BUNDLE: lambda a: a[0].octets + _pack_group(a[1]) + pack_contents(a[2]),
        Kind.SHOUT_BUNDLE: lambda a: _pack_group(a[0]) + pack_contents(a[1]),
        Kind.KEEP: lambda a: _F64.pack(a[4]) + a[0].octets + _U64.pack(a[1]) + _pack_group(a[2]) + pack(a[3]),
        Kind.CHANGE: lambda a: _json([a[0], list(a[1])]),
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
    Kind.RECEIVE_FRAMES: lambda data: (_unpack_arrived(data),),
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
    Kind.POST: _unpack_post,
    Kind.BUNDLE: _unpack_bundle,
    Kind.SHOUT_BUNDLE: _unpack_shout_bundle,
    Kind.KEEP: _unpack_keep,
    Kind.CHANGE: lambda data: tuple(json.loads(data)),
}


def decode_payload(kind: int, payload: bytes) -> tuple[Kind, tuple[Any, ...]]:
    """What a record is about, and its arguments. Raises DecodeError."""
    try:
        known = Kind(kind)
        return known, _DECODERS[known](payload)
    except (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError, struct.error) as error:
        if isinstance(error, DecodeError):
            raise
        raise DecodeError(f"a record makes no sense ({error!r})") from error
