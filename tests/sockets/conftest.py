"""What the tests of sockets share: endpoints, a way to know that a thread is parked, and a stricter look at leaks."""

from __future__ import annotations

import gc
import os
import socket as plain
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from zyre.sockets import Socket, waiting
from zyre.sockets.context import _shared

DESCRIPTORS = Path("/proc/self/fd")


@pytest.fixture(scope="session", autouse=True)
def _warm_libraries() -> None:
    """What libraries open once and keep (libzmq's random numbers, trio's and asyncio's self-pipes) is no leak."""
    import asyncio

    import trio

    async def nothing() -> None: ...

    asyncio.run(nothing())
    trio.run(nothing)
    Socket("pub").close()
    _end_of_context()


def _end_of_context() -> None:
    for thread in threading.enumerate():
        if thread.name in ("zyre-sockets-context", "zyre-sockets-watch"):
            thread.join()


def _descriptors() -> dict[str, str]:
    if not DESCRIPTORS.exists():
        return {}
    found = {}
    for name in os.listdir(DESCRIPTORS):
        try:
            found[name] = os.readlink(DESCRIPTORS / name)
        except OSError:
            pass  # the descriptor that lists the directory
    return found


@pytest.fixture(autouse=True)
def no_leaks() -> Iterator[None]:
    """Every descriptor is given back, every thread has ended, and the shared context is gone, with no moment to spare.

    The context's end is waited for by joining its thread: when that has ended, libzmq has closed everything.
    """
    threads, before = set(threading.enumerate()), _descriptors()
    yield
    gc.collect()
    _end_of_context()
    assert _shared.context is None, "sockets were left open"
    assert set(threading.enumerate()) <= threads
    assert set(_descriptors()) <= set(before), "descriptors were left open"


def free_port() -> int:
    """A port that was free a moment ago. By a plain socket: libzmq gives one back only some time after closing."""
    with plain.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@pytest.fixture(params=["inproc", "ipc", "tcp"])
def endpoint(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An endpoint to bind to, of each transport; bind returns what to connect to."""
    return {"inproc": "inproc://test", "ipc": f"ipc://{tmp_path}/s", "tcp": "tcp://127.0.0.1:*"}[request.param]


Pair = Callable[..., tuple[Socket, Socket]]


@pytest.fixture
def pair() -> Iterator[Pair]:
    """``pair("push", "pull")``: two sockets connected to each other, the second bound; closed afterwards."""
    made: list[Socket] = []

    def connected(near: str, far: str, endpoint: str = "inproc://pair", **options: Any) -> tuple[Socket, Socket]:
        bound = Socket(far, linger=0, **options)
        made.append(bound)
        connected = Socket(near, linger=0, connect=bound.bind(endpoint), **options)
        made.append(connected)
        return connected, bound

    yield connected
    for socket in made:
        socket.close()


class Parked:
    """Counts the threads that went to park, after they were put on all lists."""

    def __init__(self) -> None:
        self._count = threading.Semaphore(0)

    def wait(self, count: int = 1) -> None:
        for _ in range(count):
            assert self._count.acquire(timeout=20), "no thread parked"

    def note(self) -> None:
        self._count.release()


@pytest.fixture
def parked(monkeypatch: pytest.MonkeyPatch) -> Parked:
    """``parked.wait()`` returns when a thread has parked: from then on only a wake can let it go on."""
    counter = Parked()
    park = waiting.ThreadWaiter.park

    def noted(self: waiting.ThreadWaiter, descriptors: Any, timeout: float | None) -> list[int]:
        counter.note()
        return park(self, descriptors, timeout)

    monkeypatch.setattr(waiting.ThreadWaiter, "park", noted)
    return counter


class Runner:
    """Threads that hand over what they returned or raised."""

    def __init__(self) -> None:
        self.threads: list[threading.Thread] = []

    def __call__(self, job: Callable[..., Any], *args: Any) -> Callable[[], Any]:
        outcome: list[tuple[bool, Any]] = []

        def run() -> None:
            try:
                outcome.append((True, job(*args)))
            except BaseException as error:
                outcome.append((False, error))

        thread = threading.Thread(target=run, name="test-runner")
        self.threads.append(thread)
        thread.start()

        def result() -> Any:
            thread.join(20)
            assert outcome, "the thread is still running"
            worked, value = outcome[0]
            if not worked:
                raise value
            return value

        return result


@pytest.fixture
def start() -> Iterator[Runner]:
    """``result = start(job, *args)``: run it in a thread; ``result()`` is what it returns, or raises."""
    runner = Runner()
    yield runner
    for thread in runner.threads:
        thread.join(20)
        assert not thread.is_alive()
