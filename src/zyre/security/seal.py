"""Seals beacons of a secured cluster, and opens them: forged, replayed, redirected and stale ones are told apart.

Where there is one secret, a beacon is proven by HMAC-SHA-256 (SecretProof). It says when it was made, so that a
recording is worth little; a node believes no beacon that is older than another of the same sender, or than its
farewell. And it says the addresses of its sender, so that sending it on from elsewhere leads nobody astray.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from typing import Final, Protocol

from zyre.refusals import RefusalCode
from zyre.wire.sealed import PROOF_SIZE, SEALED_START, Sealed, decode_sealed, encode_unsealed

__all__ = ["BeaconSeal", "Proof", "SecretProof"]

_PLAIN_START: Final = b"ZRE\x03"
_START: Final = len(_PLAIN_START)
_UUID: Final = slice(0, 16)
_PORT: Final = slice(16, 18)
#: By so much, in milliseconds, may a beacon be overtaken by the next one: they come over several networks.
_OVERTAKING: Final = 500


class Proof(Protocol):
    """How beacons are proven."""

    stranger: RefusalCode
    """What a secured beacon without a seal is refused as."""

    def prove(self, octets: bytes) -> bytes:
        """The proof of a beacon of ours."""

    def judge(self, sealed: Sealed, now: float) -> RefusalCode | None:
        """Why somebody's beacon is not proven; None if it is."""


class SecretProof:
    """By the keys that follow from secrets: the first proves, and any of them is believed."""

    stranger: RefusalCode = "wrong secret"

    def __init__(self, *keys: bytes) -> None:
        self._keys = keys

    def __repr__(self) -> str:
        return "<SecretProof>"

    def prove(self, octets: bytes) -> bytes:
        """A keyed hash."""
        return hmac.digest(self._keys[0], octets, hashlib.sha256)

    def judge(self, sealed: Sealed, now: float) -> RefusalCode | None:
        """Compare in a time that tells nothing about where they differ."""
        if len(sealed.proof) == PROOF_SIZE:
            for key in self._keys:
                if hmac.compare_digest(sealed.proof, hmac.digest(key, sealed.proven, hashlib.sha256)):
                    return None
        return self.stranger


class BeaconSeal:
    """One node's. ``age`` is how far, in seconds, clocks may differ and beacons may be old; ``most`` how many senders
    are remembered. Times are in seconds since 1970."""

    def __init__(self, proof: Proof, own: bytes, age: float, most: int) -> None:
        self.proof = proof
        """May be replaced at any time."""
        self._own = own
        self._age = int(age * 1000)
        self._most = most
        self._last = 0
        self._floors: dict[bytes, int] = {}
        """What was made before is believed no more, by sender."""

    def __repr__(self) -> str:
        return "<BeaconSeal>"

    def seal(self, beacon: bytes, addresses: tuple[str, ...], now: float) -> bytes:
        """The datagram of a beacon of 43/ZRE. Each is newer than the one before, unless the clock was set
        back by far."""
        clock = round(now * 1000)
        self._last = clock if clock < self._last - self._age else max(clock, self._last + 1)
        unsealed = encode_unsealed(beacon[_START:], self._last, addresses)
        return unsealed + self.proof.prove(unsealed)

    def unseal(self, data: bytes, source: str, now: float) -> bytes | RefusalCode:
        """The beacon of 43/ZRE in a datagram from an address, or why it is not believed.

        What is no sealed beacon and claims no security is returned as it is. Raises DecodeError for what is broken.
        """
        if not data.startswith(SEALED_START):
            return self.proof.stranger if data.startswith(_PLAIN_START) else data
        sealed = decode_sealed(data)
        refused = self.proof.judge(sealed, now)
        if refused is not None:
            return refused
        beacon = _PLAIN_START + sealed.body
        uuid = sealed.body[_UUID]
        if uuid == self._own:
            return beacon
        if _packed(source) not in sealed.addresses:
            return "redirected"
        leaves = not any(sealed.body[_PORT])
        return self._judge_time(uuid, sealed.milliseconds, leaves, round(now * 1000)) or beacon

    def _judge_time(self, uuid: bytes, made: int, leaves: bool, clock: int) -> RefusalCode | None:
        floor = self._floors.get(uuid)
        if floor is not None and abs(floor - clock) > self._age + _OVERTAKING:
            floor = None  # our clock was set, and what we know is of another time
        if floor is not None and made < floor:
            return "replayed"
        if abs(made - clock) > self._age:
            return "stale"
        if uuid not in self._floors and len(self._floors) >= self._most:
            self._forget(clock)
        from_now_on = made if leaves else made - _OVERTAKING
        self._floors[uuid] = from_now_on if floor is None else max(floor, from_now_on)
        return None

    def _forget(self, clock: int) -> None:
        """Make room: what is older than any beacon that we would believe, and if need be the sender known longest."""
        self._floors = {uuid: floor for uuid, floor in self._floors.items() if abs(floor - clock) <= self._age}
        if len(self._floors) >= self._most:
            del self._floors[next(iter(self._floors))]


def _packed(address: str) -> bytes:
    try:
        return ipaddress.ip_address(address.partition("%")[0]).packed
    except ValueError:
        return b""
