"""What a node offers, who has asked for it, and how much of it is done at a time.

    on_ask ──no such name──> UNKNOWN          next_job ──> the oldest job whose service may run once more
       │ ───over a limit──> BUSY                  │ a job that was cancelled, or whose time is over, is passed over
       └──> waiting ───────────────────────────> running ──done──> its place is free

Plain functions and coroutine functions wait in one queue and are taken out of it by their own kind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

from zyre.calls.values import Request
from zyre.calls.wire import Ask, Fault, Reason
from zyre.config import Limits
from zyre.identity import PeerId
from zyre.payload import Codec

__all__ = ["Job", "Service", "Serving"]


class Service(NamedTuple):
    """A function that peers may call."""

    name: str
    function: Callable[[Request], Any]
    codec: str | Codec | None
    at_once: int | None
    """How many calls of it may run at a time; None: as many as the node allows."""
    in_loop: bool
    """Whether it is a coroutine function."""


class Job:
    """One call of a service. ``cancel``, once somebody has set it, ends a call that runs; it may be called anywhere."""

    __slots__ = ("cancel", "id", "octets", "request", "running", "service")

    def __init__(self, id: int, service: Service, request: Request) -> None:
        self.id = id
        self.service = service
        self.request = request
        self.octets = sum(map(len, request.content))
        self.running = False
        self.cancel: Callable[[], object] | None = None

    def is_wanted(self) -> bool:
        """Whether somebody waits for the answer."""
        return not self.request.cancelled


class Serving:
    """The services of one node, and the calls of them that wait or run."""

    def __init__(self, limits: Limits) -> None:
        self.services: dict[str, Service] = {}
        self.expired = 0
        """How many calls' time was over before their turn came."""
        self._limits = limits
        self._jobs: dict[tuple[PeerId, int], Job] = {}
        self._of_peer: Counter[PeerId] = Counter()
        self._running: Counter[str] = Counter()
        self._octets = 0

    def on_ask(self, request: Request, ask: Ask) -> Job | Fault | None:
        """A request: a job that waits, or why not; None if it came twice."""
        service = self.services.get(ask.service)
        if service is None:
            return Fault(ask.id, Reason.UNKNOWN)
        key = (request.peer, ask.id)
        if key in self._jobs:
            return None
        job = Job(ask.id, service, request)
        limits = self._limits
        if len(self._jobs) >= limits.service_requests:
            return Fault(ask.id, Reason.BUSY, text="serves as many requests as it can")
        if self._of_peer[request.peer] >= limits.service_requests_of_peer:
            return Fault(ask.id, Reason.BUSY, text="serves as many requests of this node as it may have")
        if self._octets + job.octets > limits.service_bytes:
            return Fault(ask.id, Reason.BUSY, text="holds as much content of requests as it can")
        self._jobs[key] = job
        self._of_peer[request.peer] += 1
        self._octets += job.octets
        return job

    def next_job(self, *, in_loop: bool) -> Job | None:
        """A job to run now, of coroutine functions or of plain ones; None if there is none."""
        for job in list(self._jobs.values()):  # in order of arrival
            service = job.service
            if job.running or service.in_loop is not in_loop:
                continue
            if job.request.time_left <= 0:
                self.expired += 1
                self.done(job)
            elif service.at_once is None or self._running[service.name] < service.at_once:
                job.running = True
                self._running[service.name] += 1
                return job
        return None

    def done(self, job: Job) -> None:
        """It has ended, or will never run."""
        if self._jobs.pop((job.request.peer, job.id), None) is None:
            return
        self._octets -= job.octets
        self._of_peer[job.request.peer] -= 1
        if not self._of_peer[job.request.peer]:
            del self._of_peer[job.request.peer]
        if job.running:
            self._running[job.service.name] -= 1

    def on_cancel(self, peer: PeerId, id: int) -> list[Job]:
        """Who asked has given up: the job to cancel, if it runs."""
        job = self._jobs.get((peer, id))
        return [] if job is None else self._cancel([job])

    def on_gone(self, peer: PeerId) -> list[Job]:
        """Who asked is gone: the jobs to cancel that run."""
        if peer not in self._of_peer:
            return []
        return self._cancel([job for (asker, _), job in self._jobs.items() if asker == peer])

    def stop(self) -> list[Job]:
        """Nobody can be answered any more: the jobs to cancel that run."""
        return self._cancel(list(self._jobs.values()))

    def _cancel(self, jobs: list[Job]) -> list[Job]:
        running = []
        for job in jobs:
            job.request.cancelled = True
            if job.running:
                running.append(job)
            else:
                self.done(job)
        return running

    def __len__(self) -> int:
        return len(self._jobs)
