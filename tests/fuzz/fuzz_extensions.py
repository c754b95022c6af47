"""Invariant: whatever the octets, a decoder of our own frames returns what they hold, or raises DecodeError."""

from __future__ import annotations

from tests.fuzz.guided import fuzz, instrumented

with instrumented():
    from zyre.errors import DecodeError, InvalidKey
    from zyre.security.credential import Credential, parse_certificate
    from zyre.security.revocation import Revocations
    from zyre.wire import bulletin, bundle, chunk, durable, probe, renewal, tally, zre

SEEDS = [
    zre.pack_header(tally.TALLY, 1) + tally.encode_tally(1, 2),
    zre.pack_header(tally.TALLIED, 1) + tally.encode_tallied(tally.Tallied(1, 2, 0, 2)),
    zre.pack_header(chunk.CHUNK, 1) + chunk.encode_chunk(chunk.Chunk(1, 0, b"x", b"h", (1,)))[0],
    zre.pack_header(durable.OFFER, 1) + durable.encode_offer(durable.Offer(1, 2, 3, 4)),
    zre.pack_header(durable.HAVE, 1) + durable.encode_have(durable.Have(1, 2, 4, 3, 5, 6)),
    zre.pack_header(probe.ENQUIRE, 1) + probe.encode_enquire(bytes(16)),
    zre.pack_header(bulletin.NOTICE, 1) + bulletin.encode_version(7),
    zre.pack_header(bulletin.BULLETIN, 1) + Revocations(7, frozenset(), bytes(64)).pack(),
    Revocations(7, frozenset(("1" * 40,)), b"s" * 64).pack(),
    zre.pack_header(renewal.PAUSE, 1) + renewal.encode_token(7),
    zre.pack_header(probe.SEEN, 1) + probe.encode_seen(bytes(16), 1.5),
    zre.pack_header(bundle.BUNDLE, 1) + b"".join(bundle.encode_bundle("G", [(b"a", b"bc"), (b"", b"d")])),
    zre.pack_header(bundle.BUNDLE, 1) + b"".join(bundle.encode_bundle("", [(b"ab",), (b"cd",)])),
]


def decode_bundle(data: bytes) -> None:
    """The contents behind the frame are what follows an 8: none of the sizes needs to be that."""
    frame, _, body = data.partition(b"\x08")
    found = bundle.decode_bundle(frame, [body])
    contents = list(found.contents())
    assert len(contents) == found.messages <= bundle.MOST_MESSAGES
    assert b"".join(map(b"".join, contents)) == body


def one_input(data: bytes) -> None:
    for decode in (
        tally.decode_tally,
        tally.decode_tallied,
        probe.decode_enquire,
        probe.decode_seen,
        decode_bundle,
        chunk.decode_chunked,
        lambda octets: chunk.decode_chunk(octets, [b"x"]),
        durable.decode_offer,
        durable.decode_have,
        bulletin.decode_version,
        bulletin.decode_bulletin,
        renewal.decode_token,
        Revocations.unpack,
        Credential.unpack,
        lambda octets: parse_certificate(octets.decode("latin-1")),
    ):
        try:
            decode(data)
        except (DecodeError, InvalidKey):
            continue


if __name__ == "__main__":
    fuzz(one_input, SEEDS)
