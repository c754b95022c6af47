"""The one style in which these commands print for people. Imports rich, so it is itself imported late."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from rich import box
from rich.console import Console
from rich.table import Table

__all__ = ["make_console", "make_table"]

#: A pipe has no width.
_ENDLESS = 100_000


class _Console(Console):
    def on_broken_pipe(self) -> NoReturn:
        """Let zyre.cli.exits decide, which takes it for no failure; rich would end the program with code 1."""
        raise BrokenPipeError


def make_console() -> Console:
    """Standard output, as wide as the terminal, or as wide as need be."""
    in_pipe = not sys.stdout.isatty() and "COLUMNS" not in os.environ
    return _Console(highlight=False, markup=False, emoji=False, width=_ENDLESS if in_pipe else None)


def make_table(*columns: str) -> Table:
    """An empty table."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
