"""How much memory the messages take that wait for an application."""

from __future__ import annotations

from typing import Final

from zyre.events import DurableShout, DurableWhisper, Event, ReliableShout, ReliableWhisper, Shout, Whisper
from zyre.views import LARGE, frames_of

__all__ = ["BATCH", "FRAME", "KEPT", "MESSAGE", "measure", "weight_of"]

#: What must not be dropped: its senders are held back by credit instead.
KEPT: Final = (ReliableWhisper, ReliableShout, DurableWhisper, DurableShout)
#: What a message and a frame take in memory besides the contents, in octets; and what the events that came together do
#: besides.
MESSAGE: Final = 120
FRAME: Final = 48
BATCH: Final = 208


def weight_of(event: Whisper | Shout) -> int:
    """How much memory a message takes, in octets."""
    return MESSAGE + sum(len(frame) + FRAME for frame in frames_of(event))


def measure(events: list[Event]) -> tuple[int, int]:
    """How much of events is data, and how many octets it takes."""
    messages = octets = 0
    for event in events:
        # half the price of isinstance, for each message
        if type(event) is Whisper or type(event) is Shout or isinstance(event, KEPT):
            messages += 1
            for frame in event.content:
                octets += len(frame) + FRAME
        elif isinstance(event, LARGE):
            messages += 1
            octets += weight_of(event) - MESSAGE
    return messages, octets + messages * MESSAGE + (BATCH if messages else 0)
