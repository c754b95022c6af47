"""One end of a contestant: JSON commands come in on standard input, JSON answers go out on standard output.

While a command runs nothing else is read, so an end that counts or floods does nothing besides. Times are those of
the monotonic clock, which all processes of one machine share.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import resource
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

__all__ = ["GROUP", "INTERFACE", "NAME", "End", "serve"]

GROUP = "BENCH"
NAME = "bench"
INTERFACE = os.environ.get("ZYRE_BENCH_INTERFACE", "va")

Answer = dict[str, Any]


class End:
    """What every contestant can do; each overrides what it takes part in."""

    note = ""
    """What the reader of the report should know about how this contestant is driven."""

    def __init__(self, **options: Any) -> None:
        """``options`` are those of the contestant."""

    def new(self, port: int, groups: list[str]) -> Answer:
        """Make a node, not yet on the network; who it is: ``uuid`` and, where discovery is not used, ``endpoint``."""
        raise NotImplementedError

    def start(self) -> float:
        """Start the node; the time just before."""
        raise NotImplementedError

    def meet(self, peers: list[Answer]) -> float:
        """Wait until all of these are known; the time at which the last of them was."""
        raise NotImplementedError

    def stop(self) -> None:
        """Leave, and forget the node."""
        raise NotImplementedError

    def flood(self, peer: str, size: int, n: int) -> float:
        """Whisper n messages of one frame of ``size`` octets, as fast as possible; the time just before."""
        raise NotImplementedError

    def shout(self, size: int, n: int) -> float:
        """Shout n messages of one frame of ``size`` octets, as fast as possible; the time just before."""
        raise NotImplementedError

    def count(self, n: int) -> float:
        """Receive n whispers or shouts; the time at which the last of them came."""
        raise NotImplementedError

    def echo(self, n: int) -> None:
        """Whisper n messages back to whom they came from."""
        raise NotImplementedError

    def exchange(self, peer: str, size: int, n: int, burst: int) -> float:
        """Whisper bursts of so many messages, n in all, each after the peer's burst before has come; when all came."""
        raise NotImplementedError

    def ping(self, peer: str, size: int, n: int) -> list[float]:
        """Whisper n messages, each after the answer to the one before; how long each took, in microseconds."""
        raise NotImplementedError

    def cycle(self, port: int) -> None:
        """Make, start, stop and forget one node."""
        self.new(port, [])
        self.start()
        self.stop()

    def churn(self, port: int, n: int) -> Answer:
        """n cycles, after some that pay what is paid once; the seconds, and what was in use before and after."""
        for _ in range(min(n, 20)):
            self.cycle(port)
        before, began = usage(), time.monotonic()
        for _ in range(n):
            self.cycle(port)
        seconds = time.monotonic() - began
        time.sleep(0.2)  # libzmq closes descriptors in its own thread
        return {"seconds": seconds, "before": before, "after": usage()}

    def now(self) -> float:
        """The time, as this process sees it."""
        return time.monotonic()

    def usage(self) -> Answer:
        """See the function of that name."""
        return usage()


def usage() -> Answer:
    """CPU seconds (user and system) of this process until now; its memory in KiB, its descriptors and threads."""
    times = resource.getrusage(resource.RUSAGE_SELF)
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return {
        "cpu": times.ru_utime + times.ru_stime,
        "rss": int(status["VmRSS"].split()[0]),
        "fds": len(os.listdir("/proc/self/fd")),
        "threads": int(status["Threads"]),
    }


def serve(make: Callable[..., End]) -> None:
    """Obey until standard input ends. The first argument has the options, as JSON; with a second one, "asyncio" or
    "trio", the commands are coroutine functions, and there is one loop for all."""
    soft_limit, hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft_limit != hard_limit:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard_limit, hard_limit))
    end, face = make(**json.loads(sys.argv[1])), sys.argv[2]
    if face == "asyncio":
        asyncio.run(_serve(end, asyncio.to_thread))
    elif face == "trio":
        import trio

        trio.run(_serve, end, trio.to_thread.run_sync)
    else:
        _serve_plain(end)
    sys.stdout.flush()
    os._exit(0)  # CZMQ asserts in its own exit handler


def _serve_plain(end: End) -> None:
    _say({"answer": end.note})
    for line in sys.stdin:
        command = json.loads(line)
        try:
            answer = {"answer": getattr(end, command.pop("do"))(**command)}
        except Exception as error:
            answer = {"error": repr(error)}
        _say(answer)


async def _serve(end: End, in_thread: Callable[..., Awaitable[str]]) -> None:
    _say({"answer": end.note})
    while line := await in_thread(sys.stdin.readline):
        command = json.loads(line)
        try:
            answer = getattr(end, command.pop("do"))(**command)
            answer = {"answer": await answer if inspect.isawaitable(answer) else answer}
        except Exception as error:
            answer = {"error": repr(error)}
        _say(answer)


def _say(answer: Answer) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
