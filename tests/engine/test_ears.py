"""Reading beacons at once, and by handfuls."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator

import pytest

from tests.support.nodes import until
from zyre.core.timers import NEVER
from zyre.engine.ears import Ears, delay_of, patience_of
from zyre.engine.engine import Engine


class Listener:
    """An engine, and ears at one end of a pair of sockets."""

    def __init__(self, ears: int = 1) -> None:
        self.heard = 0
        self.readings = 0
        pairs = [socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(ears)]
        self.mouths, self.sockets = zip(*pairs, strict=True)
        self.mouth = self.mouths[0]
        for ear in self.sockets:
            ear.setblocking(False)
        self.engine = Engine()
        self.ears = Ears(self.read, 10)
        self.engine.acquire(self.ears.alarm)

    def open(self, descriptors: Iterable[int] | None = None) -> None:
        """Listen at all of them, or at these."""
        told = [ear.fileno() for ear in self.sockets] if descriptors is None else descriptors
        self.engine.call(lambda: self.ears.open(self.engine, told))

    def read(self) -> int:
        self.readings += 1
        taken = 0
        for ear in self.sockets:
            for _ in range(10):
                try:
                    ear.recv(100)
                except BlockingIOError:
                    break
                taken += 1
        self.heard += taken
        return taken

    def close(self) -> None:
        self.engine.call(self.ears.close)
        self.engine.release(self.ears.alarm)
        thread = self.engine._thread
        if thread is not None:
            thread.join()
        for each in (*self.mouths, *self.sockets, self.engine._selector, self.engine._wake_in, self.engine._wake_out):
            each.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    made.open()
    yield made
    made.close()


@pytest.fixture
def two_eared() -> Iterator[Listener]:
    made = Listener(2)
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


def test_two_that_become_readable_together_do_not_end_the_listening(two_eared: Listener) -> None:
    """The first is read and so many came that it dozes; the second was found readable before that."""
    two_eared.open()
    for number in range(40):
        for mouth in two_eared.mouths:
            mouth.send(b"x")
        until(lambda number=number: two_eared.heard == 2 * (number + 1))


def test_what_no_descriptor_tells_of_is_read_now_and_then(two_eared: Listener) -> None:
    two_eared.ears.patience = 0.05
    two_eared.open([two_eared.sockets[1].fileno()])
    for number in range(5):
        two_eared.mouth.send(b"x")
        until(lambda number=number: two_eared.heard == number + 1)


def test_it_is_read_before_somebody_is_judged_but_not_again_at_once(two_eared: Listener) -> None:
    two_eared.ears.patience = 60.0
    two_eared.open([two_eared.sockets[1].fileno()])
    two_eared.engine.call(two_eared.ears.catch_up)
    before = two_eared.readings
    two_eared.mouth.send(b"x")
    two_eared.engine.call(two_eared.ears.catch_up)
    assert (two_eared.heard, two_eared.readings) == (0, before)
    two_eared.ears._read_at -= 60.0
    two_eared.engine.call(two_eared.ears.catch_up)
    assert (two_eared.heard, two_eared.readings) == (1, before + 1)


def test_among_many_peers_less_may_wait() -> None:
    assert patience_of(2.5, 1.0, 0) == patience_of(2.5, 1.0, 100) == 1.0
    assert patience_of(2.5, 1.0, 400) == 0.25
    assert patience_of(0.25, 0.1, 10) == 0.1


def test_news_is_read_when_it_is_our_turn(listener: Listener) -> None:
    listener.ears.delay = 0.02
    for number in range(10):
        listener.mouth.send(b"x")
        until(lambda number=number: listener.heard == number + 1)


def test_whose_turn_it_is() -> None:
    """The first does not wait, a few do not matter, and nobody waits long."""
    turns = [delay_of(50, before) for before in range(51)]
    assert turns == sorted(turns)
    assert len(set(turns)) > 40
    assert (turns[0], delay_of(1, 1)) == (0.0, 0.0)
    assert delay_of(1000, 1000) < 0.1


def test_to_watch_again_is_no_news(listener: Listener) -> None:
    """Or it would wait, read nothing, watch again, and so on for ever."""
    listener.ears.delay = 0.001
    listener.mouth.send(b"x")
    until(lambda: listener.heard == 1)
    until(lambda: not listener.ears._dozing)
    before = listener.readings
    for _ in range(20):
        listener.engine.call(lambda: None)
        assert not listener.ears._dozing
    assert listener.readings == before
