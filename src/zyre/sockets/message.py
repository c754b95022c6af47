"""Messages: whole, immutable, and nothing but bytes.

libzmq moves frames; people mean messages. A ``Message`` is a tuple of bytes with at least one in it, so it
compares, hashes, unpacks and pickles as one, and ``match`` takes it apart:

    match socket.recv():
        case Message((b"GET", key)): ...
        case Message((b"PUT", key, value)): ...
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from zyre.errors import InvalidFrame
from zyre.sockets.errors import Fault, InvalidMessage, UnexpectedMessage

__all__ = ["Content", "FrameLike", "Message", "as_frame", "as_text", "encode", "make", "only_frame"]

#: What can stand for a frame: text travels as UTF-8.
FrameLike: TypeAlias = bytes | str | bytearray | memoryview

#: What can stand for a message: one frame, or several.
Content: TypeAlias = FrameLike | Iterable[FrameLike]


class Message(tuple[bytes, ...]):
    """One whole message: ``Message("hello")`` of one frame, ``Message([b"key", "value"])`` of two."""

    __slots__ = ()
    __match_args__ = ("frames",)

    def __new__(cls, frames: Content) -> Message:
        """Take ``frames`` (one, or several), encoding text; raises InvalidFrame or InvalidMessage."""
        return tuple.__new__(cls, encode(frames))

    def __getnewargs__(self) -> tuple[tuple[bytes, ...]]:
        return (tuple(self),)

    @property
    def frames(self) -> tuple[bytes, ...]:
        """The frames as a plain tuple."""
        return tuple(self)

    @property
    def string(self) -> str:
        """The text of a message of one frame; UnexpectedMessage for any other."""
        return as_text(self, Fault("Message.string"))

    @property
    def strings(self) -> tuple[str, ...]:
        """The text of each frame."""
        return tuple(as_text((frame,), Fault("Message.strings")) for frame in self)

    def __repr__(self) -> str:
        return f"Message({self[0]!r})" if len(self) == 1 else f"Message({list(self)!r})"


def make(frames: tuple[bytes, ...]) -> Message:
    """A Message of what is already known to be bytes: the receive path's own door, without a second look."""
    return tuple.__new__(Message, frames)


def encode(content: Content) -> tuple[bytes, ...]:
    """The frames of ``content``, all checked before any is sent: half a message cannot be taken back."""
    if type(content) is Message:
        return content
    if isinstance(content, (bytes, str, bytearray, memoryview)):
        return (as_frame(0, content),)
    if not isinstance(content, Iterable):
        raise InvalidFrame(0, content)
    frames = tuple(as_frame(index, frame) for index, frame in enumerate(content))
    if not frames:
        raise InvalidMessage(Fault("Message", strerror="a message has at least one frame"))
    return frames


def as_frame(index: int, frame: object) -> bytes:
    """``frame`` as bytes; ``index`` is its place, for the error."""
    if isinstance(frame, bytes):
        return frame
    if isinstance(frame, str):
        return frame.encode()
    if isinstance(frame, (bytearray, memoryview)):
        return bytes(frame)
    raise InvalidFrame(index, frame)


def as_text(message: tuple[bytes, ...], fault: Fault) -> str:
    """The one frame of ``message`` as text, or UnexpectedMessage about ``fault`` that carries the message."""
    if len(message) != 1:
        raise UnexpectedMessage(_because(fault, f"a message of {len(message)} frames is not a string"), message)
    try:
        return message[0].decode()
    except UnicodeDecodeError as error:
        why = f"byte {error.start} of {len(message[0])} is not UTF-8"
        raise UnexpectedMessage(_because(fault, why), message) from None


def only_frame(message: tuple[bytes, ...], fault: Fault) -> bytes:
    """The one frame of ``message``, or UnexpectedMessage about ``fault`` that carries the message."""
    if len(message) != 1:
        raise UnexpectedMessage(_because(fault, f"a message of {len(message)} frames is not one of bytes"), message)
    return message[0]


def _because(fault: Fault, why: str) -> Fault:
    return Fault(fault.operation, fault.socket_type, fault.endpoint, strerror=why)
