"""Where each microsecond of a message goes: ``python -m bench.path``.

The price of each step of a whisper and of a shout, out and in, hot and alone in one thread: the lowest of many short
rounds, which holds on a busy machine as well. Steps contain those they are built on, so the difference of two lines
is what a layer takes. Its peers are bare sockets, so that only our own node is measured.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import zmq

import zyre
from zyre.bulk import packs
from zyre.core.burst import Burst
from zyre.engine.lanes import Lane
from zyre.node import Node
from zyre.wire import bundle, zre

from .network import enter

__all__ = ["Bench", "main"]

PEERS = 10
GROUP = "BENCH"
CONTENT = bytes(32)


class Peer:
    """A node as far as ours can see: a DEALER that speaks, and a ROUTER that listens."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], node: Node, number: int) -> None:
        self.inbox = context.socket(zmq.ROUTER)
        self.inbox.linger = self.inbox.rcvhwm = 0
        port = self.inbox.bind_to_random_port("tcp://127.0.0.1")
        self.link = context.socket(zmq.DEALER)
        self.link.linger = self.link.sndhwm = 0
        self.link.routing_id = zre.identity_frame(os.urandom(16))
        self.link.connect(node.endpoint)
        self.sequence = 0
        hello = zre.encode_hello(zre.Hello(f"tcp://127.0.0.1:{port}", f"peer{number}", (GROUP,)))
        self.say(zre.HELLO, hello)

    def say(self, message_id: int, fields: bytes = b"", *content: bytes) -> None:
        self.sequence += 1
        self.link.send_multipart([zre.pack_header(message_id, self.sequence) + fields, *content])

    def empty(self) -> None:
        try:
            while True:
                self.inbox.recv(zmq.NOBLOCK)
        except zmq.Again:
            pass

    def close(self) -> None:
        self.inbox.close(0)
        self.link.close(0)


class Bench:
    """A node among peers, whose inbox nobody reads but who measures."""

    def __init__(self, node: Node, peers: list[Peer], rounds: int, messages: int) -> None:
        self.node, self.peers = node, peers
        self.host = node._host
        self.transport, self.driver, self.machine = self.host.transport, self.host._driver, self.host.machine
        self.mailbox = self.host.mailbox
        self.rounds, self.messages = rounds, messages
        self.talker = peers[0]
        identity = self.talker.link.routing_id
        self.record = self.machine._directory.by_frame[identity]

    def lowest(self, job: Callable[[], object], prepare: Callable[[], object] = lambda: None) -> float:
        """Microseconds for each message of the fastest round."""
        best = float("inf")
        for _ in range(self.rounds):
            prepare()
            began = time.perf_counter()
            job()
            best = min(best, time.perf_counter() - began)
        return best / self.messages * 1e6

    def sending(self) -> Iterator[tuple[str, float]]:
        peer, content, n = self.record.peer, (CONTENT,), self.messages
        frames = (zre.pack_header(zre.WHISPER, 1), CONTENT)
        whispers = {
            "libzmq: two frames": lambda: self.transport.send(self.record.link, frames),
            "machine.whisper": lambda: self.machine.whisper(peer, content),
            "driver.whisper": lambda: self.driver.whisper(peer, content),
            "Node.whisper": lambda: self.node.whisper(peer, CONTENT),
        }
        for name, whisper in whispers.items():
            yield name, self.lowest(lambda send=whisper: [send() for _ in range(n)], self._swept)
        shouts = {
            "machine.shout, each delivery": lambda: self.machine.shout(GROUP, content),
            "driver.shout": lambda: self.driver.shout(GROUP, content),
            "Node.shout": lambda: self.node.shout(GROUP, CONTENT),
        }
        for name, shout in shouts.items():
            yield name, self.lowest(lambda send=shout: [send() for _ in range(n // PEERS)], self._swept)

    def bundled(self) -> Iterator[tuple[str, float]]:
        """What each message costs where many travel in one frame."""
        peer, n = self.record.peer, self.messages
        lane = Lane(peer, len(CONTENT), lambda lane: None)
        lane.room = n + 1
        messages = [CONTENT] * n
        fields, body = bundle.encode_bundle("", [(CONTENT,)] * n)
        frame = zre.pack_header(bundle.BUNDLE, 1) + fields
        burst = Burst(peer, "peer", bundle.decode_bundle(frame, [body]))

        def read() -> None:
            left = n
            for _ in self.node:
                left -= 1
                if not left:
                    break

        self.node._lanes = {peer: lane}
        try:
            yield (
                "Node.whisper, into a lane",
                self.lowest(lambda: [self.node.whisper(peer, CONTENT) for _ in range(n)], lane.pending.clear),
            )
        finally:
            self.node._lanes = self.host.lanes
        yield "packed for whisper_many", self.lowest(lambda: list(packs(messages)))
        yield "the frame, made", self.lowest(lambda: bundle.encode_bundle("", [(CONTENT,)] * n))
        yield "the frame, checked", self.lowest(lambda: bundle.decode_bundle(frame, [body]))
        yield "the events, made", self.lowest(lambda: list(burst.open()[0]))
        yield "for event in node", self.lowest(read, lambda: self.mailbox.put([burst]))

    def _swept(self) -> None:
        self.machine.take_effects()
        time.sleep(0.002)
        for peer in self.peers:
            peer.empty()

    def receiving(self) -> Iterator[tuple[str, float]]:
        n = self.messages
        taken: list[list[bytes]] = []

        def fill() -> None:
            taken.clear()
            for _ in range(n):
                self.talker.say(zre.WHISPER, b"", CONTENT)
            time.sleep(0.005)

        def receive() -> None:
            while len(taken) < n:
                taken.extend(self.transport.receive(256))

        yield "libzmq: three frames, as a list", self.lowest(receive, fill)
        whispers = list(taken)
        group = zre.encode_shout(GROUP)
        shouts = [[identity, _as_shout(header, group), *content] for identity, header, *content in whispers]
        for name, messages in (("machine: a whisper", whispers), ("machine: a shout", shouts)):
            yield name, self.lowest(lambda each=messages: self._step(each), self._rewind(messages))
        self._rewind(whispers)()
        self._step(whispers)
        events = self.machine.take_events()
        mailbox = self.mailbox

        def alone() -> None:
            for event in events:
                mailbox.put([event])
                mailbox.get_nowait()

        yield "mailbox, in and out, one by one", self.lowest(alone)
        yield "mailbox, in, as a batch", self.lowest(lambda: mailbox.put(events), self._drained)
        self._drained()
        yield "Node.recv", self.lowest(lambda: [self.node.recv() for _ in range(n)], lambda: mailbox.put(events))

    def _step(self, messages: list[list[bytes]]) -> None:
        now, receive = time.monotonic(), self.machine.receive_frames
        for frames in messages:
            receive(frames, now)

    def _rewind(self, messages: list[list[bytes]]) -> Callable[[], None]:
        def rewind() -> None:
            self.machine.take_events()
            self.record.received = zre.unpack_header(messages[0][1])[1] - 1

        return rewind

    def _drained(self) -> None:
        try:
            while True:
                self.node.recv_nowait()
        except zyre.WouldBlock:
            pass


def _as_shout(header: bytes, group: bytes) -> bytes:
    return zre.pack_header(zre.SHOUT, zre.unpack_header(header)[1]) + group


@contextmanager
def bench(rounds: int, messages: int) -> Iterator[Bench]:
    """A node that has met its peers, with the engine kept from its inbox."""
    limits = zyre.Limits(link_messages=1_000_000, inbox_messages=1_000_000)
    config = zyre.NodeConfig(limits=limits)
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    with Node("bench", port=0, interface="lo", extensions=(), config=config) as node:
        peers = [Peer(context, node, number) for number in range(PEERS)]
        met = 0
        while met < PEERS:
            met += isinstance(node.recv(10.0), zyre.Join)
        node._host._lead.reading.acquire()
        gc.disable()
        try:
            yield Bench(node, peers, rounds, messages)
        finally:
            gc.enable()
            node._host._lead.reading.release()
            for peer in peers:
                peer.close()
    context.term()


def main() -> None:
    """Print the price of each step."""
    parser = argparse.ArgumentParser(prog="python -m bench.path", description="Where each microsecond goes.")
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--messages", type=int, default=500)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    enter()
    with bench(options.rounds, options.messages) as measured:
        prices = {
            "out": dict(measured.sending()),
            "in": dict(measured.receiving()),
            "many": dict(measured.bundled()),
        }
    if options.json:
        json.dump(prices, sys.stdout, indent=1)
        return
    for way, steps in prices.items():
        for step, price in steps.items():
            print(f"{way:<4} {step:<34} {price:6.2f} us")


if __name__ == "__main__":
    main()
