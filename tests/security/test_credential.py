from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.security.test_keys import PUBLIC
from zyre.errors import DecodeError, InvalidKey
from zyre.security.certificate import Certificate
from zyre.security.credential import (
    CREDENTIAL_SIZE,
    Credential,
    credential_of,
    decode_signature,
    digest_of,
    encode_signature,
    format_certificate,
    parse_certificate,
)

SIGNED = {
    "name": "alice",
    "signing-key": PUBLIC,
    "issued": "1000",
    "expires": "2000",
    "signature": encode_signature(b"s" * 64),
}


def test_what_is_signed_is_the_keys_the_times_and_the_rest_by_its_digest() -> None:
    credential = credential_of(Certificate(PUBLIC, None, SIGNED))
    assert (credential.issued, credential.expires, credential.signature) == (1000, 2000, b"s" * 64)
    assert credential.digest == digest_of(SIGNED)
    assert credential.signed.startswith(b"zyre certificate 1\0")
    assert b"alice" not in credential.pack()
    assert len(credential.pack()) == CREDENTIAL_SIZE
    assert Credential.unpack(credential.pack()) == credential


@pytest.mark.parametrize("change", [{"name": "bob"}, {"groups": "*"}, {"expires": "9999"}, {"signing-key": "x" * 40}])
def test_whatever_is_changed_changes_the_digest(change: dict[str, str]) -> None:
    assert digest_of({**SIGNED, **change}) != digest_of(SIGNED)
    assert digest_of(dict(reversed(SIGNED.items()))) == digest_of(SIGNED)
    assert digest_of({**SIGNED, "signature": "other"}) == digest_of(SIGNED)


@pytest.mark.parametrize("missing", ["signing-key", "issued", "expires", "signature"])
def test_what_is_not_signed_is_no_credential(missing: str) -> None:
    metadata = {name: value for name, value in SIGNED.items() if name != missing}
    with pytest.raises(InvalidKey, match=f"it has no {missing}"):
        credential_of(Certificate(PUBLIC, None, metadata))


@pytest.mark.parametrize(
    "change", [{"issued": "today"}, {"expires": "-1"}, {"expires": str(1 << 63)}, {"signature": "x"}]
)
def test_nonsense_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(InvalidKey):
        credential_of(Certificate(PUBLIC, None, {**SIGNED, **change}))


def test_a_certificate_goes_through_a_header() -> None:
    certificate = Certificate(PUBLIC, None, SIGNED)
    shown = parse_certificate(format_certificate(certificate))
    assert (shown, shown.metadata, shown.secret_key) == (certificate, certificate.metadata, None)


def test_a_certificate_that_says_too_much_is_not_shown() -> None:
    with pytest.raises(InvalidKey, match="too much"):
        format_certificate(Certificate(PUBLIC, None, {"name": "x" * 5000}))
    with pytest.raises(InvalidKey, match="too much"):
        format_certificate(Certificate(PUBLIC, None, {str(number): "" for number in range(100)}))


@given(st.one_of(st.text(), st.binary().map(lambda octets: __import__("base64").b64encode(octets).decode())))
def test_whatever_somebody_shows_is_read_or_refused(text: str) -> None:
    try:
        parse_certificate(text)
    except (DecodeError, InvalidKey):
        pass


@given(st.binary(max_size=300))
def test_a_credential_has_one_size(data: bytes) -> None:
    if len(data) == CREDENTIAL_SIZE:
        assert Credential.unpack(data).pack() == data
    else:
        with pytest.raises(DecodeError):
            Credential.unpack(data)


def test_signatures_are_written_in_z85() -> None:
    assert decode_signature(encode_signature(bytes(range(64)))) == bytes(range(64))
    with pytest.raises(InvalidKey):
        decode_signature("x" * 79)
