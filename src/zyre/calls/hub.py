"""The calls of one node: what belongs to them is taken out of its events, before the application sees it.

Events come under the node's lock, in whichever thread reads the inbox; so nothing is sent while they are taken in.
Answers wake who waits for them. Requests are handed to workers, threads that are begun when they are needed and end
when nobody needed them for a while, or to the loop of an AsyncNode. The lock here is taken after the node's, never
before.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from zyre.calls.asking import Asking, Inquiry
from zyre.calls.serving import Job, Service, Serving
from zyre.calls.values import Request
from zyre.calls.wire import (
    MAGIC,
    Ask,
    Cancel,
    Fault,
    Reason,
    decode,
    encode_answer,
    encode_ask,
    encode_cancel,
    encode_fault,
)
from zyre.config import Limits
from zyre.core.host import Closed, Host, Parker, Waker, why_ended
from zyre.core.outcome import Outcome
from zyre.errors import DecodeError, ForkedNodeError, InvalidConfig, ZyreError
from zyre.events import Event, Exit, Leave, Shout, Whisper
from zyre.identity import PeerId, check_service, encode_frames
from zyre.payload import Codec, codec_of, encode_objects
from zyre.views import frames_of

__all__ = ["Calls"]

#: A worker ends when there was nothing to do for this long, in seconds.
_LINGER = 5.0

_log = logging.getLogger("zyre")


class Runner(Protocol):
    """Has coroutine functions run."""

    def launch(self, calls: Calls) -> None:
        """There may be jobs; called in any thread."""


class Calls:
    """Requests and services of one node. ``runner`` is set by an AsyncNode, and told of jobs for its loop."""

    def __init__(self, host: Host, limits: Limits, runner: Runner | None = None) -> None:
        self.host = host
        self.runner = runner
        self.counts: Counter[str] = Counter()
        self._limits = limits
        self._mutex = threading.Lock()
        self._asking = Asking()
        self._serving = Serving(limits)
        self._stopped = False
        self._defect: BaseException | None = None
        self._idle: list[Parker] = []
        self._workers = 0
        self._refusals: list[tuple[PeerId, Fault]] = []
        host.intercept(self)

    # -- what is offered -----------------------------------------------------------------------------------------

    def offer(
        self,
        name: str,
        function: Callable[[Request], Any],
        *,
        codec: str | Codec | None = None,
        at_once: int | None = None,
        in_loop: bool = False,
    ) -> None:
        """Offer a service from now on. Raises InvalidName, InvalidConfig."""
        if at_once is not None and at_once < 1:
            raise InvalidConfig(f"at_once is {at_once!r}; it is how many calls may run at a time, 1 or more")
        service = Service(check_service(name), function, None if codec is None else codec_of(codec), at_once, in_loop)
        with self._mutex:
            if name in self._serving.services:
                raise InvalidConfig(f"this node has a service {name!r} already")
            self._serving.services[name] = service

    # -- what is asked -------------------------------------------------------------------------------------------

    def open(self, service: str, group: str | None = None, quorum: int | None = None) -> Inquiry:
        """A new question, to be closed by who opened it."""
        with self._mutex:
            inquiry = self._asking.open(service, group, quorum)
            inquiry.stopped = self._stopped
            return inquiry

    def ask_group(self, inquiry: Inquiry, group: str, left: float, content: tuple[bytes, ...]) -> None:
        """Send the question to everybody in its group. Who reads too slowly is not waited for."""
        members = [(peer.uuid, peer.name) for peer in self.host.roster.in_group(group)]
        with self._mutex:
            inquiry.expect(members)
            self.counts["asked"] += len(members)
        _, blocked = self.host.shout_nowait(group, (encode_ask(Ask(inquiry.id, left, inquiry.service)), *content))
        with self._mutex:
            for peer in blocked:
                inquiry.refuse(peer, "reads too slowly: its queue is full")

    def ask_peer(self, inquiry: Inquiry, peer: PeerId, left: float, content: tuple[bytes, ...]) -> Outcome:
        """Send the question to one peer, or say why not."""
        if inquiry.waiting is None:
            with self._mutex:
                inquiry.expect([(peer, "")])
                self.counts["asked"] += 1
        return self.host.whisper_nowait(peer, (encode_ask(Ask(inquiry.id, left, inquiry.service)), *content))

    def park(self, inquiry: Inquiry, seen: int, waker: Waker) -> bool:
        """Have ``waker`` called once, when there are more than ``seen`` replies, or it is finished; False if so now."""
        with self._mutex:
            if inquiry.finished or len(inquiry.replies) > seen:
                return False
            inquiry.news = waker
            return True

    def ending(self, verb: str) -> BaseException:
        """Why an inquiry that was stopped got no answer."""
        return why_ended(Closed(self._defect), verb)

    def unpark(self, inquiry: Inquiry) -> None:
        """Wait no longer."""
        with self._mutex:
            inquiry.news = None

    def close(self, inquiry: Inquiry, *, cancel: bool = True) -> None:
        """Nobody waits for it any more; whoever still works on it is told so."""
        with self._mutex:
            if not self._asking.close(inquiry) or inquiry.stopped:
                return
            working = list(inquiry.waiting or ())
            self.counts["unanswered"] += len(working)
        if cancel:
            for peer in working:
                self._send_soon(peer, (encode_cancel(inquiry.id),))

    def _send_soon(self, peer: PeerId, content: tuple[bytes, ...]) -> None:
        """Send what does no harm if it gets lost."""
        try:
            self.host.whisper_nowait(peer, content)
        except ZyreError:  # the node has been stopped
            pass

    # -- what comes in: under the node's lock ----------------------------------------------------------------------

    def take(self, events: list[Event]) -> list[Event]:
        """Take out what belongs to calls; the rest is for the application."""
        kept = []
        for event in events:
            if isinstance(event, (Whisper, Shout)):
                frames = frames_of(event)
                if frames and frames[0][: len(MAGIC)] == MAGIC:
                    self._on_message(event)
                    continue
            elif isinstance(event, Exit):
                self._on_gone(event.peer)
            elif isinstance(event, Leave):
                self._on_gone(event.peer, event.group)
            kept.append(event)
        return kept

    def _on_message(self, event: Whisper | Shout) -> None:
        try:
            message = decode(event.content[0])
        except DecodeError:
            self.counts["malformed"] += 1
            return
        if isinstance(message, Ask):
            self._on_ask(event, message)
        elif isinstance(message, Cancel):
            with self._mutex:
                jobs = self._serving.on_cancel(event.peer, message.id)
            self._cancel(jobs)
        else:
            with self._mutex:
                inquiry = self._asking.on_message(event.peer, event.name, message, event.content[1:])
                self.counts["late" if inquiry is None else "answered"] += 1
                self._wake([] if inquiry is None else [inquiry])

    def _on_ask(self, event: Whisper | Shout, ask: Ask) -> None:
        now = self.host.now
        group = event.group if isinstance(event, Shout) else None
        content = event.content[1:]
        request = Request(event.peer, event.name, ask.service, group, content, now() + ask.left, now)
        with self._mutex:
            job = self._serving.on_ask(request, ask)
            if isinstance(job, Fault):
                self.counts["refused"] += 1
                # As many may wait to be said as there may be requests; who asks beyond that is not worth a memory.
                if len(self._refusals) < self._limits.service_requests:
                    self._refusals.append((event.peer, job))
                self._hire()
            elif job is not None and not job.service.in_loop:
                self._hire()
        if isinstance(job, Job) and job.service.in_loop and self.runner is not None:
            self.runner.launch(self)

    def _on_gone(self, peer: PeerId, group: str | None = None) -> None:
        with self._mutex:
            self._wake(self._asking.on_gone(peer, group))
            jobs = [] if group is not None else self._serving.on_gone(peer)
        self._cancel(jobs)

    def _wake(self, inquiries: list[Inquiry]) -> None:
        for inquiry in inquiries:
            news, inquiry.news = inquiry.news, None
            if news is not None:
                news()

    def _cancel(self, jobs: list[Job]) -> None:
        for job in jobs:
            if job.cancel is not None:
                job.cancel()

    def ended(self, defect: BaseException | None) -> None:
        """The node is stopped: nobody is answered any more, and nobody waits. ``defect`` is what broke it, if any."""
        with self._mutex:
            self._stopped = True
            self._defect = self._defect or defect
            self._wake(self._asking.stop())
            jobs = self._serving.stop()
            idle, self._idle = self._idle, []
            for parker in idle:
                parker.wake()
        self._cancel(jobs)

    def abandon(self) -> None:
        """In a child after a fork: the threads that waited, or held the lock, are the parent's."""
        self._mutex = threading.Lock()
        self._idle.clear()
        self._workers = 0
        self._stopped = True
        self._defect = ForkedNodeError("request")
        self._asking.stop()

    # -- workers -------------------------------------------------------------------------------------------------

    def _hire(self) -> None:
        """Under the lock: have somebody look for work."""
        if self._idle:
            self._idle.pop().wake()
        elif self._workers < self._limits.service_threads:
            self._workers += 1
            if not self.host.spawn(self._work):
                self._workers -= 1

    def _work(self) -> None:
        try:
            while self._work_once():
                pass
        finally:
            with self._mutex:
                self._workers -= 1

    def _work_once(self) -> bool:
        """Do what there is to do, or wait for it; False if there was nothing for long, or the node is stopped."""
        with self._mutex:
            if self._stopped:
                return False
            refusals, self._refusals = self._refusals, []
            job = None if refusals else self._serving.next_job(in_loop=False)
            if not refusals and job is None:
                parker = self.host.new_parker()
                self._idle.append(parker)
        for peer, fault in refusals:
            self._send_soon(peer, (encode_fault(fault),))
        if job is not None:
            self.run_plain(job)
        if refusals or job is not None or parker.park(_LINGER):
            return True
        with self._mutex:
            if parker not in self._idle:
                return True  # somebody has just woken it
            self._idle.remove(parker)
            return False

    def run_plain(self, job: Job) -> None:
        """Call a plain function and send what comes of it, in this thread."""
        outcome = "failed"
        try:
            content = self.answer(job, job.service.function(job.request))
            outcome = "served"
        except (Exception, SystemExit) as error:
            content = self.failure(job, error)
        finally:
            self.done(job, outcome)
        if job.is_wanted():
            try:
                self.host.whisper(job.request.peer, content)
            except ZyreError:  # the node has been stopped
                pass

    def next_job(self) -> Job | None:
        """A job for the loop."""
        with self._mutex:
            return None if self._stopped else self._serving.next_job(in_loop=True)

    def answer(self, job: Job, result: Any) -> tuple[bytes, ...]:
        """The message of what a service returned. Raises InvalidFrame, InvalidPayload."""
        return encode_answer(job.id), *_encode_result(job.service, result)

    def failure(self, job: Job, error: BaseException) -> tuple[bytes, ...]:
        """The message of what a service raised. Who asked gets a sentence; the traceback stays here, in the log."""
        _log.error("service %r raised, asked by %s", job.service.name, job.request.name, exc_info=error)
        return (encode_fault(Fault(job.id, Reason.RAISED, type(error).__name__, str(error))),)

    def done(self, job: Job, outcome: str) -> None:
        """A job has ended, and how: its place may be taken. (A worker looks for the next one anyway.)"""
        with self._mutex:
            self.counts["cancelled" if job.request.cancelled else outcome] += 1
            self._serving.done(job)
        if job.service.in_loop and self.runner is not None:
            self.runner.launch(self)

    def statistics(self) -> Mapping[str, int]:
        """What was counted; see Statistics.calls."""
        with self._mutex:
            counts = dict(self.counts)
            counts["expired"] = self._serving.expired
            return {name: count for name, count in counts.items() if count}


def _encode_result(service: Service, result: Any) -> tuple[bytes, ...]:
    """What a service returned, as frames. Raises InvalidFrame, InvalidPayload."""
    if service.codec is not None:
        return encode_objects(service.codec, (result,))
    if result is None:
        return ()
    return encode_frames(tuple(result) if isinstance(result, (tuple, list)) else (result,))
