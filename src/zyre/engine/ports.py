"""Where a node listens: at the first port of its range at which nobody listened of late.

So it is mostly the same one, which others may know and a firewall may name. A node that died and comes back under
another identity takes the next one: its peers still try to reach its former life, and zyre.js and zeromq-pyre would
take the new one for it until that has expired. That a port was in use shows in what the kernel keeps of its
connections for a minute (TIME_WAIT, RFC 9293, 3.6.1).
"""

from __future__ import annotations

import errno
import socket
import sys
from collections.abc import Iterable, Sequence

import zmq

from zyre.config import NodeConfig, peer_ports
from zyre.core.locality import Interface
from zyre.errors import AddressInUse, NetworkError

__all__ = ["bind_first", "wanted_endpoints", "was_used_lately"]


def wanted_endpoints(config: NodeConfig, interfaces: Iterable[Interface], beacon_port: int) -> list[str]:
    """What a node binds, the best first."""
    if config.endpoint is not None:
        return [config.endpoint]
    addresses = [interface.address for interface in interfaces if not interface.is_ipv6]
    host = addresses[0] if len(addresses) == 1 else ""
    if config.peer_port:
        return [f"tcp://{host or '*'}:{config.peer_port}"]
    ports = peer_ports(beacon_port)
    rested = next((port for port in ports if not was_used_lately(host, port)), "*")
    return [f"tcp://{host or '*'}:{port}" for port in dict.fromkeys((rested, *ports, "*"))]


def was_used_lately(host: str, port: int) -> bool:
    """Whether somebody listens at a TCP port, or did so a moment ago. ``host`` is an IPv4 address, or empty for all."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if sys.platform == "win32":  # where others may listen beside us, unless they are told not to
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.errno == errno.EADDRINUSE
    return False


def bind_first(inbox: zmq.Socket[bytes], wanted: Sequence[str]) -> None:
    """Bind the first of these that can be. Raises AddressInUse, NetworkError if that is none."""
    for place in wanted:
        try:
            inbox.bind(place)
            return
        except zmq.ZMQError as error:  # taken, or not ours to take
            last = error
    if last.errno == errno.EADDRINUSE:
        raise AddressInUse(wanted[-1]) from last
    raise NetworkError(f"{wanted[-1]} cannot be bound: {last.strerror}") from last
