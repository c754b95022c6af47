from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zyre.errors import DecodeError
from zyre.security.credential import SIGNATURE_SIZE
from zyre.security.revocation import MOST_REVOKED, Revocations
from zyre.wire import bulletin, zre


@given(st.integers(0, (1 << 64) - 1))
def test_a_version_is_read_again(version: int) -> None:
    frame = zre.pack_header(bulletin.NOTICE, 1) + bulletin.encode_version(version)
    assert bulletin.decode_version(frame) == version


@given(st.binary(max_size=20))
def test_anything_else_is_refused(data: bytes) -> None:
    if len(data) != zre.HEADER_SIZE + 8:
        with pytest.raises(DecodeError):
            bulletin.decode_version(data)


def test_the_longest_list_just_fits() -> None:
    longest = 12 + 32 * MOST_REVOKED + SIGNATURE_SIZE
    assert longest == bulletin.MOST_OCTETS
    header = zre.pack_header(bulletin.BULLETIN, 1)
    assert len(bulletin.decode_bulletin(header + bytes(longest))) == longest
    for broken in (header, header + bytes(longest + 1)):
        with pytest.raises(DecodeError):
            bulletin.decode_bulletin(broken)
    octets = Revocations(1, frozenset(), bytes(SIGNATURE_SIZE)).pack()
    assert bulletin.decode_bulletin(header + octets) == octets
