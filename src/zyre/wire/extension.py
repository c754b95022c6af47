"""What our own nodes agree on beyond 36/ZRE: the HELLO header ``X-ZYRE-EXT`` lists what a node understands.

Only a peer that listed a feature is ever sent it; to everyone else the header is one more application header that
they ignore.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

__all__ = [
    "CERTIFICATE_HEADER",
    "EXTENSION_HEADER",
    "RESERVED_PREFIX",
    "application_headers",
    "format_extensions",
    "offered_extensions",
    "shared",
]

EXTENSION_HEADER: Final = "X-ZYRE-EXT"
#: In which a member of a cluster with an authority shows its certificate: see zyre.security.credential.
CERTIFICATE_HEADER: Final = "X-ZYRE-CERTIFICATE"
RESERVED_PREFIX: Final = "X-ZYRE-"


def format_extensions(features: Iterable[str]) -> str:
    """The header's value: names in order, separated by one blank."""
    return " ".join(sorted(features))


def offered_extensions(headers: Mapping[str, str]) -> frozenset[str] | None:
    """What a peer says it understands, unknown words included; None for a node that is not of our kind."""
    offered = headers.get(EXTENSION_HEADER)
    return None if offered is None else shared(frozenset(offered.split()))


@lru_cache(maxsize=256)
def shared(features: frozenset[str]) -> frozenset[str]:
    """One object for all nodes that understand the same, as most do: such sets are quickly compared."""
    return features


def application_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers without those of this protocol extension."""
    return {name: value for name, value in headers.items() if not name.startswith(RESERVED_PREFIX)}
