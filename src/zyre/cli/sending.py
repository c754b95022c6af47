"""What ``zyre shout`` and ``zyre whisper`` have in common: where messages come from, and that they get away."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import zyre

__all__ = ["messages", "send_all", "sending_config"]

#: Messages that may wait for one receiver. Few, so that the end of a long pipe is not still waiting when we leave.
_WAITING = 64


def sending_config(patience: float) -> zyre.NodeConfig:
    """A node that waits for slow receivers, up to ``patience`` seconds for each message, instead of piling up."""
    return zyre.NodeConfig(timing=zyre.Timing(send_patience=patience), limits=zyre.Limits(link_messages=_WAITING))


def messages(texts: tuple[str, ...]) -> Iterator[tuple[bytes | str, ...]]:
    """One message whose frames are the arguments; for none, or ``-``, one message for each line of the input."""
    if texts and texts != ("-",):
        yield texts
        return
    for line in sys.stdin.buffer:
        yield (line.rstrip(b"\r\n"),)


def send_all(node: zyre.Node, texts: tuple[str, ...], send: Callable[..., object]) -> tuple[int, bool]:
    """Send messages until one is not taken: how many were, and whether that is all of them."""
    sent = 0
    for frames in messages(texts):
        if not send(*frames):
            return sent, False
        sent += 1
        _forget_events(node)
    return sent, True


def _forget_events(node: zyre.Node) -> None:
    """Nobody reads them here, and a pipe like ``tail -f log | zyre shout LOGS`` runs for weeks."""
    try:
        while True:
            node.recv_nowait()
    except zyre.WouldBlock:
        pass
