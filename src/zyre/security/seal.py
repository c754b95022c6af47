"""Seals beacons with the key of a cluster, and opens them: forged, replayed, redirected and stale ones are told apart.

A beacon is proven by HMAC-SHA-256. It says when it was made, so that a recording is worth little; a node believes no
beacon that is older than another of the same sender. And it says the addresses of its sender, so that sending it on
from elsewhere leads nobody astray.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from typing import Final

from zyre.refusals import RefusalCode
from zyre.wire.sealed import SEALED_START, decode_sealed, encode_unsealed

__all__ = ["BeaconSeal"]

_PLAIN_START: Final = b"ZRE\x03"
_START: Final = len(_PLAIN_START)
_UUID: Final = slice(0, 16)


class BeaconSeal:
    """One node's. ``age`` is how far, in seconds, clocks may differ and beacons may be old; ``most`` how many senders
    are remembered. Times are in seconds since 1970."""

    def __init__(self, key: bytes, own: bytes, age: float, most: int) -> None:
        self._key = key
        self._own = own
        self._age = int(age * 1000)
        self._most = most
        self._last = 0
        self._newest: dict[bytes, int] = {}

    def __repr__(self) -> str:
        return "<BeaconSeal>"

    def seal(self, beacon: bytes, addresses: tuple[str, ...], now: float) -> bytes:
        """The datagram of a beacon of 43/ZRE. Each is newer than the one before, unless the clock was set
        back by far."""
        clock = round(now * 1000)
        self._last = clock if clock < self._last - self._age else max(clock, self._last + 1)
        unsealed = encode_unsealed(beacon[_START:], self._last, addresses)
        return unsealed + self._proof(unsealed)

    def unseal(self, data: bytes, source: str, now: float) -> bytes | RefusalCode:
        """The beacon of 43/ZRE in a datagram from an address, or why it is not believed.

        What is no sealed beacon and claims no security is returned as it is. Raises DecodeError for what is broken.
        """
        if not data.startswith(SEALED_START):
            return "wrong secret" if data.startswith(_PLAIN_START) else data
        sealed = decode_sealed(data)
        if not hmac.compare_digest(sealed.proof, self._proof(sealed.proven)):
            return "wrong secret"
        beacon = _PLAIN_START + sealed.body
        uuid = sealed.body[_UUID]
        if uuid == self._own:
            return beacon
        if _packed(source) not in sealed.addresses:
            return "redirected"
        return self._judge_time(uuid, sealed.milliseconds, round(now * 1000)) or beacon

    def _judge_time(self, uuid: bytes, made: int, clock: int) -> RefusalCode | None:
        newest = self._newest.get(uuid)
        if newest is not None and made < newest and abs(newest - clock) <= self._age:
            return "replayed"
        if abs(made - clock) > self._age:
            return "stale"
        if newest is None and len(self._newest) >= self._most:
            self._forget(clock)
        self._newest[uuid] = made
        return None

    def _forget(self, clock: int) -> None:
        """Make room: what is older than any beacon that we would believe, and if need be the sender known longest."""
        self._newest = {uuid: made for uuid, made in self._newest.items() if abs(made - clock) <= self._age}
        if len(self._newest) >= self._most:
            del self._newest[next(iter(self._newest))]

    def _proof(self, octets: bytes) -> bytes:
        return hmac.digest(self._key, octets, hashlib.sha256)


def _packed(address: str) -> bytes:
    try:
        return ipaddress.ip_address(address.partition("%")[0]).packed
    except ValueError:
        return b""
