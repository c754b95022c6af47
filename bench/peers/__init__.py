"""The contestants: one module for each, run in a process of its own for each end (see `console.End`)."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass

from tests.peers.libzyre import find_library

__all__ = ["CONTESTANTS", "REFERENCE", "Contestant", "contestant", "missing"]


@dataclass(frozen=True)
class Contestant:
    """Who takes part. ``pace`` scales the number of messages, so that each has about the same time."""

    name: str
    module: str
    pace: float = 1.0
    can_discover: bool = True


CONTESTANTS = (
    Contestant("zyre", "zyre_threads"),
    Contestant("zyre-asyncio", "zyre_asyncio", can_discover=False),
    Contestant("libzyre", "libzyre"),
    Contestant("pyre", "pyre", pace=0.4, can_discover=False),
    Contestant("pyzmq", "bare", pace=3.0, can_discover=False),
)

REFERENCE = "libzyre"


def contestant(name: str) -> Contestant:
    """The contestant of that name."""
    return next(one for one in CONTESTANTS if one.name == name)


def missing(name: str) -> str:
    """Say in one sentence why a contestant cannot take part here, or return an empty string."""
    if name == "libzyre" and find_library() is None:
        return "libzyre comes with the wheel ingescape, which is not installed."
    if name == "pyre" and importlib.util.find_spec("pyre") is None:
        return "pyre comes with the package zeromq-pyre, which is not installed."
    return ""
