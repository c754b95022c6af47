"""Endpoints: where a socket can be bound or reached. Values only; nothing here opens anything.

    tcp://192.168.1.7:49152      tcp://[fe80::1%eth0]:49152      tcp://*:*
    ipc:///tmp/alice             inproc://alice

libzyre prints IPv6 endpoints without brackets (``tcp://fe80::1%eth0:49152``), so the port is what follows the
last colon, and both spellings are read. Where a node demands CURVE, what must be known to connect to it is written as
libzyre gossips it: ``tcp://192.168.1.7:49152|`` and its public key.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache

from zyre.errors import InvalidEndpoint

__all__ = ["Endpoint"]

_LOCAL_TRANSPORTS = ("ipc", "inproc")
_ANY_HOST = ("*", "0.0.0.0", "::", "")
_PORT_DIGITS = 5
_KEY = re.compile(r"[0-9a-zA-Z.\-:+=^!/*?&<>()\[\]{}@%$#]{40}")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """``transport`` is "tcp", "ipc" or "inproc"; ``host`` the host, path or name; ``port`` 0 where there is none.

    For tcp, host ``*`` means every interface and port 0 (written ``*``) a free port chosen when bound. ``key`` is the
    CURVE public key of the node there, in Z85, or "": a place is the same place whatever key it has.
    """

    transport: str
    host: str
    port: int = 0
    key: str = field(default="", compare=False)
    text: str = field(init=False, repr=False, compare=False)
    """As people write it, without the key. It is asked for so often that it is made only once."""
    is_tcp: bool = field(init=False, repr=False, compare=False)
    """Whether it crosses the network, or could."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_tcp", self.transport == "tcp")
        object.__setattr__(self, "text", self._to_text())

    @classmethod
    def parse(cls, text: object) -> Endpoint:
        """Read an endpoint. Raises InvalidEndpoint with what is wrong."""
        if isinstance(text, str):
            return _parse(text)
        if isinstance(text, Endpoint):
            return text
        raise InvalidEndpoint(text, f"is {type(text).__name__}, not text")

    @classmethod
    def _parse_text(cls, text: str) -> Endpoint:
        if "|" in text:
            place, _, key = text.partition("|")
            return cls._parse_text(place).with_key(key)
        transport, separator, rest = text.partition("://")
        if not separator:
            raise InvalidEndpoint(text, "has no transport")
        if transport in _LOCAL_TRANSPORTS:
            if not rest or "\0" in rest:
                raise InvalidEndpoint(text, "has no path" if transport == "ipc" else "has no name")
            return cls(transport, rest)
        if transport != "tcp":
            raise InvalidEndpoint(text, f"has the transport {transport!r}, which is none of tcp, ipc, inproc")
        return cls._parse_tcp(text, rest)

    @classmethod
    def _parse_tcp(cls, text: str, rest: str) -> Endpoint:
        host, colon, digits = rest.rpartition(":")
        if not colon:
            raise InvalidEndpoint(text, "has no port")
        if host.startswith("[") and host.endswith("]"):
            host = host[1:-1]
        if not host or any(c.isspace() or c in '\0/;[]"' for c in host):
            raise InvalidEndpoint(text, "has no usable host")
        if digits == "*":
            return cls("tcp", host, 0)
        if not (digits.isascii() and digits.isdigit() and len(digits) <= _PORT_DIGITS and int(digits) <= 65535):
            raise InvalidEndpoint(text, f"has the port {digits!r}, which is not a number from 0 to 65535")
        return cls("tcp", host, int(digits))

    def with_key(self, key: str) -> Endpoint:
        """The same place, where the node has this public key. Raises InvalidEndpoint if that is none."""
        if not _KEY.fullmatch(key):
            raise InvalidEndpoint(str(self), "is followed by '|' and no public key, which is 40 characters of Z85")
        return replace(self, key=key)

    @property
    def contact(self) -> str:
        """The endpoint and, behind a ``|``, the key: what must be known to connect."""
        return f"{self.text}|{self.key}" if self.key else self.text

    @property
    def is_reachable(self) -> bool:
        """Whether one can connect to it: it names a host and a port, not a wildcard."""
        return not self.is_tcp or (self.host not in _ANY_HOST and self.port != 0)

    @property
    def is_ipv6(self) -> bool:
        """Whether it is an address of IPv6."""
        return self.is_tcp and ":" in self.host

    @property
    def any_host(self) -> bool:
        """Whether it stands for every interface of the machine."""
        return self.is_tcp and self.host in _ANY_HOST

    def __str__(self) -> str:
        return self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def _to_text(self) -> str:
        if not self.is_tcp:
            return f"{self.transport}://{self.host}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"tcp://{host}:{self.port or '*'}"


#: The same few endpoints are read again and again: from the HELLO of each peer, and for every link to it.
_parse = lru_cache(maxsize=4096)(Endpoint._parse_text)
