"""Who may connect to a secured node: a policy as a value, and its judgement.

CZMQ's zauth has one policy for all sockets of a process, compares addresses as text, and forgets its deny list where
there is an allow list. Here each node has its own, networks can be named, and a denied address stays denied.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeAlias

from zyre.errors import InvalidConfig
from zyre.refusals import RefusalCode
from zyre.security.certificate import Certificate
from zyre.security.keys import decode_key

__all__ = ["ANYONE", "Access", "groups_of", "judge", "judge_key"]

#: In place of a directory: everybody with any key. It encrypts, and keeps nobody out: libzyre without a zauth.
ANYONE: Final = "*"

_DOMAINS: Final = "domains"
_GROUPS: Final = "groups"
_Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class Access:
    """Whose connections a secured node takes. An immutable value; ``node.set_access`` replaces it at any time.

    Args:
        certificates: a directory of public certificates, read again when it changes; or ``"*"`` for any key.
        keys: further public keys, in Z85.
        allow: addresses (``"10.0.0.7"``) and networks (``"10.0.0.0/8"``); if there are any, nobody else gets in.
        deny: addresses and networks from which nobody gets in, with whatever key.
        domain: the ZAP domain (27/ZAP) of the node. A certificate whose metadata has ``domains``, names with commas
            between them, is good for those domains only.

    Raises InvalidConfig, InvalidKey.
    """

    certificates: str = ""
    keys: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    domain: str = "global"

    def __post_init__(self) -> None:
        for name in ("keys", "allow", "deny"):
            given = getattr(self, name)
            if isinstance(given, str) or not isinstance(given, Iterable):
                raise InvalidConfig(f"Access({name}=...) is a collection of texts, not {given!r}")
            object.__setattr__(self, name, tuple(given))
        if not isinstance(self.certificates, str):
            raise InvalidConfig(
                f"Access(certificates=...) is the path of a directory, or '*', not {self.certificates!r}"
            )
        if not (self.certificates or self.keys):
            raise InvalidConfig(
                "this Access lets nobody in: name a directory of public certificates, Access(certificates='peers'), "
                "or keys, Access(keys=[...]), or say Access(certificates='*') for everybody who encrypts"
            )
        for key in self.keys:
            decode_key(key)
        _ = self.allowed, self.denied

    @cached_property
    def allowed(self) -> tuple[_Network, ...]:
        """``allow`` as networks."""
        return tuple(map(_network, self.allow))

    @cached_property
    def denied(self) -> tuple[_Network, ...]:
        """``deny`` as networks."""
        return tuple(map(_network, self.deny))


def judge(access: Access, known: Mapping[str, Certificate], address: str, key: str) -> RefusalCode | None:
    """Why the owner of ``key``, who connects from ``address``, is not let in; None if they are.

    ``known`` are the certificates of the directory, by public key. Comparing keys by a dictionary tells nothing that
    helps to guess one: who asks has proven to own the secret half of what is looked up.
    """
    return "denied address" if not _may_come_from(access, address) else judge_key(access, known, key)


def judge_key(access: Access, known: Mapping[str, Certificate], key: str) -> RefusalCode | None:
    """The same wherever the owner of that key may be."""
    if access.certificates == ANYONE or key in access.keys:
        return None
    certificate = known.get(key)
    if certificate is None:
        return "unknown key"
    domains = _listed(certificate, _DOMAINS)
    return None if domains is None or access.domain in domains else "other domain"


def groups_of(certificate: Certificate) -> tuple[str, ...] | None:
    """Patterns of the groups that a certificate is good for; None for all."""
    return _listed(certificate, _GROUPS)


def _listed(certificate: Certificate, name: str) -> tuple[str, ...] | None:
    """An item of the metadata that lists things, with commas between them."""
    text = certificate.metadata.get(name)
    return None if text is None else tuple(item.strip() for item in text.split(",") if item.strip())


def _may_come_from(access: Access, address: str) -> bool:
    if not (access.allowed or access.denied):
        return True
    try:
        come_from = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:  # a socket of this machine, which has no address
        return not access.allowed
    mapped = getattr(come_from, "ipv4_mapped", None)
    place = come_from if mapped is None else mapped
    if any(place in network for network in access.denied):
        return False
    return not access.allowed or any(place in network for network in access.allowed)


def _network(text: str) -> _Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise InvalidConfig(
            f"{text!r} is neither an address such as 10.0.0.7 nor a network such as 10.0.0.0/8"
        ) from None
