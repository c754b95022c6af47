"""Sending and receiving for threads and greenlets: a call returns when it is done; only its caller waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final, TypeVar

import zmq

from zyre.sockets.errors import SocketClosed, SocketTimeout
from zyre.sockets.handle import CLOSED, DONTWAIT, RECEIVE, SEND, Handle
from zyre.sockets.message import Content, Message, as_text, encode, only_frame
from zyre.sockets.parking import park
from zyre.sockets.waiting import Deadline

__all__ = ["BATCH", "ThreadVerbs"]

_T = TypeVar("_T")

#: How many messages ``recv_many`` hands over at most when it is not told: enough to spread the price of a
#: call, few enough that the first of them is not old when the last is looked at.
BATCH: Final = 256
_EAGAIN: Final = int(zmq.EAGAIN)


class ThreadVerbs(Handle):
    """The part of a Socket that blocks its caller."""

    __slots__ = ()

    def send(self, message: Content, timeout: float | None = None) -> None:
        """Send one whole message: bytes or str for one frame, or several of them.

        Waits while there is no room, or nobody to send to, where the type of the socket waits for that (push,
        req, dealer, pair); others drop. Raises SocketTimeout after ``timeout`` seconds (without: the option
        sndtimeo).
        """
        if type(message) is not bytes:
            self._attempt(partial(self._put, encode(message)), "send", SEND, timeout, zmq.SNDTIMEO)
            return
        try:
            # What _put does, once more in place: one call less is a tenth of the price of a message. Below, partial
            # and no lambda for the same reason: a closure makes every call pay for its cells.
            self._acquire()
            try:
                self._send_frame(message, DONTWAIT)
            finally:
                if self._waiters:
                    self._look_and_release()
                else:
                    self._release()
        except zmq.ZMQError as error:
            if error.errno != _EAGAIN:
                raise self._error("send", error) from None
        else:
            return
        self._repeat(partial(self._put, message), "send", SEND, timeout, zmq.SNDTIMEO)

    def recv(self, timeout: float | None = None) -> Message:
        """The next message, whole; SocketTimeout after ``timeout`` seconds (without: the option rcvtimeo)."""
        try:
            return self._take()
        except zmq.ZMQError as error:
            if error.errno != _EAGAIN:
                raise self._error("recv", error) from None
        return self._repeat(self._take, "recv", RECEIVE, timeout, zmq.RCVTIMEO)

    def recv_many(self, limit: int = BATCH, timeout: float | None = None) -> list[Message]:
        """What is there, up to ``limit`` messages, in order; waits for the first of them as ``recv`` does.

        The way to the highest rates: the price of a call is paid once for all of them.
        """
        return self._attempt(partial(self._take_many, limit), "recv_many", RECEIVE, timeout, zmq.RCVTIMEO)

    def send_string(self, text: str, timeout: float | None = None) -> None:
        """Send a message of one frame of text."""
        self.send(text.encode(), timeout)

    def recv_string(self, timeout: float | None = None) -> str:
        """The text of the next message; UnexpectedMessage, which has it, if it is not one frame of UTF-8."""
        return as_text(self.recv(timeout), self._fault("recv_string"))

    def recv_bytes(self, timeout: float | None = None) -> bytes:
        """The one frame of the next message; UnexpectedMessage, with the message, if it has several."""
        return only_frame(self.recv(timeout), self._fault("recv_bytes"))

    def send_nowait(self, message: Content) -> None:
        """Send now, or raise WouldBlock."""
        frames = encode(message)
        try:
            self._put(frames)
        except zmq.ZMQError as error:
            raise self._error("send_nowait", error) from None

    def recv_nowait(self) -> Message:
        """The next message if it is there, or WouldBlock."""
        try:
            return self._take()
        except zmq.ZMQError as error:
            raise self._error("recv_nowait", error) from None

    def __iter__(self) -> Iterator[Message]:
        """Messages as they come, until the socket is closed."""
        try:
            while True:
                yield self.recv()
        except SocketClosed:
            return

    def wait_writable(self, timeout: float | None = None) -> bool:
        """Wait until ``send`` would not wait, for instance until a peer is connected; False if the time is over."""
        deadline = Deadline(timeout)
        while not self._look() & SEND:
            if deadline.passed():
                return False
            park(((self, SEND),), deadline.left())
        return True

    def wait_closed(self, timeout: float | None = None) -> bool:
        """Wait until somebody closes the socket; False if nobody has within ``timeout`` seconds."""
        deadline = Deadline(timeout)
        while not self._closed and not deadline.passed():
            park(((self, CLOSED),), deadline.left())
        return self._closed

    def _attempt(self, attempt: Callable[[], _T], verb: str, interest: int, timeout: float | None, limit: int) -> _T:
        """Attempt, and wait only if there is need to."""
        try:
            return attempt()
        except zmq.ZMQError as error:
            if error.errno != _EAGAIN:
                raise self._error(verb, error) from None
        return self._repeat(attempt, verb, interest, timeout, limit)

    def _repeat(self, attempt: Callable[[], _T], verb: str, interest: int, timeout: float | None, limit: int) -> _T:
        """Wait and attempt again, until it works or the time is over."""
        deadline = Deadline(self._limit(limit) if timeout is None else timeout)
        while True:
            park(((self, interest),), deadline.left())
            try:
                return attempt()
            except zmq.ZMQError as error:
                if error.errno != _EAGAIN:
                    raise self._error(verb, error) from None
            if deadline.passed():
                assert deadline.timeout is not None
                raise SocketTimeout(self._fault(verb), deadline.timeout)

    def _limit(self, option: int) -> float | None:
        """libzmq's own timeout in seconds, which it could not keep itself, as it is never let wait."""
        with self._using("recv" if option == zmq.RCVTIMEO else "send"):
            milliseconds = int(self._get(option))
        return None if milliseconds < 0 else milliseconds / 1000
