"""While a task waits for events its loop reads the inbox; a loop that does not get to it loses it to the engine."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

import zyre
from tests.peers.harness import unused_port
from tests.support import loops
from tests.support.loops import LOOPS, Loop
from tests.support.nodes import PATIENCE, expect, until
from zyre import AsyncNode, Enter, Whisper
from zyre.engine import loan
from zyre.engine.loan import lend_to_loop_here

pytestmark = pytest.mark.lan

Body = Callable[[zyre.Node, AsyncNode], Awaitable[None]]


def run(loop: Loop, body: Body, **options: Any) -> None:
    async def main() -> None:
        port = unused_port()
        with zyre.Node("alice", port=port, interface="lo") as alice:
            async with AsyncNode("bob", port=port, interface="lo", **options) as bob:
                await loops.expect(bob, Enter)
                expect(alice, Enter)
                await body(alice, bob)

    loop.run(main)


def readers_of(node: AsyncNode) -> list[threading.Thread]:
    """The threads that read the node's inbox from now on."""
    lead, readers = node._host._lead, []
    take_in = lead._take_in
    node._host._take_in = lead._take_in = lambda limit: (readers.append(threading.current_thread()), take_in(limit))[1]
    return readers


@pytest.mark.parametrize("loop", LOOPS)
class TestLoops:
    def test_the_loop_reads_while_a_task_waits(self, loop: Loop) -> None:
        async def body(alice: zyre.Node, bob: AsyncNode) -> None:
            readers = readers_of(bob)

            def ask() -> None:
                for _ in range(20):
                    alice.whisper(bob, "again")
                    expect(alice, Whisper)

            asking = threading.Thread(target=ask)
            asking.start()
            for _ in range(20):
                await bob.whisper((await loops.expect(bob, Whisper)).peer, "again")
            asking.join(PATIENCE)
            assert threading.current_thread() in readers

        run(loop, body)

    def test_the_engine_reads_when_the_loop_does_not_get_to_it(self, loop: Loop) -> None:
        async def body(alice: zyre.Node, bob: AsyncNode) -> None:
            alice.whisper(bob, "read by the loop")
            await loops.expect(bob, Whisper)
            before = bob.statistics().messages_received
            alice.whisper(bob, "while the loop is blocked")
            until(lambda: bob.statistics().messages_received > before)  # blocks the loop
            assert (await loops.expect(bob, Whisper)).content == (b"while the loop is blocked",)

        run(loop, body)

    def test_a_full_mailbox_goes_back_to_the_engine(self, loop: Loop) -> None:
        limits = zyre.Limits(mailbox_messages=5, mailbox_patience=0.05)

        async def body(alice: zyre.Node, bob: AsyncNode) -> None:
            alice.whisper(bob, "first")
            await loops.expect(bob, Whisper)
            before = bob.statistics().messages_received
            for number in range(20):
                alice.whisper(bob, str(number))
            while bob.statistics().messages_received < before + 20:
                await loop.pause(0.005)
            assert (await loops.expect(bob, Whisper)).content == (b"0",)

        run(loop, body, config=zyre.NodeConfig(limits=limits))

    def test_no_descriptor_outlives_the_loan(self, loop: Loop) -> None:
        async def body(alice: zyre.Node, bob: AsyncNode) -> None:
            before = len(os.listdir("/proc/self/fd"))
            for _ in range(3):
                alice.whisper(bob, "hello")
                await loops.expect(bob, Whisper)
                while bob._host._lead._loan is not None:
                    await loop.pause(0.002)
            while len(os.listdir("/proc/self/fd")) > before:
                await loop.pause(0.002)

        if os.path.isdir("/proc/self/fd"):
            run(loop, body)


def test_without_a_loop_there_is_no_loan() -> None:
    assert lend_to_loop_here(0, lambda: False) is None


def test_a_signal_handler_that_stops_the_node_ends_the_wait() -> None:
    """The handler runs in the loop's own thread while the loop sleeps, and has to wake it."""

    async def main() -> None:
        async with AsyncNode("bob", port=unused_port(), interface="lo") as bob:
            before = signal.signal(signal.SIGUSR1, lambda *_: bob._host.stop(0.5))
            try:
                threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGUSR1)).start()
                with pytest.raises(zyre.NodeStopped):
                    await asyncio.wait_for(bob.recv(), PATIENCE)
            finally:
                signal.signal(signal.SIGUSR1, before)

    asyncio.run(main())
    assert not loan.READING


def test_the_end_of_a_loan_to_a_closed_loop_is_no_error() -> None:
    reader, writer = os.pipe()

    async def lend() -> loan.Loan | None:
        return lend_to_loop_here(reader, lambda: False)

    lent = asyncio.run(lend())
    assert lent is not None
    assert lent.is_here
    lent.end()
    os.close(reader)
    os.close(writer)


def test_what_has_more_is_read_again() -> None:
    reader, writer = os.pipe()
    left = [True, True, False]

    async def main() -> None:
        lent = lend_to_loop_here(reader, lambda: left.pop(0) if left else False)
        deadline = time.monotonic() + PATIENCE
        while left:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.001)
        assert lent is not None
        lent.end()
        await asyncio.sleep(0)

    asyncio.run(main())
    os.close(reader)
    os.close(writer)
