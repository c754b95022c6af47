"""Octets in libzmq's hands: they are known to have left when they have, and are bounded, as a plain peer shows."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
import zmq

from tests.peers.harness import ReferencePeer, unused_port
from tests.support.nodes import until
from zyre.engine.freight import Freight

MIB = 1 << 20

#: Whispers large messages to somebody who was stopped, and says what became of them and of its own memory.
SENDER = """
import json, os, sys
import zyre

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096

config = zyre.NodeConfig(timing=zyre.Timing(send_patience=0.2))
with zyre.Node("sender", port=int(sys.argv[1]), interface="lo", config=config) as node:
    while not node.peers:
        node.recv(20)
    frozen = next(iter(node.peers))
    print(str(node.uuid), flush=True)
    input()
    node.whisper(frozen, b"x" * 100_000)  # what is loaded now is no message's
    in_hand = os.urandom(1 << 20)  # the program's own, as is each message that it is about to send
    before = resident()
    del in_hand
    taken = [bool(node.whisper(frozen, os.urandom(1 << 20))) for number in range(200)]
    grown = resident() - before
    statistics = node.statistics()
    told = {"grown": grown, "cap": config.limits.link_bytes, "taken": sum(taken)}
    told["dropped"] = dict(statistics.dropped)
    told["balanced"] = statistics.fates.balanced and statistics.fates.offered == 201
    print(json.dumps(told), flush=True)
    node.join("meanwhile")
    input()
"""


class Pair:
    """A DEALER toward a ROUTER that is not read until somebody asks."""

    def __init__(self) -> None:
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.router = self.context.socket(zmq.ROUTER)
        self.router.rcvhwm = 1
        self.router.setsockopt(zmq.RCVBUF, 65536)
        port = self.router.bind_to_random_port("tcp://127.0.0.1")
        self.dealer = self.context.socket(zmq.DEALER)
        self.dealer.setsockopt(zmq.SNDBUF, 65536)
        self.dealer.connect(f"tcp://127.0.0.1:{port}")
        self.less = threading.Event()
        self.told = 0
        self.freight = Freight(MIB, self._on_less)

    def _on_less(self) -> None:
        self.told += 1
        self.less.set()

    def send(self, *frames: bytes) -> bool:
        return self.freight.send(super(zmq.Socket, self.dealer).send, frames)

    def read(self) -> list[bytes]:
        assert self.router.poll(20_000)
        return self.router.recv_multipart()[1:]


@pytest.fixture
def pair() -> Iterator[Pair]:
    pair = Pair()
    yield pair
    pair.dealer.close(0)
    pair.router.close(0)
    pair.context.term()


def fill(pair: Pair, frame: bytes) -> int:
    """Until it is full and stays so: what is sent first goes on its way."""
    sent = refused = 0
    while refused < 50:
        if pair.send(b"%08d" % sent, frame):
            sent, refused = sent + 1, 0
        else:
            refused += 1
            threading.Event().wait(0.001)
    return sent


@pytest.mark.parametrize("octets", [2000, 30_000, 200_000])
def test_no_more_is_given_to_libzmq_than_may_be_there_and_all_of_it_arrives(pair: Pair, octets: int) -> None:
    frame = b"x" * octets
    sent = fill(pair, frame)
    assert pair.freight._marked + pair.freight._unmarked <= MIB
    assert not pair.freight.has_eased()
    for number in range(sent):
        assert pair.read() == [b"%08d" % number, frame]
    assert pair.less.wait(20), "who waits is told"
    until(pair.freight.has_eased)
    until(lambda: not any(mark() for mark, _ in pair.freight._marks))
    assert pair.told == 1, "and not of each frame that leaves"


def test_a_link_from_which_much_leaves_quickly_gets_more(pair: Pair) -> None:
    assert pair.freight._most == MIB // 2
    for longer, most in ((1000.0, MIB // 2), (-1000.0, MIB), (1000.0, MIB // 2)):
        sent = fill(pair, b"x" * 100_000)
        assert not pair.freight.has_eased()
        pair.freight._full_since -= longer
        for _ in range(sent):
            pair.read()
        until(pair.freight.has_eased)
        assert pair.freight._most == most


def test_one_message_of_any_size_is_taken_if_there_is_no_other(pair: Pair) -> None:
    assert pair.send(b"first", b"x" * (4 * MIB))
    assert not pair.send(b"second", b"y" * MIB)
    assert [len(frame) for frame in pair.read()] == [5, 4 * MIB]
    until(lambda: pair.send(b"second", b"y" * MIB))
    assert [len(frame) for frame in pair.read()] == [6, MIB]


def test_a_last_frame_of_nothing_can_be_watched_for(pair: Pair) -> None:
    for number in range(4):
        assert pair.send(b"%d" % number, b"x" * 100_000, b"")
    for number in range(4):
        assert pair.read() == [b"%d" % number, b"x" * 100_000, b""]
    until(lambda: pair.freight._fits(MIB // 2))


def test_a_plain_peer_that_is_stopped_costs_no_more_memory_than_its_cap() -> None:
    """libzyre under SIGSTOP, and 200 MiB for it: a tenth above Limits.link_bytes at most, every drop counted; and when
    it goes on, it hears of the group before the messages that waited."""
    port = unused_port()
    with ReferencePeer("zyre", name="frozen", port=port, interface="lo") as frozen:
        sender = subprocess.Popen(
            [sys.executable, "-c", SENDER, str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert sender.stdin is not None
        assert sender.stdout is not None
        with sender:
            uuid = sender.stdout.readline().strip()
            frozen.wait_for("ENTER", peer=uuid)
            frozen.pause()
            print(file=sender.stdin, flush=True)
            told = json.loads(sender.stdout.readline())
            frozen.resume()
            frozen.wait_for("JOIN", peer=uuid, group="meanwhile")
            print(file=sender.stdin, flush=True)
    print(told)
    assert told["grown"] <= told["cap"] * 1.1
    assert told["dropped"] == {"peer_slow": 200 - told["taken"]}
    assert told["balanced"]
    assert told["taken"] >= 12
