"""The bar that shows how far a run has come."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

__all__ = ["Bar"]


class Bar:
    """Two bars: the measures of the run, and the steps of the current one. Gone when all is measured."""

    def __init__(self, console: Console, measures: int) -> None:
        self._progress = Progress(
            TextColumn("{task.description:<34}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._all = self._progress.add_task("all measures", total=measures)
        self._current = self._progress.add_task("")

    def begin(self, what: str, steps: int) -> None:
        """See run.Progress."""
        self._progress.reset(self._current, description=what, total=steps)

    def step(self) -> None:
        """See run.Progress."""
        self._progress.advance(self._current)

    def measured(self) -> None:
        """One measure is done."""
        self._progress.advance(self._all)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._progress.stop()
