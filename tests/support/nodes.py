"""Nodes of ours on real sockets, in this process: how a test starts them, lets them meet, and waits.

A test waits for events, never for time: ``expect`` reads a node until the event it wants, and says what came instead
if that does not come. ``PATIENCE`` bounds such a wait and is never what a test measures.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Self

import zmq
from zmq.utils.garbage import gc as pyzmq_collector

import zyre
from tests.peers import raw
from tests.peers.harness import unused_port
from zyre.node import BaseNode

PATIENCE = 20.0

# pyzmq starts a thread of its own for good when a large frame is first shared with libzmq. It starts here, so that no
# test is taken for the one that left it behind.
if not pyzmq_collector.is_alive():
    pyzmq_collector.start()
_ = pyzmq_collector._push_socket  # and has a socket of its own from then on


def matches(event: object, kind: type, fields: dict[str, Any]) -> bool:
    return isinstance(event, kind) and all(getattr(event, name) == value for name, value in fields.items())


def expect(node: zyre.Node, kind: type, timeout: float = PATIENCE, **fields: Any) -> Any:
    """Read events until the first of this kind with these fields; those before it are passed over."""
    deadline = time.monotonic() + timeout
    passed: list[object] = []
    while True:
        try:
            event = node.recv(max(0.0, deadline - time.monotonic()))
        except zyre.RecvTimeout:
            raise AssertionError(f"no {kind.__name__} with {fields} within {timeout} s, but {passed[-20:]}") from None
        if matches(event, kind, fields):
            return event
        passed.append(event)


def drain(node: zyre.Node) -> list[Any]:
    """All events that are there."""
    events = []
    try:
        while True:
            events.append(node.recv_nowait())
    except zyre.WouldBlock:
        return events


def until(condition: Callable[[], object], what: str = "the condition", timeout: float = PATIENCE) -> None:
    """Wait for something that no event tells of, such as a counter."""
    deadline = time.monotonic() + timeout
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come true within {timeout} s"
        pause.wait(0.002)


@contextmanager
def meeting(*names: str, port: int | None = None, interface: str = "lo", **options: Any) -> Iterator[Any]:
    """Started nodes that have all met; what they read for that is gone. One name gives a node, more a tuple."""
    port = unused_port() if port is None else port
    with ExitStack() as stack:
        nodes = [stack.enter_context(zyre.Node(name, port=port, interface=interface, **options)) for name in names]
        for node in nodes:
            missing = {other.uuid for other in nodes} - {node.uuid}
            while missing:
                missing.discard(expect(node, zyre.Enter).peer)
        for node in nodes:
            for other in nodes:
                if other is not node:
                    for group in other.groups:
                        until(lambda n=node, o=other, g=group: o in n.peers_in(g), f"{other.name} in {group}")
        yield nodes[0] if len(nodes) == 1 else tuple(nodes)


#: For tests in which who does not appear soon was kept out.
SOON = zyre.NodeConfig(timing=zyre.Timing(beacon=0.1, handshake=0.5))


@contextmanager
def maker(**options: Any) -> Iterator[Any]:
    """Makes running nodes on one port; ``options`` are those of each that does not say otherwise."""
    common = {"port": unused_port(), "config": SOON} | options
    with ExitStack() as stack:
        yield lambda name, **own: stack.enter_context(zyre.Node(name, **{**common, **own}))


def is_waited_for(node: zyre.Node) -> bool:
    """Whether some thread waits for room."""
    return bool(node._host._congestion._room._waiters)  # type: ignore[attr-defined]


class DeafPeer:
    """A peer played by hand that says HELLO to a node and reads only when told to, so that its queue fills."""

    def __init__(self, node: BaseNode | str, groups: Sequence[str] = ()) -> None:
        endpoint = node if isinstance(node, str) else node.endpoint
        identity = uuid.uuid4().bytes
        self.uuid = identity.hex().upper()
        self._context = zmq.Context()
        self._inbox = self._context.socket(zmq.ROUTER)
        self._inbox.rcvhwm = 1
        port = self._inbox.bind_to_random_port("tcp://127.0.0.1")
        self._outbox = self._context.socket(zmq.DEALER)
        self._outbox.routing_id = b"\x01" + identity
        self._outbox.connect(endpoint)
        self._outbox.send(raw.header(raw.HELLO, 1) + raw.hello(f"tcp://127.0.0.1:{port}", "deaf", groups, status=1))

    def read(self) -> list[bytes]:
        """The next message, its identity frame first."""
        assert self._inbox.poll(int(PATIENCE * 1000)), "nothing came"
        return self._inbox.recv_multipart()

    def say_goodbye(self) -> None:
        """Leave."""
        self._outbox.send(raw.header(raw.GOODBYE, 2))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._context.destroy(linger=0)


def in_threads(*jobs: Callable[[], object], timeout: float = PATIENCE) -> list[Any]:
    """Run each job in a thread of its own; their results in order. What one of them raises is raised here."""
    results: list[Any] = [None] * len(jobs)
    errors: list[BaseException] = []

    def run(index: int, job: Callable[[], object]) -> None:
        try:
            results[index] = job()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=pair, daemon=True) for pair in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout)
    if errors:
        raise errors[0]
    assert not any(thread.is_alive() for thread in threads), f"still running after {timeout} s"
    return results


def repeat(count: int, job: Callable[[int], Callable[[], object]]) -> Iterable[Callable[[], object]]:
    """``count`` jobs for ``in_threads``, made by number."""
    return [job(number) for number in range(count)]
