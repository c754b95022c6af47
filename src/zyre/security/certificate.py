"""Certificates in the two files of CZMQ (zcert): a public one to give away, and ``NAME_secret`` to keep.

    #   any comment

    metadata
        name = "alice"
    curve
        public-key = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
        secret-key = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"      in NAME_secret only

Values only; zyre.engine.keyring reads and writes the files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from zyre.errors import InvalidConfig, InvalidKey
from zyre.security.keys import KeyPair, decode_key
from zyre.wire.zpl import Setting

__all__ = ["SECRET_SUFFIX", "Certificate", "read_certificate", "settings_of"]

#: What the name of a file with a secret key ends with.
SECRET_SUFFIX: Final = "_secret"

_PUBLIC_COMMENT: Final = "   ZeroMQ CURVE public certificate: give it to those who are to know this node"
_SECRET_COMMENT: Final = "   ZeroMQ CURVE **secret** certificate: keep it on its machine, readable for its owner only"


@dataclass(frozen=True)
class Certificate:
    """A CURVE public key in Z85, what is said about its owner, and for the owner itself the secret key.

    Raises InvalidKey. The secret key is in no repr, and two certificates are equal whether or not they know it.
    """

    public_key: str
    secret_key: str | None = field(default=None, repr=False, compare=False)
    metadata: Mapping[str, str] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        decode_key(self.public_key)
        if self.secret_key is not None:
            decode_key(self.secret_key, "secret key")
        object.__setattr__(self, "metadata", MappingProxyType(dict(self.metadata)))

    @property
    def public(self) -> Certificate:
        """The same without the secret key: what may be given away."""
        return Certificate(self.public_key, None, self.metadata)

    @property
    def pair(self) -> KeyPair:
        """Both keys. Raises InvalidKey where the secret one is missing."""
        if self.secret_key is None:
            raise InvalidKey(
                "certificate", f"{self.public_key[:5]}... has no secret key, so nobody can prove to own it"
            )
        return KeyPair(self.public_key, self.secret_key)

    def __reduce__(self) -> tuple[object, ...]:
        return Certificate, (self.public_key, self.secret_key, dict(self.metadata))


def read_certificate(root: Setting) -> Certificate:
    """The certificate that a file, either one, holds. Raises InvalidKey for what has no usable key.

    Forty zeros, which CZMQ writes for a secret key that it does not know, are none.
    """
    metadata: dict[str, str] = {}
    for item in root.locate("metadata") or ():
        metadata.setdefault(item.name, item.value)
    secret = root.get("curve/secret-key")
    return Certificate(root.get("curve/public-key"), secret if secret.strip("0") else None, metadata)


def settings_of(certificate: Certificate, *, secret: bool = False) -> Setting:
    """What the public file says, or the secret one. Raises InvalidConfig for metadata that ZPL cannot carry."""
    root = Setting(comments=[_SECRET_COMMENT if secret else _PUBLIC_COMMENT])
    metadata = root.add("metadata")
    for name, value in certificate.metadata.items():
        if "/" in name:  # zconfig finds settings by paths
            raise InvalidConfig(f"{name!r} cannot name a certificate's metadata: it has a '/'")
        metadata.add(name, value)
    curve = root.add("curve")
    curve.add("public-key", certificate.public_key)
    if secret:
        curve.add("secret-key", certificate.pair.secret)
    return root
