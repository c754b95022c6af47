"""The ZAP handler (27/ZAP) of this process: asks the node that is meant whether somebody may connect to it.

libzmq asks at one name in each context, inproc://zeromq.zap.01, so two handlers exclude each other; a context for each
secured node would cost two threads for each. So there is one handler for the context that our nodes share (and which
no application sees: a handler of its own, as pyzmq's Authenticator, goes on beside it), and nodes enlist with it, each
under a ZAP domain of its own. The domain never leaves the machine; a question under an unknown one is answered no.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from typing import TypeAlias

import zmq

from zyre.engine.context import shared_context
from zyre.engine.engine import Engine, shared_engine
from zyre.errors import DecodeError
from zyre.wire.zap import ALLOWED, DENIED, ZapRequest, decode_zap_request, encode_zap_reply

__all__ = ["Judge", "ZapHandler", "shared_zap_handler"]

#: Who asks is let in under a user id, which libzmq attaches to their messages; None: is not let in.
Judge: TypeAlias = Callable[[ZapRequest], str | None]

_PLACE = "inproc://zeromq.zap.01"
#: Questions answered before others get a turn; each is a connection being made.
_BATCH = 64
#: libzmq's I/O threads wait for answers anyway: a queue is not needed, and must not fill.
_NO_LIMIT = 0

_log = logging.getLogger("zyre")


class ZapHandler:
    """Answers in the engine thread. ``enlist`` and ``dismiss`` may be called in any thread."""

    def __init__(self) -> None:
        self._judges: dict[str, Judge] = {}
        self._socket: zmq.Socket[bytes] | None = None
        self._engine: Engine | None = None
        self._guard = threading.Lock()

    def enlist(self, domain: str, judge: Judge) -> None:
        """Ask ``judge`` about those who connect to sockets of ``domain``; to be called before these are bound, while
        the engine runs."""
        with self._guard:
            self._judges[domain] = judge
            if self._socket is None or self._socket.closed:
                self._socket = self._open()
                self._engine = shared_engine()
                self._engine.call_soon(self._attend)

    def dismiss(self, domain: str) -> None:
        """Ask that judge no more; nothing happens if there is none. With the last one the handler closes."""
        with self._guard:
            known = self._judges.pop(domain, None) is not None
            engine = self._engine
        if known and engine is not None:
            engine.run_soon(self._close_if_idle)

    @staticmethod
    def _open() -> zmq.Socket[bytes]:
        socket = shared_context().socket(zmq.ROUTER)
        socket.linger = 0
        socket.sndhwm = socket.rcvhwm = _NO_LIMIT
        socket.bind(_PLACE)
        return socket

    # -- in the engine thread ------------------------------------------------------------------------------------

    def _attend(self) -> None:
        with self._guard:
            if self._socket is not None and not self._socket.closed and self._engine is not None:
                self._engine.watch(int(self._socket.get(zmq.FD)), self._on_questions)

    def _close_if_idle(self) -> None:
        with self._guard:
            if self._judges or self._socket is None:
                return
            if not self._socket.closed and self._engine is not None:
                self._engine.unwatch(int(self._socket.get(zmq.FD)))
                self._socket.unbind(_PLACE)  # at once; closing gives the place back when libzmq comes to it
                self._socket.close(0)
            self._socket = None

    def _on_questions(self) -> bool:
        socket = self._socket
        assert socket is not None
        try:
            for _ in range(_BATCH):
                envelope, empty, *frames = socket.recv_multipart(zmq.NOBLOCK)
                reply = self._answer(frames)
                if reply:
                    socket.send_multipart([envelope, empty, *reply], zmq.NOBLOCK)
        except zmq.Again:
            return False
        return True

    def _answer(self, frames: list[bytes]) -> list[bytes]:
        try:
            request = decode_zap_request(frames)
        except DecodeError:  # not from libzmq; whoever asks so gets no answer, and no connection
            return []
        judge = self._judges.get(request.domain)
        try:
            user_id = None if judge is None else judge(request)
        except Exception:  # a defect of ours: nobody is let in because of it, and the engine goes on
            _log.exception("a defect of zyre: it could not be decided whether somebody may connect")
            user_id = None
        if user_id is None:
            return encode_zap_reply(request.request_id, DENIED)
        return encode_zap_reply(request.request_id, ALLOWED, user_id)


_shared: ZapHandler | None = None
_shared_guard = threading.Lock()


def shared_zap_handler() -> ZapHandler:
    """The handler of the context that our nodes share."""
    global _shared
    with _shared_guard:
        if _shared is None:
            _shared = ZapHandler()
        return _shared


def _forget_after_fork() -> None:
    """The sockets are the parent's."""
    global _shared, _shared_guard
    _shared = None
    _shared_guard = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)
