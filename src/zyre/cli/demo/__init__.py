"""``zyre demo``: four nodes in four processes, on this machine and without any network.

node     what each of the four processes runs
cast     the processes: started, spoken to, killed, always ended
chronicle  what they reported, and questions about it
story    the acts, each with what must be seen in it
screen   how it is shown: live, as plain lines, as JSON
"""

from __future__ import annotations

import sys

import click

from zyre.cli.demo.cast import Cast
from zyre.cli.demo.screen import Screen, make_screen
from zyre.cli.demo.stage import NotSeen
from zyre.cli.demo.story import Story
from zyre.cli.exits import NotDone
from zyre.cli.options import json_option

__all__ = ["demo"]


@click.command()
@click.option("--plain", is_flag=True, help="Plain lines instead of a live table; the default in a pipe.")
@click.option(
    "--pace",
    type=click.FloatRange(0, 60),
    default=1.0,
    show_default=True,
    metavar="SECONDS",
    help="Pause between the acts, for people to look.",
)
@json_option
def demo(plain: bool, pace: float, as_json: bool) -> None:
    """Watch four nodes meet, join, whisper, shout and elect a leader; then the leader is killed.

    Four processes on this machine, over loopback and a UDP port of their own: it needs no network and disturbs none.
    Takes about ten seconds. Exit code 0 only if every step was seen.
    """
    screen = make_screen(as_json, plain or not sys.stdout.isatty())
    failure = _play(screen, pace)
    if failure:
        raise NotDone(failure)


def _play(screen: Screen, pace: float) -> str:
    """Play the story to its end or to the first thing that did not happen; returns the sentence about that."""
    with Cast() as cast:
        story = Story(cast, screen, pace)
        try:
            with screen:
                story.play()
        except NotSeen as missing:
            screen.summary(story.measurements, str(missing))
            return str(missing)
        screen.summary(story.measurements, "")
        return ""
