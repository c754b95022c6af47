"""The networks that this node is in: what the host reports of them, and what is told of a change.

A cable, an address, a whole interface comes or goes: the application hears of it, and a beacon goes out at once, so
that whoever is there now need not wait for the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from zyre.core.effects import LocalityChanged
from zyre.core.locality import Locality
from zyre.core.part import Follower, Moves, Part
from zyre.core.portrait import Portrait
from zyre.core.profile import NodeProfile
from zyre.events import Event, NetworkChanged

__all__ = ["Surroundings"]


class Surroundings(Part):
    """``announce()`` says at once where we are."""

    def __init__(
        self, profile: NodeProfile, portrait: Portrait, announce: Callable[[], object], events: list[Event]
    ) -> None:
        self._profile = profile
        self._portrait = portrait
        self._announce = announce
        self._events = events

    def reports(self) -> Mapping[type, Follower]:
        """Where we are now."""
        return {LocalityChanged: self._on_changed}

    def _on_changed(self, report: LocalityChanged, now: float) -> Moves:
        before = self._portrait.locality
        self._portrait.move(report.locality)
        former, present = _addresses(before), _addresses(report.locality)
        if former != present:
            appeared = tuple(address for address in present if address not in former)
            vanished = tuple(address for address in former if address not in present)
            self._events.append(NetworkChanged(self._profile.identity, self._profile.name, appeared, vanished))
            self._announce()
        return ()


def _addresses(locality: Locality | None) -> tuple[str, ...]:
    return () if locality is None else tuple(dict.fromkeys(interface.address for interface in locality.interfaces))
