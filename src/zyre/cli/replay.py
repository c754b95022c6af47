"""``zyre replay``: what a node recorded, once more."""

from __future__ import annotations

from collections.abc import Iterator

import click

from zyre.cli.exits import NotDone, Unfit
from zyre.cli.options import json_option
from zyre.cli.output import JsonOutput, PeopleOutput, details, make_output, safe
from zyre.cli.records import event_record, timestamp
from zyre.errors import DecodeError, ZyreError
from zyre.events import Event
from zyre.sim.replay import Moment, Replay

__all__ = ["replay"]


@click.command()
@click.argument("file", type=click.Path(dir_okay=False))
@click.option("--peer", metavar="NAME|UUID", help="Only events of this peer; the first digits of a uuid are enough.")
@click.option("--from", "begin", type=float, metavar="SECONDS", help="Only from this time of the recording on.")
@click.option("--to", "end", type=float, metavar="SECONDS", help="Only up to this time of the recording.")
@json_option
def replay(file: str, peer: str | None, begin: float | None, end: float | None, as_json: bool) -> None:
    """Run a node's journal, as zyre.Node(journal=FILE) writes it, through the same machine again.

    Shows the events that the node told its application, with their time since the journal began, and checks that they
    are the very same. Exit code 1 if they are not, 3 if FILE is no journal or was cut short; what can be replayed
    of it is shown all the same.
    """
    output = make_output(as_json)
    try:
        recording = Replay(file)
        for moment in recording:
            for event in _wanted(moment, peer, begin, end):
                _show(output, moment, event)
    except BrokenPipeError:  # whoever read this has had enough
        raise
    except OSError as error:
        raise Unfit(f"{file} cannot be read: {error.strerror}") from None
    except DecodeError as error:
        raise Unfit(error.why) from None
    except ZyreError as error:
        raise NotDone(str(error)) from None
    _sum_up(output, recording)


def _wanted(moment: Moment, peer: str | None, begin: float | None, end: float | None) -> Iterator[Event]:
    """The events of a moment that were asked for. All moments are replayed: each depends on those before."""
    if (begin is not None and moment.at < begin) or (end is not None and moment.at > end):
        return
    for event in moment.events:
        if peer is None or event.name == peer or event.peer.startswith(peer.upper().replace("-", "")):
            yield event


def _show(output: object, moment: Moment, event: Event) -> None:
    if isinstance(output, JsonOutput):
        output.write(event_record(event) | {"time": timestamp(moment.time), "at": round(moment.at, 6)})
    elif isinstance(output, PeopleOutput):
        kind = type(event).__name__.lower()
        output.line(f"{moment.at:12.6f}  {kind:<8}  {safe(event.name):<12}  {details(event)}".rstrip())


def _sum_up(output: object, recording: Replay) -> None:
    end = "it stopped" if recording.stopped else "the journal ends while it runs"
    name = recording.profile.name
    if isinstance(output, JsonOutput):
        output.result(
            "replayed",
            "",
            name=name,
            peer=str(recording.profile.identity),
            inputs=recording.inputs,
            events=recording.events,
            seconds=round(recording.seconds, 6),
            stopped=recording.stopped,
        )
    elif isinstance(output, PeopleOutput):
        output.hint(
            f"{safe(name)}: {recording.events:,} events from {recording.inputs:,} inputs in {recording.seconds:.3f} s, "
            f"the same as recorded; {end}"
        )
