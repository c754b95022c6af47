"""What the live fuzz shoots: random octets, and golden messages of libzyre with some of their octets changed."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from dataclasses import replace

from tests.fuzz.seeds import BEACONS, MESSAGES
from zyre.wire import zre

#: Strangers who shoot. Few enough that the victim knows most of them, so that messages get past the door.
STRANGERS = 40
#: One datagram in so many shots; the rest goes to the inbox.
_DATAGRAMS = 10


class Ammunition:
    """Shots, the same for the same seed. ``sequences`` remembers how far each stranger has counted."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.identities = [b"\x01" + self._uuid() for _ in range(STRANGERS)]
        self.sequences = [0] * STRANGERS

    def _uuid(self) -> bytes:
        octets = bytearray(self.chance.randbytes(16))
        octets[6] &= 0x0F
        return bytes(octets)

    def shots(self, count: int) -> Iterator[tuple[int | None, list[bytes]]]:
        """``(stranger, frames)`` for the inbox, ``(None, [datagram])`` for the beacon port."""
        chance = self.chance
        for number in range(count):
            if number % _DATAGRAMS == 0:
                yield None, [self.datagram()]
            else:
                stranger = chance.randrange(STRANGERS)
                yield stranger, self.message(stranger)

    def datagram(self) -> bytes:
        kind = self.chance.randrange(3)
        if kind == 0:
            return self.chance.randbytes(self.chance.randrange(80))
        beacon = bytearray(self.chance.choice(BEACONS))
        beacon[4:20] = self.chance.choice(self.identities)[1:]
        return bytes(beacon) if kind == 1 else self.changed(beacon)

    def message(self, stranger: int) -> list[bytes]:
        chance = self.chance
        kind = chance.randrange(10)
        if kind == 0:
            return [chance.randbytes(chance.randrange(60)) for _ in range(chance.randrange(1, 4))]
        if kind == 1:
            return [self.hello(stranger)]
        frames = list(chance.choice(MESSAGES))
        if frames[0][2] == zre.HELLO:
            frames = [self.hello(stranger)]
        if kind < 6 and frames[0][2] != zre.HELLO:
            frames[0] = self.numbered(frames[0], stranger)
        if kind > 3:
            at = chance.randrange(len(frames))
            frames[at] = self.changed(bytearray(frames[at]))
        return frames

    def hello(self, stranger: int) -> bytes:
        """A golden HELLO, from an endpoint of the stranger's own: at one endpoint there is but one peer."""
        golden = self.chance.choice([frames[0] for frames in MESSAGES if frames[0][2] == zre.HELLO])
        said = replace(zre.decode_hello(golden), endpoint=f"tcp://10.77.0.1:{1000 + stranger}")
        self.sequences[stranger] = 1
        return zre.pack_header(zre.HELLO, 1) + zre.encode_hello(said)

    def numbered(self, frame: bytes, stranger: int) -> bytes:
        """With the number that the victim expects, so that it goes through."""
        self.sequences[stranger] = (self.sequences[stranger] + 1) % 65536
        return frame[:4] + struct.pack(">H", self.sequences[stranger]) + frame[6:]

    def changed(self, octets: bytearray) -> bytes:
        chance = self.chance
        match chance.randrange(4):
            case 0:
                return bytes(octets[: chance.randrange(len(octets) + 1)])
            case 1:
                return bytes(octets) + chance.randbytes(chance.randrange(20))
            case _:
                for _ in range(chance.randrange(1, 5)):
                    if octets:
                        octets[chance.randrange(len(octets))] = chance.randrange(256)
                return bytes(octets)
