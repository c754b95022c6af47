"""Calls between nodes, in threads: on real sockets where threads are the point, in virtual time where time is."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

import zyre
from tests.support.nodes import DeafPeer, drain, expect, in_threads, meeting, until
from zyre import Enter, Exit, NodeConfig, Reply, Request, Shout, Whisper
from zyre.calls.wire import MAGIC, Ask, encode_ask
from zyre.testing import Lan


def add(request: Request) -> object:
    return sum(request.json())


def refused(error: type[Exception], call: Callable[[], object]) -> None:
    with pytest.raises(error):
        call()


def pair(lan: Lan, **options: Any) -> tuple[zyre.Node, zyre.Node]:
    alice, bob = lan.node("alice", **options), lan.node("bob", **options)
    lan.settle()
    drain(alice)
    drain(bob)
    return alice, bob


class TestOnePeer:
    def test_ask_and_get_an_answer(self, lan: Lan) -> None:
        alice, bob = pair(lan)
        bob.service("add", codec="json")(add)
        reply = alice.request(bob, "add", [1, 2, 3], codec="json")
        assert (reply.peer, reply.name, reply.json()) == (bob.uuid, "bob", 6)
        assert drain(alice) == drain(bob) == [], "calls are no events"

    @pytest.mark.parametrize(
        ("result", "content"),
        [(None, ()), ("é", ("é".encode(),)), (b"", (b"",)), ((b"a", "b"), (b"a", b"b")), ([], ()), ([b"x"], (b"x",))],
    )
    def test_what_a_service_may_return(self, lan: Lan, result: object, content: tuple[bytes, ...]) -> None:
        alice, bob = pair(lan)
        bob.service("echo")(lambda request: result)
        assert alice.request(bob, "echo").content == content

    def test_what_a_service_is_told(self, lan: Lan) -> None:
        alice, bob = pair(lan)
        seen: list[Any] = []

        @bob.service("tell")
        def tell(request: Request) -> None:
            seen.append((request.peer, request.name, request.service, request.group, request.content))
            before = request.time_left
            lan.sleep(1)
            seen.append((round(before, 1), round(request.time_left, 1), request.cancelled))

        alice.request(bob, "tell", "a", b"b", timeout=3)
        assert seen == [(alice.uuid, "alice", "tell", None, (b"a", b"b")), (3.0, 2.0, False)]

    def test_no_such_service(self, lan: Lan) -> None:
        alice, bob = pair(lan)
        bob.service("add")(add)
        with pytest.raises(zyre.NoSuchService) as caught:
            alice.request(bob, "sub")
        assert (caught.value.service, caught.value.peer) == ("sub", bob.uuid)

    @pytest.mark.parametrize(
        ("error", "kind", "text"),
        [
            (ValueError("no"), "ValueError", "no"),
            (SystemExit(3), "SystemExit", "3"),
            (KeyError("é" * 5000), "KeyError", None),
        ],
    )
    def test_what_a_service_raises_arrives_as_text(
        self, lan: Lan, error: BaseException, kind: str, text: str | None, caplog: pytest.LogCaptureFixture
    ) -> None:
        alice, bob = pair(lan)

        @bob.service("fail")
        def fail(request: Request) -> None:
            raise error

        with pytest.raises(zyre.ServiceError) as caught:
            alice.request(bob, "fail")
        assert caught.value.kind == kind
        assert caught.value.text == text or len(caught.value.text) == 1000
        assert "asked by alice" in caplog.text
        assert bob.statistics().calls == {"failed": 1}

    @pytest.mark.parametrize(("codec", "result"), [("json", {1, 2}), (None, 5), (None, [5])])
    def test_a_result_that_cannot_travel(
        self, lan: Lan, codec: str | None, result: object, caplog: pytest.LogCaptureFixture
    ) -> None:
        alice, bob = pair(lan)
        bob.service("fail", codec=codec)(lambda request: result)
        with pytest.raises(zyre.ServiceError, match="Invalid"):
            alice.request(bob, "fail")

    def test_bad_input_is_an_error_of_who_sent_it(self, lan: Lan, caplog: pytest.LogCaptureFixture) -> None:
        alice, bob = pair(lan)
        bob.service("add", codec="json")(add)
        with pytest.raises(zyre.ServiceError) as caught:
            alice.request(bob, "add", "no json")
        assert caught.value.kind == "PayloadError"

    @pytest.mark.parametrize("start", [False, True])
    def test_nobody_there(self, lan: Lan, start: bool) -> None:
        alice = lan.node("alice")
        with pytest.raises(zyre.PeerGone):
            alice.request(lan.node("bob", start=start), "add")

    def test_not_without_a_running_node(self, lan: Lan) -> None:
        alice, bob = pair(lan)
        with pytest.raises(zyre.NodeNotStarted):
            lan.node("eve", start=False).request(bob, "add")
        alice.stop()
        for verb in (lambda: alice.request(bob, "add"), lambda: alice.ask("G", "add")):
            with pytest.raises(zyre.NodeStopped):
                verb()

    def test_wrong_arguments(self, lan: Lan) -> None:
        alice, bob = pair(lan)
        wrong: list[tuple[type[Exception], Callable[[], object]]] = [
            (zyre.InvalidName, lambda: alice.request(bob, "")),
            (zyre.InvalidName, lambda: alice.service("x" * 256)(add)),
            (zyre.InvalidFrame, lambda: alice.request(bob, "add", 5)),
            (zyre.InvalidPayload, lambda: alice.request(bob, "add", {5}, codec="json")),
            (zyre.InvalidPeer, lambda: alice.request("bob", "add")),
            (zyre.InvalidConfig, lambda: alice.ask("G", "add", quorum=0)),
            (zyre.InvalidConfig, lambda: alice.service("add", at_once=0)(add)),
            (zyre.InvalidConfig, lambda: alice.service("add", codec="pickle")(add)),
        ]
        for error, call in wrong:
            with pytest.raises(error):
                call()
        alice.service("add")(add)
        with pytest.raises(zyre.InvalidConfig, match="already"):
            alice.service("add")(add)

        async def later(request: Request) -> None: ...

        with pytest.raises(zyre.UsageError, match="AsyncNode"):
            alice.service("later")(later)


class TestTime:
    """What is late, and who goes in the middle of it."""

    def test_no_answer_in_time(self, lan: Lan) -> None:
        alice, bob = pair(lan)
        release: list[bool] = []

        @bob.service("slow")
        def slow(request: Request) -> str:
            lan.sleep(3)
            release.append(request.cancelled)
            return "late"

        began = lan.now
        with pytest.raises(zyre.RequestTimeout) as caught:
            alice.request(bob, "slow", timeout=2)
        assert caught.value.timeout == 2
        assert lan.now - began == pytest.approx(2)
        lan.run_for(3)
        assert alice.statistics().calls == {"asked": 1, "unanswered": 1, "late": 1}

    def test_the_default_patience_is_in_the_configuration(self, lan: Lan) -> None:
        alice, bob = pair(lan, config=NodeConfig(timing=zyre.Timing(request=0.5)))
        bob.service("slow")(lambda request: lan.sleep(1))
        with pytest.raises(zyre.RequestTimeout, match=r"0\.5 s"):
            alice.request(bob, "slow")

    def test_for_ever(self, lan: Lan) -> None:
        alice, bob = pair(lan)

        @bob.service("slow")
        def slow(request: Request) -> str:
            assert request.time_left == float("inf")
            lan.sleep(600)
            return "done"

        assert alice.request(bob, "slow", timeout=float("inf")).content == (b"done",)

    @pytest.mark.parametrize("how", ["kill", "stop", "partition"])
    def test_a_peer_that_goes_in_the_middle(self, lan: Lan, how: str) -> None:
        """An error as soon as it is known that it is gone, however long one would have waited."""
        alice, bob = pair(lan)
        bob.service("slow")(lambda request: lan.sleep(1000))
        task = lan.spawn(refused, zyre.PeerGone, lambda: alice.request(bob, "slow", timeout=1000))
        lan.run_for(1)
        began = lan.now
        {"kill": lan.kill, "stop": lambda node: node.stop(), "partition": lambda node: lan.partition([alice], [bob])}[
            how
        ](bob)
        lan.run_until(lambda: task.finished)
        assert lan.now - began <= 31
        assert [type(event) for event in drain(alice)][-1] is Exit, "the application learns it, too"

    def test_who_asked_goes_in_the_middle(self, lan: Lan) -> None:
        alice, bob = pair(lan)
        told: list[bool] = []

        @bob.service("slow")
        def slow(request: Request) -> None:
            lan.sleep(100)
            told.append(request.cancelled)

        lan.spawn(lambda node: node.request(bob, "slow", timeout=1000), alice)
        lan.run_for(1)
        lan.kill(alice)
        lan.run_for(101)
        assert told == [True]

    def test_a_request_whose_time_is_over_is_not_begun(self, lan: Lan) -> None:
        alice, bob = pair(lan)
        begun: list[bytes] = []

        @bob.service("one", at_once=1)
        def one(request: Request) -> None:
            begun.append(request.content[0])
            lan.sleep(2)

        def ask(number: int) -> None:
            with pytest.raises(zyre.RequestTimeout):
                alice.request(bob, "one", str(number), timeout=1)

        tasks = [lan.spawn(ask, number) for number in range(3)]
        lan.run_for(10)
        assert all(task.finished for task in tasks)
        assert begun == [b"0"]
        assert bob.statistics().calls["expired"] == 2

    def test_stopping_ends_the_waiting(self, lan: Lan) -> None:
        alice, bob = pair(lan, groups=["G"])
        for node in (alice, bob):
            node.service("slow")(lambda request: lan.sleep(50))
        tasks = [
            lan.spawn(refused, zyre.NodeStopped, lambda: alice.request(bob, "slow", timeout=100)),
            lan.spawn(refused, zyre.NodeStopped, lambda: alice.ask("G", "slow", timeout=100).all()),
        ]
        lan.run_for(1)
        alice.stop()
        lan.run_for(0.1)
        assert all(task.finished for task in tasks)

    def test_a_service_may_ask_others(self, lan: Lan) -> None:
        alice, bob = pair(lan)
        carol = lan.node("carol")
        lan.settle()
        carol.service("add", codec="json")(add)
        bob.service("twice", codec="json")(lambda r: 2 * bob.request(carol, "add", r.json(), codec="json").json())
        assert alice.request(bob, "twice", [1, 2], codec="json").json() == 6


class TestGroups:
    def crew(self, lan: Lan, count: int = 4) -> tuple[zyre.Node, list[zyre.Node]]:
        alice = lan.node("alice")
        crew = [lan.node(f"worker{number}", groups=["CREW"]) for number in range(count)]
        lan.settle()
        for number, node in enumerate(crew):
            node.service("load", codec="json")(lambda request, number=number: (lan.sleep(number), number)[1])
        return alice, crew

    def test_the_answers_come_as_they_come(self, lan: Lan) -> None:
        alice, _ = self.crew(lan)
        began, got = lan.now, []
        for reply in alice.ask("CREW", "load"):
            got.append((reply.name, reply.json(), round(lan.now - began)))
        assert got == [(f"worker{number}", number, number) for number in range(4)]

    def test_who_did_not_answer(self, lan: Lan) -> None:
        alice, crew = self.crew(lan)
        plain = lan.node("plain", groups=["CREW"])
        useless = lan.node("useless", groups=["CREW"])
        useless.service("other")(add)
        lan.settle()
        drain(plain)
        crew[2].service("fail")(add)
        with alice.ask("CREW", "load", timeout=1.5) as answers:
            assert [reply.json() for reply in answers] == [0, 1]
        assert set(answers.silent) == {plain.uuid, crew[2].uuid, crew[3].uuid}
        assert [(type(error), error.peer) for error in answers.errors] == [(zyre.NoSuchService, useless.uuid)]
        (event,) = [event for event in drain(plain) if isinstance(event, Shout)]
        assert event.content[0].startswith(MAGIC), "who knows nothing of calls sees a message, and that is all"
        assert list(answers) == [], "it is iterated once"

    def test_one_that_dies_is_not_waited_for(self, lan: Lan) -> None:
        alice, crew = self.crew(lan, 3)
        lan.spawn(lambda: (lan.sleep(0.5), crew[2].stop()))
        began = lan.now
        answers = alice.ask("CREW", "load", timeout=100)
        assert len(answers.all()) == 2
        assert lan.now - began < 3
        assert [type(error) for error in answers.errors] == [zyre.PeerGone]

    def test_one_that_leaves_the_group_is_not_waited_for(self, lan: Lan) -> None:
        alice, crew = self.crew(lan, 3)
        lan.spawn(lambda: (lan.sleep(0.5), crew[2].leave("CREW")))
        assert len(alice.ask("CREW", "load", timeout=100).all()) == 2

    def test_a_quorum_is_enough(self, lan: Lan) -> None:
        alice, crew = self.crew(lan)
        told: list[bool] = []

        @crew[3].service("long")
        def long(request: Request) -> None:
            lan.sleep(5)
            told.append(request.cancelled)

        for node in crew[:3]:
            node.service("long")(lambda request: None)
        began = lan.now
        answers = alice.ask("CREW", "long", quorum=3, timeout=100)
        assert len(answers.all()) == 3
        assert lan.now - began < 1
        lan.run_for(10)
        assert told == [True], "nobody works for nothing longer than it must"

    @pytest.mark.parametrize(("quorum", "wait"), [(3, 2), (9, 0)])
    def test_no_quorum(self, lan: Lan, quorum: int, wait: float) -> None:
        """It is told at the end, or as soon as it is certain."""
        alice, _ = self.crew(lan)
        began, got = lan.now, list[Reply]()
        answers = alice.ask("CREW", "load", quorum=quorum, timeout=1.9)
        with pytest.raises(zyre.NoQuorum) as caught:
            got.extend(answers)
        assert (caught.value.quorum, caught.value.replies) == (quorum, len(got))
        assert lan.now - began <= wait

    def test_an_empty_group(self, lan: Lan) -> None:
        alice, _ = self.crew(lan, 0)
        assert list(alice.ask("NOBODY", "load")) == []
        with pytest.raises(zyre.NoQuorum):
            alice.ask("NOBODY", "load", quorum=1).all()

    def test_one_that_nobody_looks_at_is_forgotten(self, lan: Lan) -> None:
        alice, _ = self.crew(lan)
        for _ in alice.ask("CREW", "load"):
            break
        lan.run_for(10)
        assert len(alice._calls._asking) == 0
        assert repr(alice.ask("CREW", "load")) == "<Answers of 'CREW' to 'load': 0 replies, 0 errors, 4 silent>"


class TestLimits:
    def test_too_much_at_once_is_told(self, lan: Lan) -> None:
        config = NodeConfig(limits=zyre.Limits(service_requests_of_peer=4, service_threads=2))
        alice, bob = pair(lan, config=config)
        running: list[int] = [0, 0]

        @bob.service("slow")
        def slow(request: Request) -> None:
            running[0] += 1
            running[1] = max(running)
            lan.sleep(1)
            running[0] -= 1

        def ask() -> str:
            try:
                alice.request(bob, "slow", timeout=10)
            except zyre.ServiceBusy as error:
                return error.why
            return "served"

        tasks = [lan.spawn(ask) for _ in range(6)]
        lan.run_for(10)
        outcomes = [task.result for task in tasks]
        assert outcomes.count("served") == 4
        assert outcomes.count("serves as many requests of this node as it may have") == 2
        assert running[1] == 2
        assert bob.statistics().calls == {"served": 4, "refused": 2}

    def test_garbage_is_counted(self, lan: Lan) -> None:
        alice, bob = pair(lan)
        bob.service("add")(add)
        for frame in (MAGIC, MAGIC + b"\x09" + bytes(8), MAGIC + b"\x01" + bytes(8)):
            alice.whisper(bob, frame)
        alice.whisper(bob, encode_ask(Ask(1, 5, "add")), "no json")
        lan.run_for(1)
        assert drain(bob) == []
        assert bob.statistics().calls == {"malformed": 3, "failed": 1}


@pytest.mark.lan
class TestReal:
    def test_nobody_reads(self) -> None:
        with meeting("alice", "bob") as (alice, bob):
            bob.service("add", codec="json")(add)
            for number in range(200):
                assert alice.request(bob, "add", [number, 1], codec="json").json() == number + 1

    def test_beside_readers_and_from_many_threads(self) -> None:
        """Answers come to those who asked, and events to those who read, both ways at once."""
        with meeting("alice", "bob") as (alice, bob):
            for node in (alice, bob):
                node.service("echo")(lambda request: request.content)
            read: list[int] = [0]

            def reads() -> None:
                for number in range(200):
                    assert expect(alice, Whisper).content == (b"%d" % number,)
                    read[0] += 1

            def writes() -> None:
                for number in range(200):
                    bob.whisper(alice, str(number))

            def asks(asker: zyre.Node, other: zyre.Node, name: int) -> Callable[[], None]:
                def ask() -> None:
                    for number in range(50):
                        assert asker.request(other, "echo", f"{name} {number}").content == (b"%d %d" % (name, number),)

                return ask

            jobs = [asks(alice, bob, number) for number in range(4)] + [asks(bob, alice, number) for number in range(4)]
            in_threads(reads, writes, *jobs)
            assert read == [200]
            assert alice.statistics().calls == {"asked": 200, "answered": 200, "served": 200}

    def test_right_after_a_reader_went_home(self) -> None:
        """It leaves the inbox unwatched for a while, and an answer must not wait for that."""
        with meeting("alice", "bob") as (alice, bob):
            bob.service("add", codec="json")(add)
            for number in range(20):
                bob.whisper(alice, "read this")
                expect(alice, Whisper)
                assert alice.request(bob, "add", [number], codec="json", timeout=20).json() == number

    def test_its_threads_end_with_it(self) -> None:
        with meeting("alice", "bob") as (alice, bob):
            bob.service("name")(lambda request: threading.current_thread().name)
            assert alice.request(bob, "name").content == (b"zyre-service",)
        until(lambda: "zyre-service" not in {thread.name for thread in threading.enumerate()})

    def test_a_full_queue_ends_with_the_time(self) -> None:
        config = NodeConfig(limits=zyre.Limits(link_messages=2), timing=zyre.Timing(send_patience=1000))
        with meeting("bob", config=config) as bob, DeafPeer(bob, groups=["G"]) as deaf:
            expect(bob, Enter, name="deaf")
            expect(bob, zyre.Join, group="G")
            while True:
                try:
                    bob.request(deaf.uuid, "add", bytes(1 << 20), timeout=0.01)
                except zyre.RequestTimeout:
                    if bob._host.whisper_nowait(zyre.PeerId.parse(deaf.uuid), (b"x",)).name == "BLOCKED":
                        break
            with pytest.raises(zyre.RequestTimeout):
                bob.request(deaf.uuid, "add", timeout=0.01)
            answers = bob.ask("G", "add", timeout=20)
            assert answers.all() == ()
            assert "queue is full" in str(answers.errors[0])
            bob._host.shed(zyre.PeerId.parse(deaf.uuid))
            with pytest.raises(zyre.ServiceBusy):
                bob.request(deaf.uuid, "add")
