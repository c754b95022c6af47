"""Whoever waits in recv reads the inbox; when nobody does, the engine takes it back."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable

import pytest

import zyre
from tests.peers.harness import unused_port
from tests.support.nodes import PATIENCE, meeting
from zyre.engine.lead import Lead

pytestmark = pytest.mark.skipif(not Lead.POSSIBLE, reason="this system has no select.poll, so the engine reads alone")


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.001)


def whispers(node: zyre.Node) -> zyre.Whisper:
    return next(node.stream().of(zyre.Whisper).timeout(PATIENCE))


def test_the_waiting_thread_reads_for_itself() -> None:
    with meeting("alice", "bob") as (alice, bob):
        readers = []
        take_in = alice._host._lead._take_in
        alice._host._lead._take_in = lambda limit: (readers.append(threading.current_thread()), take_in(limit))[1]
        for _ in range(100):  # the engine reads what comes before anybody waits
            bob.whisper(alice, "hello")
            while not isinstance(alice.recv(PATIENCE), zyre.Whisper):
                pass
        assert threading.current_thread() in readers


def test_the_engine_takes_the_inbox_back_when_the_reader_does_not_return() -> None:
    with meeting("alice", "bob") as (alice, bob):
        _drain(alice, 0.05)
        before = alice.statistics().messages_received
        bob.whisper(alice, "nobody waits for this")
        until(lambda: alice.statistics().messages_received > before)
        assert whispers(alice).content == (b"nobody waits for this",)


def test_heartbeats_are_answered_while_a_reader_waits() -> None:
    timing = zyre.Timing(evasive=0.1, silent=0.2, expired=2.0, beacon=60, ping=0.1)
    with meeting("alice", "bob", config=zyre.NodeConfig(timing=timing)) as (alice, bob):
        waiting = threading.Thread(target=_drain, args=(alice, 3.0))
        waiting.start()
        with pytest.raises(StopIteration):
            next(bob.stream().of(zyre.Exit).until(3.0))
        waiting.join(PATIENCE)
        assert not waiting.is_alive()


def _drain(node: zyre.Node, seconds: float) -> None:
    """Read whatever comes, in recv, for so long."""
    end = time.monotonic() + seconds
    try:
        while True:
            node.recv(max(0.0, end - time.monotonic()))
    except zyre.RecvTimeout:
        pass


def test_who_waits_in_another_way_waits_for_no_lease() -> None:
    with meeting("alice", "bob") as (alice, bob):
        for number in range(50):
            bob.whisper(alice, f"{number}a")
            while not isinstance(event := alice.recv(PATIENCE), zyre.Whisper):
                pass
            assert event.content == (f"{number}a".encode(),)
            bob.whisper(alice, f"{number}b")  # within the lease of the recv before
            assert whispers(alice).content == (f"{number}b".encode(),)


def test_several_readers_share_what_comes() -> None:
    with meeting("alice", "bob") as (alice, bob):
        got: list[bytes] = []
        guard = threading.Lock()

        def read() -> None:
            try:
                while True:
                    event = alice.recv(PATIENCE)
                    if isinstance(event, zyre.Whisper):
                        with guard:
                            got.append(event.content[0])
            except zyre.NodeStopped:
                pass

        readers = [threading.Thread(target=read) for _ in range(4)]
        for reader in readers:
            reader.start()
        for number in range(2000):
            bob.whisper(alice, str(number))
        until(lambda: len(got) == 2000)
        assert sorted(got, key=int) == [str(number).encode() for number in range(2000)]
        alice.stop()
        for reader in readers:
            reader.join(PATIENCE)
            assert not reader.is_alive()


def test_stopping_from_a_signal_handler_while_leading() -> None:
    node = zyre.Node(interface="lo", port=unused_port())
    node.start()
    previous = signal.signal(signal.SIGUSR1, lambda *_: node.stop())
    try:
        timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGUSR1))
        timer.start()
        with pytest.raises(zyre.NodeStopped):
            node.recv(PATIENCE)
        timer.join()
    finally:
        signal.signal(signal.SIGUSR1, previous)


def test_a_reader_that_is_back_before_the_engine_has_looked_away() -> None:
    """It is asked to take the inbox back, from before, and has not yet been told to leave it."""
    with meeting("alice", "bob") as (alice, bob):
        lead, gate = bob._host._lead, threading.Event()
        bob._host.attend()
        until(lambda: not lead._muted)
        bob._host._engine.call_soon(lambda: gate.wait(20))
        bob._host._engine.call_soon(lead._give_back)
        with pytest.raises(zyre.RecvTimeout):
            bob.recv(0.001)
        gate.set()
        alice.whisper(bob, "still read")
        until(lambda: bob.statistics().unread == 1)
