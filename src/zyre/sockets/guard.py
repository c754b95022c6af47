"""Guards: who may bind where and connect where, asked before either is done.

    with guarded(Rules(allow=[Allow("connect", "tcp", hosts=LOOPBACK, ports=range(5000, 6000))])):
        library.run()                       # may connect there, and nowhere else

A guard is any object with ``refusal(access, endpoint)``, which answers with the reason, or with None to let
it pass. Guards nest, and all of them must agree: code that runs under one can narrow what is allowed, never
widen it. The guards in force belong to the *context* (``contextvars``): tasks inherit them, a new thread does
not. A socket takes the guards it was made under with it, so handing it to another thread does not free it. To
put a thread under them, start it with ``contextvars.copy_context().run``.

A guard is a seat belt for code that means well, not a prison: code in the same process can import pyzmq.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final, Literal, Protocol, TypeAlias

from zyre.sockets.endpoint import Access, Endpoint, InprocEndpoint, IpcEndpoint, TcpEndpoint, parse
from zyre.sockets.errors import AccessRefused, Fault

__all__ = ["LOOPBACK", "Allow", "Guard", "Rules", "check", "current_guards", "guarded"]

#: Hosts by which a machine reaches itself.
LOOPBACK: Final = ("127.0.0.0/8", "::1/128", "localhost")

_Accesses: TypeAlias = Access | Literal["both"]
_Transports: TypeAlias = Literal["tcp", "ipc", "inproc", "any"]


class Guard(Protocol):
    """A policy about endpoints."""

    def refusal(self, access: Access, endpoint: Endpoint) -> str | None:
        """Why ``access`` to ``endpoint`` is refused, or None to let it pass."""


@dataclass(frozen=True, slots=True)
class Allow:
    """One thing that is allowed. What is left out is not restricted.

    ``hosts``: networks (``10.0.0.0/8``), addresses, and names with wildcards (``*.example.org``). A name is
    compared as it is written and never looked up: whoever answers for the name could answer differently a
    moment later. ``tcp://*`` and ``tcp://0.0.0.0`` reach every interface, so only ``*`` or a network of
    everything allows them. ``ports``: any collection of numbers; a bind to whichever port is free then needs
    0 among them. ``paths``: directories of ipc sockets, or whole paths, compared after every link is
    resolved; @names by wildcard. ``names``: inproc names, with wildcards.
    """

    access: _Accesses = "both"
    transport: _Transports = "any"
    hosts: Iterable[str] | None = None
    ports: Collection[int] | None = None
    paths: Iterable[str] | None = None
    names: Iterable[str] | None = None

    def __post_init__(self) -> None:
        for each in ("hosts", "paths", "names"):
            given = getattr(self, each)
            if given is not None:  # one pattern may stand alone; an iterator must survive the first question
                object.__setattr__(self, each, (given,) if isinstance(given, str) else tuple(given))

    def covers(self, access: Access, endpoint: Endpoint) -> bool:
        """Whether this rule allows it."""
        if self.access not in ("both", access) or self.transport not in ("any", endpoint.transport):
            return False
        match endpoint:
            case TcpEndpoint(host, port, _):
                return self._host(host) and (self.ports is None or (port or 0) in self.ports)
            case IpcEndpoint():
                return self.paths is None or any(_path_within(endpoint.real_path, path) for path in self.paths)
            case InprocEndpoint(name):
                return self.names is None or any(fnmatchcase(name, pattern) for pattern in self.names)

    def _host(self, host: str) -> bool:
        return self.hosts is None or any(_host_within(host, pattern) for pattern in self.hosts)


@dataclass(frozen=True, slots=True)
class Rules:
    """A guard of rules: refused is what a rule of ``deny`` covers, and what no rule of ``allow`` covers."""

    allow: Iterable[Allow] = field(default=(Allow(),))
    deny: Iterable[Allow] = ()
    name: str = "the guard"

    def __post_init__(self) -> None:
        object.__setattr__(self, "allow", tuple(self.allow))
        object.__setattr__(self, "deny", tuple(self.deny))

    def refusal(self, access: Access, endpoint: Endpoint) -> str | None:
        """Why not, or None."""
        if any(rule.covers(access, endpoint) for rule in self.deny):
            return f"a rule denies this {access}"
        if any(rule.covers(access, endpoint) for rule in self.allow):
            return None
        return f"no rule allows this {access}"


_guards: ContextVar[tuple[Guard, ...]] = ContextVar("zyre.sockets.guards", default=())


def current_guards() -> tuple[Guard, ...]:
    """The guards that bind and connect are asked of here and now, outermost first."""
    return _guards.get()


@contextmanager
def guarded(guard: Guard) -> Iterator[Guard]:
    """Run the block under ``guard``, in addition to the guards already in force."""
    token = _guards.set((*_guards.get(), guard))
    try:
        yield guard
    finally:
        _guards.reset(token)


def check(access: Access, text: str, socket_type: str, inherited: tuple[Guard, ...] = ()) -> Endpoint:
    """Parse ``text`` and ask every guard about it; raises InvalidEndpoint or AccessRefused."""
    endpoint = parse(text, access)
    in_force = current_guards()
    for guard in (*(each for each in inherited if each not in in_force), *in_force):
        why = guard.refusal(access, endpoint)
        if why is not None:
            raise AccessRefused(Fault(access, socket_type, text), getattr(guard, "name", repr(guard)), why)
    return endpoint


def _host_within(host: str, pattern: str) -> bool:
    try:
        network = ipaddress.ip_network(pattern, strict=False)
    except ValueError:
        return fnmatchcase(host.lower(), pattern.lower())
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "*" and network.prefixlen == 0
    if address.is_unspecified and network.prefixlen != 0:
        return False
    return address.version == network.version and address in network


def _path_within(path: str, allowed: str) -> bool:
    if path[0] in "@*":
        return fnmatchcase(path, allowed)
    root = os.path.realpath(allowed)
    return path == root or os.path.commonpath((path, root)) == root
