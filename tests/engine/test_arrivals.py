"""Large frames: who gets them as they are, and what libc does with their memory."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest
import zmq

from zyre.engine.arrivals import with_large
from zyre.views import LARGE_FROM, LargeFrames
from zyre.wire import zre

FRAME = b"x" * LARGE_FROM

#: Takes and gives back as many frames as come together, again and again; says how many pages were taken anew.
FAULTS = """
import resource, sys
from zyre.engine.arrivals import keep_memory

def cycle():
    frames = [bytearray(65536) for _ in range(30)]

if sys.argv[1] == "keeping":
    keep_memory()
cycle()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    cycle()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.parametrize("message_id", [zre.HELLO, zre.JOIN, 40, 77])
def test_what_the_machine_reads_is_bytes(message_id: int) -> None:
    came = [b"peer", zre.pack_header(message_id, 1)]
    assert with_large(came, zmq.Frame(FRAME)) == [*came[:2], FRAME]
    assert with_large([b"peer", b""], zmq.Frame(FRAME)) == [b"peer", b"", FRAME]


def test_many_large_frames_of_one_message() -> None:
    came = [b"peer", zre.pack_header(zre.WHISPER, 1)]
    for _ in range(3):
        came = with_large(came, zmq.Frame(FRAME))
    assert isinstance(came, LargeFrames)
    assert came[2:] == [FRAME] * 3
    assert all(frame.readonly for frame in came[2:])


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="what another libc does with it is its own affair")
def test_pages_of_large_frames_are_not_given_back_and_taken_anew() -> None:
    faults = [
        int(subprocess.run([sys.executable, "-c", FAULTS, how], capture_output=True, check=True, text=True).stdout)
        for how in ("giving back", "keeping")
    ]
    assert faults[1] < faults[0] / 10, faults
