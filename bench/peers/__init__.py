"""The contestants: one module for each, run in a process of its own for each end (see `console.End`).

Another way of running our own node, a mode or a face, is another line in CONTESTANTS: its options are the keyword
arguments of zyre.Node.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.peers.libzyre import find_library

__all__ = ["CONTESTANTS", "Contestant", "contestant", "missing"]

#: To them a new node, memory for each peer and the like mean nothing, or nothing that compares.
_TRAFFIC_ONLY = frozenset({"discovery", "present", "memory", "churn"})


@dataclass(frozen=True)
class Contestant:
    """Who takes part, and how."""

    name: str
    module: str
    options: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """Given to the constructor of the module's end, as JSON."""
    pace: float = 1.0
    """Scales the number of messages, so that each has about the same time."""
    skips: frozenset[str] = frozenset()
    """Names of measures."""
    largest_group: int = 50
    """It is not made to shout to more peers than these."""
    face: str = "threads"
    secured: bool = False
    reliable: bool = False


PLAIN: Mapping[str, Any] = {"extensions": ()}
_SECURED: Mapping[str, Any] = {
    "secured": True,
    "skips": frozenset({"discovery", "present", "memory", "churn"}),
    "largest_group": 10,
}

CONTESTANTS = (
    Contestant("zyre", "zyre_threads", PLAIN),
    Contestant("zyre asyncio", "zyre_async", PLAIN, face="asyncio", skips=_TRAFFIC_ONLY, largest_group=10),
    Contestant("zyre trio", "zyre_async", PLAIN, face="trio", skips=_TRAFFIC_ONLY, largest_group=10),
    Contestant("zyre own kind", "zyre_threads", pace=5.0, skips=_TRAFFIC_ONLY),
    Contestant("zyre own kind, many", "zyre_threads", {"bulk": True}, pace=5.0, skips=_TRAFFIC_ONLY),
    Contestant("zyre secret", "zyre_threads", {**PLAIN, "secret": "correct horse battery staple"}, **_SECURED),
    Contestant("zyre curve", "zyre_threads", {**PLAIN, "curve": True}, **_SECURED),
    Contestant("libzyre", "libzyre"),
    Contestant("libzyre curve", "libzyre", {"curve": True}, **_SECURED),
    Contestant("pyre", "pyre", pace=0.3, skips=_TRAFFIC_ONLY - {"memory"}, largest_group=10),
    Contestant("zenoh", "zenoh_peer", pace=5.0, skips=_TRAFFIC_ONLY),
    Contestant("pyzmq", "bare", pace=3.0, skips=_TRAFFIC_ONLY),
)


def contestant(name: str) -> Contestant:
    """The contestant of that name."""
    return next(one for one in CONTESTANTS if one.name == name)


#: What a module needs, and in which package it comes.
_NEEDS = {"pyre": ("pyre", "zeromq-pyre"), "zenoh_peer": ("zenoh", "eclipse-zenoh")}


def missing(one: Contestant) -> str:
    """Say in one sentence why a contestant cannot take part here, or return an empty string."""
    if one.module == "libzyre" and find_library() is None:
        return "libzyre comes with the wheel ingescape, which is not installed."
    needed, package = ("trio", "trio") if one.face == "trio" else _NEEDS.get(one.module, ("zmq", "pyzmq"))
    if importlib.util.find_spec(needed) is None:
        return f"{needed} comes with the package {package}, which is not installed."
    return ""
