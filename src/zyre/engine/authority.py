"""The authority of a cluster, which signs the keys of its nodes; and the directory that makes a machine a member.

    authority           ZPL: the name of the cluster, and the authority's public key
    authority_secret    on one machine only: the authority itself (mode 0600)
    node.cert           this machine's certificate, signed; node.cert_secret is what it keeps (mode 0600)
    revoked             ZPL: the list of revoked keys, signed; a running node writes it when it learns of a longer one
    issued/             on the authority's machine: the certificates that it has signed

Whoever has the authority's secret decides who is a member; nobody else can, a member neither.
"""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from zyre.engine.keyring import load_certificate, new_pair, save_certificate
from zyre.engine.signing import SigningKey, VerifyingKey, signing_key_of
from zyre.engine.zplfile import load_zpl, save_zpl
from zyre.errors import InvalidConfig, InvalidKey
from zyre.security.certificate import SECRET_SUFFIX, Certificate, read_certificate
from zyre.security.credential import (
    EXPIRES,
    ISSUED,
    NAME,
    SALT,
    SIGNATURE,
    SIGNING_KEY,
    credential_of,
    encode_signature,
    format_certificate,
)
from zyre.security.keys import decode_key, encode_key
from zyre.security.revocation import MOST_REVOKED, NONE_REVOKED, Revocations, read_revocations
from zyre.wire.zpl import Setting

__all__ = [
    "DAYS",
    "ISSUED_FOLDER",
    "NODE",
    "REVOKED",
    "Authority",
    "Member",
    "check_member_name",
    "join_cluster",
    "load_member",
    "new_request",
    "read_revoked",
    "save_revoked",
]

AUTHORITY: Final = "authority"
NODE: Final = "node.cert"
ISSUED_FOLDER: Final = "issued"
REVOKED: Final = "revoked"
#: In the folder of what was issued: certificates of members that have another one by now.
FORMER: Final = "former"

#: How long a certificate is good unless it is said otherwise.
DAYS: Final = 365
_DAY: Final = 86400
#: Names of members are names of files.
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_RESERVED: Final = frozenset((NAME, SIGNING_KEY, ISSUED, EXPIRES, SALT, SIGNATURE))

Pathname = str | os.PathLike[str]


@dataclass(frozen=True)
class Member:
    """What a node knows that belongs to a cluster with an authority."""

    directory: Path
    cluster: str
    authority: VerifyingKey
    certificate: Certificate
    revocations: Revocations


def check_member_name(name: str) -> str:
    """The name, if it can be a member's. Raises InvalidConfig."""
    if not _NAME.fullmatch(name):
        raise InvalidConfig(
            f"{name!r} cannot name a member: up to 63 letters, digits, '.', '_' and '-', and a letter or digit first"
        )
    return name


def load_member(directory: Pathname) -> Member:
    """Read a member's directory. Raises InvalidConfig, InvalidKey, OSError."""
    folder = Path(directory).expanduser()
    cluster, authority = _read_authority(folder)
    path = folder / NODE
    if not path.with_name(NODE + SECRET_SUFFIX).exists():
        raise InvalidConfig(f"{folder} has no {NODE}{SECRET_SUFFIX}: 'zyre enroll' makes this machine a member")
    certificate = _load_own(path)
    credential = credential_of(certificate)
    if credential.signing_key != signing_key_of(certificate.pair).public:
        raise InvalidKey(str(path), "was signed for another secret key than the one beside it")
    if not authority.verifies(credential.signature, credential.signed):
        raise InvalidKey(str(path), f"is not signed by the authority of the cluster {cluster!r}")
    return Member(folder, cluster, authority, certificate, read_revoked(folder, authority))


def _load_own(path: Path) -> Certificate:
    """What was signed is the public file; the secret one may be as it was before."""
    public, secret = read_certificate(load_zpl(path)), load_certificate(path)
    if public.public_key != secret.public_key:
        raise InvalidKey(str(path), "belongs to another secret key than the one beside it")
    return Certificate(public.public_key, secret.secret_key, public.metadata)


def _read_authority(folder: Path) -> tuple[str, VerifyingKey]:
    path = folder / AUTHORITY
    if not path.exists():
        raise InvalidConfig(
            f"{folder} is not the directory of a cluster: 'zyre keys authority' founds one, and 'zyre enroll' makes "
            "this machine a member of one"
        )
    settings = load_zpl(path)
    return settings.get("cluster/name"), VerifyingKey(decode_key(settings.get("cluster/authority"), "authority's key"))


def read_revoked(folder: Path, authority: VerifyingKey) -> Revocations:
    """The list in a directory; an empty one where there is none. Raises InvalidKey if it is forged, InvalidConfig if
    it makes no sense: who is revoked would come back if it was passed over."""
    try:
        revocations = read_revocations(load_zpl(folder / REVOKED))
    except FileNotFoundError:
        return NONE_REVOKED
    if not authority.verifies(revocations.signature, revocations.signed):
        raise InvalidKey(str(folder / REVOKED), "is not signed by the authority of this cluster")
    return revocations


def save_revoked(folder: Path, revocations: Revocations) -> None:
    """Keep the list. Raises OSError."""
    save_zpl(revocations.settings(), folder / REVOKED, private=True)


def new_request(name: str) -> Certificate:
    """New keys for a member, and what an authority needs to sign them. Raises InvalidConfig."""
    pair = new_pair()
    signing_key = encode_key(signing_key_of(pair).public)
    return Certificate(pair.public, pair.secret, {NAME: check_member_name(name), SIGNING_KEY: signing_key})


def join_cluster(directory: Pathname, cluster: str, authority: VerifyingKey, certificate: Certificate) -> Path:
    """Write a member's directory; an earlier certificate is replaced. Raises OSError."""
    folder = Path(directory).expanduser()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write_authority(folder, cluster, authority.octets)
    save_certificate(certificate, folder / NODE)
    return folder


def _write_authority(folder: Path, cluster: str, public: bytes, seed: bytes | None = None) -> None:
    root = Setting(comments=["   The authority of a cluster: its nodes believe the certificates that it has signed"])
    about = root.add("cluster")
    about.add("name", cluster)
    about.add("authority", encode_key(public))
    save_zpl(root, folder / AUTHORITY)
    if seed is not None:
        about.add("secret", encode_key(seed))
        root.comments[:] = ["   **secret**: whoever reads this decides who belongs to the cluster"]
        save_zpl(root, folder / (AUTHORITY + SECRET_SUFFIX), private=True)


class Authority:
    """The authority in a directory. Raises InvalidConfig where there is none, InvalidKey, OSError."""

    def __init__(self, directory: Pathname) -> None:
        self.directory = Path(directory).expanduser()
        self.cluster, self.public = _read_authority(self.directory)
        path = self.directory / (AUTHORITY + SECRET_SUFFIX)
        if not path.exists():
            raise InvalidConfig(
                f"{self.directory} holds no authority, which is on the machine where 'zyre keys authority' was called"
            )
        self._key = SigningKey(decode_key(load_zpl(path).get("cluster/secret"), "authority's secret key"))
        if self._key.public != self.public.octets:
            raise InvalidKey(str(path), "belongs to another authority than the file beside it")

    def __repr__(self) -> str:
        return f"<Authority of {self.cluster!r}>"

    @classmethod
    def found(cls, directory: Pathname, cluster: str) -> Authority:
        """Make an authority. Raises InvalidConfig if one is there."""
        folder = Path(directory).expanduser()
        check_member_name(cluster)
        if (folder / AUTHORITY).exists():
            raise InvalidConfig(f"{folder} is the directory of a cluster already; choose another one")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        seed = secrets.token_bytes(32)
        _write_authority(folder, cluster, SigningKey(seed).public, seed)
        return cls(folder)

    def issue(self, request: Certificate, *, days: float = DAYS, renew: bool = False, **metadata: str) -> Certificate:
        """Sign what ``new_request`` made; ``metadata`` are permissions such as ``groups="lab-*"``.

        Raises InvalidConfig if another key has that name and this is not to ``renew`` it; InvalidKey, OSError.
        """
        name = check_member_name(request.metadata.get(NAME, ""))
        refused = next((item for item in metadata if item in _RESERVED), None)
        if refused is not None:
            raise InvalidConfig(f"{refused!r} is what the authority itself says in a certificate")
        path = self.directory / ISSUED_FOLDER / f"{name}.cert"
        now = max(int(time.time()), self._make_room(path, request.public_key, renew) + 1)
        about = {
            NAME: name,
            **metadata,
            SIGNING_KEY: encode_key(decode_key(request.metadata.get(SIGNING_KEY, ""), "signing key")),
            ISSUED: str(now),
            EXPIRES: str(now + round(days * _DAY)),
            SALT: secrets.token_hex(16),
        }
        unsigned = Certificate(request.public_key, None, {**about, SIGNATURE: "1" * 80})
        signature = encode_signature(self._key.sign(credential_of(unsigned).signed))
        certificate = Certificate(request.public_key, None, {**about, SIGNATURE: signature})
        format_certificate(certificate)  # or it could not be shown to anybody
        save_certificate(certificate, path)
        return certificate

    def _make_room(self, path: Path, key: str, renew: bool) -> int:
        """The certificate that had the name before is kept, so that it can still be revoked; when it was issued."""
        path.parent.mkdir(mode=0o700, exist_ok=True)
        if not path.exists():
            return 0
        before = load_certificate(path)
        if before.public_key != key and not renew and before.public_key not in self.revoked.keys:
            raise InvalidConfig(
                f"there is a member {path.stem!r} already: choose another name, revoke that one ('zyre keys revoke "
                f"{path.stem}'), or say that it gets a new key (--renew)"
            )
        issued = credential_of(before).issued
        (path.parent / FORMER).mkdir(mode=0o700, exist_ok=True)
        os.replace(path, path.parent / FORMER / f"{path.stem}.{issued}.cert")
        return issued

    def issued(self) -> Iterator[Certificate]:
        """Everything that was signed, the oldest first."""
        folder = self.directory / ISSUED_FOLDER
        found = [load_certificate(path) for path in folder.rglob("*.cert")] if folder.exists() else []
        return iter(sorted(found, key=lambda certificate: int(certificate.metadata.get(ISSUED, "0"))))

    @property
    def revoked(self) -> Revocations:
        """The list as it is."""
        return read_revoked(self.directory, self.public)

    def revoke(self, *who: str, former_only: bool = False) -> tuple[str, ...]:
        """Take members out, by name (all keys under it, or but the newest) or by key; the keys that this is about.
        Raises InvalidConfig if there is no such member."""
        taken: list[str] = []
        members = list(self.issued())
        for one in who:
            keys = [member.public_key for member in members if one in (member.metadata.get(NAME), member.public_key)]
            if former_only:
                keys = keys[:-1]
            if not keys:
                known = ", ".join(sorted({member.metadata.get(NAME, "") for member in members})) or "none so far"
                raise InvalidConfig(f"there is no such member or key to revoke: {one!r}; there are: {known}")
            taken += keys
        before = self.revoked
        revoked = before.keys.union(taken)
        if len(revoked) > MOST_REVOKED:
            raise InvalidConfig(f"an authority revokes at most {MOST_REVOKED} keys: found the cluster anew")
        unsigned = Revocations(max(before.version + 1, int(time.time())), revoked, b"")
        save_revoked(self.directory, unsigned._replace(signature=self._key.sign(unsigned.signed)))
        return tuple(dict.fromkeys(taken))
