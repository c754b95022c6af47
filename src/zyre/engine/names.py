"""Host names, and the addresses that they stand for."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable

__all__ = ["is_address", "look_up", "look_up_beside"]


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
