"""What two machines say to each other while one makes the other a member, by a short code that people told each other.

    inviting                                                  enrolling
                     <- element of SPAKE2 (33 octets)
    element          ->
                     <- sealed: its name, and the public keys that it has just made
    sealed: its signed certificate, the authority's key, the list of revoked keys
                     <- sealed: done

SPAKE2 (the library ``spake2``) makes a key of the code and the two elements. Who listens learns nothing by which codes
could be tried out at home, and who pretends to be one of both can try one code for each exchange: the one who enrolls
shows first that it knows the code, and the other counts those who do not. ChaCha20-Poly1305 (RFC 8439) seals, by keys
that HKDF (RFC 5869) makes of it, one for each direction. Each message stands behind its length, in four octets.
"""

from __future__ import annotations

import asyncio
import json
import struct
from typing import Any, Final

from zyre.errors import DecodeError, InvalidConfig, ZyreError

__all__ = [
    "ANNOUNCEMENT_SIZE",
    "ELEMENT_SIZE",
    "PATIENCE",
    "EnrolmentFailed",
    "Exchange",
    "encode_announcement",
    "read_announcement",
    "receive",
    "send",
]

#: Seconds that each side waits for the other's next word.
PATIENCE: Final = 10.0
#: Octets of what is said: a long list of revoked keys, and some.
_LONGEST: Final = 1 << 19
ELEMENT_SIZE: Final = 33

_ANNOUNCEMENT: Final = struct.Struct(">4sBH")
_START: Final = b"ZYI\x01"
ANNOUNCEMENT_SIZE: Final = _ANNOUNCEMENT.size

_INVITING: Final = b"zyre invite 1"
_ENROLLING: Final = b"zyre enroll 1"
_LENGTH: Final = struct.Struct(">I")
_KEY: Final = 32
_MISSING: Final = "to invite and to enroll takes cryptography and spake2, which `pip install 'zyre[security]'` installs"


class EnrolmentFailed(ZyreError):
    """The other side refused, could not be understood, or does not know the code."""


def encode_announcement(number: int, port: int) -> bytes:
    """The datagram that says: the invitation of this number is at this TCP port."""
    return _ANNOUNCEMENT.pack(_START, number, port)


def read_announcement(data: bytes) -> tuple[int, int] | None:
    """The number and the port; None if it is something else."""
    if len(data) != ANNOUNCEMENT_SIZE or not data.startswith(_START):
        return None
    _, number, port = _ANNOUNCEMENT.unpack(data)
    return number, port


class Exchange:
    """One side of one exchange: its element, and what follows from the other's. For one exchange only."""

    def __init__(self, code: str, *, inviting: bool) -> None:
        try:
            from spake2 import SPAKE2_A, SPAKE2_B
        except ImportError:
            raise InvalidConfig(_MISSING) from None
        side = SPAKE2_B if inviting else SPAKE2_A
        self._pake = side(code.encode(), idA=_ENROLLING, idB=_INVITING)
        self._inviting = inviting
        self.element: bytes = self._pake.start()
        self._ciphers: dict[bool, Any] = {}
        self._counts = {True: 0, False: 0}

    def meet(self, element: bytes) -> None:
        """Take in the other's element; whether it was made of the same code shows when something is opened.
        Raises DecodeError."""
        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        try:
            key = self._pake.finish(element)
        except Exception as error:  # the library raises what it likes, asserts among it
            raise DecodeError(f"that is no element of SPAKE2: {type(error).__name__}") from None
        for inviting, purpose in ((True, _INVITING), (False, _ENROLLING)):
            self._ciphers[inviting] = ChaCha20Poly1305(HKDF(SHA256(), _KEY, None, purpose).derive(key))

    def seal(self, message: dict[str, Any]) -> bytes:
        """Something for the other side only."""
        cipher, nonce = self._next(self._inviting)
        sealed: bytes = cipher.encrypt(nonce, json.dumps(message).encode(), None)
        return sealed

    def open(self, sealed: bytes) -> dict[str, Any]:
        """What the other side has sealed. Raises EnrolmentFailed if it does not know the code, DecodeError."""
        from cryptography.exceptions import InvalidTag

        cipher, nonce = self._next(not self._inviting)
        try:
            message = json.loads(cipher.decrypt(nonce, sealed, None))
        except InvalidTag:
            raise EnrolmentFailed("the codes are not the same") from None
        except (ValueError, RecursionError):
            raise DecodeError("that is no message of an enrolment") from None
        if not isinstance(message, dict):
            raise DecodeError("that is no message of an enrolment")
        return message

    def _next(self, of_inviting: bool) -> tuple[Any, bytes]:
        """Each key seals few messages, and numbers them."""
        count = self._counts[of_inviting]
        self._counts[of_inviting] += 1
        return self._ciphers[of_inviting], count.to_bytes(12, "big")


async def send(writer: asyncio.StreamWriter, message: bytes) -> None:
    """Say something."""
    writer.write(_LENGTH.pack(len(message)) + message)
    await writer.drain()


async def receive(reader: asyncio.StreamReader, most: int = _LONGEST) -> bytes:
    """What the other side says next. Raises EnrolmentFailed if it says nothing, DecodeError."""
    try:
        async with asyncio.timeout(PATIENCE):
            (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
            if length > most:
                raise DecodeError("that is longer than anything in an enrolment")
            return await reader.readexactly(length)
    except TimeoutError:
        raise EnrolmentFailed("the other machine does not answer") from None
    except (asyncio.IncompleteReadError, OSError):
        raise EnrolmentFailed("the other machine has ended the exchange") from None
