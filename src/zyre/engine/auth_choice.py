"""What an application says about security, made into what secures its node."""

from __future__ import annotations

import os
from collections.abc import Iterable

from zyre.core.profile import NodeProfile
from zyre.engine.auth import CertificateProtection, Protection
from zyre.engine.auth_need import SecretFile
from zyre.engine.auth_secret import SecretProtection
from zyre.engine.keyring import load_certificate
from zyre.errors import InvalidConfig, InvalidKey
from zyre.security.access import Access
from zyre.security.certificate import Certificate
from zyre.security.secret import ClusterKeys, cluster_keys
from zyre.wire.envelope import envelope_of

__all__ = ["protect", "replace_access", "replace_secret"]


def protect(
    profile: NodeProfile, certificate: object, access: object, secret: object, membership: object = None
) -> Protection:
    """What secures a node that is given one of these.

    Raises InvalidConfig, InvalidKey, and OSError if a certificate has no such files.
    """
    if membership is not None:
        if secret or certificate is not None or access is not None:
            raise InvalidConfig(
                "a node is secured by a membership, by a secret or by a certificate: give one of them (or set "
                "one of ZYRE_MEMBERSHIP, ZYRE_SECRET and ZYRE_SECRET_FILE)"
            )
        from zyre.engine.auth_member import MemberProtection  # with what it takes to verify signatures
        from zyre.engine.authority import load_member

        member = load_member(_path(membership, "membership"))
        return MemberProtection(member, profile.identity.octets, profile.config, envelope_of(profile.cluster.name))
    if certificate is not None:
        if secret:
            raise InvalidConfig("a node is secured by a certificate or by a secret: give one of them")
        return CertificateProtection(_make_certificate(certificate), _make_access(access))
    if access is not None:
        raise InvalidConfig("access says who may connect to a node with a certificate: give Node(certificate=...)")
    envelope = envelope_of(profile.cluster.name)
    protection = SecretProtection(_make_secrets(secret), profile.identity.octets, profile.config, envelope)
    protection.file = secret if isinstance(secret, SecretFile) else None
    return protection


def replace_access(protection: Protection | None, access: object) -> None:
    """Let a node judge by another policy. Raises InvalidConfig."""
    if not isinstance(protection, CertificateProtection):
        raise InvalidConfig("only a node with a certificate has a policy: Node(certificate=..., access=...)")
    protection.use(_make_access(access))


def replace_secret(protection: Protection | None, secret: object) -> None:
    """Let a node speak by another secret. Raises InvalidConfig."""
    if not isinstance(protection, SecretProtection):
        raise InvalidConfig("only a node with a secret gets another one: Node(secret=...)")
    protection.file = None
    protection.use(_make_secrets(secret))


def _make_secrets(given: object) -> tuple[ClusterKeys, ...]:
    if isinstance(given, SecretFile):
        given = given.secrets or ("",)
    several = (given,) if isinstance(given, str) or not isinstance(given, Iterable) else tuple(given)
    if not several:
        raise InvalidConfig("there are no secrets: give one, or several of which the first is the one to speak by")
    return tuple(map(cluster_keys, several))


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
