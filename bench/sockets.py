"""How fast sockets are, against raw pyzmq in the same run.

    python bench/sockets.py [--messages 200000] [--rounds 7] [--json]

Three tables. *Calls*: the price of one send and one receive, alone in one thread. *Two processes* and *two threads*:
32-byte messages over tcp on this machine, from the first received to the last. All contestants take turns in every
round, so that what else the machine does falls on all of them; medians are given with their spread, and ratios are
medians of the ratios within a round.

"raw frames" is pyzmq's send() and recv(), which know nothing of messages: half of one is returned as readily as a
whole. "raw messages" is its send_multipart() and recv_multipart(), which give what ours give.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Any

import zmq

from zyre.sockets import Socket

BODY = b"x" * 32
ANY_PORT = "tcp://127.0.0.1:*"


# -- the contestants: how to send and to receive ``count`` messages --


def raw_send(endpoint: str, count: int) -> None:
    with zmq.Context() as context, context.socket(zmq.PUSH) as socket:
        socket.connect(endpoint)
        send = socket.send
        for _ in range(count):
            send(BODY)


def raw_send_messages(endpoint: str, count: int) -> None:
    with zmq.Context() as context, context.socket(zmq.PUSH) as socket:
        socket.connect(endpoint)
        send = socket.send_multipart
        for _ in range(count):
            send([BODY])


def our_send(endpoint: str, count: int) -> None:
    with Socket("push", connect=endpoint, linger=-1) as socket:
        send = socket.send
        for _ in range(count):
            send(BODY)


def our_send_tasks(endpoint: str, count: int) -> None:
    async def main() -> None:
        with Socket("push", connect=endpoint, linger=-1) as socket:
            send = socket.asend
            for _ in range(count):
                await send(BODY)

    asyncio.run(main())


def raw_recv(socket: zmq.Socket[bytes], count: int) -> None:
    recv = socket.recv
    for _ in range(count):
        recv()


def raw_recv_messages(socket: zmq.Socket[bytes], count: int) -> None:
    recv = socket.recv_multipart
    for _ in range(count):
        recv()


def our_recv(socket: Socket, count: int) -> None:
    recv = socket.recv
    for _ in range(count):
        recv()


def our_recv_many(socket: Socket, count: int) -> None:
    while count > 0:
        count -= len(socket.recv_many(min(count, 256)))


def our_iteration(socket: Socket, count: int) -> None:
    for _ in socket:
        count -= 1
        if not count:
            return


async def our_recv_tasks(socket: Socket, count: int) -> None:
    recv = socket.arecv
    for _ in range(count):
        await recv()


@dataclass(frozen=True)
class Contestant:
    name: str
    send: Callable[[str, int], None]
    recv: Callable[[Any, int], Any]
    ours: bool = True


CONTESTANTS = [
    Contestant("raw frames", raw_send, raw_recv, ours=False),
    Contestant("raw messages", raw_send_messages, raw_recv_messages, ours=False),
    Contestant("send -> raw recv", our_send, raw_recv, ours=False),
    Contestant("raw send -> recv", raw_send, our_recv),
    Contestant("raw send -> recv_many", raw_send, our_recv_many),
    Contestant("send -> recv", our_send, our_recv),
    Contestant("send -> for message in", our_send, our_iteration),
    Contestant("send -> recv_many", our_send, our_recv_many),
    Contestant("asend -> arecv (asyncio)", our_send_tasks, our_recv_tasks),
]


# -- one race --


class Receiver:
    """A bound pull socket of either make."""

    def __init__(self, contestant: Contestant) -> None:
        self._recv = contestant.recv
        self._context: zmq.Context[zmq.Socket[bytes]] | None = None
        if contestant.ours:
            self._socket: Any = Socket("pull", bind=ANY_PORT)
            self.endpoint = self._socket.endpoints("bind")[0]
        else:
            self._context = zmq.Context()
            self._socket = self._context.socket(zmq.PULL)
            self._socket.bind(ANY_PORT)
            self.endpoint = self._socket.last_endpoint.decode()

    def rate(self, count: int) -> float:
        """Messages per second, after the first."""
        if asyncio.iscoroutinefunction(self._recv):
            return asyncio.run(self._rate_of_tasks(count))
        self._recv(self._socket, 1)
        begin = perf_counter()
        self._recv(self._socket, count)
        return count / (perf_counter() - begin)

    async def _rate_of_tasks(self, count: int) -> float:
        await self._recv(self._socket, 1)
        begin = perf_counter()
        await self._recv(self._socket, count)
        return count / (perf_counter() - begin)

    def close(self) -> None:
        self._socket.close()
        if self._context is not None:
            self._context.term()


def between_processes(contestant: Contestant, count: int) -> float:
    receiver = Receiver(contestant)
    command = [sys.executable, __file__, "--send", contestant.name, receiver.endpoint, str(count + 1)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(command, env=environment):
        rate = receiver.rate(count)
    receiver.close()
    return rate


def between_threads(contestant: Contestant, count: int) -> float:
    receiver = Receiver(contestant)
    sender = threading.Thread(target=contestant.send, args=(receiver.endpoint, count + 1))
    sender.start()
    rate = receiver.rate(count)
    sender.join()
    receiver.close()
    return rate


# -- single calls --

#: The call of pyzmq that does what a call of ours does.
COUNTERPARTS = {"send": "raw send", "recv": "raw recv_multipart", "recv_many": "raw recv_multipart"}


def calls(count: int) -> Iterator[tuple[str, float]]:
    """Nanoseconds for each call, alone in one thread."""
    with zmq.Context() as context, context.socket(zmq.PUSH) as push, context.socket(zmq.PULL) as pull:
        push.sndhwm = pull.rcvhwm = 0
        pull.bind("inproc://raw")
        push.connect("inproc://raw")
        with (
            Socket("pull", rcvhwm=0, bind="inproc://ours") as ours,
            Socket("push", sndhwm=0, connect="inproc://ours") as out,
        ):
            yield "raw send", timed(push.send, count, BODY)
            yield "raw recv", timed(pull.recv, count)
            yield "raw send_multipart", timed(push.send_multipart, count, [BODY])
            yield "raw recv_multipart", timed(pull.recv_multipart, count)
            yield "send", timed(out.send, count, BODY)
            yield "recv", timed(ours.recv, count)
            timed(out.send, count, BODY)
            begin = perf_counter()
            our_recv_many(ours, count)
            yield "recv_many", (perf_counter() - begin) / count * 1e9


def timed(call: Callable[..., object], count: int, *arguments: object) -> float:
    begin = perf_counter()
    for _ in range(count):
        call(*arguments)
    return (perf_counter() - begin) / count * 1e9


# -- the report --


def race(run: Callable[[Contestant, int], float], messages: int, rounds: int) -> dict[str, list[float]]:
    rates: dict[str, list[float]] = {contestant.name: [] for contestant in CONTESTANTS}
    for _ in range(rounds):
        for contestant in CONTESTANTS:
            rates[contestant.name].append(run(contestant, messages))
    return rates


def show(title: str, rates: dict[str, list[float]]) -> None:
    print(f"\n{title:<28} {'median':>10} {'lowest':>10} {'highest':>10}  /frames /messages")
    for name, each in rates.items():
        ratios = [
            median(mine / theirs for mine, theirs in zip(each, rates[raw], strict=True)) for raw in list(rates)[:2]
        ]
        print(
            f"{name:<28} {median(each):>10,.0f} {min(each):>10,.0f} {max(each):>10,.0f}"
            f"  {ratios[0]:7.2f} {ratios[1]:9.2f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", action="store_true", help="print all measured values as one JSON object")
    parser.add_argument("--send", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.send:
        name, endpoint, count = options.send
        next(each for each in CONTESTANTS if each.name == name).send(endpoint, int(count))
        return
    prices: dict[str, list[float]] = {}
    for _ in range(options.rounds):
        for name, price in calls(options.messages // 4):
            prices.setdefault(name, []).append(price)
    processes = race(between_processes, options.messages, options.rounds)
    threads = race(between_threads, options.messages, options.rounds)
    if options.json:
        print(json.dumps({"calls": prices, "processes": processes, "threads": threads}))
        return
    print(f"{'one call':<28} {'median ns':>10} {'lowest':>10} {'highest':>10}  times raw (by the lowest)")
    for name, each in prices.items():
        against = COUNTERPARTS.get(name)
        times = f"{min(each) / min(prices[against]):.2f} {against}" if against else ""
        print(f"{name:<28} {median(each):>10,.0f} {min(each):>10,.0f} {max(each):>10,.0f}  {times}")
    show("between two processes, /s", processes)
    show("between two threads, /s", threads)


if __name__ == "__main__":
    main()
