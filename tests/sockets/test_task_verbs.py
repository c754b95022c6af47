"""The awaited verbs, each in asyncio, in asyncio without add_reader (as on Windows), and in trio."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, nullcontext
from typing import Any

import pytest
import trio
import trio.testing

from zyre.sockets import InvalidFrame, Message, Socket, SocketClosed, UnexpectedMessage, WouldBlock, WrongState
from zyre.sockets.waiting import TURN

from .conftest import Pair, Runner


class NoReaderLoop(asyncio.SelectorEventLoop):
    """A loop like Windows' proactor, which cannot watch descriptors for its users."""

    def add_reader(self, fd: Any, callback: Any, *args: Any) -> None:
        raise NotImplementedError


class Tasks:
    """What differs between the libraries in these tests: starting a task beside others, and letting those run."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._nursery: Any = None

    def run(self, main: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        if self.name == "trio":
            return trio.run(self._with_nursery, main)
        factory = NoReaderLoop if self.name == "asyncio without readers" else None
        with asyncio.Runner(loop_factory=factory) as runner:
            return runner.run(main())

    async def _with_nursery(self, main: Callable[[], Awaitable[Any]]) -> Any:
        with trio.fail_after(20):
            async with trio.open_nursery() as self._nursery:
                result = await main()
                self._nursery.cancel_scope.cancel()
        return result

    def start(self, job: Callable[[], Coroutine[Any, Any, Any]]) -> Task:
        task = Task(job, self.event(), trio.CancelScope() if self.name == "trio" else nullcontext())
        if self.name == "trio":
            self._nursery.start_soon(task.run)
        else:
            task.task = asyncio.get_running_loop().create_task(task.run())
        return task

    async def others(self) -> None:
        """Let every task run until it waits. Two rounds: trio starts tasks in an order of its own."""
        for _ in range(3):
            await (trio.testing.wait_all_tasks_blocked() if self.name == "trio" else asyncio.sleep(0))

    @asynccontextmanager
    async def within(self, seconds: float) -> Any:
        if self.name == "trio":
            with trio.fail_after(seconds):
                yield
        else:
            async with asyncio.timeout(seconds):
                yield

    def event(self) -> Any:
        return trio.Event() if self.name == "trio" else asyncio.Event()


class Task:
    def __init__(self, job: Callable[[], Coroutine[Any, Any, Any]], ended: Any, scope: Any) -> None:
        self.task: Any = None
        self._job = job
        self._ended = ended
        self._scope = scope
        self._outcome: list[tuple[bool, Any]] = []

    async def run(self) -> None:
        try:
            with self._scope:
                self._outcome.append((True, await self._job()))
        except Exception as error:
            self._outcome.append((False, error))
        finally:
            self._ended.set()

    @property
    def done(self) -> bool:
        return bool(self._outcome)

    def cancel(self) -> None:
        (self.task or self._scope).cancel()

    async def result(self, tasks: Tasks) -> Any:
        async with tasks.within(20):
            await self._ended.wait()
        worked, value = self._outcome[0]
        if not worked:
            raise value
        return value


@pytest.fixture(params=["asyncio", "asyncio without readers", "trio"])
def tasks(request: pytest.FixtureRequest) -> Tasks:
    return Tasks(request.param)


def test_a_waiting_task_stops_no_other(tasks: Tasks, endpoint: str, pair: Pair) -> None:
    push, pull = pair("push", "pull", endpoint)

    async def main() -> None:
        waiting = tasks.start(pull.arecv)
        others = tasks.start(tasks.others)
        await others.result(tasks)  # others run while it waits
        assert not waiting.done
        await push.asend("now")
        assert await waiting.result(tasks) == Message("now")

    tasks.run(main)


def test_every_verb(tasks: Tasks, pair: Pair) -> None:
    a, b = pair("pair", "pair")

    async def main() -> None:
        async with a, b:
            await a.asend(["two", "frames"])
            assert await b.arecv() == Message(["two", "frames"])
            await a.asend_string("ä")
            assert await b.arecv_string() == "ä"
            await a.asend(b"\xff")
            assert await b.arecv_bytes() == b"\xff"
            for text in "xyz":
                await a.asend(text)
            assert await b.arecv_many(2) == [Message("x"), Message("y")]
            assert await b.arecv_many() == [Message("z")]
            many = tasks.start(b.arecv_many)
            await tasks.others()
            await a.asend("later")
            assert await many.result(tasks) == [Message("later")]
            await a.asend(["two", "frames"])
            with pytest.raises(UnexpectedMessage):
                await b.arecv_string()
            with pytest.raises(InvalidFrame):
                await a.asend(3)  # type: ignore[arg-type]
        with pytest.raises(SocketClosed):
            await a.asend("x")
        with pytest.raises(SocketClosed):
            await b.arecv_many()

    tasks.run(main)


def test_errors_are_the_same_as_in_threads(tasks: Tasks, pair: Pair) -> None:
    req, rep = pair("req", "rep")

    async def main() -> None:
        with pytest.raises(WrongState):
            await req.arecv()
        with pytest.raises(WrongState):
            await rep.asend("x")

    tasks.run(main)


@pytest.mark.parametrize("verb", ["arecv", "arecv_many", "arecv_string", "await_closed", "asend"])
@pytest.mark.parametrize("by", ["task", "thread"])
def test_closing_wakes_its_waiters(tasks: Tasks, verb: str, by: str, start: Runner) -> None:
    socket = Socket("pair")

    async def wait() -> None:
        await (socket.asend("x") if verb == "asend" else getattr(socket, verb)())

    async def main() -> None:
        waiting = [tasks.start(wait) for _ in range(3)]
        await tasks.others()
        assert not any(each.done for each in waiting)
        if by == "thread":
            start(socket.close)()
        else:
            socket.close()
        for each in waiting:
            if verb == "await_closed":
                await each.result(tasks)
            else:
                with pytest.raises(SocketClosed):
                    await each.result(tasks)

    tasks.run(main)


def test_iteration_ends_with_the_socket(tasks: Tasks, pair: Pair) -> None:
    push, pull = pair("push", "pull")

    async def collect() -> list[Message]:
        return [message async for message in pull]

    async def main() -> None:
        collected = tasks.start(collect)
        for text in "ab":
            await push.asend(text)
        await tasks.others()
        pull.close()
        assert await collected.result(tasks) == [Message("a"), Message("b")]

    tasks.run(main)


def test_cancelling_takes_nothing(tasks: Tasks, pair: Pair) -> None:
    push, pull = pair("push", "pull")

    async def main() -> None:
        cancelled, other = tasks.start(pull.arecv), tasks.start(pull.arecv)
        await tasks.others()
        await push.asend("one")
        cancelled.cancel()
        assert await other.result(tasks) == Message("one")
        await push.asend("two")
        async with tasks.within(20):
            assert await pull.arecv() == Message("two")
        assert pull._waiters == {}

    tasks.run(main)


def test_a_flood_does_not_starve_the_others(tasks: Tasks, pair: Pair) -> None:
    """Messages that are there need no waiting, and still the others have their turn."""
    push, pull = pair("push", "pull", sndhwm=0, rcvhwm=0)
    flood = TURN * 4

    async def main() -> None:
        turns = 0

        async def count() -> None:
            nonlocal turns
            while not done.is_set():
                turns += 1
                await (trio.lowlevel.checkpoint() if tasks.name == "trio" else asyncio.sleep(0))

        done = tasks.event()
        counting = tasks.start(count)
        for verb in (lambda: push.asend("x"), pull.arecv):
            turns = 0
            for _ in range(flood):
                await verb()
            assert turns >= flood // TURN - 1
        done.set()
        await counting.result(tasks)

    tasks.run(main)


def test_a_full_socket_waits_for_room(tasks: Tasks, endpoint: str, pair: Pair) -> None:
    push, pull = pair("push", "pull", endpoint, sndhwm=1, rcvhwm=1)
    messages = [Message(str(number).ljust(100_000)) for number in range(100)]

    async def main() -> None:
        async def send() -> None:
            for message in messages:
                await push.asend(message)

        sending = tasks.start(send)
        async with tasks.within(20):
            assert [await pull.arecv() for _ in messages] == messages
        await sending.result(tasks)

    tasks.run(main)


def test_a_refusal_may_clear_the_signal_that_another_waits_for(tasks: Tasks, pair: Pair) -> None:
    """A receive that finds nothing has still looked, and room to send may be what it saw."""
    a, b = pair("pair", "pair", sndhwm=1, rcvhwm=1)

    async def main() -> None:
        sent = 0
        while a.writable:
            a.send_nowait("x")
            sent += 1
        waiting = tasks.start(lambda: a.asend("last"))
        await tasks.others()
        for _ in range(sent):
            b.recv_nowait()
        with pytest.raises(WouldBlock):
            a.recv_nowait()
        await waiting.result(tasks)
        assert b.recv_string() == "last"

    tasks.run(main)


def test_many_tasks_share_a_socket_in_both_directions(tasks: Tasks, endpoint: str) -> None:
    with Socket("dealer", linger=0) as a, Socket("dealer", linger=0) as b:
        b.connect(a.bind(endpoint))

        async def receive(socket: Socket) -> int:
            for _ in range(100):
                await socket.arecv()
            return 100

        async def send(socket: Socket) -> None:
            for number in range(300):
                await socket.asend(str(number))

        async def main() -> None:
            receiving = [tasks.start(lambda s=socket: receive(s)) for socket in (a, b) for _ in range(3)]
            for socket in (a, b):
                tasks.start(lambda s=socket: send(s))
            assert [await each.result(tasks) for each in receiving] == [100] * 6

        tasks.run(main)


def test_the_same_socket_in_one_loop_after_another_and_in_a_thread(endpoint: str, pair: Pair, start: Runner) -> None:
    push, pull = pair("push", "pull", endpoint)
    for name in ("asyncio", "trio", "asyncio", "asyncio without readers", "trio"):
        tasks = Tasks(name)

        async def main(tasks: Tasks = tasks) -> None:
            waiting = tasks.start(pull.arecv)
            await tasks.others()
            push.send("to a task")
            assert await waiting.result(tasks) == Message("to a task")

        tasks.run(main)
    result = start(pull.recv_string)
    push.send("to a thread")
    assert result() == "to a thread"
    assert len(pull._watches) <= 2  # those of loops that ended were dropped, or will be with the socket


def test_a_task_and_a_thread_wait_for_the_same_socket(tasks: Tasks, endpoint: str, pair: Pair, start: Runner) -> None:
    push, pull = pair("push", "pull", endpoint)
    taken: list[str] = []
    both = threading.Barrier(2)

    def in_thread() -> None:
        both.wait(20)
        taken.append(pull.recv_string(timeout=20))

    async def main() -> None:
        waiting = tasks.start(pull.arecv_string)
        await tasks.others()
        result = start(in_thread)
        both.wait(20)
        push.send("one")
        push.send("two")
        taken.append(await waiting.result(tasks))
        result()

    tasks.run(main)
    assert sorted(taken) == ["one", "two"]


def test_req_rep_between_tasks(tasks: Tasks, endpoint: str, pair: Pair) -> None:
    req, rep = pair("req", "rep", endpoint)

    async def serve() -> None:
        async for message in rep:
            await rep.asend(message)

    async def main() -> None:
        serving = tasks.start(serve)
        for number in range(100):
            await req.asend_string(str(number))
            assert await req.arecv_string() == str(number)
        rep.close()
        await serving.result(tasks)

    tasks.run(main)


def forget(things: list[Any]) -> None:
    things.clear()
    gc.collect()


def test_a_forgotten_socket_is_collected_although_a_loop_watches_it(tasks: Tasks) -> None:
    async def main() -> None:
        socket = Socket("pair")
        waiting = tasks.start(socket.arecv)
        await tasks.others()
        waiting.cancel()
        await tasks.others()
        living = weakref.ref(socket)
        forgotten = [socket, waiting]
        del socket, waiting
        with pytest.warns(ResourceWarning):
            forget(forgotten)
        assert living() is None
        await tasks.others()

    tasks.run(main)
