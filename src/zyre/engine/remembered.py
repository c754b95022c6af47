"""Peers of former lives: a file that keeps where they were, so that a network without beacons is found again.

    {"zyre": 1, "peers": [["0123...", "tcp://10.0.0.7:5670", 1790000000], ...]}          UUID, endpoint, last seen

At the start each place is tried once, by a bare connection; who answers is greeted, and introduces the others. So a
place that is out of date costs one refused connection, and who is not there any more ages out of the file. It is
written beside the node, in a thread of its own, a moment after somebody came, and once more when the node stops.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias

from zyre.core.timers import NEVER
from zyre.endpoint import Endpoint
from zyre.engine import clock
from zyre.engine.engine import EngineAlarm
from zyre.errors import InvalidEndpoint, InvalidPeer, NodeStopped
from zyre.identity import PeerId

__all__ = ["Places", "Remembered", "read_places", "write_places"]

#: Places that are kept, those seen last; as many connections are tried at the start.
_MOST: Final = 64
#: Seconds for which a place is kept after somebody was there.
_KEPT: Final = 7 * 86400.0
#: Seconds for which a place may take to answer.
_PATIENCE: Final = 1.0
#: The file is brought up to date so often, in seconds, if anybody came.
_OFTEN: Final = 5.0
#: Octets of a file that could be ours.
_LARGEST: Final = 1 << 17

#: Where each was, and when it was seen last, in seconds since 1970.
Places: TypeAlias = dict[str, tuple[str, float]]

_log = logging.getLogger("zyre")


class Remembered:
    """The memory of one node."""

    _ask: Callable[[str], Any]
    _change: Callable[..., object]

    def __init__(self, path: Path) -> None:
        self._alarm = EngineAlarm(self._on_alarm)
        self._path = path
        self._open = False
        self._written: frozenset[tuple[str, str]] = frozenset()
        self._guard = threading.Lock()

    def attach(self, ask: Callable[[str], Any], change: Callable[..., object]) -> EngineAlarm:
        """What the host lends: the question "contacts", and the verb "recall". It has to see to the alarm."""
        self._ask, self._change = ask, change
        return self._alarm

    def open(self) -> None:
        """Begin, when the node has."""
        self._open = True
        self._beside(self._try_all)
        self._alarm.set(clock.now() + _OFTEN)

    def close(self) -> None:
        """Write down who is here, and end. To be called while they are."""
        if self._open:
            self._open = False
            self._alarm.set(NEVER)
            writer = self._beside(self._save)
            if writer is not None:
                writer.join(_PATIENCE)

    def _on_alarm(self) -> None:
        if self._open:
            self._beside(self._save)
            self._alarm.set(clock.now() + _OFTEN)

    @staticmethod
    def _beside(job: Callable[[], object]) -> threading.Thread | None:
        """In a thread of its own: a file may be on a disk that sleeps, or on none that answers."""
        thread = threading.Thread(target=job, name="zyre-remember", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the program ends
            return None
        return thread

    def _try_all(self) -> None:
        from zyre.engine.doctor import Reach, reach  # which nodes that remember nobody never need

        places = read_places(self._path, time.time())
        answers = reach((place.partition("|")[0] for place, _ in places.values()), _PATIENCE)
        there = [
            [uuid, place]
            for uuid, (place, _) in places.items()
            if answers.get(place.partition("|")[0]) == Reach.ANSWERS
        ]
        if there and self._open:
            with contextlib.suppress(NodeStopped):
                self._change("recall", there)

    def _save(self) -> None:
        here = frozenset((str(uuid), place) for uuid, place in self._ask("contacts"))
        with self._guard:
            if not here or (self._open and here == self._written):
                return
            try:
                now = time.time()
                places = {uuid: (place, now) for uuid, place in sorted(here)}
                write_places(self._path, {**places, **_without(read_places(self._path, now), places)})
                self._written = here
            except OSError as error:
                _log.warning("who was here is not remembered in %s: %s", self._path, error.strerror)


def _without(places: Places, others: Iterable[str]) -> Places:
    return {uuid: place for uuid, place in places.items() if uuid not in others}


def read_places(path: Path, now: float) -> Places:
    """What a file has, the last seen first, without what is too old or makes no sense; nothing if it cannot be read."""
    try:
        with path.open("rb") as file:
            entries = json.loads(file.read(_LARGEST))["peers"]
        read = [place for entry in entries if (place := _read_place(entry, now)) is not None]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}
    return dict(sorted(read, key=lambda place: -place[1][1])[:_MOST])


def _read_place(entry: Any, now: float) -> tuple[str, tuple[str, float]] | None:
    try:
        uuid, place, seen = entry
        endpoint = Endpoint.parse(place)
        seen = min(float(seen), now)  # a clock that was ahead
        if endpoint.is_tcp and endpoint.is_reachable and now - seen < _KEPT:
            return str(PeerId.parse(uuid)), (endpoint.contact, seen)
    except (TypeError, ValueError, InvalidEndpoint, InvalidPeer):
        pass
    return None


def write_places(path: Path, places: Places) -> None:
    """All at once, and for the eyes of this user only. Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")
    entries = [[uuid, place, round(seen)] for uuid, (place, seen) in list(places.items())[:_MOST]]
    try:
        with open(beside, "w", opener=partial(os.open, mode=0o600)) as file:
            json.dump({"zyre": 1, "peers": entries}, file)
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
