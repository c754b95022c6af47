"""What becomes of whispers over resets, a reader that sleeps, and a killed receiver: ours, and others for the record.

    python -m bench.compare [--only NAME ...] [--scenarios NAME ...]

Two processes of one implementation over loopback, in a network of their own. ``told`` is what the sender knows of its
losses: of the others nothing. Whatever is not installed is passed over.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import queue
import resource
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from .network import enter
from .resets import reset_all

_PORT = 5698
_INTERFACE = "va"
_RATE = 1000
_FAST = 20_000


class Ours:
    """A node of this package, in one of its modes."""

    def __init__(self, role: str, folder: str, mode: str) -> None:
        import zyre

        self.mode = mode
        store = Path(folder, f"{role}.db") if mode == "durable" else None
        self.node = zyre.Node(role, port=_PORT, interface=_INTERFACE, store=store)
        self.node.start()
        self.uuid = str(self.node.uuid)

    def send(self, peer: str, content: bytes) -> None:
        """Send, waiting for room as the mode has it."""
        import zyre

        while True:
            try:
                self.node.whisper(peer, content, mode=self.mode)
                return
            except zyre.WouldBlock:  # the store is full
                time.sleep(0.01)

    def knows(self, peer: str) -> bool:
        """Whether it is here."""
        return peer in self.node.peers

    def read(self, seconds: float) -> bytes | None:
        """The content of the next whisper, if one comes in time."""
        import zyre

        try:
            event = self.node.recv(timeout=seconds)
        except zyre.RecvTimeout:
            return None
        return event.content[0] if isinstance(event, zyre.Whisper) else b""

    def told(self) -> str:
        """What became of the messages, as the sender knows it."""
        fates = self.node.statistics().fates
        return ", ".join(f"{name} {getattr(fates, name)}" for name in fates.__slots__ if getattr(fates, name))


class Libzyre:
    """libzyre, by ctypes."""

    def __init__(self, role: str, folder: str, mode: str) -> None:
        from ctypes import byref, c_void_p

        from tests.peers import libzyre

        self._peers, self._byref = libzyre, byref
        os.environ["ZSYS_SIGHANDLER"] = "false"
        path = libzyre.find_library()
        assert path is not None, "the wheel ingescape is not installed"
        self._lib = libzyre.load(path)
        self._node = c_void_p(self._lib.zyre_new(role.encode()))
        self._lib.zyre_set_port(self._node, _PORT)
        self._lib.zyre_set_interface(self._node, _INTERFACE.encode())
        self._lib.zyre_start(self._node)
        self._known: set[str] = set()
        self._waiting: list[bytes] = []
        self.uuid = self._lib.zyre_uuid(self._node).decode()

    def send(self, peer: str, content: bytes) -> None:
        """Send."""
        self._lib.zyre_whisper(self._node, peer.encode(), self._byref(self._peers.build_message(self._lib, [content])))

    def knows(self, peer: str) -> bool:
        """Whether it has entered."""
        if peer not in self._known and (content := self.read(0.01)):
            self._waiting.append(content)
        return peer in self._known

    def read(self, seconds: float) -> bytes | None:
        """The content of the next whisper, if one comes in time."""
        if self._waiting:
            return self._waiting.pop(0)
        self._lib.zsock_set_rcvtimeo(self._lib.zyre_socket(self._node), max(1, int(seconds * 1000)))
        message = self._lib.zyre_recv(self._node)
        if not message:
            return None
        kind, peer, _, *rest = self._peers.take_frames(self._lib, message)
        if kind == b"ENTER":
            self._known.add(peer.decode())
        return rest[0] if kind == b"WHISPER" else b""

    def told(self) -> str:
        """Nothing."""
        return "nothing"


class Pyre:
    """zeromq-pyre."""

    def __init__(self, role: str, folder: str, mode: str) -> None:
        import pyre
        from pyre import zhelper

        interfaces = zhelper.get_ifaddrs()
        zhelper.get_ifaddrs = lambda: [entry for entry in interfaces if _INTERFACE in entry]
        self._node = pyre.Pyre(role)
        self._node.set_port(str(_PORT).encode())
        self._node.start()
        self._known: set[str] = set()
        self.uuid = self._node.uuid().hex

    def send(self, peer: str, content: bytes) -> None:
        """Send."""
        self._node.whisper(uuid.UUID(peer), content)

    def knows(self, peer: str) -> bool:
        """Whether it has entered."""
        self.read(0.01)
        return peer in self._known

    def read(self, seconds: float) -> bytes | None:
        """The content of the next whisper, if one comes in time."""
        if not self._node.socket().poll(int(seconds * 1000)):
            return None
        event = self._node.recv()
        if event[0] == b"ENTER":
            self._known.add(uuid.UUID(bytes=event[1]).hex)
        return bytes(event[3]) if event[0] == b"WHISPER" else b""

    def told(self) -> str:
        """Nothing."""
        return "nothing"


class PypiZre:
    """The package zre of PyPI: a node of asyncio, here with a loop in a thread."""

    def __init__(self, role: str, folder: str, mode: str) -> None:
        import zre

        self._node = zre.ZreNode(role)
        self._node.set_port(_PORT)
        self._node.set_interface(_INTERFACE)
        self.uuid = uuid.uuid4().hex
        self._node.set_uuid(self.uuid)
        self._loop = asyncio.new_event_loop()
        self._events: queue.Queue[dict[str, Any]] = queue.Queue()
        self._sent, self._reads = 0, False
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._await(self._node.start())
        asyncio.run_coroutine_threadsafe(self._node.run(), self._loop)

    def _await(self, job: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(job, self._loop).result(60)

    async def _pump(self) -> None:
        async for event in self._node.events():
            self._events.put(event)

    def send(self, peer: str, content: bytes) -> None:
        """Send; once in a hundred wait until it has been taken."""
        taken = asyncio.run_coroutine_threadsafe(self._node.whisper(peer, content), self._loop)
        self._sent += 1
        if self._sent % 100 == 0:
            taken.result(60)

    def knows(self, peer: str) -> bool:
        """Whether it is here."""
        return peer in self._node.peers()

    def read(self, seconds: float) -> bytes | None:
        """The content of the next whisper, if one comes in time."""
        if not self._reads:
            self._reads = True
            asyncio.run_coroutine_threadsafe(self._pump(), self._loop)
        try:
            event = self._events.get(timeout=seconds)
        except queue.Empty:
            return None
        return bytes(event["payload"]) if event["type"] == "WHISPER" else b""

    def told(self) -> str:
        """Nothing."""
        return "nothing"


CONTESTANTS: dict[str, tuple[Callable[[str, str, str], Any], str]] = {
    "ours, best_effort": (Ours, "best_effort"),
    "ours, reliable": (Ours, "reliable"),
    "ours, durable": (Ours, "durable"),
    "libzyre": (Libzyre, ""),
    "zeromq-pyre": (Pyre, ""),
    "PyPI's zre": (PypiZre, ""),
}


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


def receive(name: str, folder: str, pipe: Connection, asleep: float) -> None:
    """Note the numbers of whispers, after a sleep, until it has been quiet for a while after being told to end."""
    make, mode = CONTESTANTS[name]
    end = make("receiver", folder, mode)
    pipe.send(end.uuid)
    before = _peak()
    if asleep:
        pipe.recv()
        time.sleep(asleep)
    grown, quiet, ending = _peak() - before, 0.0, False
    with Path(folder, "taken").open("ab", buffering=0) as taken:
        while quiet < 3:
            content = end.read(0.25)
            ending = ending or pipe.poll()
            if content is None:
                quiet += 0.25 if ending else 0
            else:
                quiet = 0.0
                if content:
                    taken.write(content[:12] + b"\n")
    pipe.send(grown)
    os._exit(0)


def send(name: str, folder: str, pipe: Connection) -> None:
    """Send numbers: ``(peer, first, count, rate, octets)``; rate 0 is as fast as it goes, for ``count`` seconds."""
    make, mode = CONTESTANTS[name]
    end, before = make("sender", folder, mode), _peak()
    pipe.send("ready")
    while (order := pipe.recv()) is not None:
        if order == "told":
            pipe.send((end.told(), _peak() - before))
            continue
        peer, number, count, rate, octets = order
        deadline = time.monotonic() + 20
        while not end.knows(peer) and time.monotonic() < deadline:
            time.sleep(0.01)
        began, last = time.monotonic(), number + (count if rate else 1 << 60)
        while number < last and (rate or time.monotonic() < began + count):
            end.send(peer, b"%011d " % number + bytes(octets))
            number += 1
            if rate and number % 20 == 0:
                time.sleep(max(0.0, began + (number - order[1]) / rate - time.monotonic()))
        pipe.send(number)
    os._exit(0)


class Pair:
    """The two processes of one contestant."""

    def __init__(self, name: str, asleep: float = 0.0) -> None:
        self.name, self.asleep = name, asleep
        self.folder = tempfile.mkdtemp()
        self.context = multiprocessing.get_context("spawn")
        self.orders, theirs = multiprocessing.Pipe()
        self.sender = self.context.Process(target=send, args=(name, self.folder, theirs), daemon=True)
        self.sender.start()
        self.orders.recv()
        self.new_receiver()

    def new_receiver(self) -> None:
        """A receiver, or the next one."""
        self.pipe, theirs = multiprocessing.Pipe()
        arguments = (self.name, self.folder, theirs, self.asleep)
        self.receiver = self.context.Process(target=receive, args=arguments, daemon=True)
        self.receiver.start()
        self.peer = self.pipe.recv()

    def finish(self, sent: int) -> str:
        """What arrived of what was sent, and what the sender knows of it."""
        self.pipe.send("end")
        grown = self.pipe.recv() if self.pipe.poll(120) else -1
        self.orders.send("told")
        told, sender = self.orders.recv() if self.orders.poll(20) else ("no answer", -1)
        lines = Path(self.folder, "taken").read_bytes().split(b"\n")[:-1]
        numbers = [int(line) for line in lines]
        missing, twice = sent - len(set(numbers)), len(numbers) - len(set(numbers))
        for process in (self.sender, self.receiver):
            process.kill()
            process.join()
        return f"sent {sent}, missing {missing}, twice {twice}, memory +{sender} and +{grown} MiB, told: {told}"


def over_resets(name: str) -> str:
    """Ten seconds while all connections are destroyed every two."""
    pair = Pair(name)
    pair.orders.send((pair.peer, 0, 10 * _FAST, _FAST, 20))
    for _ in range(4):
        if pair.orders.poll(2.0):
            break
        reset_all()
    return pair.finish(pair.orders.recv() if pair.orders.poll(60) else 10 * _FAST)


def to_a_sleeper(name: str) -> str:
    """Five seconds as fast as it goes, while the receiver's program does not read for ten."""
    pair = Pair(name, asleep=10.0)
    pair.orders.send((pair.peer, 0, 5, 0, 1000))
    pair.pipe.send("sleep")
    return pair.finish(pair.orders.recv() if pair.orders.poll(60) else -1)


def past_a_kill(name: str) -> str:
    """Four seconds; the receiver is killed after two, and another one begins at once."""
    pair = Pair(name)
    pair.orders.send((pair.peer, 0, 2 * _RATE, _RATE, 20))
    time.sleep(1.9)
    pair.receiver.kill()
    pair.receiver.join()
    pair.orders.recv()
    pair.new_receiver()
    pair.orders.send((pair.peer, 2 * _RATE, 2 * _RATE, _RATE, 20))
    return pair.finish(pair.orders.recv() if pair.orders.poll(60) else 4 * _RATE)


SCENARIOS = (over_resets, to_a_sleeper, past_a_kill)


def main() -> None:
    """Run all, or some."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=list(CONTESTANTS))
    parser.add_argument("--scenarios", nargs="*", default=[scenario.__name__ for scenario in SCENARIOS])
    options = parser.parse_args()
    obstacle = enter()
    if obstacle:
        raise SystemExit(f"this needs a network namespace of its own: {obstacle}")
    for scenario in SCENARIOS:
        for name in options.only if scenario.__name__ in options.scenarios else ():
            try:
                print(f"{scenario.__name__}: {name}: {scenario(name)}", flush=True)
            except Exception as error:  # of others, and it is for the record
                print(f"{scenario.__name__}: {name}: {error!r}", flush=True)


if __name__ == "__main__":
    main()
