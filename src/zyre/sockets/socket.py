"""The socket: what it is made of, and its beginning and end."""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import Any, Final, Literal, Self, TypeAlias

import zmq

from zyre.sockets.endpoint_verbs import EndpointVerbs
from zyre.sockets.errors import Fault, WrongUse
from zyre.sockets.guard import current_guards
from zyre.sockets.handle import RECEIVE, SEND, Handle
from zyre.sockets.message import FrameLike
from zyre.sockets.option_verbs import OptionVerbs
from zyre.sockets.options import OptionValue
from zyre.sockets.parking import taking_turns
from zyre.sockets.task_verbs import TaskVerbs
from zyre.sockets.thread_verbs import ThreadVerbs

__all__ = ["LINGER", "TYPES", "Socket", "SocketType"]

SocketType: TypeAlias = Literal[
    "pair", "pub", "sub", "req", "rep", "dealer", "router", "pull", "push", "xpub", "xsub", "stream"
]

#: The stable types. Those of libzmq's draft interface may still change, and are left out.
TYPES: Final[dict[str, zmq.SocketType]] = {
    kind.name.lower(): kind for kind in zmq.SocketType if kind <= zmq.SocketType.STREAM
}

#: How long closing lets unsent messages go on being sent, in milliseconds. libzmq's own default is for ever,
#: which has kept many a program from ending; a second suffices to deliver to a peer that is there.
LINGER: Final = 1000

_Class: TypeAlias = type[BaseException] | None
_Some: TypeAlias = FrameLike | Iterable[FrameLike]


class Socket(EndpointVerbs, OptionVerbs, ThreadVerbs, TaskVerbs):
    """A ZeroMQ socket.

        with Socket("req", connect="tcp://localhost:5555") as requester:
            requester.send("Hello")
            print(requester.recv_string())

    ``type`` is one of ``TYPES``. ``bind`` and ``connect`` take one endpoint or several, ``subscribe`` one
    topic or several, ``identity`` is the routing id that routers see, and any option can be given by its name
    (``rcvhwm=10``, ``ipv6=True``): options are set first, then the socket binds, then it connects. If any of
    that fails, the socket is closed again. ``linger`` is in milliseconds; without it, it is ``LINGER``, and
    nothing for sub and pull, which have nothing to deliver. ``context`` is a ``zmq.Context`` of your own;
    without it, all sockets share one that lives as long as any of them.

    The same socket works in threads and gevent's greenlets (``send``, ``recv``), in tasks of asyncio and trio
    (``asend``, ``arecv``), and in several of them at once.
    """

    __slots__ = ("_endpoints", "_guards", "_written")

    def __init__(
        self,
        type: SocketType | str | zmq.SocketType,
        *,
        identity: FrameLike | None = None,
        bind: str | Iterable[str] = (),
        connect: str | Iterable[str] = (),
        subscribe: _Some = (),
        linger: int | None = None,
        context: zmq.Context[Any] | None = None,
        **options: OptionValue,
    ) -> None:
        Handle.__init__(self, _type(type), context)
        self._guards = current_guards()
        self._endpoints = {"bind": [], "connect": []}
        self._written = {}
        self._turn = 0
        self._acquire = taking_turns(self._acquire)
        if identity is not None:
            options["routing_id"] = identity if isinstance(identity, (str, bytes)) else bytes(identity)
        try:
            self._prepare({"linger": self._linger(linger), **options}, subscribe)
            for endpoint in (bind,) if isinstance(bind, str) else bind:
                self.bind(endpoint)
            for endpoint in (connect,) if isinstance(connect, str) else connect:
                self.connect(endpoint)
        except BaseException:
            self.close(linger=0)
            raise

    def _linger(self, given: int | None) -> int:
        if given is not None:
            return given
        return 0 if self._type in ("sub", "pull") else LINGER  # what only receives has nothing to deliver

    def _prepare(self, options: dict[str, OptionValue], subscribe: _Some) -> None:
        for name, value in options.items():
            self.set_option(name, value)
        topics = (subscribe,) if isinstance(subscribe, (bytes, str, bytearray, memoryview)) else tuple(subscribe)
        if topics:
            self.subscribe(*topics)

    @property
    def type(self) -> str:
        """The type in lower case, as it was given."""
        return self._type

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._closed

    @property
    def readable(self) -> bool:
        """Whether ``recv`` would return, or raise, at once."""
        return bool(self._look() & RECEIVE)

    @property
    def writable(self) -> bool:
        """Whether ``send`` would return, or raise, at once."""
        return bool(self._look() & SEND)

    @property
    def raw(self) -> zmq.Socket[bytes]:
        """pyzmq's socket underneath, for what is not offered here. It knows nothing of this socket's lock."""
        return self._raw

    def fileno(self) -> int:
        """The descriptor that libzmq signals through, for event loops of other makes.

        It is edge-triggered: when it becomes readable, or before waiting for that, look at ``readable`` and
        receive until that is False. ``select`` does so for you.
        """
        with self._using("fileno"):
            return int(self._get(zmq.FD))

    def close(self, linger: int | None = None) -> None:
        """Close it, from any thread and without waiting; whoever waits for it is woken with SocketClosed.

        What was sent goes on being sent for ``linger`` milliseconds (without: the option). Closing twice is
        fine.
        """
        self._close(linger)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: _Class, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: _Class, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        if self._closed:
            return f"<Socket {self._type} closed>"
        where = [f" {mode} {endpoint}" for mode in ("bind", "connect") for _, endpoint in self._endpoints[mode]]
        return f"<Socket {self._type}{''.join(where)}>"


def _type(given: str | zmq.SocketType) -> zmq.SocketType:
    name = given.lower() if isinstance(given, str) else zmq.SocketType(given).name.lower()
    try:
        return TYPES[name]
    except KeyError:
        raise WrongUse(Fault("Socket", strerror=f"no type {given!r}; the types are {', '.join(TYPES)}")) from None
