"""What commands print: lines and tables for people, or one JSON object per line.

Names, groups and contents come from strangers, and a terminal obeys escape sequences: whatever is not printable is
shown as an escape (``safe``). On a terminal there is colour, unless NO_COLOR is set; in a pipe lines are plain and
never folded.
"""

from __future__ import annotations

import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click

import zyre
from zyre.cli.records import event_record, json_line, timestamp

__all__ = ["JsonOutput", "Output", "PeopleOutput", "make_output", "safe", "shown"]

#: Characters of a message that people get to see; the rest is counted.
_SHOWN = 400

_STYLES = {
    "enter": "green",
    "exit": "red",
    "join": "cyan",
    "leave": "cyan",
    "whisper": "magenta",
    "shout": "yellow",
    "leader": "bold",
    "gap": "red",
    "refused": "red",
}
_REMARKS = {
    "evasive": "has gone quiet",
    "silent": "does not answer",
    "returned": "is back",
}


def safe(text: str) -> str:
    """Text of a stranger without anything that a terminal would obey."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )


def shown(content: Sequence[bytes]) -> str:
    """The frames of a message for people: text as text, other bytes as escapes, and not all of a megabyte."""
    return " | ".join(map(_shown_frame, content)) if content else "(no frames)"


def _shown_frame(frame: bytes) -> str:
    piece = frame[: 4 * _SHOWN]
    try:
        text = safe(frame.decode() if piece is frame else piece.decode("utf-8", "ignore"))
    except UnicodeDecodeError:
        text = repr(piece)[2:-1]
    if len(text) <= _SHOWN and len(piece) == len(frame):
        return text
    return f"{text[:_SHOWN]}… ({len(frame):,} bytes)"


class Output(ABC):
    """Where a command reports to."""

    @abstractmethod
    def event(self, event: zyre.Event, address: str = "") -> None:
        """Something happened on the network."""

    @abstractmethod
    def result(self, kind: str, sentence: str, **fields: Any) -> None:
        """The command did something: a sentence for people, an object of type ``kind`` for programs."""

    @abstractmethod
    def hint(self, sentence: str) -> None:
        """Something that helps people at a terminal, and nobody else."""


class JsonOutput(Output):
    """One JSON object per line."""

    def event(self, event: zyre.Event, address: str = "") -> None:
        """Print the event's record."""
        record = event_record(event)
        if address:
            record["address"] = address
        self.write(record)

    def result(self, kind: str, sentence: str, **fields: Any) -> None:
        """Print the fields."""
        self.write({"type": kind, "time": timestamp(), **fields})

    def hint(self, sentence: str) -> None:
        """Programs need no hints."""

    def write(self, record: dict[str, Any]) -> None:
        """Print a record, at once: whoever reads it may be waiting for it."""
        sys.stdout.buffer.write(json_line(record))
        sys.stdout.buffer.flush()


class PeopleOutput(Output):
    """Lines for people: time, what, who, details."""

    def __init__(self) -> None:
        from zyre.cli.console import make_console

        self.console = make_console()

    def event(self, event: zyre.Event, address: str = "") -> None:
        """Print one line, never folded, so that grep finds it."""
        from rich.text import Text

        kind = type(event).__name__.lower()
        line = Text()
        line.append(f"{datetime.now():%H:%M:%S.%f}"[:12], style="dim")
        line.append(f"  {kind:<8}", style=_STYLES.get(kind, "dim"))
        line.append(f"  {safe(event.name):<12}", style="bold")
        line.append(f"  {details(event)}".rstrip())
        if address:
            line.append(f"  {safe(address)}", style="dim")
        self.line(line)

    def result(self, kind: str, sentence: str, **fields: Any) -> None:
        """Print the sentence."""
        self.line(sentence)

    def hint(self, sentence: str) -> None:
        """Print it beside the output, so that a pipe stays clean."""
        if sys.stderr.isatty():
            click.echo(sentence if "NO_COLOR" in os.environ else click.style(sentence, dim=True), err=True)

    def line(self, text: object) -> None:
        """Print a line whatever its length."""
        self.console.print(text, soft_wrap=True)
        self.console.file.flush()


def details(event: zyre.Event) -> str:
    """What people want to know of an event besides who and what."""
    match event:
        case zyre.Enter():
            about = (f"{safe(name)}={safe(value)}" for name, value in event.headers.items())
            return "  ".join((safe(event.address), *about))
        case zyre.Exit(reason=reason):
            return reason
        case zyre.Join(group=group) | zyre.Leave(group=group) | zyre.Leader(group=group) | zyre.Leaderless(group=group):
            return safe(group)
        case zyre.Updated(changed=changed, removed=removed):
            about = (f"{safe(name)}={safe(value)}" for name, value in changed.items())
            return "  ".join((*about, *(f"no {safe(name)}" for name in sorted(removed))))
        case zyre.Whisper(content=content):
            return shown(content)
        case zyre.Shout(group=group, content=content):
            return f"{safe(group)}: {shown(content)}"
        case zyre.Collision(rival_name=rival, rival_address=address, lost=lost):
            lost_text = "this node gave it up" if lost else "that one gave it up"
            return f"{safe(rival)} at {safe(address)} had the same identity; {lost_text}"
        case zyre.Gap(missed=missed):
            return f"{missed} messages of it were lost"
        case zyre.NetworkChanged(appeared=appeared, vanished=vanished):
            return "  ".join([*(f"+{address}" for address in appeared), *(f"-{address}" for address in vanished)])
        case zyre.Refused(code=code, address=source):
            return f"{code}  {safe(source)}".rstrip()
        case _:
            return _REMARKS[type(event).__name__.lower()]


def make_output(as_json: bool) -> Output:
    """The output that was asked for."""
    return JsonOutput() if as_json else PeopleOutput()
