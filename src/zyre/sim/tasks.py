"""Ordinary blocking programs in virtual time.

A task is a function that runs in a thread of its own, but only ever one thread of a world runs: a task that waits for
an event hands control back to the world, which goes on to whatever happens next. So a program written for zyre.Node
runs unchanged, and the same seed gives the same history.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from zyre.sim.clock import Agenda

__all__ = ["Baton", "Killed", "SimParker", "Task"]

_STUCK = 60.0


class Killed(BaseException):
    """Raised in a task that is still waiting when its world ends. Not an Exception: programs must not catch it."""


class Task:
    """A function in a thread that runs only when it is given control."""

    def __init__(self, name: str, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        self.name = name
        self.result: Any = None
        self.error: BaseException | None = None
        self.finished = False
        self._function = function
        self.arguments = arguments
        self._go = threading.Semaphore(0)
        self._done = threading.Semaphore(0)
        self._killed = False
        self._thread = threading.Thread(target=self._run, name=f"sim-{name}", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        self._go.acquire()
        try:
            if not self._killed:
                self.result = self._function(*self.arguments)
        except Killed:
            pass
        except BaseException as error:
            self.error = error
        finally:
            self.finished = True
            self._done.release()

    def resume(self) -> None:
        """Give the task control until it waits or ends."""
        if self.finished:
            return
        self._go.release()
        if not self._done.acquire(timeout=_STUCK):
            raise RuntimeError(
                f"the simulated program {self.name!r} has been running for {_STUCK:g} s without waiting for its node: "
                "a program in a simulation must not wait for anything else (time.sleep, input, a lock)"
            )

    def give_back(self) -> None:
        """Called in the task's thread: let the world go on until ``resume``."""
        self._done.release()
        self._go.acquire()
        if self._killed:
            raise Killed

    def kill(self) -> None:
        """End a task that waits."""
        if not self.finished:
            self._killed = True
            self.resume()
        self._thread.join(_STUCK)


class Baton:
    """Who runs: the world itself, or one of its tasks."""

    def __init__(self, agenda: Agenda) -> None:
        self.agenda = agenda
        self.tasks: list[Task] = []
        self._current: Task | None = None

    def spawn(self, name: str, function: Callable[..., Any], *arguments: Any) -> Task:
        """Start a program; it gets control as the next thing that happens."""
        task = Task(name, function, arguments)
        self.tasks.append(task)
        self.agenda.at(self.agenda.now(), lambda: self._run(task))
        return task

    def _run(self, task: Task) -> None:
        outer, self._current = self._current, task
        try:
            task.resume()
        finally:
            self._current = outer
        if task.finished and task.error is not None:
            error, task.error = task.error, None
            raise error

    def new_parker(self) -> SimParker:
        """A way to wait for whoever is running now."""
        return SimParker(self, self._current)

    def run_task(self, task: Task) -> None:
        """Plan for a task to go on, now."""
        self.agenda.at(self.agenda.now(), lambda: self._run(task))

    def end(self, concerned: Callable[[Task], bool] = lambda task: True) -> None:
        """End the tasks that ``concerned`` is true of; by default all."""
        for task in self.tasks:
            if concerned(task):
                task.kill()


class SimParker:
    """One wait, in virtual time. In a task it hands control to the world; outside it makes the world go on itself."""

    def __init__(self, baton: Baton, task: Task | None) -> None:
        self._baton = baton
        self._task = task
        self._woken = False
        self._waiting = False

    def wake(self) -> None:
        """Something is there."""
        self._woken = True
        self._go_on()

    def _go_on(self) -> None:
        if self._waiting and self._task is not None:
            self._waiting = False
            self._baton.run_task(self._task)

    def park(self, timeout: float | None) -> bool:
        """Wait until woken, or until ``timeout`` seconds of the world have passed; False then."""
        agenda = self._baton.agenda
        end = float("inf") if timeout is None else agenda.now() + timeout
        if self._task is not None:
            self._wait_in_task(self._task, end)
            return self._woken
        while not self._woken and agenda.next_at <= end:
            if agenda.next_at == float("inf"):
                raise RuntimeError("this wait would never end: nothing is going to happen in the simulated world")
            agenda.step()
        if not self._woken:
            agenda.run_until(end)
        return self._woken

    def _wait_in_task(self, task: Task, end: float) -> None:
        if self._woken:
            return
        self._waiting = True
        if end < float("inf"):
            self._baton.agenda.at(end, self._go_on)
        task.give_back()
