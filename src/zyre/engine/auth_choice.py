"""What an application says about security, made into what secures its node."""

from __future__ import annotations

import os

from zyre.core.profile import NodeProfile
from zyre.endpoint import Endpoint
from zyre.engine.auth import CertificateProtection, Protection
from zyre.engine.auth_secret import SecretProtection, secret_of_environment
from zyre.engine.keyring import load_certificate
from zyre.errors import InvalidConfig, InvalidEndpoint, InvalidKey
from zyre.security.access import Access
from zyre.security.certificate import Certificate
from zyre.security.keys import decode_key
from zyre.security.secret import cluster_keys

__all__ = ["check_key", "protect", "replace_access", "target_of"]


def protect(profile: NodeProfile, certificate: object, access: object, secret: object) -> Protection | None:
    """What an application, or the environment, says about the security of its node; None for an open one.

    Raises InvalidConfig, InvalidKey, and OSError if a certificate has no such files.
    """
    if certificate is not None:
        if secret:
            raise InvalidConfig("a node is secured by a certificate or by a secret: give one of them")
        return CertificateProtection(_make_certificate(certificate), _make_access(access))
    if access is not None:
        raise InvalidConfig("access says who may connect to a node with a certificate: give Node(certificate=...)")
    if secret is None:
        secret = secret_of_environment()
    if secret in (None, ""):
        return None
    return SecretProtection(cluster_keys(secret), profile.identity.octets, profile.config)


def replace_access(protection: Protection | None, access: object) -> None:
    """Let a node judge by another policy. Raises InvalidConfig."""
    if not isinstance(protection, CertificateProtection):
        raise InvalidConfig("only a node with a certificate has a policy: Node(certificate=..., access=...)")
    protection.use(_make_access(access))


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


def _make_certificate(given: object) -> Certificate:
    """A certificate with its secret key: one, or the path of its files."""
    certificate = given if isinstance(given, Certificate) else load_certificate(_path(given, "certificate"))
    if certificate.secret_key is None:
        where = "" if isinstance(given, Certificate) else f" ({given}_secret)"
        raise InvalidKey("certificate", f"has no secret key{where}, and a node must prove to own what it shows")
    return certificate


def _make_access(given: object) -> Access:
    if isinstance(given, Access):
        return given
    if given is None:
        raise InvalidConfig(
            "a node with a certificate must know whom to let in: Node(certificate=..., access='directory of public "
            "certificates'), or access='*' for everybody who encrypts (libzyre's default), or access=zyre.Access(...)"
        )
    return Access(certificates=_path(given, "access"))


def _path(given: object, what: str) -> str:
    if isinstance(given, (str, os.PathLike)):
        path = os.fspath(given)
        if isinstance(path, str):
            return path
    raise InvalidConfig(f"{what} is a path or a value of that kind, not {type(given).__name__}")
