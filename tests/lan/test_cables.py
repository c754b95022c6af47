"""Dead interfaces and pulled cables, on real networks with libzyre among the peers; ``cables`` is the long version."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from ..peers import harness
from ..peers.harness import ReferencePeer
from .lab import Lab

pytestmark = pytest.mark.lan

PORT = 5670
SOON = 20.0


@pytest.fixture(autouse=True)
def needs_libzyre() -> None:
    harness.require("libzyre")


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come true in time"
        time.sleep(0.02)


@pytest.mark.parametrize("dead", [0, 1, 2])
def test_one_of_three_interfaces_is_dead(made: Lab, dead: int) -> None:
    """Whichever it is, all find each other by the others. (libzyre uses one interface only, one that works.)"""
    with ExitStack() as running:
        peers = []
        for name in ("one", "two", "three", "zoe"):
            host = made.host(name, "red", "green", "blue")
            host.cables[dead].pull()
            alive = host.cables[1 if dead == 0 else 0].interface
            kind, interface = ("libzyre", alive) if name == "zoe" else ("zyre", "*")
            peer = ReferencePeer(kind, name=name, port=PORT, interface=interface, prefix=host.prefix)
            peers.append(running.enter_context(peer))
        until(lambda: all(len(peer.peers()) == 3 for peer in peers), "a full mesh")
        for peer in peers[:3]:
            assert [event["type"] for event in peer.events].count("ENTER") == 3


def test_pulled_cables_leave_nothing_open(made: Lab) -> None:
    with ExitStack() as running:
        peers, hosts = [], []
        for name, kind in (("one", "zyre"), ("two", "zyre"), ("zoe", "libzyre")):
            hosts.append(host := made.host(name, "lan"))
            host.run("ip", "-6", "address", "flush", "dev", "eth0")  # else one comes when it is known to be nobody's
            host.run("ip", "link", "set", "eth0", "addrgenmode", "none")
            peer = ReferencePeer(
                kind, name=name, port=PORT, interface="eth0", evasive=500, expired=1500, prefix=host.prefix
            )
            peers.append(running.enter_context(peer))
        met = lambda: all(len(peer.peers()) == 2 for peer in peers)  # noqa: E731  # said twice below
        until(met, "a mesh")
        talk(peers)
        before = [_usage(peer) for peer in peers[:2]]
        for number in range(3):
            cable = hosts[number % 2].cables[0]
            cable.pull()
            until(lambda: len(peers[2].peers()) == 1, "one is gone")
            cable.plug_in()
            until(met, "a mesh again")
        talk(peers)
        told = [event["type"] for event in peers[0].events].count("NETWORKCHANGED")
        assert told >= 2 * 2, "the cable went and came, twice"
        # Connections whose other end could not say that it closed them are gone after overtaken.SETTLING.
        until(lambda: [_usage(peer) for peer in peers[:2]] == before, "nothing is left open")


def talk(peers: list[ReferencePeer]) -> None:
    """Everybody hears everybody: all connections are there."""
    for one in peers:
        for other in peers:
            if other is not one:
                one.whisper(other, b"word")
    for peer in peers:
        until(lambda peer=peer: _words(peer) >= {other.uuid for other in peers} - {peer.uuid}, "words of all")


def _words(peer: ReferencePeer) -> set[str]:
    return {event["peer"] for event in peer.events if event["type"] == "WHISPER"}


def _usage(peer: ReferencePeer) -> tuple[int, int]:
    place = Path(f"/proc/{peer.pid}")
    return len(list((place / "fd").iterdir())), len(list((place / "task").iterdir()))
