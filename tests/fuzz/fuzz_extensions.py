"""Invariant: whatever the octets, a decoder of our own frames returns what they hold, or raises DecodeError."""

from __future__ import annotations

from tests.fuzz.guided import fuzz, instrumented

with instrumented():
    from zyre.errors import DecodeError
    from zyre.wire import probe, tally, zre

SEEDS = [
    zre.pack_header(tally.TALLY, 1) + tally.encode_tally(1, 2),
    zre.pack_header(tally.TALLIED, 1) + tally.encode_tallied(tally.Tallied(1, 2, 0, 2)),
    zre.pack_header(probe.ENQUIRE, 1) + probe.encode_enquire(bytes(16)),
    zre.pack_header(probe.SEEN, 1) + probe.encode_seen(bytes(16), 1.5),
]


def one_input(data: bytes) -> None:
    for decode in (tally.decode_tally, tally.decode_tallied, probe.decode_enquire, probe.decode_seen):
        try:
            decode(data)
        except DecodeError:
            continue


if __name__ == "__main__":
    fuzz(one_input, SEEDS)
