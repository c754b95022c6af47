"""Whether a node is secured at all: only then is loaded what secures it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from zyre.endpoint import Endpoint
from zyre.errors import InvalidConfig, InvalidEndpoint, InvalidKey
from zyre.security.keys import decode_key

if TYPE_CHECKING:
    from zyre.core.profile import NodeProfile
    from zyre.engine.auth import Protection

__all__ = [
    "MEMBERSHIP_VARIABLE",
    "SECRET_FILE_VARIABLE",
    "SECRET_VARIABLE",
    "SecretFile",
    "check_key",
    "protect_if_asked",
    "secret_of_environment",
    "target_of",
]

#: The secret of nodes that are given neither a secret nor a certificate; or the name of a file that holds it.
SECRET_VARIABLE = "ZYRE_SECRET"
SECRET_FILE_VARIABLE = "ZYRE_SECRET_FILE"
#: The directory that makes nodes members of a cluster with an authority, if they are given nothing else.
MEMBERSHIP_VARIABLE = "ZYRE_MEMBERSHIP"


def protect_if_asked(
    profile: NodeProfile, certificate: object, access: object, secret: object, membership: object
) -> Protection | None:
    """What an application, or the environment, says about the security of its node; None for an open one. Raises what
    ``protect`` does."""
    if certificate is None and access is None and membership is None:
        if secret is None:
            secret, membership = secret_of_environment(), os.environ.get(MEMBERSHIP_VARIABLE) or None
        if secret in (None, "") and membership is None:
            return None
    from zyre.engine.auth_choice import protect

    return protect(profile, certificate, access, secret, membership)


class SecretFile:
    """A file with a secret on each line: the first is the one to speak by, the others are believed, too. Raises
    InvalidConfig if it cannot be read."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._state = self._look()
        self.secrets = self._read()

    def __repr__(self) -> str:
        return f"<SecretFile {self._path!r}>"

    def _look(self) -> tuple[int, int]:
        try:
            about = os.stat(self._path)
        except OSError:
            return (0, 0)
        return about.st_mtime_ns, about.st_ino

    def changed(self) -> tuple[str, ...]:
        """Its secrets, if they have changed; nothing if they have not, or cannot be read now."""
        if self._look() == self._state:
            return ()
        before, self._state = self.secrets, self._look()
        try:
            self.secrets = self._read()
        except InvalidConfig:
            return ()
        return self.secrets if self.secrets != before else ()

    def _read(self) -> tuple[str, ...]:
        try:
            with open(self._path) as file:
                return tuple(line for line in map(str.strip, file) if line)
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidConfig(f"{SECRET_FILE_VARIABLE} names {self._path!r}, which cannot be read: {error}") from None


def secret_of_environment() -> str | SecretFile | None:
    """What ZYRE_SECRET says, or the file that ZYRE_SECRET_FILE names. Raises InvalidConfig if that cannot be read."""
    secret = os.environ.get(SECRET_VARIABLE)
    path = os.environ.get(SECRET_FILE_VARIABLE)
    if secret or not path:
        return secret or None
    return SecretFile(path)


def check_key(protection: Protection | None, endpoint: Endpoint) -> None:
    """Refuse an explicit connection that could never be made. Raises InvalidKey."""
    if endpoint.key:
        decode_key(endpoint.key)
        if protection is None:
            raise InvalidKey("public key", "is of no use to an open node: give Node(certificate=...) first")
    elif protection is not None and protection.needs_keys:
        raise InvalidKey("public key", f"of the node at {endpoint} must be known: connect(endpoint, public_key=...)")


def target_of(endpoint: str, public_key: str | None, protection: Protection | None) -> Endpoint:
    """What an application says to connect to. Raises InvalidEndpoint, InvalidKey."""
    target = Endpoint.parse(endpoint)
    if public_key is not None:
        decode_key(public_key)
        target = target.with_key(public_key)
    check_key(protection, target)
    if not target.is_reachable:
        raise InvalidEndpoint(endpoint, "is a wildcard: one can bind it, and not connect to it")
    return target
