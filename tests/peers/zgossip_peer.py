"""CZMQ's zgossip actor under remote control; started by `harness.ReferencePeer` as the kind "zgossip".

It is not a node: it has no uuid, and reports DELIVER, STATUS and PORT with ``key`` and ``value`` (or ``number``).
"""

from __future__ import annotations

import os
from ctypes import byref, c_void_p, cast
from typing import Any

from . import libzyre
from .console import Peer, options_from_command_line


class ZgossipPeer(Peer):
    """One zgossip actor."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        path = libzyre.find_library()
        assert path is not None, "the wheel ingescape is not installed"
        os.environ["ZSYS_SIGHANDLER"] = "false"
        self._lib = libzyre.load(path)
        self._actor = self._lib.zactor_new(cast(self._lib.zgossip, c_void_p), (options["name"] or "zgossip").encode())
        sock = self._lib.zactor_sock(self._actor)
        self._lib.zsock_set_rcvtimeo(sock, 0)
        self._polled = (libzyre.PollItem * 2)(
            libzyre.PollItem(self._lib.zsock_resolve(sock), 0, libzyre.POLLIN, 0),
            libzyre.PollItem(None, self.console.fileno(), libzyre.POLLIN, 0),
        )
        if options["verbose"]:
            self.do_send("VERBOSE")
        if options["gossip_bind"]:
            self.do_send("BIND", options["gossip_bind"])
        if options["gossip_connect"]:
            self.do_send("CONNECT", options["gossip_connect"])

    def wait(self) -> bool:
        self._lib.zmq_poll(byref(self._polled), 2, -1)
        return bool(self._polled[1].revents)

    def drain(self) -> None:
        while message := self._lib.zactor_recv(self._actor):
            type, *rest = [frame.decode(errors="replace") for frame in libzyre.take_frames(self._lib, message)]
            fields = {"key": rest[0], "value": rest[1]} if type == "DELIVER" else {"number": int(rest[0])}
            self.report(type, "", "", **fields)

    def do_send(self, *command: str, frames: tuple[str, ...] = ()) -> None:
        """Send a command of strings to the actor."""
        strings = [part.encode() for part in (*command, *frames)]
        self._lib.zactor_send(self._actor, byref(libzyre.build_message(self._lib, strings)))

    def do_start(self) -> None:
        """It runs from the beginning."""

    def do_stop(self) -> None:
        self._lib.zactor_destroy(byref(c_void_p(self._actor)))

    def do_close(self, stop: bool) -> None:
        if stop:
            self.do_stop()
        self.end()


if __name__ == "__main__":
    ZgossipPeer(**options_from_command_line()).serve(uuid="", name="")
