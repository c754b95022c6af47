"""What a node says of itself, as a mapping that one can write to."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping

from zyre.core.host import Host
from zyre.identity import check_header

__all__ = ["Headers"]


class Headers(MutableMapping[str, str]):
    """The headers of one node, now: ``node.headers["load"] = "0.7"``, ``del node.headers["load"]``.

    A change reaches peers of this package as an Updated event within ``Timing.news`` (0.2 s by default), and what
    changes more often reaches them as it is then; plain 36/ZRE peers have what they were greeted with. Any thread may
    write. Raises InvalidName for what the wire cannot carry, NodeStopped after the stop.
    """

    __slots__ = ("_host", "_limit")

    def __init__(self, host: Host, limit: int) -> None:
        self._host = host
        self._limit = limit

    def __getitem__(self, name: str) -> str:
        return self._host.machine.headers[name]

    def __setitem__(self, name: str, value: str) -> None:
        self._host.change("set_header", *check_header(name, value, self._limit))

    def __delitem__(self, name: str) -> None:
        if name not in self._host.machine.headers:
            raise KeyError(name)
        self._host.change("remove_header", name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._host.machine.headers)

    def __len__(self) -> int:
        return len(self._host.machine.headers)

    def __repr__(self) -> str:
        return repr(dict(self))
