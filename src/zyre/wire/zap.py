"""The questions of libzmq about who may connect, and the answers (27/ZAP).

request  "1.0"  id  domain  address  identity  mechanism  credentials...
reply    "1.0"  id  status code  status text  user id  metadata
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from zyre.errors import DecodeError

__all__ = ["ALLOWED", "DENIED", "ZapRequest", "decode_zap_request", "encode_zap_reply"]

_VERSION: Final = b"1.0"
_FIXED_FRAMES: Final = 6
_CURVE_KEY: Final = 32
#: Longer texts are none of libzmq's.
_LONGEST: Final = 255

#: Status codes: let in; not.
ALLOWED: Final = 200
DENIED: Final = 400
_TEXTS: Final = {ALLOWED: b"OK", DENIED: b"No access"}


class ZapRequest(NamedTuple):
    """Somebody connects from ``address`` ("" for no address) to a socket of ``domain``, and proved to own ``key``.

    ``key`` has 32 octets; it is empty where ``mechanism`` is another than "CURVE".
    """

    request_id: bytes
    domain: str
    address: str
    mechanism: str
    key: bytes


def decode_zap_request(frames: Sequence[bytes]) -> ZapRequest:
    """Read a request, without its envelope. Raises DecodeError."""
    if len(frames) < _FIXED_FRAMES:
        raise DecodeError("a ZAP request has too few frames")
    version, request_id, domain, address, _, mechanism = frames[:_FIXED_FRAMES]
    if version != _VERSION:
        raise DecodeError("a ZAP request has another version")
    if max(map(len, frames)) > _LONGEST:
        raise DecodeError("a ZAP request has a field that is too long")
    credentials = frames[_FIXED_FRAMES:]
    key = b""
    if mechanism == b"CURVE":
        if len(credentials) != 1 or len(credentials[0]) != _CURVE_KEY:
            raise DecodeError("a ZAP request has no CURVE key")
        key = credentials[0]
    return ZapRequest(request_id, _text(domain), _text(address), _text(mechanism), key)


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "replace")


def encode_zap_reply(request_id: bytes, status: int, user_id: str = "") -> list[bytes]:
    """The frames of a reply. What was denied is told nothing more: no user, and no reason."""
    user = user_id.encode() if status == ALLOWED else b""
    return [_VERSION, request_id, b"%d" % status, _TEXTS[status], user, b""]
