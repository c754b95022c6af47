"""What can be measured, by name. Each measure opens the contestants' processes, runs its rounds and closes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from .presence import churn, discovery, memory, present
from .run import Run
from .traffic import round_trips, shouts, two_way, whispers

__all__ = ["MEASURES"]

MEASURES: Final[Mapping[str, Callable[[Run], None]]] = {
    "whisper": whispers,
    "two-way": two_way,
    "roundtrip": round_trips,
    "shout": shouts,
    "discovery": discovery,
    "present": present,
    "memory": memory,
    "churn": churn,
}
