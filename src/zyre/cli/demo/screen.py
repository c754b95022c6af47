"""How the demo is shown: live for a terminal, as plain lines for a pipe, as JSON for a program."""

from __future__ import annotations

import os
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from zyre.cli.demo.chronicle import Happening, Measurement
from zyre.cli.output import JsonOutput, safe

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["JsonScreen", "PlainScreen", "Screen", "make_screen", "sentence"]

_SENTENCES = {
    "ready": "is ready",
    "enter": "sees {peer}",
    "join": "sees {peer} join {group}",
    "whisper": "hears {peer} whisper: {text}",
    "shout": "hears {peer} shout to {group}: {text}",
    "leader": "takes {peer} for the leader of {group}",
    "evasive": "misses a sign of life from {peer}",
    "silent": "gets no answer from {peer}",
    "returned": "hears from {peer} again",
    "exit": "knows that {peer} is gone ({reason})",
    "leave": "sees {peer} leave {group}",
    "gap": "missed messages of {peer}",
    "killed": "is killed",
    "failed": "fails: {text}",
}


def sentence(happening: Happening) -> str:
    """What happened, as the end of a sentence that begins with who; empty for what is no news."""
    words = _SENTENCES.get(happening.kind, "")
    return words.format(peer=happening.peer, group=happening.group, reason=happening.reason, text=safe(happening.text))


def milliseconds(value: float) -> str:
    """A time with as many digits as mean something."""
    return f"{value:,.0f} ms" if value >= 100 else f"{value:.1f} ms"


class Screen(ABC):
    """What the story shows itself on."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        return None

    def elapsed(self, at: float) -> float:
        """Seconds from the beginning."""
        return at - self._began

    @abstractmethod
    def introduce(self, processes: Mapping[str, int], port: int) -> None:
        """The processes by name, with their ids, and the UDP port on which they will meet."""

    @abstractmethod
    def act(self, title: str) -> None:
        """A new act begins."""

    @abstractmethod
    def show(self, happening: Happening) -> None:
        """Somebody reports something."""

    @abstractmethod
    def measured(self, measurement: Measurement) -> None:
        """An act has been measured."""

    @abstractmethod
    def summary(self, measurements: Sequence[Measurement], failure: str) -> None:
        """The end: all measurements, and what was not seen, if something was not."""


class PlainScreen(Screen):
    """Lines, with seconds since the beginning."""

    def __init__(self) -> None:
        super().__init__()
        from zyre.cli.console import make_console

        self.console = make_console()

    def introduce(self, processes: Mapping[str, int], port: int) -> None:
        """Name the processes."""
        who = ", ".join(f"{name} ({pid})" for name, pid in processes.items())
        self._line(f"         processes {who}; loopback only, UDP port {port}")

    def act(self, title: str) -> None:
        """A heading."""
        self._line(f"\n{title}")

    def show(self, happening: Happening) -> None:
        """One line."""
        if words := sentence(happening):
            self._line(f"{self.elapsed(happening.at):7.3f}  {happening.who:<5} {words}")

    def measured(self, measurement: Measurement) -> None:
        """One line."""
        self._line(f"         {describe(measurement)}")

    def summary(self, measurements: Sequence[Measurement], failure: str) -> None:
        """A table."""
        if measurements:
            self._line("")
            self.console.print(summary_table(measurements))
        if not failure:
            self._line("\nEvery step was seen by everyone who should see it.")

    def _line(self, text: str) -> None:
        self.console.print(text, soft_wrap=True)
        self.console.file.flush()


class JsonScreen(Screen):
    """One object per line; ``at`` is in seconds from the beginning, times are in milliseconds."""

    def __init__(self) -> None:
        super().__init__()
        self._output = JsonOutput()

    def introduce(self, processes: Mapping[str, int], port: int) -> None:
        """The processes and the port."""
        self._output.write({"type": "processes", "port": port, "pids": dict(processes)})

    def act(self, title: str) -> None:
        """The title."""
        self._output.write({"type": "act", "at": self._now(), "title": title})

    def show(self, happening: Happening) -> None:
        """What is not empty."""
        fields = {name: value for name in ("peer", "group", "reason", "text") if (value := getattr(happening, name))}
        at = round(self.elapsed(happening.at), 6)
        self._output.write({"type": happening.kind, "at": at, "who": happening.who, **fields})

    def measured(self, measurement: Measurement) -> None:
        """It will be in the summary."""

    def summary(self, measurements: Sequence[Measurement], failure: str) -> None:
        """All measurements in one object."""
        steps = [
            {
                "step": measurement.step,
                "what": measurement.what,
                "median_ms": round(measurement.typical, 3),
                "slowest_ms": round(measurement.slowest, 3),
                "seen": len(measurement.times),
            }
            for measurement in measurements
        ]
        self._output.write(
            {"type": "summary", "at": self._now(), "ok": not failure, "failure": failure, "steps": steps}
        )

    def _now(self) -> float:
        return round(self.elapsed(time.monotonic()), 6)


def describe(measurement: Measurement) -> str:
    """A measurement in one line."""
    return (
        f"-> {measurement.step}: {milliseconds(measurement.typical)} in the middle, "
        f"{milliseconds(measurement.slowest)} at most, {len(measurement.times)} times seen"
    )


def summary_table(measurements: Sequence[Measurement]) -> Table:
    """What was measured."""
    from zyre.cli.console import make_table

    table = make_table("step", "median", "slowest", "seen", "what")
    for column in table.columns[1:4]:
        column.justify = "right"
        column.no_wrap = True
    for measurement in measurements:
        table.add_row(
            measurement.step,
            milliseconds(measurement.typical),
            milliseconds(measurement.slowest),
            str(len(measurement.times)),
            measurement.what,
        )
    return table


def make_screen(as_json: bool, plain: bool) -> Screen:
    """The screen that fits: a terminal that cannot move its cursor gets plain lines, too."""
    if as_json:
        return JsonScreen()
    if plain or os.environ.get("TERM") == "dumb":
        return PlainScreen()
    from zyre.cli.demo.live import LiveScreen

    return LiveScreen()
