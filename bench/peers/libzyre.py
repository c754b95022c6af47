"""The C library libzyre, from the wheel ingescape."""

from __future__ import annotations

import os
import time
from ctypes import byref, c_void_p

import zmq
from tests.peers import libzyre

from .console import GROUP, INTERFACE, NAME, Answer, End, serve
from .libzyre_loops import loops

_PATIENCE_MS = 20_000


class Libzyre(End):
    def __init__(self, curve: bool = False) -> None:
        self._curve = curve
        os.environ["ZSYS_SIGHANDLER"] = "false"
        path = libzyre.find_library()
        assert path is not None, "the wheel ingescape is not installed"
        self._lib = libzyre.load(path)
        self._lib.zyre_destroy.argtypes = [libzyre.POINTER(c_void_p)]
        self._loops = loops(self._lib)
        self.note = self._loops.note

    def new(self, port: int, groups: list[str]) -> Answer:
        self._known: dict[str, float] = {}
        self._node = c_void_p(self._lib.zyre_new(NAME.encode()))
        if self._curve:
            self._lib.zyre_set_zcert(self._node, self._new_certificate())
        self._lib.zyre_set_port(self._node, port)
        self._lib.zyre_set_interface(self._node, INTERFACE.encode())
        self._lib.zsock_set_rcvtimeo(self._lib.zyre_socket(self._node), _PATIENCE_MS)
        for group in groups:
            self._lib.zyre_join(self._node, group.encode())
        return {"uuid": self._lib.zyre_uuid(self._node).decode()}

    def _new_certificate(self) -> c_void_p:
        """libzyre does not believe a key that begins with a zero octet."""
        public, secret = zmq.curve_keypair()
        while public.startswith(b"0"):
            public, secret = zmq.curve_keypair()
        return c_void_p(self._lib.zcert_new_from_txt(public, secret))

    def start(self) -> float:
        began = time.monotonic()
        if self._lib.zyre_start(self._node) != 0:
            raise OSError("zyre_start failed")
        return began

    def meet(self, peers: list[Answer]) -> float:
        wanted = {peer["uuid"] for peer in peers}
        while not wanted <= self._known.keys():
            message = self._lib.zyre_recv(self._node)
            if not message:
                raise TimeoutError("not all peers came")
            now = time.monotonic()
            kind, peer, *_ = libzyre.take_frames(self._lib, message)
            if kind == b"ENTER":
                self._known[peer.decode()] = now
        return max(self._known[peer] for peer in wanted)

    def stop(self) -> None:
        self._lib.zyre_stop(self._node)
        self._lib.zyre_destroy(byref(self._node))

    def flood(self, peer: str, size: int, n: int) -> float:
        began = time.monotonic()
        self._loops.flood(self._node, peer.encode(), bytes(size), n)
        return began

    def shout(self, size: int, n: int) -> float:
        began = time.monotonic()
        self._loops.shout(self._node, GROUP.encode(), bytes(size), n)
        return began

    def count(self, n: int) -> float:
        return self._loops.count(self._node, n)

    def echo(self, n: int) -> None:
        self._loops.echo(self._node, n)

    def exchange(self, peer: str, size: int, n: int, burst: int) -> float:
        for _ in range(n // burst):
            self.flood(peer, size, burst)
            self.count(burst)
        return time.monotonic()

    def ping(self, peer: str, size: int, n: int) -> list[float]:
        return self._loops.ping(self._node, peer.encode(), bytes(size), n)


if __name__ == "__main__":
    serve(Libzyre)
