"""A libzyre node under remote control; started by `harness.ReferencePeer`.

One thread does everything, because a zyre_t may be used from one only: it polls standard input and the node's
event socket together. Strings that the library returns as fresh copies are not freed: the process lives for
one test.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from ctypes import byref
from typing import Any

from . import libzyre
from .console import Peer, options_from_command_line

GROUP_EVENTS = ("JOIN", "LEAVE", "LEADER")
EVENTS_PER_TURN = 1000


class LibzyrePeer(Peer):
    """One node of the C library."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        path = libzyre.find_library()
        assert path is not None, "the wheel ingescape is not installed"
        os.environ["ZSYS_SIGHANDLER"] = "false"
        self._lib = libzyre.load(path)
        name = options["name"]
        self._node = self._lib.zyre_new(name.encode() if name else None)
        self._configure(options)
        # zyre_recv then answers NULL when there is no event, instead of waiting for one.
        self._lib.zsock_set_rcvtimeo(self._lib.zyre_socket(self._node), 0)
        self._polled = (libzyre.PollItem * 2)(
            libzyre.PollItem(self._lib.zyre_socket_zmq(self._node), 0, libzyre.POLLIN, 0),
            libzyre.PollItem(None, self.console.fileno(), libzyre.POLLIN, 0),
        )

    def _configure(self, options: dict[str, Any]) -> None:
        """Apply the options, the certificate first: CURVE must be set on a socket before it is bound."""
        lib, node = self._lib, self._node
        setters: dict[str, Callable[[Any], object]] = {
            "verbose": lambda _: lib.zyre_set_verbose(node),
            "certificate": self._set_certificate,
            "port": lambda port: lib.zyre_set_port(node, port),
            "peer_port": lambda port: lib.zyre_set_beacon_peer_port(node, port),
            "interface": lambda name: lib.zyre_set_interface(node, name.encode()),
            "interval": lambda ms: lib.zyre_set_interval(node, ms),
            "evasive": lambda ms: lib.zyre_set_evasive_timeout(node, ms),
            "expired": lambda ms: lib.zyre_set_expired_timeout(node, ms),
            "headers": self._set_headers,
            "advertise": lambda endpoint: lib.zyre_set_advertised_endpoint(node, endpoint.encode()),
            "endpoint": self._set_endpoint,
            "gossip_bind": self.do_gossip_bind,
            "gossip_connect": self.do_gossip_connect,
            "contest": lambda groups: list(map(self.do_contest, groups)),
            "groups": lambda groups: list(map(self.do_join, groups)),
        }
        for option, setter in setters.items():
            if options[option]:
                setter(options[option])

    def introduce(self) -> dict[str, Any]:
        return {
            "uuid": self._lib.zyre_uuid(self._node).decode(),
            "name": self._lib.zyre_name(self._node).decode(errors="replace"),
            "version": self._lib.zyre_version(),
        }

    def wait(self) -> bool:
        self._lib.zmq_poll(byref(self._polled), 2, -1)
        return bool(self._polled[1].revents)

    def drain(self) -> None:
        for _ in range(EVENTS_PER_TURN):
            message = self._lib.zyre_recv(self._node)
            if not message:
                return
            self._pass_on(libzyre.take_frames(self._lib, message))

    def _pass_on(self, frames: list[bytes]) -> None:
        type, peer, name, *rest = frames
        fields: dict[str, Any] = {}
        kind = type.decode()
        if kind == "ENTER":
            fields = {"headers": libzyre.unpack_headers(rest[0]), "address": rest[1].decode()}
        elif kind in GROUP_EVENTS:
            fields = {"group": rest[0].decode(errors="replace")}
        elif kind == "WHISPER":
            fields = {"content": rest}
        elif kind == "SHOUT":
            fields = {"group": rest[0].decode(errors="replace"), "content": rest[1:]}
        self.report(kind, peer.decode(), name.decode(errors="replace"), **fields)

    def whisper(self, peer: str, frames: Sequence[bytes]) -> None:
        self._lib.zyre_whisper(self._node, peer.encode(), byref(libzyre.build_message(self._lib, frames)))

    def shout(self, group: str, frames: Sequence[bytes]) -> None:
        self._lib.zyre_shout(self._node, group.encode(), byref(libzyre.build_message(self._lib, frames)))

    def do_start(self) -> None:
        if self._lib.zyre_start(self._node) != 0:
            raise OSError("zyre_start failed")

    def do_stop(self) -> None:
        self._lib.zyre_stop(self._node)

    def do_join(self, group: str) -> None:
        self._lib.zyre_join(self._node, group.encode())

    def do_leave(self, group: str) -> None:
        self._lib.zyre_leave(self._node, group.encode())

    def do_set_name(self, name: str) -> None:
        self._lib.zyre_set_name(self._node, name.encode())

    def do_set_header(self, key: str, value: str) -> None:
        self._lib.zyre_set_header(self._node, key.encode(), b"%s", value.encode())

    def do_contest(self, group: str) -> None:
        self._lib.zyre_set_contest_in_group(self._node, group.encode())

    def do_require_peer(self, peer: str, endpoint: str, key: str = "") -> None:
        self._lib.zyre_require_peer(self._node, peer.encode(), endpoint.encode(), key.encode())

    def do_gossip_bind(self, endpoint: str) -> None:
        self._lib.zyre_gossip_bind(self._node, b"%s", endpoint.encode())

    def do_gossip_connect(self, endpoint: str) -> None:
        """With a public key behind a ``|``, to a hub that demands CURVE."""
        endpoint, _, key = endpoint.partition("|")
        if key:
            self._lib.zyre_gossip_connect_curve(self._node, key.encode(), b"%s", endpoint.encode())
            return
        self._lib.zyre_gossip_connect(self._node, b"%s", endpoint.encode())

    def do_gossip_unpublish(self, key: str) -> None:
        self._lib.zyre_gossip_unpublish(self._node, key.encode())

    def do_peers(self) -> list[str]:
        return libzyre.take_strings(self._lib, self._lib.zyre_peers(self._node))

    def do_peers_in(self, group: str) -> list[str]:
        return libzyre.take_strings(self._lib, self._lib.zyre_peers_by_group(self._node, group.encode()))

    def do_own_groups(self) -> list[str]:
        return libzyre.take_strings(self._lib, self._lib.zyre_own_groups(self._node))

    def do_peer_groups(self) -> list[str]:
        return libzyre.take_strings(self._lib, self._lib.zyre_peer_groups(self._node))

    def do_address(self, peer: str) -> str:
        address: bytes = self._lib.zyre_peer_address(self._node, peer.encode())
        return address.decode()

    def do_header(self, peer: str, key: str) -> str:
        value: bytes = self._lib.zyre_peer_header_value(self._node, peer.encode(), key.encode())
        return value.decode()

    def do_print(self) -> None:
        self._lib.zyre_print(self._node)

    def _set_endpoint(self, endpoint: str) -> None:
        if self._lib.zyre_set_endpoint(self._node, b"%s", endpoint.encode()) != 0:
            raise OSError(f"libzyre cannot bind {endpoint}")

    def _set_headers(self, headers: dict[str, str]) -> None:
        for key, value in headers.items():
            self.do_set_header(key, value)

    def _set_certificate(self, keys: list[str]) -> None:
        """Switch CURVE on with a pair of Z85 keys, public first."""
        public, secret = keys
        self._lib.zyre_set_zcert(self._node, self._lib.zcert_new_from_txt(public.encode(), secret.encode()))


if __name__ == "__main__":
    peer = LibzyrePeer(**options_from_command_line())
    peer.serve(**peer.introduce())
