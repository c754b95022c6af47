"""Every public method from any thread: python -m bench.threads [--threads 16] [--operations 1000000].

Threads do whatever comes to their minds with two nodes that talk to each other: send, ask, read, join, look. In the end
each message that was sent has been read exactly once, each request has its own answer, and nobody hangs. Those who hang
show where.
"""

from __future__ import annotations

import argparse
import faulthandler
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import zyre
from zyre import Limits, NodeConfig, Shout, Timing, Whisper

PATIENCE = 60.0
CONFIG = NodeConfig(
    timing=Timing(send_patience=PATIENCE, request=PATIENCE),
    limits=Limits(mailbox_patience=PATIENCE, service_requests_of_peer=256),
)


class Work:
    """What all threads share."""

    def __init__(self, nodes: tuple[zyre.Node, zyre.Node], port: int, interface: str) -> None:
        self.nodes = nodes
        self.port = port
        self.interface = interface
        self.done: Counter[str] = Counter()
        self.sent: Counter[bytes] = Counter()
        self.read: Counter[bytes] = Counter()
        self.guard = threading.Lock()


class Hand:
    """One thread. Its verbs are its methods without an underscore; each takes the node that it is done to."""

    def __init__(self, work: Work, number: int, operations: int) -> None:
        self._work = work
        self._number = number
        self._operations = operations
        self._random = random.Random(number)
        self._sent: Counter[bytes] = Counter()
        self._read: Counter[bytes] = Counter()
        self._done: Counter[str] = Counter()
        self._count = 0
        self._verbs = [getattr(self, name) for name in vars(Hand) if not name.startswith("_")]
        self._weights = [WEIGHTS.get(verb.__name__, 1.0) for verb in self._verbs]

    def __call__(self) -> None:
        work = self._work
        for verb in self._random.choices(self._verbs, self._weights, k=self._operations):
            verb(self._random.choice(work.nodes))
            self._done[verb.__name__] += 1
        with work.guard:
            work.sent += self._sent
            work.read += self._read
            work.done += self._done

    def _new_mark(self) -> bytes:
        self._count += 1
        return b"%d:%d" % (self._number, self._count)

    def _other(self, node: zyre.Node) -> zyre.Node:
        one, two = self._work.nodes
        return two if node is one else one

    def _note(self, event: object) -> None:
        if isinstance(event, (Whisper, Shout)):
            self._read[event.content[0]] += 1

    def whisper(self, node: zyre.Node) -> None:
        mark = self._new_mark()
        assert node.whisper(self._other(node), mark)
        self._sent[mark] += 1

    def shout(self, node: zyre.Node) -> None:
        mark = self._new_mark()
        assert node.shout("ALL", mark) == 1
        self._sent[mark] += 1

    def recv(self, node: zyre.Node) -> None:
        try:
            self._note(node.recv(0.0005))
        except zyre.RecvTimeout:
            pass

    def recv_nowait(self, node: zyre.Node) -> None:
        try:
            for _ in range(8):
                self._note(node.recv_nowait())
        except zyre.WouldBlock:
            pass

    def stream(self, node: zyre.Node) -> None:
        for event in node.stream().until(0.0005).take(3):
            self._note(event)

    def request(self, node: zyre.Node) -> None:
        mark = self._new_mark()
        assert node.request(self._other(node), "echo", mark).content == (mark,)

    def ask(self, node: zyre.Node) -> None:
        mark = self._new_mark()
        assert [reply.content for reply in node.ask("ALL", "echo", mark)] == [(mark,)]

    def join(self, node: zyre.Node) -> None:
        node.join(f"G{self._number % 4}")

    def leave(self, node: zyre.Node) -> None:
        node.leave(f"G{self._number % 4}")

    def look(self, node: zyre.Node) -> None:
        assert self._other(node) in node.peers_in("ALL")
        assert "ALL" in node.groups
        assert len(node.peers) >= 1
        assert node.statistics().peers >= 1
        node.leader("ALL")
        repr(node)
        dict(node.headers)

    def set_header(self, node: zyre.Node) -> None:
        node.set_header(f"H{self._number}", str(self._count))

    def on(self, node: zyre.Node) -> None:
        def see(event: object) -> None: ...

        node.on(zyre.Join)(see)
        node.off(see)

    def live(self, node: zyre.Node) -> None:
        with zyre.Node(port=self._work.port, interface=self._work.interface, groups=[f"L{self._number}"]) as own:
            len(own.peers)


#: How often a verb is chosen, beside the others with 1.
WEIGHTS = {"whisper": 6.0, "shout": 3.0, "recv": 1.0, "recv_nowait": 3.0, "request": 0.3, "ask": 0.1, "stream": 0.2,
           "set_header": 0.02, "join": 0.05, "leave": 0.05, "live": 0.001}  # fmt: skip


def run(threads: int, operations: int, *, port: int, interface: str = "lo") -> Work:
    """So many operations in all. Raises AssertionError if anything is lost, twice, or wrong."""
    names = [zyre.Node(name, port=port, interface=interface, groups=["ALL"], config=CONFIG) for name in ("one", "two")]
    with names[0] as one, names[1] as two:
        for node in (one, two):
            node.service("echo")(lambda request: request.content)
        _wait(lambda: two in one.peers_in("ALL") and one in two.peers_in("ALL"))
        work = Work((one, two), port, interface)
        hands = [Hand(work, number, operations // threads) for number in range(threads)]
        _together(hands)
        rest = Hand(work, threads, 0)

        def read_the_rest() -> bool:
            for node in work.nodes:
                rest.recv_nowait(node)
            return (work.read + rest._read).total() >= work.sent.total()

        _wait(read_the_rest)
        assert work.read + rest._read == work.sent, "a message was lost, or read twice"
        return work


def _together(hands: list[Hand]) -> None:
    errors: list[BaseException] = []

    def guarded(hand: Hand) -> None:
        try:
            hand()
        except BaseException as error:
            errors.append(error)

    running = [threading.Thread(target=guarded, args=(hand,), daemon=True) for hand in hands]
    for thread in running:
        thread.start()
    for thread in running:
        while thread.is_alive() and not errors:
            thread.join(0.5)
    if errors:
        raise errors[0]


def _wait(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            faulthandler.dump_traceback()
            raise AssertionError("this did not come true")
        time.sleep(0.002)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=16)
    parser.add_argument("--operations", type=int, default=1_000_000)
    parser.add_argument("--port", type=int, default=5671)
    parser.add_argument("--interface", default="lo")
    options = parser.parse_args()
    faulthandler.dump_traceback_later(3600, exit=True)
    began = time.monotonic()
    work = run(options.threads, options.operations, port=options.port, interface=options.interface)
    took = time.monotonic() - began
    print(
        f"{work.done.total():,} operations of {options.threads} threads in {took:.0f} s; {work.sent.total():,} messages"
    )
    for verb, count in work.done.most_common():
        print(f"  {count:>9,}  {verb}")


if __name__ == "__main__":
    main()
