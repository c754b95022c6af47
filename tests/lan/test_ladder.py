"""Each rung of discovery alone, where a network carries neither broadcasts nor multicasts.

Five nodes on five hosts; what one of them is told, by its environment as an operator would, must be enough for all.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from ..peers import harness
from ..peers.harness import ReferencePeer
from . import lab
from .lab import Host, Lab

pytestmark = pytest.mark.lan

PORT = 5670
SOON = 20.0


@pytest.fixture(scope="module", autouse=True)
def laboratory() -> None:
    if reason := lab.missing():
        pytest.skip(reason)
    harness.require("libzyre")


@pytest.fixture
def silent() -> Iterator[Lab]:
    """A laboratory of five hosts on a LAN on which nothing can be said to everybody."""
    with Lab() as made:
        for number in range(5):
            made.host(f"host{number}", "lan")
        made.drop("ether type { ip, ip6 } meta pkttype { broadcast, multicast }")
        yield made


@pytest.fixture
def five() -> Iterator[Lab]:
    """A laboratory of five hosts on a LAN; the test says what it does not carry."""
    with Lab() as made:
        for number in range(5):
            made.host(f"host{number}", "lan")
        yield made


def node(host: Host, **environment: str) -> ReferencePeer:
    words = [f"{name}={value}" for name, value in environment.items()]
    prefix = (*host.prefix, "env", *words)
    return ReferencePeer("zyre", name=host.name, port=PORT, peer_port=PORT, interface="*", prefix=prefix)


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come true in time"
        time.sleep(0.02)


def all_see(peers: list[ReferencePeer], count: int) -> bool:
    return all(len(peer.peers()) == count for peer in peers)


@pytest.mark.parametrize(
    "word", ["{address}", "{address}:5670", "tcp://{address}:5670"], ids=["udp", "tcp", "endpoint"]
)
def test_one_known_host_is_enough_and_may_die(silent: Lab, word: str) -> None:
    first, *others = silent.hosts.values()
    with ExitStack() as running:
        seed = running.enter_context(node(first))
        wanted = word.format(address=first.address)
        peers = [running.enter_context(node(host, ZYRE_JOIN=wanted)) for host in others]
        until(lambda: all_see([seed, *peers], 4), "a mesh of five")
        seed.kill()
        late = running.enter_context(node(first, ZYRE_JOIN=word.format(address=others[0].address)))
        until(lambda: len(late.peers()) == 4, "the late one meets those who are left")


def test_who_was_there_before_is_remembered_and_the_seed_may_be_gone(silent: Lab, tmp_path: Path) -> None:
    first, *others, last = silent.hosts.values()
    memory = str(tmp_path / "peers")
    with ExitStack() as running:
        seed = running.enter_context(node(first))
        peers = [running.enter_context(node(host, ZYRE_JOIN=first.address)) for host in others]
        with node(last, ZYRE_JOIN=first.address, ZYRE_REMEMBER=memory) as before:
            until(lambda: all_see([seed, before, *peers], 4), "a mesh of five")
        seed.kill()
        again = running.enter_context(node(last, ZYRE_REMEMBER=memory))
        until(lambda: all_see([again, *peers], 3), "it meets those who are left")


RUNGS = {
    "broadcasts": ["ether type { ip, ip6 } meta pkttype multicast"],
    "ipv4 multicasts": ["ether type ip meta pkttype broadcast", "ether type ip6"],
    "ipv6 only": ["ether type { ip, arp }"],
}


@pytest.mark.parametrize("rung", RUNGS)
def test_what_is_said_to_everybody_on_one_rung_is_enough(five: Lab, rung: str) -> None:
    for kind in RUNGS[rung]:
        five.drop(kind)
    with ExitStack() as running:
        peers = [running.enter_context(node(host)) for host in five.hosts.values()]
        until(lambda: all_see(peers, 4), "a mesh of five")
        peers[0].whisper(peers[4], b"hello")
        peers[4].wait_for("WHISPER", peer=peers[0])


def test_a_peer_with_two_ways_is_one(five: Lab) -> None:
    with ExitStack() as running:
        peers = [running.enter_context(node(host)) for host in list(five.hosts.values())[:3]]
        until(lambda: all_see(peers, 2), "a mesh of three")
        time.sleep(6.0)  # both rungs have spoken again
        for peer in peers:
            assert [event["type"] for event in peer.events].count("ENTER") == 2
            assert not [event for event in peer.events if event["type"] == "EXIT"]
