"""Divide and conquer: a ventilator of tasks, ten workers, and a sink for the results (PUSH and PULL).

python examples/sockets/divide_and_conquer.py
"""

from __future__ import annotations

from collections.abc import Callable
from random import randint
from threading import Event, Thread
from time import perf_counter, sleep

from zyre.sockets import Socket, SocketClosed

TASKS = 100
WORKERS = 10


def ventilator(sender: Socket, sink_endpoint: str, go: Event, tasks: int) -> None:
    """Sends a batch of tasks to the workers, and tells the sink when it starts."""
    with sender, Socket("push", connect=sink_endpoint) as sink:
        go.wait()
        sink.send("0")  # message 0 signals the start of the batch
        total_msec = 0
        for _ in range(tasks):
            workload = randint(1, 100)
            sender.send(str(workload))
            total_msec += workload
        print(f"Total expected cost: {total_msec} msec")


def worker(receiver: Socket, sender: Socket, work: Callable[[float], object]) -> None:
    """Collects workloads, does them, and reports each to the sink."""
    with receiver, sender:
        try:
            for message in receiver:
                work(int(message.string) / 1000)  # do the work
                sender.send("")
        except SocketClosed:
            return


def sink(receiver: Socket, tasks: int) -> float:
    """Collects the results, and says how long that took."""
    receiver.recv()  # the start of the batch
    begin = perf_counter()
    for _ in range(tasks):
        receiver.recv()
    print(f"Total elapsed time: {(perf_counter() - begin) * 1000:.0f} msec")
    return perf_counter() - begin


def main(
    tasks_endpoint: str = "tcp://*:5557",
    sink_endpoint: str = "tcp://*:5558",
    tasks: int = TASKS,
    work: Callable[[float], object] = sleep,
    settle: float = 1.0,
) -> float:
    go = Event()
    sender = Socket("push", bind=tasks_endpoint)
    results = Socket("pull", bind=sink_endpoint)
    here, there = (socket.endpoints("bind")[0].replace("0.0.0.0", "localhost") for socket in (sender, results))
    workers = [(Socket("pull", connect=here), Socket("push", connect=there)) for _ in range(WORKERS)]
    threads = [Thread(target=worker, args=(*sockets, work)) for sockets in workers]
    threads.append(Thread(target=ventilator, args=(sender, there, go, tasks)))
    for thread in threads:
        thread.start()
    sleep(settle)  # to get the speed-up of ten workers, give all of them time to connect
    go.set()
    elapsed = sink(results, tasks)
    for receiver, _ in workers:
        receiver.close()
    for thread in threads:
        thread.join()
    results.close()
    return elapsed


if __name__ == "__main__":
    main()
