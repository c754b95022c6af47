"""A node of zeromq-pyre 0.3.4 under remote control; started by `harness.ReferencePeer`.

Three of its flaws are worked around here, from outside: it takes the first interface that it finds, its
`set_port` wants bytes, and it drops a peer for which 3,000 messages are queued, so that a flood needs rests.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Sequence
from typing import Any

import pyre
import zmq
from pyre import pyre_peer, zhelper

from .console import Peer, options_from_command_line

AF_INET = 2


class PyrePeer(Peer):
    """One node of pyre. One flaw stays: an exception in its node thread leaves it mute, with a traceback."""

    batch = 1000
    pause = 0.03

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        _use_interface(options["interface"])
        if options["evasive"]:
            pyre_peer.PyrePeer.PEER_EVASIVE = options["evasive"] / 1000
        if options["expired"]:
            # Whole seconds: pyre makes the length of its queue of them, which must be a whole number.
            pyre_peer.PyrePeer.PEER_EXPIRED = math.ceil(options["expired"] / 1000)
        self._node = pyre.Pyre(options["name"])
        self._node.set_port(str(options["port"]).encode())
        for key, value in options["headers"].items():
            self._node.set_header(key, value)
        for group in options["groups"]:
            self._node.join(group)
        self._poller = zmq.Poller()
        self._poller.register(self._node.socket(), zmq.POLLIN)
        self._poller.register(self.console.fileno(), zmq.POLLIN)

    def introduce(self) -> dict[str, Any]:
        return {
            "uuid": _text(self._node.uuid()),
            "name": self._node.name(),
            "version": ".".join(map(str, self._node.version())),
        }

    def wait(self) -> bool:
        return self.console.fileno() in dict(self._poller.poll())

    def drain(self) -> None:
        for event in self._node.recent_events():
            fields = {
                "content": event.msg,
                "group": event.group,
                "headers": event.headers,
                "address": event.peer_addr,
            }
            known = {key: value for key, value in fields.items() if value is not None}
            self.report(event.type, _text(event.peer_uuid), event.peer_name, **known)

    def whisper(self, peer: str, frames: Sequence[bytes]) -> None:
        self._node.whisper(uuid.UUID(peer), list(frames))

    def shout(self, group: str, frames: Sequence[bytes]) -> None:
        self._node.shout(group, list(frames))

    def do_start(self) -> None:
        self._node.start()

    def do_stop(self) -> None:
        """Stop the node. Pyre.stop would also wait for its thread to end; the process ends anyway."""
        self._node.actor.send_unicode("STOP")
        self._node.actor.resolve().wait()

    def do_join(self, group: str) -> None:
        self._node.join(group)

    def do_leave(self, group: str) -> None:
        self._node.leave(group)

    def do_peers(self) -> list[str]:
        return sorted(map(_text, self._node.peers()))

    def do_peers_in(self, group: str) -> list[str]:
        return sorted(map(_text, self._node.peers_by_group(group)))

    def do_own_groups(self) -> list[str]:
        return sorted(self._node.own_groups())

    def do_peer_groups(self) -> list[str]:
        return sorted(self._node.peer_groups())

    def do_address(self, peer: str) -> str:
        return str(self._node.peer_address(uuid.UUID(peer)))

    def do_header(self, peer: str, key: str) -> str:
        return str(self._node.peer_header_value(uuid.UUID(peer), key))


def _text(identity: uuid.UUID) -> str:
    return identity.hex.upper()


def _use_interface(wanted: str) -> None:
    """Show pyre only the interface with this name or address; it has no setting for it."""

    def only() -> list[dict[str, Any]]:
        return [
            {name: families}
            for entry in every()
            for name, families in entry.items()
            if wanted in (name, _address(families))
        ]

    every = zhelper.get_ifaddrs
    zhelper.get_ifaddrs = only


def _address(families: dict[int, dict[str, Any]]) -> str:
    address = families.get(AF_INET, {}).get("addr", "")
    return address.decode() if isinstance(address, bytes) else str(address)


if __name__ == "__main__":
    peer = PyrePeer(**options_from_command_line())
    peer.serve(**peer.introduce())
