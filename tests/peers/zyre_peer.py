"""A node of ours in a process of its own, under the same remote control; started by `harness.ReferencePeer`.

So a test may kill one of ours, freeze it, or watch it from another implementation's side.
"""

from __future__ import annotations

import select
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import zyre

from .console import Peer, options_from_command_line

EVENTS_PER_TURN = 1000
GROUP_FIELDS = ("group", "address", "reason", "missed")


class ZyrePeer(Peer):
    """One node of this library."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        if options["certificate"]:
            raise NotImplementedError("our nodes take certificates from files")
        self._contested = options["contest"]
        self._running = False
        self._node = zyre.Node(
            options["name"],
            port=options["port"] or 0,
            interface=options["interface"],
            headers=options["headers"],
            groups=options["groups"],
            config=_config(options),
            gossip_bind=options["gossip_bind"] or (),
            gossip_connect=options["gossip_connect"] or (),
        )

    def introduce(self) -> dict[str, Any]:
        return {"uuid": str(self._node.uuid), "name": self._node.name}

    def wait(self) -> bool:
        """The descriptor of a stopped node is readable for ever, so it is watched while there is more to come."""
        sources = [self.console, self._node] if self._running else [self.console]
        ready, _, _ = select.select(sources, [], [])
        return self.console in ready

    def drain(self) -> None:
        for _ in range(EVENTS_PER_TURN if self._running else 0):
            try:
                event = self._node.recv_nowait()
            except zyre.WouldBlock:
                return
            except zyre.NodeStopped:
                self._running = False
                return
            self._pass_on(event)

    def _pass_on(self, event: Any) -> None:
        fields = {key: getattr(event, key) for key in GROUP_FIELDS if hasattr(event, key)}
        if hasattr(event, "headers"):
            fields["headers"] = dict(event.headers)
        if hasattr(event, "content"):
            fields["content"] = event.content
        self.report(type(event).__name__.upper(), str(event.peer), event.name, **fields)

    def whisper(self, peer: str, frames: Sequence[bytes]) -> None:
        self._node.whisper(peer, *frames)

    def shout(self, group: str, frames: Sequence[bytes]) -> None:
        self._node.shout(group, *frames)

    def do_start(self) -> None:
        self._node.start()
        self._running = True
        for group in self._contested:
            self._node.contest(group)

    def do_stop(self) -> None:
        self._node.stop()

    def do_join(self, group: str) -> None:
        self._node.join(group)

    def do_leave(self, group: str) -> None:
        self._node.leave(group)

    def do_contest(self, group: str) -> None:
        self._node.contest(group)

    def do_require_peer(self, peer: str, endpoint: str, key: str = "") -> None:
        self._node.connect(endpoint, peer=peer)

    def do_peers(self) -> list[str]:
        return sorted(str(peer.uuid) for peer in self._node.peers)

    def do_peers_in(self, group: str) -> list[str]:
        return sorted(str(peer.uuid) for peer in self._node.peers_in(group))

    def do_own_groups(self) -> list[str]:
        return sorted(self._node.groups)

    def do_peer_groups(self) -> list[str]:
        return sorted(self._node.peer_groups)

    def do_fates(self) -> dict[str, int]:
        return asdict(self._node.statistics().fates)

    def do_address(self, peer: str) -> str:
        return str(self._node.peers[peer].address)

    def do_header(self, peer: str, key: str) -> str:
        return str(self._node.peers[peer].headers.get(key, ""))


def _config(options: dict[str, Any]) -> zyre.NodeConfig:
    """Translate the harness's milliseconds and endpoints; what it leaves open keeps our default."""
    usual = zyre.Timing()
    evasive = _seconds(options["evasive"], usual.evasive)
    expired = _seconds(options["expired"], usual.expired)
    timing = zyre.Timing(
        ask=min(usual.ask, evasive),
        evasive=evasive,
        silent=evasive + (expired - evasive) / 5,  # as far between the two as by default
        expired=expired,
        unreachable=3 * expired,
        prove=expired,
        beacon=_seconds(options["interval"], usual.beacon),
    )
    places = {key: options[key] for key in ("endpoint", "peer_port", "advertise") if options[key]}
    return zyre.NodeConfig(timing=timing, **places)


def _seconds(milliseconds: int | None, otherwise: float) -> float:
    return milliseconds / 1000 if milliseconds else otherwise


if __name__ == "__main__":
    peer = ZyrePeer(**options_from_command_line())
    peer.serve(**peer.introduce())
