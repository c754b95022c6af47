"""Where the contestants meet: the tests' private network, so that no beacon reaches a real one."""

from __future__ import annotations

import os
import socket

from tests.support.network import enter_private_network

__all__ = ["enter", "unused_port"]


def enter() -> str:
    """Enter the private network; if that is impossible, settle for loopback and say why not, in one sentence.

    Loopback cannot broadcast, so libzyre and pyre have to stay away from it.
    """
    network = enter_private_network()
    os.environ["ZYRE_BENCH_INTERFACE"] = "va" if network else "lo"
    return network.reason


def unused_port() -> int:
    """A UDP port for the beacons of one set of nodes, so that it meets nobody else."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("", 0))
        return int(probe.getsockname()[1])
