"""Reading beacons at once, and by handfuls."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from tests.support.nodes import until
from zyre.core.timers import NEVER
from zyre.engine.ears import Ears
from zyre.engine.engine import Engine


class Listener:
    """An engine, and ears at one end of a pair of sockets."""

    def __init__(self) -> None:
        self.heard = 0
        self.readings = 0
        self.mouth, self.ear = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.ear.setblocking(False)
        self.engine = Engine()
        self.ears = Ears(self.read, 10)
        self.engine.acquire(self.ears.alarm)
        self.engine.call(lambda: self.ears.open(self.engine, [self.ear.fileno()]))

    def read(self) -> int:
        self.readings += 1
        for number in range(10):
            try:
                self.ear.recv(100)
            except BlockingIOError:
                return number
            self.heard += 1
        return 10

    def close(self) -> None:
        self.engine.call(self.ears.close)
        self.engine.release(self.ears.alarm)
        thread = self.engine._thread
        if thread is not None:
            thread.join()
        for each in (self.mouth, self.ear, self.engine._selector, self.engine._wake_in, self.engine._wake_out):
            each.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.close()


def test_nothing_is_lost_however_much_comes(listener: Listener) -> None:
    for number in range(300):
        listener.mouth.send(b"x")
        if number % 7 == 0:
            until(lambda number=number: listener.heard > number - 20)
    until(lambda: listener.heard == 300)


def test_what_comes_closely_is_read_together(listener: Listener) -> None:
    """While it dozes nothing is read, and then all that has come."""
    asleep: list[bool] = []

    def dozes() -> bool:
        listener.mouth.send(b"x")
        listener.engine.call(lambda: asleep.append(listener.ears.alarm.deadline < NEVER))
        return asleep[-1]

    until(dozes)
    sent = len(asleep)
    until(lambda: listener.heard == sent)
    assert listener.ears.alarm.deadline == NEVER or listener.readings > 1


def test_who_listens_no_more_reads_no_more(listener: Listener) -> None:
    listener.mouth.send(b"x")
    until(lambda: listener.heard == 1)
    listener.engine.call(listener.ears.close)
    before = listener.readings
    listener.mouth.send(b"x")
    for _ in range(5):
        listener.engine.call(lambda: None)
    assert listener.readings == before
