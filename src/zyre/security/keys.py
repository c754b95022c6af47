"""CURVE keys as people write them: 40 characters of Z85 (32/Z85) for 32 octets.

pyzmq has a codec too, which neither refuses a group beyond 32 bits nor may be imported on this floor.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from zyre.errors import InvalidKey

__all__ = ["KEY_OCTETS", "KEY_TEXT", "KeyPair", "decode_key", "encode_key", "is_key", "same"]

#: Octets of a CURVE key, and characters of its Z85 text.
KEY_OCTETS: Final = 32
KEY_TEXT: Final = 40

_ALPHABET: Final = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
_DIGITS: Final = {chr(character): value for value, character in enumerate(_ALPHABET)}
_GROUPS: Final = struct.Struct(">8I")
_HIGHEST: Final = (1 << 32) - 1


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A CURVE key pair, in Z85. The secret half is in no repr."""

    public: str
    secret: str

    def __post_init__(self) -> None:
        decode_key(self.public)
        decode_key(self.secret, "secret key")

    def __repr__(self) -> str:
        return f"KeyPair(public={self.public!r})"


def encode_key(octets: bytes) -> str:
    """The Z85 text of 32 octets."""
    text = bytearray()
    for group in _GROUPS.unpack(octets):
        digits = bytearray(5)
        for place in range(4, -1, -1):
            group, digit = divmod(group, 85)
            digits[place] = _ALPHABET[digit]
        text += digits
    return text.decode("ascii")


def decode_key(text: object, what: str = "public key") -> bytes:
    """The 32 octets of a key. Raises InvalidKey, which never shows the text: it may be a secret."""
    if not isinstance(text, str):
        raise InvalidKey(what, f"is {type(text).__name__}, not text")
    if len(text) != KEY_TEXT:
        raise InvalidKey(what, f"has {len(text)} characters")
    groups = []
    for start in range(0, KEY_TEXT, 5):
        value = 0
        for character in text[start : start + 5]:
            if character not in _DIGITS:
                raise InvalidKey(what, "has a character that is not of Z85")
            value = value * 85 + _DIGITS[character]
        if value > _HIGHEST:
            raise InvalidKey(what, "has a group of characters that stands for no 32 bits")
        groups.append(value)
    octets = _GROUPS.pack(*groups)
    if not any(octets):
        raise InvalidKey(what, "is all zero")
    return octets


def is_key(text: str) -> bool:
    """Whether a text from the wire is a key."""
    try:
        decode_key(text)
    except InvalidKey:
        return False
    return True


def same(one: str, other: str) -> bool:
    """Whether two texts are the same, in a time that tells nothing about where they differ."""
    from hmac import compare_digest  # with OpenSSL, which takes long to load; an open node needs neither

    return compare_digest(one.encode(), other.encode())
