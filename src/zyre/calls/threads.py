"""Waiting for answers in a thread, or in a simulator's program."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType

from zyre.calls.asking import Inquiry
from zyre.calls.hub import Calls
from zyre.calls.values import Reply
from zyre.core.outcome import Outcome
from zyre.errors import CallError, InvalidConfig, NoQuorum, PeerGone, RequestTimeout, ServiceBusy
from zyre.identity import PeerId

__all__ = ["Answers", "BaseAnswers", "outcome_of", "request", "time_left", "was_sent"]


def request(calls: Calls, peer: PeerId, service: str, content: tuple[bytes, ...], timeout: float) -> Reply:
    """Ask one peer and wait; see Node.request."""
    deadline = calls.host.now() + timeout
    inquiry = calls.open(service)
    try:
        _send(calls, inquiry, peer, content, deadline, timeout)
        _wait(calls, inquiry, 0, deadline)
        return outcome_of(calls, inquiry, peer, timeout)
    finally:
        # Whoever answers knows by the request when its time is over; it is told only if that has come to an end before.
        calls.close(inquiry, cancel=calls.host.now() < deadline)


def outcome_of(calls: Calls, inquiry: Inquiry, peer: PeerId, timeout: float) -> Reply:
    """What became of a question to one peer. Raises CallError, NodeStopped."""
    if inquiry.replies:
        return inquiry.replies[0]
    if inquiry.errors:
        raise inquiry.errors[peer]
    if inquiry.stopped:
        raise calls.ending("request")
    raise RequestTimeout(inquiry.service, peer, timeout)


def was_sent(outcome: Outcome, inquiry: Inquiry, peer: PeerId) -> bool:
    """Whether a question is on its way; False if there is no room for it yet. Raises CallError if it never will."""
    if outcome is Outcome.ABSENT:
        raise PeerGone(inquiry.service, peer)
    if outcome is Outcome.SHED:
        raise ServiceBusy(inquiry.service, peer, "reads too slowly: its queue is full")
    return outcome is Outcome.SENT


def _send(
    calls: Calls, inquiry: Inquiry, peer: PeerId, content: tuple[bytes, ...], deadline: float, timeout: float
) -> None:
    host = calls.host
    while not was_sent(calls.ask_peer(inquiry, peer, deadline - host.now(), content), inquiry, peer):
        parker = host.new_parker()
        host.on_room(parker.wake)
        if was_sent(calls.ask_peer(inquiry, peer, deadline - host.now(), content), inquiry, peer):
            return
        if not parker.park(time_left(calls, deadline)):
            raise RequestTimeout(inquiry.service, peer, timeout)


def time_left(calls: Calls, deadline: float) -> float | None:
    """How long to wait, as parkers take it."""
    left = deadline - calls.host.now()
    return None if left == float("inf") else max(0.0, left)


def _wait(calls: Calls, inquiry: Inquiry, seen: int, deadline: float) -> bool:
    """Wait for more than ``seen`` replies, or the end; False if the time is over."""
    while True:
        parker = calls.host.new_parker()
        if not calls.park(inquiry, seen, parker.wake):
            return True
        calls.host.attend()
        woken = False
        try:
            woken = parker.park(time_left(calls, deadline))
        finally:
            if not woken:
                calls.unpark(inquiry)
        if not woken:
            return False


class BaseAnswers:
    """The answers of a group, as they come. It is iterated once; afterwards it tells what became of everybody."""

    def __init__(
        self, calls: Calls, group: str, service: str, content: tuple[bytes, ...], quorum: int | None, timeout: float
    ) -> None:
        if quorum is not None and quorum < 1:
            raise InvalidConfig(f"quorum is {quorum!r}; it is how many answers are enough, 1 or more")
        self._calls = calls
        self._group = group
        self._deadline = calls.host.now() + timeout
        self._given = 0
        self._ended = False
        self._inquiry = calls.open(service, group, quorum)
        try:
            calls.ask_group(self._inquiry, group, timeout, content)
        except BaseException:
            self.close()
            raise

    @property
    def replies(self) -> tuple[Reply, ...]:
        """The replies that have come so far."""
        return tuple(self._inquiry.replies)

    @property
    def errors(self) -> tuple[CallError, ...]:
        """What became of those who will not answer: PeerGone, NoSuchService, ServiceBusy or ServiceError."""
        return tuple(self._inquiry.errors.values())

    @property
    def silent(self) -> tuple[PeerId, ...]:
        """Who was asked and has not answered; plain ZRE peers never do."""
        return tuple(self._inquiry.waiting or ())

    def close(self) -> None:
        """Wait for no more replies; who still works on one is told so."""
        if not self._ended:
            self._ended = True
            self._calls.close(self._inquiry, cancel=self._calls.host.now() < self._deadline)

    def _take(self) -> Reply | None:
        """The next reply that has come."""
        if len(self._inquiry.replies) > self._given:
            self._given += 1
            return self._inquiry.replies[self._given - 1]
        return None

    def _finish(self) -> None:
        """There are no more replies. Raises NoQuorum, NodeStopped."""
        ended, inquiry = self._ended, self._inquiry
        self.close()
        if ended:
            return
        if inquiry.stopped:
            raise self._calls.ending("ask")
        if inquiry.quorum is not None and len(inquiry.replies) < inquiry.quorum:
            raise NoQuorum(inquiry.service, self._group, inquiry.quorum, len(inquiry.replies))

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} of {self._group!r} to {self._inquiry.service!r}: "
            f"{len(self.replies)} replies, {len(self.errors)} errors, {len(self.silent)} silent>"
        )


class Answers(BaseAnswers):
    """The answers of a group, as they come: see Node.ask.

        with node.ask("WORKERS", "load", timeout=1) as answers:
            for reply in answers:
                print(reply.name, reply.json())
        print("no answer:", answers.silent, answers.errors)

    Iterating ends when everybody has answered, or the quorum has, or the time is over. Raises NoQuorum at the end if a
    quorum was asked for and is not reached, as soon as that is certain.
    """

    def __iter__(self) -> Iterator[Reply]:
        return self

    def __next__(self) -> Reply:
        while not self._ended:
            reply = self._take()
            if reply is not None:
                return reply
            if self._inquiry.finished or not _wait(self._calls, self._inquiry, self._given, self._deadline):
                # What came between the two looks is given, too.
                reply = self._take()
                if reply is not None:
                    return reply
                self._finish()
        raise StopIteration

    def all(self) -> tuple[Reply, ...]:
        """Wait for the end; all replies. Raises NoQuorum."""
        try:
            for _ in self:
                pass
        finally:
            self.close()
        return self.replies

    def __enter__(self) -> Answers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
