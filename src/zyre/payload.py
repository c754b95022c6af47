"""Objects in messages: codecs between what a program has in hand and the frames that travel.

    node.whisper(peer, {"x": 1}, codec="json")         each object becomes one frame
    event.json()                                       and comes back here; event.decode("msgpack") likewise

A codec is named, or is any object with ``name``, ``encode`` and ``decode``. None of them runs code that a peer chose:
there is no pickle here. What a peer sent that is no such payload raises PayloadError at who decodes it, only there.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from zyre.errors import InvalidConfig, InvalidPayload, PayloadError
from zyre.identity import encode_frames

if TYPE_CHECKING:
    from zyre.identity import PeerId

__all__ = ["Codec", "Payload", "codec_of", "encode_content", "encode_objects"]


class Codec(Protocol):
    """Turns objects into frames and back. It may raise any Exception, which becomes InvalidPayload or PayloadError."""

    @property
    def name(self) -> str:
        """What errors call it."""

    def encode(self, value: Any) -> bytes:
        """An object as one frame."""

    def decode(self, frame: bytes) -> Any:
        """The object in a frame."""


class _Json:
    """RFC 8259 in UTF-8, by the standard library; NaN and the infinities, which are not JSON, are refused both ways."""

    name = "json"

    def __init__(self) -> None:
        import json

        self._write = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
        self._read = json.JSONDecoder(parse_constant=_refuse_constant).decode

    def encode(self, value: Any) -> bytes:
        return self._write(value).encode()

    def decode(self, frame: bytes) -> Any:
        return self._read(frame.decode())


def _refuse_constant(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


class _MsgPack:
    """MessagePack, by msgspec: an extra, because it is compiled and zyre is pure Python otherwise."""

    name = "msgpack"

    def __init__(self) -> None:
        try:
            msgpack = importlib.import_module("msgspec.msgpack")
        except ImportError:
            raise InvalidConfig("the codec 'msgpack' needs msgspec: pip install 'zyre[codecs]'") from None
        self.encode = msgpack.encode
        self.decode = msgpack.decode


_KINDS: dict[str, Callable[[], Codec]] = {"json": _Json, "msgpack": _MsgPack}
_made: dict[str, Codec] = {}


def codec_of(codec: str | Codec) -> Codec:
    """The codec of a name; a codec is returned as it is. Raises InvalidConfig."""
    if not isinstance(codec, str):
        if all(hasattr(codec, part) for part in ("name", "encode", "decode")):
            return codec
        raise InvalidConfig(f"a codec is a name, or has name, encode and decode; {codec!r} is neither")
    made = _made.get(codec)
    if made is None:
        kind = _KINDS.get(codec)
        if kind is None:
            raise InvalidConfig(f"there is no codec {codec!r}, but: {', '.join(_KINDS)}")
        made = _made[codec] = kind()
    return made


def encode_objects(codec: str | Codec, values: Sequence[object]) -> tuple[bytes, ...]:
    """Each object as one frame. Raises InvalidPayload, InvalidConfig."""
    made = codec_of(codec)
    frames = []
    for index, value in enumerate(values):
        try:
            frames.append(made.encode(value))
        except Exception as error:
            raise InvalidPayload(made.name, index, str(error)) from error
    return tuple(frames)


def encode_content(values: tuple[Any, ...], codec: str | Codec | None) -> tuple[bytes, ...]:
    """What the application sends as frames: by a codec objects, without one bytes and str. Raises InvalidFrame,
    InvalidPayload, InvalidConfig."""
    return encode_frames(values) if codec is None else encode_objects(codec, values)


class Payload:
    """A message whose frames may hold objects. ``content`` are the frames, ``peer`` who sent it."""

    __slots__ = ()

    peer: PeerId
    content: tuple[bytes, ...]

    def decode(self, codec: str | Codec, frame: int = 0) -> Any:
        """The object in a frame, which a sender that used the same codec put there.

        Raises:
            PayloadError: if the message has no such frame, or it holds something else.
            InvalidConfig: if there is no such codec.
        """
        made = codec_of(codec)
        if not 0 <= frame < len(self.content):
            raise PayloadError(made.name, frame, self.peer, f"the message has {len(self.content)} frames")
        try:
            return made.decode(self.content[frame])
        except Exception as error:  # RecursionError, too: a peer may nest as deeply as it likes
            raise PayloadError(made.name, frame, self.peer, str(error) or type(error).__name__) from error

    @property
    def view(self) -> tuple[memoryview, ...]:
        """The frames, read only, as they lie in memory: for large ones (of 64 KiB and more) that is where they arrived,
        and as long as nobody asks for their ``content`` they are never copied."""
        return tuple(map(memoryview, self.content))

    def json(self, frame: int = 0) -> Any:
        """The JSON value in a frame; see ``decode``."""
        return self.decode("json", frame)
