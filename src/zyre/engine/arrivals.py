"""Large frames as they arrive: where they are, and what becomes of their memory."""

from __future__ import annotations

from functools import cache
from typing import Final

import zmq

from zyre.views import LargeFrames
from zyre.wire import zre

__all__ = ["keep_memory", "with_large"]

#: What hands its frames to the application as they are. All others are read by the machine.
_PASSED_ON: Final = (bytes((zre.WHISPER,)), bytes((zre.SHOUT,)))
_MESSAGE_ID: Final = slice(2, 3)
#: Octets of which libc is to keep twice as many instead of giving them back.
_KEPT: Final = 4 << 20


@cache
def keep_memory() -> None:
    """Once in a process. The memory of large frames is taken by libzmq's thread and given back by ours. Whatever of it
    is free at the end of a heap, glibc returns to the kernel if it is more than 128 KiB, and takes it anew for the next
    frame, page by page, which costs more than the way through the network. When a block comes back that was mapped by
    itself, it learns to keep more (mallopt(3), "dynamic mmap threshold"): any program that has used so much at once
    has taught it that."""
    bytes(_KEPT)


def with_large(frames: list[bytes], frame: zmq.Frame) -> list[bytes]:
    """What came of a message, and a large frame more: that of a whisper or shout stays where it is in memory."""
    keep_memory()
    if frames[1][_MESSAGE_ID] not in _PASSED_ON:
        frames.append(frame.bytes)
        return frames
    large = frames if type(frames) is LargeFrames else LargeFrames(frames)
    large.append(frame.buffer.toreadonly())
    return large
