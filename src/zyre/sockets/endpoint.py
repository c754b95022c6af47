"""Endpoints as values, so that a guard can judge them.

    tcp://host:port               host: a name, an address, [an IPv6 address], an interface, * for all
    tcp://source;host:port        (connect only) leave this machine by ``source``
    ipc:///path  ipc://@name      a path, or a name in Linux' abstract space; * for a path of libzmq's
    inproc://name                 within this process and context

``port`` is None for ``*`` and ``0``: whichever is free. Other transports of libzmq (pgm, tipc, norm, ...)
have formats that this module does not read; ``unsafe_bind`` and ``unsafe_connect`` are for them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import ClassVar, Final, Literal, TypeAlias

from zyre.sockets.errors import Fault, InvalidEndpoint

__all__ = ["Access", "Endpoint", "InprocEndpoint", "IpcEndpoint", "TcpEndpoint", "parse"]

#: What is about to be done with an endpoint.
Access: TypeAlias = Literal["bind", "connect"]

WILDCARD: Final = "*"
_HIGHEST_PORT: Final = 65535


@dataclass(frozen=True, slots=True)
class TcpEndpoint:
    """``port`` is None for a free one; ``host`` is as written, without the brackets of IPv6."""

    transport: ClassVar = "tcp"
    host: str
    port: int | None
    source: str = ""


@dataclass(frozen=True, slots=True)
class IpcEndpoint:
    """``path`` is as written: @name in Linux' abstract space, and * for one that libzmq makes up."""

    transport: ClassVar = "ipc"
    path: str

    @property
    def real_path(self) -> str:
        """Where it ends up, every link and ``..`` resolved; abstract names and * stay as they are."""
        return self.path if self.path[0] in "@*" else os.path.realpath(self.path)


@dataclass(frozen=True, slots=True)
class InprocEndpoint:
    """``name`` is known to the sockets of one context only."""

    transport: ClassVar = "inproc"
    name: str


Endpoint: TypeAlias = TcpEndpoint | IpcEndpoint | InprocEndpoint


def parse(text: str, access: Access = "connect") -> Endpoint:
    """The endpoint that ``text`` writes; raises InvalidEndpoint with what is wrong with it."""
    transport, separator, rest = text.partition("://")
    why = _fault_of_whole(text, separator, rest)
    if why:
        raise _invalid(text, access, why)
    if transport == "tcp":
        return _parse_tcp(text, rest, access)
    if transport == "ipc":
        return IpcEndpoint(rest)
    if transport == "inproc":
        return InprocEndpoint(rest)
    raise _invalid(text, access, f"transport {transport!r} is not one that can be checked")


def _fault_of_whole(text: str, separator: str, rest: str) -> str:
    if not separator:
        return "there is no '://' in it"
    if not rest:
        return "nothing follows '://'"
    if any(character.isspace() or not character.isprintable() for character in text):
        return "it has a blank or a control character in it"
    return ""


def _parse_tcp(text: str, rest: str, access: Access) -> TcpEndpoint:
    source, semicolon, destination = rest.rpartition(";")
    if semicolon and (access == "bind" or not source):
        raise _invalid(text, access, "only connect takes 'source;host:port'")
    host, colon, port = destination.rpartition(":")
    if not colon:
        raise _invalid(text, access, "the port is missing")
    return TcpEndpoint(_host(text, host, access), _port(text, port, access), source)


def _host(text: str, host: str, access: Access) -> str:
    bracketed = host.startswith("[") and host.endswith("]")
    plain = host[1:-1] if bracketed else host
    if not plain:
        raise _invalid(text, access, "the host is missing")
    if "://" in plain or "/" in plain.split("%")[0]:
        raise _invalid(text, access, f"{plain!r} is not a host")
    if ":" in plain and not bracketed:
        raise _invalid(text, access, "an IPv6 address stands in brackets: tcp://[::1]:5555")
    if plain == WILDCARD and access == "connect":
        raise _invalid(text, access, "'*' is for bind; connect needs one host")
    return plain


def _port(text: str, port: str, access: Access) -> int | None:
    if port in (WILDCARD, "0"):
        if access == "bind":
            return None
        raise _invalid(text, access, f"port {port!r} is for bind; connect needs the number")
    if not (port.isascii() and port.isdigit()) or int(port) > _HIGHEST_PORT:
        raise _invalid(text, access, f"port {port!r} is not a number from 1 to {_HIGHEST_PORT}")
    return int(port)


def _invalid(text: str, access: Access, why: str) -> InvalidEndpoint:
    return InvalidEndpoint(
        Fault(access, endpoint=text, strerror=f"invalid endpoint or unsupported endpoint format: {why}")
    )
