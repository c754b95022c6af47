"""What a probe is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zyre.conformance.stage import Stage

__all__ = ["Act", "Noted", "Probe", "Severity"]

#: Plays against the node. Returns, or raises Deviation or Noted.
Act = Callable[["Stage"], None]


class Severity(Enum):
    """How much it matters if a node does otherwise."""

    MUST = "must"
    """36/ZRE says so, or peers break without it."""
    SHOULD = "should"
    """What the others do, and a cluster is better for it."""
    MAY = "may"
    """Implementations differ, all of them within reason: it is noted what this one does."""


class Noted(Exception):
    """The node does one of several things that are all in order; the text says which."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One rule, and how to find out."""

    name: str
    section: str
    """Where the rule stands: of 36/ZRE, unless it says otherwise."""
    sent: str
    expected: str
    act: Act
    severity: Severity = Severity.MUST
    deadly: bool = False
    """Whether known implementations die of it; such probes are played only if asked for."""
    needs_beacons: bool = False
