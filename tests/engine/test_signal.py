"""The descriptor that says "there is something"."""

from __future__ import annotations

import os
import select

from zyre.engine.signal import Signal


def readable(signal: Signal) -> bool:
    return bool(select.select([signal], [], [], 0)[0])


def test_readable_while_set() -> None:
    signal = Signal()
    assert not readable(signal)
    for _ in range(3):
        signal.set()
        signal.set()
        assert readable(signal)
        signal.clear()
        signal.clear()
        assert not readable(signal)


def test_closed_with_the_last_reference() -> None:
    before = len(os.listdir("/proc/self/fd"))
    signals = [Signal() for _ in range(5)]
    assert len(os.listdir("/proc/self/fd")) == before + 10
    signals.clear()
    assert len(os.listdir("/proc/self/fd")) == before


def test_closed_by_hand_it_bears_being_cleared() -> None:
    signal = Signal()
    signal.set()
    signal.close()
    signal.clear()


def test_one_that_was_never_finished_goes_in_silence() -> None:
    """As when Ctrl-C comes while it is being made; what a finalizer raises would be printed."""
    Signal.__new__(Signal).__del__()
