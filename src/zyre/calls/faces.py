"""What calls add to the faces of a node: offering services, and asking in threads."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from zyre.config import NodeConfig
from zyre.core.host import Host
from zyre.errors import UsageError
from zyre.identity import PeerId, check_group, check_service
from zyre.payload import Codec, encode_content
from zyre.statistics import Statistics

if TYPE_CHECKING:
    from zyre.calls.hub import Calls
    from zyre.calls.runners import Runner
    from zyre.calls.tasks import AsyncAnswers
    from zyre.calls.threads import Answers
    from zyre.calls.values import Reply

__all__ = ["AsyncCaller", "Caller", "Offering"]

Service = TypeVar("Service", bound=Callable[..., object])


class Offering:
    """A node that offers services, whoever waits for its events."""

    _runner: Runner | None = None
    #: Whether coroutine functions can be run.
    _has_loop = False

    def _attach_calls(self, host: Host, config: NodeConfig) -> None:
        self._calls_host = host
        self._calls_config = config
        self._calls_guard = threading.Lock()
        self._made_calls: Calls | None = None

    @property
    def _calls(self) -> Calls:
        """Made when first needed: before, messages of calls are events like any other."""
        calls = self._made_calls
        if calls is None:
            from zyre.calls.hub import Calls  # which most programs never need, as all that faces load so late

            with self._calls_guard:
                calls = self._made_calls
                if calls is None:
                    calls = Calls(self._calls_host, self._calls_config.limits, self._runner)
                    self._made_calls = calls
        return calls

    def _patience(self, timeout: float | None) -> float:
        return self._calls_config.timing.request if timeout is None else timeout

    def service(
        self, name: str, *, codec: str | Codec | None = None, at_once: int | None = None
    ) -> Callable[[Service], Service]:
        """Offer a function to peers, who call it by ``node.request`` and ``node.ask``.

            @node.service("add", codec="json")
            def add(request): return sum(request.json())

        It is given a Request and returns the answer: a frame, several as a tuple, or None; with a ``codec`` any object
        that it takes. What it raises becomes a ServiceError there, as text. Plain functions run in up to
        ``Limits.service_threads`` threads, coroutine functions (AsyncNode only) in the loop; ``at_once`` bounds how
        many calls of this one run at a time. Works before the start, too.

        Raises:
            InvalidName: if it is no name; InvalidConfig: if it is taken.
            UsageError: if a zyre.Node is given a coroutine function.
        """

        def register(function: Service) -> Service:
            in_loop = inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__)
            if in_loop and not self._has_loop:
                raise UsageError(f"{function!r} is a coroutine function, and zyre.Node has no loop: use zyre.AsyncNode")
            self._calls.offer(name, function, codec=codec, at_once=at_once, in_loop=in_loop)
            return function

        return register

    def _count_calls(self, counted: Statistics) -> Statistics:
        return counted if self._made_calls is None else replace(counted, calls=self._made_calls.statistics())


class Caller(Offering):
    """A node that asks, in threads."""

    def request(
        self, peer: object, service: str, *frames: Any, timeout: float | None = None, codec: str | Codec | None = None
    ) -> Reply:
        """Ask a peer for something and wait for the answer, up to ``timeout`` seconds (``Timing.request``).

            total = alice.request(bob, "add", [1, 2, 3], codec="json", timeout=2).json()

        The peer's program has a ``node.service`` of that name. Nobody need read this node's events. A request travels
        as a whisper, in order with the others.

        Raises:
            RequestTimeout, PeerGone, NoSuchService, ServiceBusy, ServiceError: all CallError; why there is no answer.
            InvalidPeer, InvalidName, InvalidFrame, InvalidPayload, NodeNotStarted, NodeStopped.
        """
        from zyre.calls.threads import request

        content = encode_content(frames, codec)
        return request(self._calls, PeerId.parse(peer), check_service(service), content, self._patience(timeout))

    def ask(
        self,
        group: str,
        service: str,
        *frames: Any,
        quorum: int | None = None,
        timeout: float | None = None,
        codec: str | Codec | None = None,
    ) -> Answers:
        """Ask everybody in a group; the answers, to be iterated as they come. See Answers.

        ``quorum`` is how many answers are enough: it ends with them, and raises NoQuorum if they do not come within
        ``timeout`` seconds (``Timing.request``). Raises InvalidName, InvalidFrame, InvalidPayload, NodeNotStarted,
        NodeStopped.
        """
        from zyre.calls.threads import Answers

        content = encode_content(frames, codec)
        return Answers(
            self._calls, check_group(group), check_service(service), content, quorum, self._patience(timeout)
        )


class AsyncCaller(Offering):
    """A node that asks, and serves, in asyncio and trio."""

    _has_loop = True

    def _serve_in(self, runner: Runner) -> None:
        """Coroutine functions run in that loop from now on."""
        self._runner = runner
        if self._made_calls is not None:
            self._made_calls.runner = runner
            runner.launch(self._made_calls)

    async def request(
        self, peer: object, service: str, *frames: Any, timeout: float | None = None, codec: str | Codec | None = None
    ) -> Reply:
        """Ask a peer for something and wait for the answer; see Node.request. The peer is told of a cancellation."""
        from zyre.calls.tasks import request

        content = encode_content(frames, codec)
        target, name = PeerId.parse(peer), check_service(service)
        return await request(self._calls, target, name, content, self._patience(timeout))

    def ask(
        self,
        group: str,
        service: str,
        *frames: Any,
        quorum: int | None = None,
        timeout: float | None = None,
        codec: str | Codec | None = None,
    ) -> AsyncAnswers:
        """Ask everybody in a group; the answers, for ``async for`` as they come. See Node.ask."""
        from zyre.calls.tasks import AsyncAnswers

        content = encode_content(frames, codec)
        patience = self._patience(timeout)
        return AsyncAnswers(self._calls, check_group(group), check_service(service), content, quorum, patience)
