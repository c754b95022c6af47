"""The engine thread: its life, its calls and alarms from any thread, its descriptors."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests.support.nodes import PATIENCE, in_threads, repeat, until
from zyre.core.timers import NEVER
from zyre.engine.engine import Engine, EngineAlarm, shared_engine


@pytest.fixture
def engine() -> Iterator[Engine]:
    """An engine of the test's own, running."""
    engine = Engine()
    engine.acquire()
    yield engine
    engine.release()
    until(lambda: engine._thread is None, "the end of the engine thread")
    engine._selector.close()
    engine._wake_in.close()
    engine._wake_out.close()


@pytest.fixture
def pipe() -> Iterator[tuple[socket.socket, socket.socket]]:
    out, into = socket.socketpair()
    out.setblocking(False)
    with out, into:
        yield out, into


def engine_thread(engine: Engine) -> threading.Thread:
    seen: list[threading.Thread] = []
    engine.call(lambda: seen.append(threading.current_thread()))
    return seen[0]


class TestLife:
    def test_thread_runs_while_it_has_users(self, engine: Engine) -> None:
        first = engine_thread(engine)
        assert (first.name, first.daemon) == ("zyre-engine", True)
        engine.acquire()
        engine.release()
        assert engine_thread(engine) is first

    def test_thread_ends_with_its_last_user_and_starts_again(self, engine: Engine) -> None:
        first = engine_thread(engine)
        engine.release()
        first.join(PATIENCE)
        assert not first.is_alive()
        engine.acquire()
        assert engine_thread(engine) is not first

    def test_many_lives(self, engine: Engine) -> None:
        """Users that come while the thread is about to end find it running."""

        def come_and_go(_: int) -> object:
            def run() -> None:
                for _ in range(200):
                    engine.acquire()
                    done = threading.Event()
                    engine.call_soon(done.set)
                    assert done.wait(PATIENCE)
                    engine.release()

            return run

        engine.release()
        in_threads(*repeat(4, come_and_go))
        engine.acquire()

    def test_one_engine_for_the_process(self) -> None:
        assert in_threads(*[shared_engine] * 4) == [shared_engine()] * 4


class TestCalls:
    def test_call_runs_in_the_thread_and_waits(self, engine: Engine) -> None:
        assert engine_thread(engine) is not threading.current_thread()

    def test_call_within_the_thread_runs_at_once(self, engine: Engine) -> None:
        order: list[int] = []

        def outer() -> None:
            engine.call(lambda: order.append(1))
            order.append(2)

        engine.call(outer)
        assert order == [1, 2]

    def test_what_comes_of_a_call_or_an_alarm_or_a_descriptor_is_called_soon(
        self, engine: Engine, pipe: tuple[socket.socket, socket.socket]
    ) -> None:
        for begin in (engine.call_soon, lambda follow: engine.watch(pipe[0].fileno(), lambda: follow() is not None)):
            done = threading.Event()
            begin(lambda done=done: engine.call_soon(lambda: engine.call_soon(done.set)))
            engine.wake()
            assert done.wait(PATIENCE)
        done, alarm = threading.Event(), EngineAlarm(lambda: engine.call_soon(done.set))
        engine.acquire(alarm)
        alarm.set(0.0)
        assert done.wait(PATIENCE)
        engine.release(alarm)

    def test_call_without_a_thread_runs_in_the_caller(self) -> None:
        engine = Engine()
        assert engine_thread(engine) is threading.current_thread()
        engine._wake_in.close()
        engine._wake_out.close()
        engine._selector.close()

    def test_call_waits_no_longer_than_it_is_told_and_still_happens(self, engine: Engine) -> None:
        go, done = threading.Event(), threading.Event()
        engine.call_soon(lambda: go.wait(PATIENCE))
        engine.call(done.set, timeout=0.0)
        assert not done.is_set()
        go.set()
        assert done.wait(PATIENCE)

    def test_a_call_is_not_left_to_a_thread_that_ends(self, engine: Engine) -> None:
        """It used to be waited for in vain, for five seconds, if the thread ended in that very moment."""
        began = time.monotonic()
        engine.release()
        for _ in range(500):
            engine.acquire()
            ran: list[bool] = []
            in_threads(engine.release, lambda ran=ran: engine.call(lambda: ran.append(True)))
            assert ran
        print(f"500 calls beside an ending thread: {time.monotonic() - began:.2f} s")
        engine.acquire()

    def test_calls_of_each_thread_in_order_and_none_lost(self, engine: Engine) -> None:
        seen: list[tuple[int, int]] = []

        def caller(number: int) -> object:
            def run() -> None:
                for index in range(500):
                    engine.call_soon(lambda index=index: seen.append((number, index)))

            return run

        in_threads(*repeat(8, caller))
        engine.call(lambda: None)
        assert len(seen) == 4000
        for number in range(8):
            assert [index for who, index in seen if who == number] == list(range(500))

    def test_no_wake_up_is_lost(self, engine: Engine) -> None:
        """Each round waits for the engine to fall asleep or not, as it happens, and must be answered."""

        def caller(_: int) -> object:
            def run() -> None:
                for _ in range(300):
                    done = threading.Event()
                    engine.call_soon(done.set)
                    assert done.wait(PATIENCE)

            return run

        in_threads(*repeat(4, caller))


class TestAlarms:
    def test_rings_once_at_its_deadline_in_the_engine_thread(self, engine: Engine) -> None:
        rung: list[tuple[float, threading.Thread]] = []
        done = threading.Event()

        def ring() -> None:
            rung.append((time.monotonic(), threading.current_thread()))
            done.set()

        alarm = EngineAlarm(ring)
        engine.acquire(alarm)
        deadline = time.monotonic() + 0.02
        alarm.set(deadline)
        assert done.wait(PATIENCE)
        engine.call(lambda: None)
        engine.release(alarm)
        ((at, thread),) = rung
        assert at >= deadline
        assert thread is engine_thread(engine)
        assert alarm.deadline == NEVER

    def test_a_deadline_set_before_the_engine_knew_the_alarm(self, engine: Engine) -> None:
        done = threading.Event()
        alarm = EngineAlarm(done.set)
        alarm.set(time.monotonic() + 0.01)
        engine.acquire(alarm)
        assert done.wait(PATIENCE)
        engine.release(alarm)

    def test_moved_away_it_does_not_ring(self, engine: Engine) -> None:
        rung: list[int] = []
        done = threading.Event()
        quiet, late = EngineAlarm(lambda: rung.append(1)), EngineAlarm(done.set)
        engine.acquire(quiet, late)
        now = time.monotonic()
        quiet.set(now + 0.02)
        late.set(now + 0.04)
        quiet.set(NEVER)
        assert done.wait(PATIENCE)
        engine.release(quiet, late)
        assert rung == []

    def test_released_it_does_not_ring(self, engine: Engine) -> None:
        rung: list[int] = []
        done = threading.Event()
        gone, late = EngineAlarm(lambda: rung.append(1)), EngineAlarm(done.set)
        engine.acquire(gone)
        engine.acquire(late)
        now = time.monotonic()
        gone.set(now + 0.02)
        engine.release(gone)
        late.set(now + 0.04)
        assert done.wait(PATIENCE)
        engine.release(late)
        assert rung == []

    def test_set_from_any_thread_while_the_engine_falls_asleep(self, engine: Engine) -> None:
        def setter(_: int) -> object:
            def run() -> None:
                done = threading.Event()
                alarm = EngineAlarm(done.set)
                engine.acquire(alarm)
                for _ in range(200):
                    alarm.set(time.monotonic() + 0.0005)
                    assert done.wait(PATIENCE)
                    done.clear()
                engine.release(alarm)

            return run

        in_threads(*repeat(6, setter))

    def test_no_alarm_is_lost_where_many_users_come_at_once(self, engine: Engine) -> None:
        def user(_: int) -> object:
            def run() -> None:
                for _ in range(300):
                    alarm = EngineAlarm(lambda: None)
                    engine.acquire(alarm)
                    assert alarm in engine._alarms
                    engine.release(alarm)
                    assert alarm not in engine._alarms

            return run

        in_threads(*repeat(8, user))
        assert engine._alarms == frozenset()


class TestDescriptors:
    def test_called_back_at_once_and_when_readable(
        self, engine: Engine, pipe: tuple[socket.socket, socket.socket]
    ) -> None:
        out, into = pipe
        called = threading.Semaphore(0)

        def callback() -> bool:
            try:
                out.recv(100)
            except BlockingIOError:
                pass
            called.release()
            return False

        engine.call(lambda: engine.watch(out.fileno(), callback))
        assert called.acquire(timeout=PATIENCE)
        into.send(b"x")
        assert called.acquire(timeout=PATIENCE)
        engine.call(lambda: engine.unwatch(out.fileno()))

    def test_who_wants_more_is_called_again_without_an_edge(
        self, engine: Engine, pipe: tuple[socket.socket, socket.socket]
    ) -> None:
        turns: list[int] = []
        done = threading.Event()

        def callback() -> bool:
            turns.append(len(turns))
            if len(turns) == 5:
                done.set()
            return len(turns) < 5

        engine.call(lambda: engine.watch(pipe[0].fileno(), callback))
        assert done.wait(PATIENCE)
        engine.call(lambda: None)
        engine.call(lambda: engine.unwatch(pipe[0].fileno()))
        assert turns == [0, 1, 2, 3, 4]

    def test_poke_calls_back_without_an_edge(self, engine: Engine, pipe: tuple[socket.socket, socket.socket]) -> None:
        called = threading.Semaphore(0)
        engine.call(lambda: engine.watch(pipe[0].fileno(), lambda: bool(called.release())))
        assert called.acquire(timeout=PATIENCE)
        engine.call(lambda: engine.poke(pipe[0].fileno()))
        assert called.acquire(timeout=PATIENCE)
        engine.call(lambda: engine.unwatch(pipe[0].fileno()))
        engine.call(lambda: engine.poke(pipe[0].fileno()))
        engine.call(lambda: None)
        assert not called.acquire(blocking=False)

    def test_unwatched_it_is_not_called_even_if_it_wanted_more(
        self, engine: Engine, pipe: tuple[socket.socket, socket.socket]
    ) -> None:
        calls: list[int] = []
        began = threading.Event()

        def callback() -> bool:
            calls.append(1)
            began.set()
            return True

        engine.call(lambda: engine.watch(pipe[0].fileno(), callback))
        assert began.wait(PATIENCE)
        engine.call(lambda: engine.unwatch(pipe[0].fileno()))
        count = len(calls)
        engine.call(lambda: None)
        engine.call(lambda: None)
        assert len(calls) == count

    def test_unwatching_what_is_not_watched_is_nothing(self, engine: Engine) -> None:
        engine.call(lambda: engine.unwatch(10_000))
        engine.call(lambda: engine.unwatch(-1))
