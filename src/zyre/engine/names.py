"""Host names, and the addresses that they stand for."""

from __future__ import annotations

import ipaddress
import socket

__all__ = ["is_address", "look_up"]


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
