"""Invariant: whatever the octets, a decoder of messages returns no more than they hold, or raises DecodeError."""

from __future__ import annotations

from tests.fuzz.guided import fuzz, instrumented
from tests.fuzz.seeds import FRAMES

with instrumented():
    from zyre.core.admission import understand
    from zyre.errors import DecodeError
    from zyre.wire import introduce, leases, lives, news, terms, zre
    from zyre.wire.extension import application_headers, offered_extensions

DECODERS = (
    *(zre.decode_hello, zre.decode_group_change, zre.decode_shout_group, zre.decode_vote, zre.unpack_header),
    introduce.decode_introduce,
    *(news.decode_change, news.decode_check, news.decode_confirm, news.decode_tell),
    *(lives.decode_collision, lives.decode_twin),
    *(leases.decode_claim, leases.decode_vote, leases.decode_release, terms.decode_term),
)


def one_input(data: bytes) -> None:
    for decode in DECODERS:
        try:
            decoded = decode(data)
        except DecodeError:
            continue
        if isinstance(decoded, zre.Hello):
            assert sum(map(len, decoded.groups)) + sum(map(len, decoded.headers.values())) <= len(data)
            offered_extensions(decoded.headers)
            application_headers(decoded.headers)
    understand(data)


if __name__ == "__main__":
    fuzz(one_input, FRAMES)
