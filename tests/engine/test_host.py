"""The host of a node: readers and peers that are too slow, garbage from the network, and stops at any moment."""

from __future__ import annotations

import gc
import logging
import os
import random
import resource
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import zmq

import zyre
from tests.peers import raw
from tests.peers.harness import ReferencePeer, unused_port
from tests.support.nodes import PATIENCE, DeafPeer, drain, expect, in_threads, is_waited_for, meeting, repeat, until
from zyre import Enter, Exit, Gap, Join, Leave, Limits, NodeConfig, Shout, Timing, Whisper
from zyre.core.node import NodeMachine
from zyre.wire.bundle import MOST_MESSAGES

pytestmark = pytest.mark.lan


def number_of(event: Any) -> int:
    return int(bytes(event.content[0][:8]))


def numbered(number: int, size: int = 8) -> bytes:
    return b"%08d" % number + bytes(size - 8)


class TestSlowReader:
    """The application reads too slowly, or not at all."""

    LIMITS = Limits(mailbox_messages=100, inbox_messages=50, link_messages=50, mailbox_patience=0.3)

    @pytest.fixture
    def pair(self) -> Iterator[tuple[zyre.Node, zyre.Node]]:
        timing = Timing(evasive=0.6, silent=1.0, expired=2.0, beacon=0.1, ping=0.1, send_patience=100)
        with meeting("alice", "bob", config=NodeConfig(limits=self.LIMITS, timing=timing)) as (alice, bob):
            yield alice, bob

    def test_nothing_is_lost_if_it_reads_on_in_time(self, pair: tuple[zyre.Node, zyre.Node]) -> None:
        """The senders are made to wait, far beyond what the mailbox may hold."""
        alice, bob = pair

        def write() -> None:
            for number in range(5000):
                assert alice.whisper(bob, numbered(number))

        def read() -> None:
            for number in range(5000):
                assert number_of(expect(bob, Whisper)) == number

        in_threads(write, read)
        assert bob.statistics().dropped == {}
        assert bob.statistics().messages_missed == 0

    def test_a_burst_over_the_octets_is_taken(self) -> None:
        """It used to be dropped at once, although the reader was only a moment behind."""
        limits = Limits(mailbox_bytes=2 << 20)
        with meeting("alice", "bob", config=NodeConfig(limits=limits)) as (alice, bob):
            for number in range(10):
                assert alice.whisper(bob, numbered(number, 1 << 20))
            assert [number_of(expect(bob, Whisper)) for _ in range(10)] == list(range(10))
            assert bob.statistics().dropped == {}

    def test_after_its_patience_data_is_dropped_and_nothing_else(self, pair: tuple[zyre.Node, zyre.Node]) -> None:
        alice, bob = pair
        stop = threading.Event()
        sent = [0]

        def write() -> None:
            while not stop.is_set():
                sent[0] += alice.whisper(bob, numbered(sent[0]))

        def observe() -> None:
            try:
                until(lambda: bob.statistics().dropped.get("mailbox_full", 0) > 1000, "dropping")
                unread = bob.statistics().unread
                assert 100 <= unread <= 100 + max(bob._limits.batch, MOST_MESSAGES)
                for number in range(20):  # the verbs of both answer, and changes of membership arrive
                    alice.join(f"a{number}")
                    bob.join(f"b{number}")
                    assert len(bob.peers) == len(alice.peers) == 1
                    until(lambda n=number: f"a{n}" in bob.peer_groups and f"b{n}" in alice.peer_groups)
                until(lambda: bob.statistics().dropped["mailbox_full"] > 2000, "more dropping")
            finally:
                stop.set()

        in_threads(write, observe)
        alice.leave("a0")
        until(lambda: "a0" not in bob.peer_groups)
        events = drain(bob)
        assert [event.group for event in events if isinstance(event, Join)] == [f"a{number}" for number in range(20)]
        assert [event.group for event in events if isinstance(event, Leave)] == ["a0"]
        assert not [event for event in events if isinstance(event, (Exit, Gap))]
        kept = [number_of(event) for event in events if isinstance(event, Whisper)]
        assert kept == sorted(kept)
        assert len(kept) + bob.statistics().dropped["mailbox_full"] == sent[0]

        def again() -> None:
            for number in range(1000):
                assert alice.whisper(bob, numbered(number))

        def read() -> None:
            for number in range(1000):
                assert number_of(expect(bob, Whisper)) == number

        in_threads(again, read)  # once there is room, the senders are made to wait again

    @pytest.mark.parametrize("when_full", ["drop_newest", "drop_oldest"])
    def test_a_policy_that_does_not_wait_counts_every_drop(self, when_full: str) -> None:
        timing = Timing(send_patience=100)
        config = NodeConfig(limits=Limits(mailbox_messages=100, batch=20), timing=timing, when_full=when_full)
        with meeting("alice", "bob", config=config) as (alice, bob):
            for number in range(2000):
                assert alice.whisper(bob, numbered(number))
            until(lambda: alice.fates(bob).delivered == 2000)
            assert bob.statistics().unread <= 120
            bob.join("G")
            until(lambda: "G" in alice.peer_groups)
            kept = [number_of(event) for event in drain(bob) if isinstance(event, Whisper)]
            assert len(kept) + bob.statistics().dropped["mailbox_full"] == 2000
            assert kept == sorted(kept)
            assert (1999 in kept) == (when_full == "drop_oldest")

    def test_nobody_expires_meanwhile(self, pair: tuple[zyre.Node, zyre.Node]) -> None:
        alice, bob = pair
        began = time.monotonic()
        stop = threading.Event()

        def write() -> None:
            while not stop.is_set():
                alice.whisper(bob, "x")

        def watch() -> None:
            until(lambda: time.monotonic() - began > 2.2)  # longer than the time of expiry
            stop.set()

        in_threads(write, watch)
        assert len(bob.peers) == len(alice.peers) == 1
        assert not [event for node in pair for event in drain(node) if isinstance(event, Exit)]


class TestSlowPeer:
    """A peer that does not read: its process is stopped, so that even its kernel's buffers fill."""

    CONFIG = NodeConfig(timing=Timing(send_patience=0.3), limits=Limits(link_messages=100))

    def test_stopped_and_continued(self) -> None:
        """Sends wait for the patience and are then refused; other peers go on; nothing is missing afterwards."""
        port = unused_port()
        with (
            ReferencePeer("zyre", name="frozen", port=port, interface="lo", groups=["G"]) as frozen,
            zyre.Node("alice", port=port, interface="lo", config=self.CONFIG) as alice,
            zyre.Node("carol", port=port, interface="lo", groups=["G"]) as carol,
        ):
            expect(alice, Join, peer=frozen.uuid)
            if carol.uuid not in alice.peers_in("G"):
                expect(alice, Join, peer=carol.uuid)
            frozen.wait_for("ENTER", peer=alice.uuid)
            frozen.pause()
            sent = 0
            began = time.monotonic()
            while alice.whisper(frozen.uuid, numbered(sent, 100_000)):
                sent += 1
                began = time.monotonic()
            waited = time.monotonic() - began
            began = time.monotonic()
            for number in range(100):
                assert not alice.whisper(frozen.uuid, numbered(10_000 + number))
                assert alice.shout("G", numbered(number)) == 1
                assert alice.whisper(carol, numbered(number))
            others = time.monotonic() - began
            for number in range(100):
                assert {number_of(expect(carol, Shout)), number_of(expect(carol, Whisper))} == {number}
            assert alice.statistics().dropped == {"peer_slow": 201}
            alice.join("meanwhile")
            frozen.resume()
            frozen.wait_for("JOIN", peer=alice.uuid, group="meanwhile")
            until(lambda: alice.whisper(frozen.uuid, numbered(20_000)), "room for more")
            frozen.wait_for("WHISPER", content=[numbered(20_000)])
            heard = [int(event["content"][0][:8]) for event in frozen.events if event["type"] == "WHISPER"]
            assert heard == [*range(sent), 20_000]
            frozen.never("GAP", within=0)
            assert [event["type"] for event in frozen.events].count("ENTER") == 2
            print(
                f"{sent} messages of 100 kB taken; refused after {waited:.3f} s (patience 0.3 s); "
                f"300 sends to three targets then took {others * 1000:.1f} ms"
            )

    def test_a_blocked_send_ends_with_the_node(self) -> None:
        config = NodeConfig(timing=Timing(send_patience=1000), limits=Limits(link_messages=10))
        with meeting("alice", config=config) as alice, DeafPeer(alice, ["G"]) as deaf:
            expect(alice, Enter, name="deaf")

            def whisper() -> None:
                while alice.whisper(deaf.uuid, bytes(1 << 20)):
                    pass

            def stop() -> None:
                until(lambda: is_waited_for(alice), "a full queue")
                alice.stop()

            in_threads(whisper, stop)

    def test_a_blocked_send_ends_with_the_peer(self) -> None:
        """The peer leaves while a send waits for it: its queue and the descriptor of it are gone."""
        config = NodeConfig(timing=Timing(send_patience=1000), limits=Limits(link_messages=10))
        with meeting("alice", config=config) as alice:
            for _ in range(5):
                with DeafPeer(alice) as deaf:
                    expect(alice, Enter, name="deaf")

                    def whisper(deaf: DeafPeer = deaf) -> None:
                        while alice.whisper(deaf.uuid, bytes(1 << 20)):
                            pass

                    def leave(deaf: DeafPeer = deaf) -> None:
                        until(lambda: is_waited_for(alice), "a full queue")
                        deaf.say_goodbye()

                    in_threads(whisper, leave)
                    assert not alice._host._congestion.links
            statistics = alice.statistics()
            assert statistics.dropped.keys() == {"absent"}
            assert 5 * 2 <= statistics.dropped["absent"] <= 5 * 10, (
                "at most nine in the queue, and one that found no room"
            )
            assert statistics.fates.refused == statistics.dropped["absent"]
            assert statistics.fates.balanced

    def test_an_unblocked_send_goes_on_at_once(self) -> None:
        config = NodeConfig(timing=Timing(send_patience=1000), limits=Limits(link_messages=10))
        with meeting("alice", config=config) as alice, DeafPeer(alice) as deaf:
            expect(alice, Enter, name="deaf")

            def whisper() -> None:
                for number in range(60):
                    assert alice.whisper(deaf.uuid, numbered(number, 1 << 20))

            def read() -> None:
                until(lambda: is_waited_for(alice), "a full queue")
                deaf.read()  # HELLO
                assert [int(deaf.read()[2][:8]) for _ in range(60)] == list(range(60))

            in_threads(whisper, read)

    def test_eight_threads_and_one_slow_peer(self) -> None:
        config = NodeConfig(timing=Timing(send_patience=1000), limits=Limits(link_messages=10))
        with meeting("alice", config=config) as alice, DeafPeer(alice) as deaf:
            expect(alice, Enter, name="deaf")

            def writer(thread: int) -> Callable[[], None]:
                def whisper() -> None:
                    for number in range(40):
                        assert alice.whisper(deaf.uuid, numbered(number, 100_000), str(thread))

                return whisper

            def read() -> None:
                until(lambda: is_waited_for(alice), "a full queue")
                deaf.read()
                heard: dict[bytes, list[int]] = {}
                for _ in range(320):
                    frames = deaf.read()
                    heard.setdefault(frames[3], []).append(int(frames[2][:8]))
                assert heard == {b"%d" % thread: list(range(40)) for thread in range(8)}

            in_threads(read, *repeat(8, writer))


def resident() -> int:
    """Kilobytes of memory in use."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() // 1024


class TestGarbage:
    """Whatever comes from the network is counted, and disturbs nobody."""

    @pytest.fixture
    def pair(self, caplog: pytest.LogCaptureFixture) -> Iterator[tuple[zyre.Node, zyre.Node]]:
        caplog.set_level(logging.INFO)
        with meeting("alice", "bob") as (alice, bob):
            yield alice, bob
            for number in range(100):
                assert alice.whisper(bob, str(number))
                assert expect(bob, Whisper).content == (b"%d" % number,)
            assert bob.whisper(alice, "and back")
            assert expect(alice, Whisper)
            assert not [event for node in (alice, bob) for event in drain(node)]
            assert len(alice.peers) == len(bob.peers) == 1
        assert caplog.records == []

    def test_datagrams(self, pair: tuple[zyre.Node, zyre.Node]) -> None:
        _, bob = pair
        chance = random.Random(1)
        port = bob._host.transport.beacons.port
        total, memory = 20_000, []
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            for number in range(total):
                kind = number % 4
                data = chance.randbytes(chance.randrange(0, 60 if kind else 1400))
                if kind == 2:
                    data = b"ZRE\1" + data
                elif kind == 3:
                    data = b"ZRE" + bytes([chance.randrange(256)]) + chance.randbytes(18)
                    if data[3] in (1, 3) and data[4:20] != bytes(16):
                        data = data[:21]  # a beacon of a peer that does not exist would be believed
                stranger.sendto(data, ("127.255.255.255", port))
                if number % 100 == 99:  # no more than its socket holds, or the kernel would drop them
                    until(lambda seen=number: _violations(bob) >= seen * 0.9, "the counting")
                if number in (total // 2, total - 1):
                    memory.append(resident())
        print(f"{total} datagrams: {dict(bob.statistics().violations)}, memory {memory[1] - memory[0]:+} kB")
        assert set(bob.statistics().violations) <= {"beacon_malformed", "beacon_secured", "beacon_elsewhere"}
        assert memory[1] - memory[0] < 20_000

    def test_messages(self, pair: tuple[zyre.Node, zyre.Node]) -> None:
        _, bob = pair
        chance = random.Random(2)
        total, memory = 20_000, []
        before = _violations(bob)
        commands = [number for number in range(13) if number != raw.GOODBYE]  # which is no news of a stranger
        context = zmq.Context()
        strangers = []
        for number in range(5):
            stranger = context.socket(zmq.DEALER)
            stranger.routing_id = (b"\1" + chance.randbytes(16)) if number % 2 else chance.randbytes(number + 3)
            stranger.connect(bob.endpoint)
            strangers.append(stranger)
        for number in range(total):
            frames = [chance.randbytes(chance.randrange(0, 40)) for _ in range(chance.randrange(1, 4))]
            if number % 2:
                frames[0] = b"\xaa\xa1" + bytes([chance.choice(commands), 2]) + frames[0]
            strangers[number % 5].send_multipart(frames)
            if number in (total // 2, total - 1):
                until(lambda seen=number: _violations(bob) - before >= seen * 0.99, "the counting")
                memory.append(resident())
        until(lambda: _violations(bob) - before == total, "every violation")
        context.destroy(linger=0)
        print(f"{total} messages: {dict(bob.statistics().violations)}, memory {memory[1] - memory[0]:+} kB")
        assert memory[1] - memory[0] < 20_000

    def test_hellos_that_lead_nowhere(self, pair: tuple[zyre.Node, zyre.Node]) -> None:
        """An endpoint that libzmq refuses must not break the engine: nothing can be sent there, and that is all."""
        _, bob = pair
        places = ["ipc://" + "x" * 200, "ipc:///no/such/folder/" + "y" * 100, "tcp://a b:1", "tcp://999.1.1.1:7", "x"]
        context = zmq.Context()
        dealers = [context.socket(zmq.DEALER) for _ in places]
        for place, dealer in zip(places, dealers, strict=True):
            dealer.routing_id = b"\1" + os.urandom(16)
            dealer.connect(bob.endpoint)
            dealer.send(raw.header(raw.HELLO, 1) + raw.hello(place, "nowhere"))
            dealer.send(raw.header(raw.GOODBYE, 2))
        with DeafPeer(bob) as deaf:
            expect(bob, Enter, name="deaf")
            deaf.say_goodbye()
            until(lambda: [peer.name for peer in bob.peers] == ["alice"], "the goodbyes")
        context.destroy(linger=0)
        print(f"violations {dict(bob.statistics().violations)}, failures {dict(bob.statistics().failures)}")
        drain(bob)


def _violations(node: zyre.Node) -> int:
    """All that was counted, here or in the kernel."""
    counted = node.statistics()
    return sum(counted.violations.values()) + counted.failures.get("datagram", 0)


class TestStopping:
    def test_within_no_time(self) -> None:
        """Nobody waits for the engine then, and it must not be reading what is closed under it."""
        for _ in range(30):
            with meeting("alice", "bob") as (alice, bob):

                def flood(alice: zyre.Node = alice, bob: zyre.Node = bob) -> None:
                    for number in range(200):
                        try:
                            alice.whisper(bob, str(number))
                        except zyre.NodeStopped:
                            return

                in_threads(flood, lambda bob=bob: bob.stop(timeout=0), lambda alice=alice: alice.stop(timeout=-1))

    def test_what_is_queued_leaves_while_there_is_time(self) -> None:
        """A peer that reads slowly gets everything: what waits here while the node stops, and what libzmq has then."""
        with meeting("bob") as bob, DeafPeer(bob) as deaf:
            expect(bob, Enter, name="deaf")
            for number in range(12):
                assert bob.whisper(deaf.uuid, numbered(number, 1 << 20))

            def read() -> None:
                time.sleep(0.6)  # what used to be the most
                deaf.read()  # HELLO
                for number in range(12):
                    assert int(deaf.read()[2][:8]) == number
                    time.sleep(0.01)

            in_threads(lambda: bob.stop(timeout=PATIENCE), read)

    def test_who_reads_nothing_holds_up_no_stop(self) -> None:
        with meeting("bob") as bob, DeafPeer(bob) as deaf:
            expect(bob, Enter, name="deaf")
            for number in range(12):
                assert bob.whisper(deaf.uuid, numbered(number, 1 << 20))
            bob.stop(timeout=0.3)
            assert bob.statistics().dropped["absent"] > 0
            assert bob.statistics().fates.balanced

    def test_twice_and_from_everywhere(self) -> None:
        with meeting("alice", "bob") as (alice, bob):

            @bob.on(Whisper)
            def stop(event: Whisper) -> None:
                bob.stop()
                bob.stop()

            alice.whisper(bob, "stop")
            assert [type(event) for event in bob] == [Whisper]
            assert expect(alice, Exit).reason == "left"

    @pytest.mark.parametrize("_", range(10))
    def test_while_others_read_and_write(self, _: int) -> None:
        busy = threading.Barrier(5)
        with meeting("alice", "bob", groups=["G"]) as (alice, bob):

            def read() -> None:
                busy.wait(PATIENCE)
                for _ in alice:
                    pass

            def write() -> None:
                busy.wait(PATIENCE)
                try:
                    while True:
                        alice.whisper(bob, "x")
                        alice.shout("G", "x")
                        alice.join("H")
                        alice.leave("H")
                except zyre.NodeStopped:
                    pass

            def echo() -> None:
                busy.wait(PATIENCE)
                while bob.whisper(alice, "x"):
                    pass

            def stop() -> None:
                busy.wait(PATIENCE)
                alice.recv(PATIENCE)
                alice.stop()

            in_threads(read, write, write, echo, stop)

    def test_a_defect_ends_one_node_and_is_told_by_name(self, caplog: pytest.LogCaptureFixture) -> None:
        class Broken(NodeMachine):
            __slots__ = ()

            def receive_frames(self, frames: object, now: float) -> None:
                raise ZeroDivisionError("a defect")

        with meeting("alice", "bob", "carol") as (alice, bob, carol):
            bob._host.machine.__class__ = Broken
            alice.whisper(bob, "hello")
            with pytest.raises(zyre.InternalError, match="a defect"):
                bob.recv(PATIENCE)
            assert expect(alice, Exit, peer=bob.uuid).reason == "left"
            alice.whisper(carol, "still here?")
            assert expect(carol, Whisper)
        assert "a defect of zyre broke the node bob" in caplog.text
        caplog.clear()  # the record holds the traceback, and that the node with its descriptors

    def test_descriptors_that_come_back_at_once_are_not_mixed_up(self) -> None:
        """One node stops while others start: their sockets get the numbers that were just given back."""

        def live(_: int) -> Callable[[], None]:
            def run() -> None:
                for _ in range(10):
                    with meeting("one", "two") as (one, two):
                        one.whisper(two, "hello")
                        expect(two, Whisper)

            return run

        in_threads(*repeat(4, live), timeout=40)

    def test_a_node_that_was_never_started_leaves_nothing(self) -> None:
        from zyre.engine.engine import shared_engine

        gc.collect()
        before = len(shared_engine()._alarms), len(os.listdir("/proc/self/fd"))
        for _ in range(100):
            zyre.Node(port=unused_port(), interface="lo").fileno()
        gc.collect()
        after = len(shared_engine()._alarms), len(os.listdir("/proc/self/fd"))
        assert after[0] <= before[0]
        assert after[1] <= before[1], "fewer may be left: libzmq closes what tests before this one had in its own time"

    def test_a_loop_may_go_on_watching_a_stopped_node(self) -> None:
        with meeting("alice") as alice:
            descriptor = alice.fileno()
        assert select.select([descriptor], [], [], 0)[0]


def test_a_beacon_socket_that_dies_is_opened_again() -> None:
    """As some systems take sockets away while they sleep."""
    port = unused_port()
    config = NodeConfig(timing=Timing(beacon=0.05))
    with zyre.Node("one", port=port, interface="va", config=config) as one:
        dead = one._host.transport.beacons.descriptors  # type: ignore[attr-defined]
        with open(os.devnull) as nothing:
            for descriptor in dead:
                os.dup2(nothing.fileno(), descriptor)
        with zyre.Node("two", port=port, interface="va", config=config) as two:
            expect(one, zyre.Enter, name="two")
            until(lambda: one.statistics().beacons_received > 3, "beacons are heard again")
            expect(two, zyre.Enter, name="one")
        for descriptor in dead:
            os.close(descriptor)
