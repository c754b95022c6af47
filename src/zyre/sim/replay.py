"""Replay: a node's journal through the same machine and driver, with the recorded clock, on a host of paper.

    for moment in Replay("alice.journal"):
        print(moment.at, moment.events)

Every call that the real transport refused is refused again, so the machine takes the same course. What it tells its
application is compared with what the recorded node told; the first difference raises ReplayDiffers.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

from zyre.core.checkpoint import thaw
from zyre.core.driver import Driver
from zyre.core.journal import BLOCK, VERSION_LINE, EventDigest, Kind, Record, decode_profile, decode_records
from zyre.core.locality import Locality
from zyre.core.node import NodeMachine
from zyre.errors import DecodeError, ZyreError
from zyre.events import Event
from zyre.fates import Fate

__all__ = ["Moment", "Replay", "ReplayDiffers"]


class ReplayDiffers(ZyreError):
    """The same inputs made other events than were recorded: ``count`` of them until then, ``expected`` recorded.

    ``at``: seconds since the journal began.
    """

    def __init__(self, at: float, count: int, expected: int, recorded_by: str) -> None:
        super().__init__(at, count, expected, recorded_by)
        self.at = at
        self.count = count
        self.expected = expected
        self.recorded_by = recorded_by

    def __str__(self) -> str:
        made = "the same number, and not the same ones" if self.count == self.expected else f"{self.count} now"
        return (
            f"the events differ from {self.at:.6f} s on: {self.expected} were recorded until then, and there are "
            f"{made}; it was recorded by zyre {self.recorded_by}"
        )


class Moment(NamedTuple):
    """What one input led to: ``at`` seconds after the journal began, ``time`` by the wall clock, the events."""

    at: float
    time: datetime
    events: tuple[Event, ...]


class Replay:
    """A journal, replayed while it is iterated; once.

    A journal of two files is read from the older one on, if both are of the same life. Raises OSError, or DecodeError
    for a file that is no journal, or not as it was written: everything before that place has been replayed by then.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.files = tuple(_files(Path(path)))
        self.about: dict[str, Any] = _read_about(self.files[0])
        self.profile = decode_profile(self.about)
        self.inputs = 0
        self.seconds = 0.0
        self.stopped = False
        """Whether the node was stopped at the end of the journal, rather than killed or still running."""
        self._host = _PaperHost()
        try:
            self.digest = EventDigest(bool(self.about["contents"]), *map(int, self.about["events"]))
            self._host.calls = int(self.about["calls"])
            self._recorded_at = datetime.fromisoformat(self.about["recorded_at"]).astimezone(UTC)
        except (KeyError, TypeError, ValueError) as error:
            raise DecodeError(f"{self.files[0]} begins with a profile that makes no sense") from error
        self._expected = (self.digest.count, self.digest.value)
        self._driver = self._new_driver(NodeMachine(self.profile))
        self._began: float | None = None

    def _new_driver(self, machine: NodeMachine) -> Driver:
        host = self._host
        return Driver(machine, transport=host, clock=host, alarm=host, deliver=host.deliver)

    @property
    def events(self) -> int:
        """How many events there have been, from the beginning of the node's life."""
        return self.digest.count

    def __iter__(self) -> Iterator[Moment]:
        """The moments at which something was told. Raises ReplayDiffers, DecodeError."""
        for group, is_last in _with_last(_grouped(self._records())):
            yield from self._play(group, is_last)

    def _records(self) -> Iterator[Record]:
        for number, file in enumerate(self.files):
            for record in _read(file):
                if self._began is None:
                    self._began = record.now
                if record.kind is Kind.CHECKPOINT and number == 0:
                    self._driver = self._new_driver(thaw(record.arguments[0]))
                elif record.kind not in (Kind.PROFILE, Kind.CHECKPOINT):
                    yield record

    # -- one input, and what was noted of it -------------------------------------------------------------------------

    def _play(self, group: list[Record], is_last: bool) -> Iterator[Moment]:
        """Give the driver one input, or one batch, and compare."""
        inputs = [record for record in group if record.kind >= Kind.SET_HEADER]
        host = self._host
        for record in group:
            if record.kind is Kind.REFUSED:
                host.refused[record.arguments[0]] = record.now
            elif record.kind is Kind.EVENTS:
                self._expected = record.arguments
            elif record.kind is Kind.END:
                self.stopped = True
        if not inputs:
            return
        host.time = inputs[0].now
        self.inputs += len(inputs)
        self.seconds = host.time - (self._began or 0.0)
        try:
            _PLAYERS[inputs[0].kind](self._driver, inputs)
        except (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise DecodeError(f"the input at {self.seconds:.6f} s fits no node ({error!r})") from error
        events, host.events = tuple(host.events), []
        self.digest.add(events)
        if events:
            yield Moment(self.seconds, self._recorded_at + timedelta(seconds=self.seconds), events)
        cut_short = is_last and not self.stopped and not any(record.kind is Kind.EVENTS for record in group)
        if not cut_short and self._expected != (self.digest.count, self.digest.value):
            raise ReplayDiffers(self.seconds, self.digest.count, self._expected[0], str(self.about.get("zyre")))


class _PaperHost:
    """Transport, Clock and Alarm in one: refuses what was refused, shows the time that was recorded."""

    def __init__(self) -> None:
        self.time = 0.0
        self.calls = 0
        self.refused: dict[int, float] = {}
        self.events: list[Event] = []
        self.locality: Locality

    def now(self) -> float:
        return self.time

    def set(self, deadline: float) -> None:
        """The recorded node's alarm went off when it did."""

    def deliver(self, events: list[Event]) -> None:
        self.events += events

    def open(self) -> Locality:
        return self.locality

    def open_link(self, link: int, endpoint: str) -> bool:
        return self._take()

    def send(self, link: int, frames: Sequence[bytes]) -> bool:
        return self._take()

    def _take(self) -> bool:
        self.calls += 1
        refused_at = self.refused.pop(self.calls, None)
        if refused_at is None:
            return True
        self.time = refused_at
        return False

    def close_link(self, link: int, flush: bool) -> None:
        pass

    def listen_anew(self) -> None:
        """What followed is in the journal."""

    def probe(self, link: int, endpoint: str) -> None:
        pass

    def hasten(self, link: int) -> None:
        pass

    def broadcast(self, payload: bytes) -> None:
        pass

    def close(self) -> None:
        pass


def _start(driver: Driver, inputs: list[Record]) -> None:
    host: Any = driver._transport
    (host.locality,) = inputs[0].arguments
    driver.start()


def _verb(name: str) -> Callable[[Driver, list[Record]], None]:
    return lambda driver, inputs: getattr(driver, name)(*inputs[0].arguments)


class _Nobody:
    """Stands for whoever wanted to know what became of a message."""

    def settle(self, fate: Fate) -> None:
        """Nobody is told."""

    def store(self) -> None:
        """Nobody is told."""


def _post(driver: Driver, inputs: list[Record]) -> None:
    peer, ticket, group, content = inputs[0].arguments
    driver.post(peer, group, content, _Nobody() if ticket else None)


def _keep(driver: Driver, inputs: list[Record]) -> None:
    peer, ticket, group, content, ttl = inputs[0].arguments
    driver.keep(peer, group, content, ttl, _Nobody() if ticket else None)


def _change(verb: str) -> Callable[[Driver, list[Record]], None]:
    return lambda driver, inputs: driver.change(verb, *inputs[0].arguments)


def _change_part(driver: Driver, inputs: list[Record]) -> None:
    verb, arguments = inputs[0].arguments
    driver.change(verb, *arguments)


_PLAYERS: Final[dict[Kind, Callable[[Driver, list[Record]], object]]] = (
    {
        Kind.START: _start,
        Kind.HANDLE_TIMEOUT: lambda driver, inputs: driver.on_alarm(),
        Kind.RECEIVE_FRAMES: lambda driver, inputs: driver.on_messages([record.arguments[0] for record in inputs]),
        Kind.RECEIVE_DATAGRAM: lambda driver, inputs: driver.on_datagrams([record.arguments for record in inputs]),
        Kind.RECEIVE_REPORT: lambda driver, inputs: driver.on_report(inputs[0].arguments[0]),
        Kind.CHANGE: _change_part,
    }
    | {
        kind: _change(kind.name.lower())
        for kind in (Kind.JOIN, Kind.LEAVE, Kind.CONTEST, Kind.CONNECT, Kind.SET_HEADER)
    }
    | {
        kind: _verb(kind.name.lower())
        for kind in (
            *(Kind.STOP, Kind.FAREWELL, Kind.WHISPER, Kind.SHOUT, Kind.SHOUT_TO, Kind.SHED),
            *(Kind.BUNDLE, Kind.SHOUT_BUNDLE),
        )
    }
    | {Kind.POST: _post, Kind.KEEP: _keep}
)

_BATCHED: Final = (Kind.RECEIVE_FRAMES, Kind.RECEIVE_DATAGRAM)


def _grouped(records: Iterable[Record]) -> Iterator[list[Record]]:
    """Inputs with what was noted of them. A batch had one reading of the clock, and was settled once."""
    group: list[Record] = []
    for record in records:
        is_input = record.kind >= Kind.SET_HEADER
        same_batch = (
            bool(group) and record.kind in _BATCHED and group[-1].kind is record.kind and group[-1].now == record.now
        )
        if group and is_input and not same_batch:
            yield group
            group = []
        group.append(record)
    if group:
        yield group


def _with_last(groups: Iterable[list[Record]]) -> Iterator[tuple[list[Record], bool]]:
    waiting: list[Record] | None = None
    for group in groups:
        if waiting is not None:
            yield waiting, False
        waiting = group
    if waiting is not None:
        yield waiting, True


# -- files -------------------------------------------------------------------------------------------------------------


def _files(path: Path) -> Iterator[Path]:
    """The older file of the ring, if it belongs to the same life, and the one that was named."""
    about = _read_about(path)
    older = path.with_name(path.name + ".1")
    try:
        before = _read_about(older)
    except (OSError, DecodeError):
        before = {}
    if about["segment"] and (before.get("identity"), before.get("segment")) == (
        about["identity"],
        about["segment"] - 1,
    ):
        yield older
    yield path


def _read_about(path: Path) -> dict[str, Any]:
    for record in _read(path):
        about = record.arguments[0] if record.kind is Kind.PROFILE else None
        if isinstance(about, dict) and isinstance(about.get("segment"), int) and isinstance(about.get("identity"), str):
            return about
        break
    raise DecodeError(f"{path} does not begin with the profile of a node")


def _read(path: Path) -> Iterator[Record]:
    """The records of a file, block by block: never more than one block is held, and none that is not there."""
    with open(path, "rb") as file:
        _check_beginning(file.read(len(VERSION_LINE)), path)
        left = os.fstat(file.fileno()).st_size - len(VERSION_LINE)
        while left:
            block, checksum = _read_block(file, left, path)
            left -= BLOCK.size + len(block)
            try:
                yield from decode_records(block, checksum)
            except DecodeError as error:
                raise DecodeError(f"{path} is damaged: {error.why}") from error


def _check_beginning(line: bytes, path: Path) -> None:
    wanted = VERSION_LINE.decode().strip()
    if line != VERSION_LINE and line.startswith(VERSION_LINE.rpartition(b" ")[0]):
        found = line.decode("ascii", "replace").strip()
        raise DecodeError(f"{path} is of another version of zyre: it begins with {found!r}, and not with {wanted!r}")
    if line != VERSION_LINE:
        raise DecodeError(f"{path} is no journal of a node: it does not begin with {wanted!r}")


def _read_block(file: IO[bytes], left: int, path: Path) -> tuple[bytes, int]:
    start = file.read(BLOCK.size)
    size, checksum = BLOCK.unpack(start) if len(start) == BLOCK.size else (left, 0)
    block = file.read(min(size, left))
    if BLOCK.size + size > left or len(block) != size:
        raise DecodeError(f"{path} ends in the middle of a block: it was cut short, or is still being written")
    return block, checksum
