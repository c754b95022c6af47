"""The field types of 36/ZRE: big-endian numbers, counted strings, lists and dictionaries.

Decoding reads through a Cursor that checks every length against what is left, so a forged count costs no memory:
each element of a list takes at least its own length field, and reading stops where the bytes do.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping

from zyre.errors import DecodeError

__all__ = ["Cursor", "pack_dictionary", "pack_longstr", "pack_string", "pack_strings"]

_U16 = struct.Struct(">H")
_U32 = struct.Struct(">I")
_U64 = struct.Struct(">Q")


def pack_string(text: str) -> bytes:
    """``string``: one octet of length, then UTF-8. The caller has checked that it is at most 255 octets."""
    raw = text.encode()
    return bytes((len(raw),)) + raw


def pack_longstr(text: str) -> bytes:
    """``longstr``: four octets of length, then UTF-8."""
    raw = text.encode()
    return _U32.pack(len(raw)) + raw


def pack_strings(texts: Iterable[str]) -> bytes:
    """``strings``: four octets of count, then that many longstr."""
    items = [pack_longstr(text) for text in texts]
    return _U32.pack(len(items)) + b"".join(items)


def pack_dictionary(items: Mapping[str, str]) -> bytes:
    """``dictionary``: four octets of count, then that many pairs of string key and longstr value."""
    pairs = [pack_string(key) + pack_longstr(value) for key, value in items.items()]
    return _U32.pack(len(pairs)) + b"".join(pairs)


class Cursor:
    """Reads fields from a frame, one after the other. Raises DecodeError where a field does not fit.

    36/ZRE names no character set: text is read as UTF-8, and octets that are not are replaced, because a peer must
    not be able to hand the application text that cannot be printed. (zeromq-pyre cuts strings within characters.)
    """

    __slots__ = ("_data", "_position")

    def __init__(self, data: bytes, position: int = 0) -> None:
        self._data = data
        self._position = position

    def _take(self, size: int, field: str) -> bytes:
        end = self._position + size
        if end > len(self._data):
            raise DecodeError(f"{field} is truncated")
        taken = self._data[self._position : end]
        self._position = end
        return taken

    @property
    def left(self) -> int:
        """How many octets are left."""
        return len(self._data) - self._position

    def number1(self, field: str) -> int:
        """One octet."""
        return self._take(1, field)[0]

    def number2(self, field: str) -> int:
        """Two octets."""
        return int(_U16.unpack(self._take(2, field))[0])

    def number4(self, field: str) -> int:
        """Four octets."""
        return int(_U32.unpack(self._take(4, field))[0])

    def number8(self, field: str) -> int:
        """Eight octets."""
        return int(_U64.unpack(self._take(8, field))[0])

    def octets(self, size: int, field: str) -> bytes:
        """So many octets as they are."""
        return self._take(size, field)

    def string(self, field: str) -> str:
        """A ``string``."""
        return self._take(self.number1(field), field).decode("utf-8", "replace")

    def longstr(self, field: str) -> str:
        """A ``longstr``."""
        return self._take(self.number4(field), field).decode("utf-8", "replace")

    def strings(self, field: str) -> list[str]:
        """A list of ``longstr``, in order."""
        return [self.longstr(field) for _ in self.count(field, least=4)]

    def dictionary(self, field: str) -> dict[str, str]:
        """A ``dictionary``. Of equal keys the first counts, as in libzyre."""
        items: dict[str, str] = {}
        for _ in self.count(field, least=5):
            key = self.string(field)
            items.setdefault(key, self.longstr(field))
        return items

    def count(self, field: str, least: int) -> range:
        """To be repeated as often as a count in four octets says: elements of at least ``least`` octets each.

        A count is refused at once if they cannot all be there.
        """
        count = self.number4(field)
        if count * least > len(self._data) - self._position:
            raise DecodeError(f"{field} counts more elements than there are octets")
        return range(count)
