from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from zyre.calls.serving import Job, Service, Serving
from zyre.calls.values import Request
from zyre.calls.wire import Ask, Fault, Reason
from zyre.config import Limits
from zyre.identity import PeerId

PEERS = [PeerId(bytes([number]) * 16) for number in range(5)]


class Rig:
    """A Serving with services, and time that stands still."""

    def __init__(self, limits: Limits | None = None, **at_once: int | None) -> None:
        self.now = 100.0
        self.serving = Serving(limits or Limits())
        for name, most in (at_once or {"add": None}).items():
            self.serving.services[name] = Service(name, lambda request: None, None, most, name.startswith("async"))

    def ask(
        self,
        id: int = 1,
        peer: PeerId = PEERS[0],
        service: str = "add",
        content: tuple[bytes, ...] = (),
        left: float = 5,
    ) -> Job | Fault | None:
        request = Request(peer, "bob", service, None, content, self.now + left, lambda: self.now)
        return self.serving.on_ask(request, Ask(id, left, service))

    def job(self, **arguments: Any) -> Job:
        job = self.ask(**arguments)
        assert isinstance(job, Job), job
        return job

    def fault(self, **arguments: Any) -> Fault:
        fault = self.ask(**arguments)
        assert isinstance(fault, Fault), fault
        return fault

    def next(self, in_loop: bool = False) -> Job | None:
        return self.serving.next_job(in_loop=in_loop)


def test_in_order_of_arrival() -> None:
    rig = Rig()
    jobs = [rig.job(id=number) for number in range(3)]
    assert [rig.next(), rig.next(), rig.next(), rig.next()] == [*jobs, None]
    for job in jobs:
        rig.serving.done(job)
        rig.serving.done(job)
    assert len(rig.serving) == 0


def test_an_unknown_name() -> None:
    assert Rig().fault(id=9, service="none") == Fault(9, Reason.UNKNOWN)


def test_twice_is_once() -> None:
    rig = Rig()
    rig.job()
    assert rig.ask() is None


def test_each_limit_is_told() -> None:
    rig = Rig(Limits(service_requests=4, service_requests_of_peer=2, service_bytes=10))
    held = rig.job(id=1, content=(b"12345", b"67890"))
    assert "content" in rig.fault(id=2, content=(b"1",)).text
    rig.job(id=2)
    assert "of this node" in rig.fault(id=3).text
    rig.job(id=1, peer=PEERS[1])
    rig.job(id=1, peer=PEERS[2])
    fault = rig.fault(id=1, peer=PEERS[3])
    assert (fault.reason, fault.text) == (Reason.BUSY, "serves as many requests as it can")
    rig.serving.done(held)
    rig.job(id=1, peer=PEERS[3], content=(b"1234567890",))


def test_so_many_at_once_and_others_pass_by() -> None:
    rig = Rig(one=1, add=None)
    first, second, other = rig.job(id=1, service="one"), rig.job(id=2, service="one"), rig.job(id=3)
    assert [rig.next(), rig.next(), rig.next()] == [first, other, None]
    rig.serving.done(first)
    assert rig.next() is second


def test_coroutine_functions_wait_for_the_loop() -> None:
    rig = Rig(async_add=None, add=None)
    in_loop, plain = rig.job(id=1, service="async_add"), rig.job(id=2)
    assert [rig.next(), rig.next()] == [plain, None]
    assert [rig.next(in_loop=True), rig.next(in_loop=True)] == [in_loop, None]


def test_nobody_begins_what_nobody_waits_for() -> None:
    rig = Rig()
    rig.job(id=1, left=1)
    cancelled, last = rig.job(id=2), rig.job(id=3)
    rig.now += 2
    assert rig.serving.on_cancel(PEERS[0], 2) == []
    assert rig.serving.on_cancel(PEERS[0], 77) == []
    assert rig.next() is last
    assert (cancelled.request.cancelled, rig.serving.expired, len(rig.serving)) == (True, 1, 1)
    assert last.request.time_left == 3


def test_who_runs_is_told_that_the_asker_is_gone() -> None:
    rig = Rig()
    running, waiting, others = rig.job(id=1), rig.job(id=2), rig.job(id=1, peer=PEERS[1])
    assert rig.next() is running
    assert rig.serving.on_gone(PEERS[0]) == [running]
    assert rig.serving.on_gone(PEERS[4]) == []
    assert [job.request.cancelled for job in (running, waiting, others)] == [True, True, False]
    assert rig.next() is others
    assert rig.serving.stop() == [running, others]


STEPS = st.lists(
    st.tuples(st.sampled_from(["ask", "next", "done", "cancel", "gone", "time"]), st.integers(0, 4), st.integers(0, 9)),
    max_size=60,
)


@given(STEPS)
def test_what_is_counted_is_what_is_there(steps: list[tuple[str, int, int]]) -> None:
    """No sequence of inputs makes a place be lost or given twice."""
    rig = Rig(Limits(service_requests=6, service_requests_of_peer=3, service_bytes=20), one=1, add=None)
    running: list[Job] = []
    actions: dict[str, Callable[[int, int], object]] = {
        "ask": lambda peer, id: rig.ask(id, PEERS[peer], "one" if id % 2 else "add", (b"x" * id,), 1 + id),
        "next": lambda *_: running.append(job) if (job := rig.next()) else None,
        "done": lambda *_: rig.serving.done(running.pop(0)) if running else None,
        "cancel": lambda peer, id: rig.serving.on_cancel(PEERS[peer], id),
        "gone": lambda peer, id: rig.serving.on_gone(PEERS[peer]),
        "time": lambda *_: setattr(rig, "now", rig.now + 0.7),
    }
    for what, peer, id in steps:
        actions[what](peer, id)
        jobs = rig.serving._jobs.values()
        assert len(jobs) <= 6
        assert rig.serving._octets == sum(job.octets for job in jobs) <= 20
        assert sum(rig.serving._of_peer.values()) == len(jobs)
        assert max(rig.serving._of_peer.values(), default=0) <= 3
        assert sum(job.running for job in jobs) == len(running) == sum(rig.serving._running.values())
        assert rig.serving._running["one"] <= 1
