"""Sending and receiving for tasks of asyncio and trio: the same verbs with an ``a`` before them.

Cancelling is safe at every point: a message is taken or sent in the very step that returns, so a verb that
was cancelled has taken nothing and sent nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final, Self, TypeVar

import zmq

from zyre.sockets.errors import SocketClosed
from zyre.sockets.handle import CLOSED, RECEIVE, SEND, Handle
from zyre.sockets.loops import park_task, pass_turn
from zyre.sockets.message import Content, Message, as_text, encode, only_frame
from zyre.sockets.thread_verbs import BATCH
from zyre.sockets.waiting import TURN

__all__ = ["TaskVerbs"]

_T = TypeVar("_T")

_EAGAIN: Final = int(zmq.EAGAIN)


class TaskVerbs(Handle):
    """The part of a Socket that is awaited."""

    __slots__ = ("_turn",)

    #: How many messages in a row needed no waiting.
    _turn: int

    async def asend(self, message: Content) -> None:
        """``send`` for a task; bound its time with asyncio.timeout() or trio.move_on_after()."""
        frames = message if type(message) is bytes else encode(message)
        self._turn += 1
        if self._turn >= TURN:
            await self._pass_turn()
        try:
            self._put(frames)
        except zmq.ZMQError as error:
            if error.errno != _EAGAIN:
                raise self._error("asend", error) from None
        else:
            return
        await self._await(partial(self._put, frames), "asend", SEND)

    async def arecv(self) -> Message:
        """``recv`` for a task; bound its time with asyncio.timeout() or trio.move_on_after()."""
        self._turn += 1
        if self._turn >= TURN:
            await self._pass_turn()
        try:
            return self._take()
        except zmq.ZMQError as error:
            if error.errno != _EAGAIN:
                raise self._error("arecv", error) from None
        return await self._await(self._take, "arecv", RECEIVE)

    async def arecv_many(self, limit: int = BATCH) -> list[Message]:
        """``recv_many`` for a task."""
        await self._pass_turn()
        take = partial(self._take_many, limit)
        try:
            return take()
        except zmq.ZMQError as error:
            if error.errno != _EAGAIN:
                raise self._error("arecv_many", error) from None
        return await self._await(take, "arecv_many", RECEIVE)

    async def asend_string(self, text: str) -> None:
        """``send_string`` for a task."""
        await self.asend(text.encode())

    async def arecv_string(self) -> str:
        """``recv_string`` for a task."""
        return as_text(await self.arecv(), self._fault("arecv_string"))

    async def arecv_bytes(self) -> bytes:
        """``recv_bytes`` for a task."""
        return only_frame(await self.arecv(), self._fault("arecv_bytes"))

    # Not an asynchronous generator: one that a loop was broken out of would have to be closed by its user.
    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Message:
        """The next message as it comes; the end when the socket is closed."""
        try:
            return await self.arecv()
        except SocketClosed:
            raise StopAsyncIteration from None

    async def await_closed(self) -> None:
        """``wait_closed`` for a task."""
        while not self._closed:
            await park_task(((self, CLOSED),))

    async def _await(self, attempt: Callable[[], _T], verb: str, interest: int) -> _T:
        """Park and attempt again, until it works."""
        self._turn = 0
        while True:
            await park_task(((self, interest),))
            try:
                return attempt()
            except zmq.ZMQError as error:
                if error.errno != _EAGAIN:
                    raise self._error(verb, error) from None

    async def _pass_turn(self) -> None:
        self._turn = 0
        await pass_turn()
