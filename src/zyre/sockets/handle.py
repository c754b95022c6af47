"""The one object that touches libzmq's socket: one lock, one list of waiters, one way out.

Rules.
1. libzmq's socket is used under ``_lock`` only, and never in a way that waits. So any number of threads, tasks and
   greenlets may share a socket (libzmq allows that behind a full fence, which the lock is), and ``close()`` from any
   of them finds nobody inside.
2. Whoever waits, waits outside, on the list (see ``waiting``). Looking at ``ZMQ_EVENTS`` clears the signal that the
   socket's descriptor gives to everybody, and so may a send or a receive, even one that is refused: therefore each of
   them ends by waking all those whose wait is over. With nobody on the list that is one test of an empty dict.
3. Only whole messages go in and out. A message is encoded before its first frame is sent; libzmq delivers all frames
   of a message or none, so once the first is there, the others are too.

The lock is reentrant, because a signal handler that closes the socket runs in whichever call the main thread is in.
"""

from __future__ import annotations

import os
import threading
import warnings
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, Protocol

import zmq

from zyre.sockets.context import lease_context
from zyre.sockets.errors import Fault, SocketClosed, SocketError
from zyre.sockets.faults import translated
from zyre.sockets.message import Message, make
from zyre.sockets.waiting import Waiter

__all__ = ["CLOSED", "DONTWAIT", "RECEIVE", "SEND", "Handle", "Watch"]

#: What a waiter can be interested in; of ``CLOSED`` only the closing itself.
CLOSED: Final = 0
RECEIVE: Final = int(zmq.POLLIN)
SEND: Final = int(zmq.POLLOUT)

DONTWAIT: Final = int(zmq.DONTWAIT)
_MORE_TO_COME: Final = int(zmq.DONTWAIT | zmq.SNDMORE)
_EVENTS: Final = zmq.EVENTS
#: ``make`` without the call, for the path of every message.
_new_tuple: Final = tuple.__new__


class Watch(Protocol):
    """The registration of a socket's descriptor with one event loop."""

    def stop(self) -> None:
        """Unregister; from any thread."""


class Handle:
    """libzmq's socket behind a lock."""

    __slots__ = (
        "__weakref__",
        "_acquire",
        "_closed",
        "_get",
        "_lease",
        "_lock",
        "_raw",
        "_receive_frame",
        "_release",
        "_send_frame",
        "_type",
        "_waiters",
        "_watches",
    )

    def __init__(self, socket_type: zmq.SocketType, context: zmq.Context[Any] | None) -> None:
        self._closed = True  # until there is something to close
        self._type = socket_type.name.lower()
        self._lock = threading.RLock()
        self._acquire: Callable[[], bool] = self._lock.acquire
        self._release: Callable[[], None] = self._lock.release
        self._waiters: dict[Waiter, int] = {}
        self._watches: dict[object, Watch] = {}
        self._lease = lease_context(context)
        self._open(socket_type)
        _living.add(self)

    def _open(self, socket_type: zmq.SocketType) -> None:
        try:
            raw: zmq.Socket[bytes] = zmq.Socket(self._lease.context, socket_type)
        except zmq.ZMQError as error:
            self._lease.release()
            raise translated(error, "Socket", self._type) from None
        self._raw = raw
        # The compiled methods themselves: pyzmq's own send() spends as long on its Python part as on sending.
        compiled: Any = super(zmq.Socket, raw)
        self._send_frame: Callable[[bytes, int], object] = compiled.send
        self._receive_frame: Callable[[int, bool], zmq.Frame] = compiled.recv
        self._get: Callable[[int], Any] = compiled.get
        self._closed = False

    # -- the two verbs, as far as they go without waiting; both raise pyzmq's errors --

    def _put(self, frames: bytes | tuple[bytes, ...]) -> None:
        self._acquire()
        try:
            if isinstance(frames, bytes):
                self._send_frame(frames, DONTWAIT)
            else:
                for frame in frames[:-1]:
                    self._send_frame(frame, _MORE_TO_COME)
                self._send_frame(frames[-1], DONTWAIT)
        finally:
            if self._waiters:
                self._look_and_release()
            else:
                self._release()

    def _take(self) -> Message:
        self._acquire()
        try:
            # As frames, because only a frame says at no cost whether it was the last: asking the socket is dearer.
            frame = self._receive_frame(DONTWAIT, False)
            message = self._take_rest(frame) if frame.more else _new_tuple(Message, (frame.bytes,))
        finally:
            if self._waiters:
                self._look_and_release()
            else:
                self._release()
        return message

    def _take_rest(self, frame: zmq.Frame) -> Message:
        frames = [frame.bytes]
        while frame.more:
            frame = self._receive_frame(DONTWAIT, False)
            frames.append(frame.bytes)
        return make(tuple(frames))

    def _take_many(self, limit: int) -> list[Message]:
        """Up to ``limit`` messages of those that are there, at least one, under one lock."""
        messages: list[Message] = []
        receive, append = self._receive_frame, messages.append
        with self._lock:
            try:
                for _ in range(limit):
                    frame = receive(DONTWAIT, False)
                    append(self._take_rest(frame) if frame.more else _new_tuple(Message, (frame.bytes,)))
            except zmq.ZMQError:
                if not messages:
                    raise
            finally:
                if self._waiters:
                    self._look()
        return messages

    def _look_and_release(self) -> None:
        """End a verb while somebody waits; also one that was refused, since it has looked all the same."""
        try:
            self._look()
        finally:
            self._release()

    # -- everything else that touches the socket --

    @contextmanager
    def _using(self, operation: str, endpoint: str = "") -> Iterator[zmq.Socket[bytes]]:
        """The raw socket for one step that does not wait: errors translated, whoever waits told of it."""
        with self._lock:
            try:
                yield self._raw
            except zmq.ZMQError as error:
                raise translated(error, operation, self._type, endpoint) from None
            finally:
                if self._waiters:
                    self._look()

    def _look(self) -> int:
        """What can be done without waiting (RECEIVE, SEND, both or 0), after waking those who wait for that.

        Of a closed or terminated socket everything can be: it raises at once, and everybody is to find that
        out.
        """
        with self._lock:
            try:
                events = int(self._get(_EVENTS))
            except zmq.ZMQError:
                events = RECEIVE | SEND
            for waiter in [waiter for waiter, interest in self._waiters.items() if interest & events]:
                del self._waiters[waiter]
                waiter.wake()
            return events

    def _fault(self, operation: str, strerror: str = "") -> Fault:
        return Fault(operation, self._type, strerror=strerror)

    def _error(self, operation: str, error: zmq.ZMQError) -> SocketError:
        return translated(error, operation, self._type)

    # -- waiting: the Source protocol, and what libzmq's signal leads to --

    def _enlist(self, waiter: Waiter, interest: int) -> bool:
        with self._lock:
            if self._closed or self._look() & interest:
                return True
            self._waiters[waiter] = self._waiters.get(waiter, 0) | interest
            return False

    def _delist(self, waiter: Waiter) -> None:
        with self._lock:
            self._waiters.pop(waiter, None)

    def _descriptors(self) -> tuple[int, ...]:
        with self._lock:
            return () if self._closed else (int(self._get(zmq.FD)),)

    def _signalled(self) -> None:
        """An event loop saw the descriptor: look, which clears it, and wake."""
        with self._lock:
            if not self._closed:
                self._look()

    # -- the end --

    def _close(self, linger: int | None) -> None:
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._raw.close(linger)
            watches, self._watches = self._watches, {}
            waiters, self._waiters = self._waiters, {}
        for waiter in waiters:
            waiter.wake()
        for watch in watches.values():
            watch.stop()
        self._lease.release()

    def _abandon(self) -> None:
        """In a forked child: this socket is the parent's, and its lock may be held by a thread of that."""
        self._lock = threading.RLock()
        self._acquire, self._release = self._lock.acquire, self._lock.release
        self._closed = True
        self._waiters, self._watches = {}, {}
        self._send_frame = self._receive_frame = self._get = self._raise_closed

    def _raise_closed(self, *_: object) -> Any:
        raise SocketClosed(self._fault("use", "the socket belongs to the process that this one was forked from"))

    def __del__(self) -> None:
        if not getattr(self, "_closed", True):  # it may have been refused before it was anything
            warnings.warn(f"unclosed {self!r}", ResourceWarning, stacklevel=2, source=self)
            self._close(None)


_living: Final[weakref.WeakSet[Handle]] = weakref.WeakSet()


def _abandon_all() -> None:
    for handle in list(_living):
        handle._abandon()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_abandon_all)
