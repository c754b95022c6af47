"""Host names, and the addresses that they stand for."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable

from zyre.endpoint import Endpoint

__all__ = ["is_address", "look_up", "look_up_beside", "look_up_services"]


def is_address(host: str) -> bool:
    """Whether it is an address already."""
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def look_up(host: str) -> tuple[str, ...]:
    """The addresses of a host, as the operating system knows them; none if it does not. May take seconds."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def look_up_beside(host: str, tell: Callable[[str, tuple[str, ...]], None]) -> None:
    """Look a host name up without making anybody wait, and ``tell(host, addresses)`` if it is known."""

    def run() -> None:
        if addresses := look_up(host):
            tell(host, addresses)

    if not is_address(host):
        threading.Thread(target=run, name="zyre-resolve", daemon=True).start()


def look_up_services(name: str) -> tuple[Endpoint, ...]:
    """Where the SRV records of a name lead (RFC 2782), the most preferred first; none if there are none.

    The operating system's resolver does not know them, so this takes dnspython. May take seconds.
    """
    from dns import exception, resolver

    try:
        answers = resolver.resolve(name, "SRV")
    except exception.DNSException:
        return ()
    records = sorted(answers, key=lambda record: (record.priority, -record.weight))
    return tuple(Endpoint("tcp", str(record.target).rstrip("."), record.port) for record in records)
