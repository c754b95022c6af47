"""The demo on a terminal: who sees whom, what is going on, and what was just reported. Fits into 80 by 24."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from zyre.cli.console import make_console, make_table
from zyre.cli.demo.chronicle import Happening, Measurement
from zyre.cli.demo.screen import Screen, describe, sentence, summary_table

__all__ = ["LiveScreen"]

_FEED = 9

#: How a peer looks to a node after each kind of event.
_LOOKS = {
    "enter": ("sees", "green"),
    "returned": ("sees", "green"),
    "evasive": ("misses", "yellow"),
    "silent": ("no answer", "yellow"),
    "exit": ("gone", "red"),
}
_FEED_STYLES = {"killed": "red", "exit": "red", "leader": "bold", "whisper": "magenta", "shout": "yellow"}


class LiveScreen(Screen):
    """One picture, drawn again with every report."""

    def __init__(self) -> None:
        super().__init__()
        self._console = make_console()
        self._processes: Mapping[str, int] = {}
        self._title = ""
        self._port = 0
        self._looks: dict[tuple[str, str], tuple[str, str]] = {}
        self._leaders: dict[str, str] = {}
        self._ended: dict[str, str] = {}
        self._feed: deque[Text] = deque(maxlen=_FEED)
        self._live = Live(console=self._console, auto_refresh=False, transient=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._live.stop()
        self._console.print(self._picture())  # the last one stays, the moving one is wiped

    def introduce(self, processes: Mapping[str, int], port: int) -> None:
        """Fill the table's first column."""
        self._processes = processes
        self._port = port
        self._draw()

    def act(self, title: str) -> None:
        """Change the title, and mark the place in the feed."""
        self._title = title
        self._draw()

    def show(self, happening: Happening) -> None:
        """Take a report into the table and the feed."""
        if happening.kind in _LOOKS:
            self._looks[happening.who, happening.peer] = _LOOKS[happening.kind]
        elif happening.kind == "leader":
            self._leaders[happening.who] = happening.peer
        elif happening.kind == "killed" or (happening.kind, happening.text) == ("did", "stop"):
            self._ended[happening.who] = "killed" if happening.kind == "killed" else "left"
        if words := sentence(happening):
            line = Text()
            line.append(f"{self.elapsed(happening.at):7.3f}  ", style="dim")
            line.append(f"{happening.who:<5}", style="bold")
            line.append(f" {words}", style=_FEED_STYLES.get(happening.kind, "default"))
            self._feed.append(line)
            self._draw()

    def measured(self, measurement: Measurement) -> None:
        """Put it into the feed."""
        self._feed.append(Text(f"         {describe(measurement)}", style="cyan"))
        self._draw()

    def summary(self, measurements: Sequence[Measurement], failure: str) -> None:
        """Print the table below the last picture."""
        if measurements:
            self._console.print(summary_table(measurements))
        if not failure:
            self._console.print("\nEvery step was seen by everyone who should see it.")

    def _draw(self) -> None:
        self._live.update(self._picture(), refresh=True)

    def _picture(self) -> Group:
        place = f"loopback only, UDP port {self._port}" if self._port else "loopback only"
        head = Text.assemble(("zyre demo", "bold"), (f"  four nodes, four processes, {place}", "dim"))
        feed = [*self._feed, *[Text("")] * (_FEED - len(self._feed))]
        for line in feed:
            line.no_wrap, line.overflow = True, "ellipsis"
        return Group(
            head, Text(""), self._table(), Text(""), Text(self._title, style="bold cyan"), Text(""), *feed, Text("")
        )

    def _table(self) -> Table:
        names = list(self._processes)
        table = make_table("node", "process", *names, "leader")
        for column in table.columns[1:]:
            column.min_width = 9  # "no answer"; or the table would twitch
        table.columns[1].min_width = 14
        for who, pid in self._processes.items():
            ended = self._ended.get(who)
            process = Text(f"{pid} {ended or ''}", style="red" if ended else "dim")
            looks = [self._look(who, peer) for peer in names]
            leader = Text("" if ended else self._leaders.get(who, ""), style="bold")
            table.add_row(Text(who, style="bold"), process, *looks, leader)
        return table

    def _look(self, who: str, peer: str) -> Text:
        if who == peer or who in self._ended:
            return Text("")
        text, style = self._looks.get((who, peer), ("-", "dim"))
        return Text(text, style=style)
