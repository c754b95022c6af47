"""What happened in a world, as a message-sequence chart: one lane for each node, time runs downward.

 time   alice             bob
0.001     |-----HELLO 1----->|
0.001     |                  * Enter alice
0.002     |<----HELLO 1------|
0.002     * Enter bob        |
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeAlias

from zyre.errors import DecodeError
from zyre.events import Enter, Event, Exit, Gap, Join, Leader, Leave, Shout, Updated, Whisper
from zyre.wire import (
    batch,
    bulletin,
    bundle,
    chunk,
    durable,
    introduce,
    leases,
    lives,
    news,
    probe,
    reliable,
    renewal,
    tally,
    terms,
    zre,
)

__all__ = ["Arrow", "Chart", "Happening", "Mark", "Note", "describe_event", "describe_message", "spell_event"]

_COMMANDS = {
    **zre.MESSAGE_NAMES,
    **bundle.MESSAGE_NAMES,
    **news.MESSAGE_NAMES,
    **lives.MESSAGE_NAMES,
    **bulletin.MESSAGE_NAMES,
    **renewal.MESSAGE_NAMES,
    **leases.MESSAGE_NAMES,
    **durable.MESSAGE_NAMES,
    **chunk.MESSAGE_NAMES,
    **introduce.MESSAGE_NAMES,
    **terms.MESSAGE_NAMES,
    probe.ENQUIRE: "ENQUIRE",
    probe.SEEN: "SEEN",
    tally.TALLY: "TALLY",
    tally.TALLIED: "TALLIED",
    batch.BATCH: "BATCH",
    reliable.OPEN: "OPEN",
    reliable.ACK: "ACK",
}
_TIME_WIDTH = 11
_LEAST_LANE = 16
_MOST_LANE = 28


class Arrow(NamedTuple):
    """A message arrived."""

    at: float
    source: str
    target: str
    text: str


class Mark(NamedTuple):
    """A node's application was told something."""

    at: float
    node: str
    text: str


class Note(NamedTuple):
    """Something was done to the world."""

    at: float
    text: str


Happening: TypeAlias = Arrow | Mark | Note


def describe_message(frames: Sequence[bytes]) -> str:
    """A message in a few words: its name and number, its group, the size of its content."""
    try:
        message_id, sequence = zre.unpack_header(frames[0])
        name = _COMMANDS.get(message_id, f"id {message_id}")
        if message_id in (zre.JOIN, zre.LEAVE):
            return f"{name} {sequence} {zre.decode_group_change(frames[0]).group}"
        if message_id == zre.SHOUT:
            return f"{name} {sequence} {zre.decode_shout_group(frames[0])}"
        return f"{name} {sequence}"
    except DecodeError:
        return "malformed"


def describe_event(event: Event) -> str:
    """An event in a few words."""
    kind = type(event).__name__
    match event:
        case Enter(name=name) | Whisper(name=name):
            return f"{kind} {name}"
        case Exit(name=name, reason=reason):
            return f"{kind} {name}, {reason}"
        case Join(name=name, group=group) | Leave(name=name, group=group) | Leader(name=name, group=group):
            return f"{kind} {name}, {group}"
        case Shout(name=name, group=group):
            return f"{kind} {name}, {group}"
        case Updated(name=name, changed=changed, removed=removed):
            return f"{kind} {name}, {', '.join([*changed, *sorted(removed)])}"
        case Gap(name=name, missed=missed):
            return f"{kind} {name}, {missed}"
        case _:
            return f"{kind} {event.name}"


def spell_event(event: Event) -> str:
    """An event in the same words in every process: a set of text has no order of its own."""
    if isinstance(event, Enter):
        return f"{replace(event, groups=frozenset())}{sorted(event.groups)}"
    if isinstance(event, Updated):
        return f"{replace(event, removed=frozenset())}{sorted(event.removed)}"
    return repr(event)


class Chart:
    """The last happenings of a world; older ones are forgotten."""

    def __init__(self, most: int = 5000) -> None:
        self.happenings: deque[Happening] = deque(maxlen=most)
        self.forgotten = 0

    def add(self, happening: Happening) -> None:
        """Note one more."""
        if len(self.happenings) == self.happenings.maxlen:
            self.forgotten += 1
        self.happenings.append(happening)

    def text(self, nodes: Iterable[str] | None = None, *, last: int = 60) -> str:
        """The last happenings as text, with a lane for each of the ``nodes`` (by default all that appear)."""
        wanted = list(nodes) if nodes is not None else self._names()
        shown = [happening for happening in self.happenings if _concerns(happening, wanted)]
        left_out = self.forgotten + len(shown) - len(shown[-last:])
        width = max(_LEAST_LANE, min(_MOST_LANE, 2 + max(map(len, wanted), default=0) * 2))
        lanes = _Lanes(wanted, width)
        lines = [lanes.header()]
        if left_out:
            lines.append(f"{'...':>{_TIME_WIDTH}}   {left_out} earlier happenings are left out")
        lines.extend(lanes.line(happening) for happening in shown[-last:])
        return "\n".join(line.rstrip() for line in lines)

    def _names(self) -> list[str]:
        names: dict[str, None] = {}
        for happening in self.happenings:
            if isinstance(happening, Arrow):
                names.update({happening.source: None, happening.target: None})
            elif isinstance(happening, Mark):
                names[happening.node] = None
        return list(names)


def _concerns(happening: Happening, wanted: Sequence[str]) -> bool:
    if isinstance(happening, Arrow):
        return happening.source in wanted and happening.target in wanted
    return isinstance(happening, Note) or happening.node in wanted


class _Lanes:
    """Where the lane of each node runs."""

    def __init__(self, names: Sequence[str], width: int) -> None:
        self._column = {name: number * width + 2 for number, name in enumerate(names)}
        self._width = len(names) * width

    def header(self) -> str:
        cells = [" "] * (self._width + _MOST_LANE)
        for name, column in self._column.items():
            _write(cells, max(0, column - 2), name)
        return f"{'time':>{_TIME_WIDTH}}   " + "".join(cells)

    def line(self, happening: Happening) -> str:
        cells = [" "] * (self._width + 3 * _MOST_LANE)
        for column in self._column.values():
            cells[column] = "|"
        if isinstance(happening, Arrow):
            self._draw_arrow(cells, happening)
        elif isinstance(happening, Mark):
            _write(cells, self._column[happening.node], f"* {happening.text}")
        else:
            cells = list(f"--- {happening.text}")
        return f"{happening.at:>{_TIME_WIDTH}.4f}   " + "".join(cells)

    def _draw_arrow(self, cells: list[str], arrow: Arrow) -> None:
        source, target = self._column[arrow.source], self._column[arrow.target]
        left, right = min(source, target), max(source, target)
        for column in range(left + 1, right):
            cells[column] = "-"
        label = arrow.text[: max(0, right - left - 4)]
        _write(cells, left + (right - left - len(label)) // 2, label)
        cells[right - 1 if target > source else left + 1] = ">" if target > source else "<"


def _write(cells: list[str], column: int, text: str) -> None:
    cells[column : column + len(text)] = text
