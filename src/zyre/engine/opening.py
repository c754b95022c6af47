"""The host of a new node. With it come the machine and the engine: they are loaded when a program makes its first node,
not when it imports the package."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from zyre.endpoint import Endpoint
from zyre.engine.auth_need import check_key
from zyre.engine.host import NodeHost
from zyre.engine.interfaces import Selection
from zyre.engine.rendezvous import parse_meetings
from zyre.errors import InvalidConfig

if TYPE_CHECKING:
    from zyre.core.profile import NodeProfile
    from zyre.engine.auth import Protection
    from zyre.engine.remembered import Remembered
    from zyre.engine.store import SqliteStore

__all__ = ["Journal", "open_host"]


#: Names the file in which nodes remember others, if they are not told one.
REMEMBER_VARIABLE: Final = "ZYRE_REMEMBER"


class Journal(NamedTuple):
    """Where a node records what comes to it, if it does."""

    path: str | os.PathLike[str] | None
    contents: bool
    limit: int | None


def open_host(
    profile: NodeProfile,
    interface: Selection,
    join: str | Iterable[str] | None,
    journal: Journal,
    protection: Protection | None,
    store: str | os.PathLike[str] | None = None,
    remember: str | os.PathLike[str] | None = None,
) -> NodeHost:
    """A host that has not started. Raises InvalidConfig, InvalidEndpoint, InvalidKey, NoInterface."""
    record = None
    if journal.path is not None:
        from zyre.engine.recorder import Recorder  # which most programs can do without

        record = partial(Recorder, journal.path, profile, contents=journal.contents, limit=journal.limit)
    meetings = parse_meetings(join)
    for meeting in meetings:
        if isinstance(meeting, Endpoint):
            check_key(protection, meeting)
    return NodeHost(profile, interface, record, protection, meetings, _new_store(store, profile), _remembered(remember))


def _remembered(path: str | os.PathLike[str] | None) -> Remembered | None:
    """What a node remembers, in the file that it is told or ZYRE_REMEMBER names. Raises InvalidConfig."""
    if path is None:
        path = os.environ.get(REMEMBER_VARIABLE, "")
    if not isinstance(path, (str, os.PathLike)) or isinstance(os.fspath(path), bytes):
        raise InvalidConfig(f"remember is the path of a file, not {type(path).__name__}")
    if not os.fspath(path):
        return None
    from zyre.engine.remembered import Remembered  # which most programs can do without

    return Remembered(Path(path).expanduser())


def _new_store(path: str | os.PathLike[str] | None, profile: NodeProfile) -> SqliteStore | None:
    """The store of a node, if it is to have one. Raises InvalidConfig if it would need one."""
    config = profile.config
    if path is None:
        if "durable" in (config.mode, *config.group_modes.values()):
            raise InvalidConfig(
                "the mode 'durable' of NodeConfig needs a file: make the node with store=, as Node(store='billing.db')"
            )
        return None
    from zyre.engine.store import SqliteStore  # with SQLite, which most programs can do without

    return SqliteStore(path, profile.identity)
