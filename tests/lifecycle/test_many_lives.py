"""Starts and stops without end, and nodes that nobody holds any more: nothing is left of them."""

from __future__ import annotations

import gc
import os
import resource
import threading
import time

import pytest

import zyre
from tests.peers.harness import unused_port
from tests.support.nodes import expect, until
from zyre import Enter, Exit

pytestmark = pytest.mark.lan


def resident() -> int:
    """Kilobytes of memory in use."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() // 1024


def threads() -> set[str]:
    return {thread.name for thread in threading.enumerate()}


def settled() -> tuple[int, int]:
    """Threads and descriptors once libzmq and the engine have cleaned up behind the last node."""
    until(lambda: "zyre-engine" not in threads(), "the end of the engine thread")
    last = -1
    while last != (last := len(os.listdir("/proc/self/fd"))):
        time.sleep(0.02)
    return len(os.listdir("/proc/self/task")), last


def live(count: int, port: int) -> None:
    for _ in range(count):
        node = zyre.Node("alice", port=port, interface="lo", groups=["G"])
        node.start()
        node.fileno()
        node.stop()


def test_a_thousand_lives() -> None:
    port = unused_port()
    live(50, port)
    gc.collect()
    before, memory = settled(), resident()
    began = time.monotonic()
    live(1000, port)
    took = time.monotonic() - began
    gc.collect()
    after, grown = settled(), resident() - memory
    print(f"1000 starts and stops: {took:.2f} s, threads and descriptors {before} -> {after}, memory {grown:+} kB")
    assert after[0] <= before[0]
    assert after[1] <= before[1]
    assert grown < 5_000


def test_a_hundred_lives_with_a_peer() -> None:
    port = unused_port()
    with zyre.Node("bob", port=port, interface="lo") as bob:

        def meet(count: int) -> None:
            for _ in range(count):
                with zyre.Node("alice", port=port, interface="lo") as alice:
                    expect(alice, Enter)
                    expect(bob, Enter, peer=alice.uuid)
                    assert bob.whisper(alice, "hello")
                expect(bob, Exit, peer=alice.uuid)

        meet(10)
        gc.collect()
        until(lambda: not bob.peers)
        descriptors, memory = len(os.listdir("/proc/self/fd")), resident()
        meet(100)
        gc.collect()
        until(lambda: len(os.listdir("/proc/self/fd")) <= descriptors + 3, "the descriptors to come back")
        grown = resident() - memory
        print(f"100 meetings: memory {grown:+} kB")
        assert grown < 5_000


def test_a_dropped_node_is_stopped() -> None:
    port = unused_port()
    with zyre.Node("bob", port=port, interface="lo") as bob:
        for way in ("dropped", "in a cycle", "in another thread"):
            alice = zyre.Node("alice", port=port, interface="lo")
            alice.start()
            expect(bob, Enter, peer=alice.uuid)
            if way == "in a cycle":
                alice.on(Enter)(lambda event, alice=alice: None)
            if way == "in another thread":
                holder = [alice]
                thread = threading.Thread(target=lambda holder=holder: (holder.clear(), gc.collect()))
                del alice
                thread.start()
                thread.join()
            else:
                del alice
                gc.collect()
            assert expect(bob, Exit).reason == "left"


def test_dropped_while_another_starts() -> None:
    """The collector may run anywhere, also where the engine's own locks are held."""
    port = unused_port()
    gc.collect()
    threshold = gc.get_threshold()
    gc.set_threshold(1)
    try:
        for _ in range(30):
            node = zyre.Node("alice", port=port, interface="lo")
            node.on(Enter)(lambda event, node=node: None)
            node.start()
            del node
    finally:
        gc.set_threshold(*threshold)
    gc.collect()
    until(lambda: "zyre-engine" not in threads(), "the end of all of them")


def test_who_iterates_holds_the_node() -> None:
    port = unused_port()
    with zyre.Node("bob", port=port, interface="lo") as bob:
        events = iter(_started(port))
        expect(bob, Enter)
        gc.collect()
        assert isinstance(next(events), Enter)
        del events
        gc.collect()
        assert expect(bob, Exit).reason == "left"


def test_a_stream_holds_the_node() -> None:
    port = unused_port()
    with zyre.Node("bob", port=port, interface="lo") as bob:
        stream = _started(port).stream().of(Enter)
        expect(bob, Enter)
        gc.collect()
        assert next(stream).name == "bob"
        del stream
        gc.collect()
        assert expect(bob, Exit).reason == "left"


def _started(port: int) -> zyre.Node:
    node = zyre.Node("alice", port=port, interface="lo")
    node.start()
    return node
