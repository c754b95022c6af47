"""What every Clock and every Alarm must do, modelled or real."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from zyre.core.timers import NEVER
from zyre.engine.clock import MonotonicClock
from zyre.engine.engine import Engine, EngineAlarm
from zyre.sim import World
from zyre.sim.clock import SimAlarm

PATIENCE = 20.0


class Place(ABC):
    """A clock, alarms that ring by it, and a way to wait for them."""

    clock: Any

    @abstractmethod
    def alarm(self, ring: Callable[[], None]) -> Any:
        """An alarm that calls ``ring``."""

    @abstractmethod
    def wait(self, condition: Callable[[], object]) -> None:
        """Let time pass until ``condition`` holds."""

    @abstractmethod
    def close(self) -> None:
        """It is over."""


class Modelled(Place):
    """A computer whose clock neither begins at zero nor runs quite right."""

    def __init__(self) -> None:
        self.world = World(1)
        self.clock = self.world.box(clock_offset=1234.5, clock_rate=1.01).clock

    def alarm(self, ring: Callable[[], None]) -> Any:
        return SimAlarm(self.world.agenda, self.clock, ring)

    def wait(self, condition: Callable[[], object]) -> None:
        self.world.run_until(lambda: bool(condition()), PATIENCE)

    def close(self) -> None:
        self.world.close()


class Real(Place):
    """An engine with its thread."""

    def __init__(self) -> None:
        self.clock = MonotonicClock()
        self.engine = Engine()
        self.alarms: list[EngineAlarm] = []
        self.changed = threading.Condition()
        self.engine.acquire()

    def alarm(self, ring: Callable[[], None]) -> Any:
        def ring_and_tell() -> None:
            ring()
            with self.changed:
                self.changed.notify_all()

        alarm = EngineAlarm(ring_and_tell)
        self.engine.acquire(alarm)
        self.alarms.append(alarm)
        return alarm

    def wait(self, condition: Callable[[], object]) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: bool(condition()), PATIENCE)

    def close(self) -> None:
        self.engine.release(*self.alarms)
        for _ in self.alarms:
            self.engine.release()
        thread = self.engine._thread
        if thread is not None:
            thread.join(PATIENCE)
        self.engine._selector.close()
        self.engine._wake_in.close()
        self.engine._wake_out.close()


@pytest.fixture(params=[Modelled, Real], ids=["modelled", "real"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    made: Place = request.param()
    yield made
    made.close()


class Bell:
    """An alarm, and when it rang."""

    def __init__(self, place: Place) -> None:
        self.rang: list[float] = []
        self.place = place
        self.alarm = place.alarm(lambda: self.rang.append(place.clock.now()))

    def set_in(self, seconds: float) -> float:
        deadline: float = self.place.clock.now() + seconds
        self.alarm.set(deadline)
        return deadline


def test_the_clock_never_goes_back_and_does_go_on(place: Place) -> None:
    readings = [place.clock.now() for _ in range(1000)]
    assert readings == sorted(readings)
    bell = Bell(place)
    bell.set_in(0.01)
    place.wait(lambda: bell.rang)
    assert place.clock.now() > readings[0]


def test_an_alarm_rings_once_and_not_before_its_deadline(place: Place) -> None:
    bell, fence = Bell(place), Bell(place)
    deadline = bell.set_in(0.02)
    fence.set_in(0.05)
    place.wait(lambda: fence.rang and bell.rang)
    assert len(bell.rang) == 1
    assert bell.rang[0] >= deadline


def test_the_later_set_wins_when_it_moves_back(place: Place) -> None:
    bell, fence = Bell(place), Bell(place)
    bell.set_in(0.01)
    deadline = bell.set_in(0.06)
    fence.set_in(0.1)
    place.wait(lambda: fence.rang and bell.rang)
    assert len(bell.rang) == 1
    assert bell.rang[0] >= deadline


def test_the_later_set_wins_when_it_moves_forward(place: Place) -> None:
    bell = Bell(place)
    far = bell.set_in(3600)
    deadline = bell.set_in(0.02)
    place.wait(lambda: bell.rang)
    assert deadline <= bell.rang[0] < far


def test_a_deadline_that_has_passed_rings_soon(place: Place) -> None:
    bell = Bell(place)
    bell.set_in(-5.0)
    place.wait(lambda: bell.rang)
    assert len(bell.rang) == 1


def test_never_is_never(place: Place) -> None:
    bell, fence = Bell(place), Bell(place)
    bell.set_in(0.01)
    bell.alarm.set(NEVER)
    fence.set_in(0.04)
    place.wait(lambda: fence.rang)
    assert bell.rang == []


def test_after_never_it_can_be_set_again(place: Place) -> None:
    bell = Bell(place)
    bell.set_in(0.01)
    bell.alarm.set(NEVER)
    bell.set_in(0.01)
    place.wait(lambda: bell.rang)
    assert len(bell.rang) == 1


def test_it_can_be_set_while_it_rings(place: Place) -> None:
    """The driver's ``settle`` does nothing else."""
    rang: list[float] = []
    deadlines: list[float] = []

    def ring() -> None:
        rang.append(place.clock.now())
        if len(rang) < 5:
            deadlines.append(place.clock.now() + 0.005)
            alarm.set(deadlines[-1])

    alarm = place.alarm(ring)
    alarm.set(place.clock.now())
    place.wait(lambda: len(rang) == 5)
    assert all(at >= deadline for at, deadline in zip(rang[1:], deadlines, strict=True))
