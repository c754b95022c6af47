"""Each rung of discovery alone, where a network carries neither broadcasts nor multicasts.

Five nodes on five hosts; what one of them is told, by its environment as an operator would, must be enough for all.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TypeAlias

import pytest

from ..peers import harness
from ..peers.harness import ReferencePeer
from . import lab, nameserver
from .lab import Host, Lab

pytestmark = pytest.mark.lan

PORT = 5670
SOON = 20.0

Make: TypeAlias = Callable[[Host], ReferencePeer]


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


def node(host: Host, around: tuple[str, ...] = (), /, **environment: str) -> ReferencePeer:
    words = [f"{name}={value}" for name, value in environment.items()]
    prefix = (*host.prefix, *around, "env", *words)
    return ReferencePeer("zyre", name=host.name, port=PORT, peer_port=PORT, interface="*", prefix=prefix)


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come true in time"
        time.sleep(0.02)


def all_see(peers: list[ReferencePeer], count: int) -> bool:
    return all(len(peer.peers()) == count for peer in peers)


def five_meet_and_lose_the_first(
    hosts: Iterable[Host], seed: Make, member: Make, late: Make, running: ExitStack
) -> None:
    """Five nodes on five hosts, of which the first is the one that the others know. When that dies nobody loses anybody
    else, and who comes later still meets all."""
    first, *others = hosts
    dying = running.enter_context(seed(first))
    peers = [running.enter_context(member(host)) for host in others]
    until(lambda: all_see([dying, *peers], 4), "a mesh of five")
    dying.kill()
    newcomer = running.enter_context(late(first))
    until(lambda: all_see([newcomer, *peers], 4), "the late one meets those who are left, and they forget the first")
    for peer in peers:
        assert {event["peer"] for event in peer.events if event["type"] == "EXIT"} == {dying.uuid}


@pytest.mark.parametrize(
    "word", ["{address}", "{address}:5670", "tcp://{address}:5670"], ids=["udp", "tcp", "endpoint"]
)
def test_one_known_host_is_enough_and_may_die(silent: Lab, word: str) -> None:
    first, second, *_ = silent.hosts.values()
    with ExitStack() as running:
        five_meet_and_lose_the_first(
            silent.hosts.values(),
            node,
            lambda host: node(host, ZYRE_JOIN=word.format(address=first.address)),
            lambda host: node(host, ZYRE_JOIN=word.format(address=second.address)),
            running,
        )


@pytest.mark.parametrize("word", ["dns://nodes.lan", "dns://nodes.lan:5670", "dns+srv://_zyre._tcp.lan"])
def test_a_name_is_enough_and_the_first_that_it_names_may_die(silent: Lab, tmp_path: Path, word: str) -> None:
    """A name server on the first host; its names stand for two nodes, of which one may be away."""
    pytest.importorskip("dns", reason="needs dnspython")
    first, second, *_ = hosts = list(silent.hosts.values())
    records = {"nodes.lan": [first.address, second.address], "_zyre._tcp.lan": ["one.lan", "two.lan"]}
    records |= {"one.lan": [first.address], "two.lan": [second.address]}
    resolver = tmp_path / "resolv.conf"
    resolver.write_text(f"nameserver {first.address}\n")
    mount = f'mount --bind {resolver} /etc/resolv.conf && exec "$@"'

    def told(host: Host) -> ReferencePeer:
        return node(host, ("unshare", "--mount", "sh", "-c", mount, "sh"), ZYRE_JOIN=word)

    with ExitStack() as running:
        server = running.enter_context(subprocess.Popen((*first.prefix, *nameserver.command(first.address, records))))
        running.callback(server.kill)
        five_meet_and_lose_the_first(hosts, told, told, told, running)


def test_gossip_is_enough_and_a_hub_may_die(silent: Lab) -> None:
    """Two of the five are hubs."""
    first, second, *_ = hosts = list(silent.hosts.values())
    one, two = (f"tcp://{host.address}:5669" for host in (first, second))

    def gossiping(host: Host, bind: str | None = None, connect: list[str] | None = None) -> ReferencePeer:
        return ReferencePeer(
            "zyre", name=host.name, interface="*", gossip_bind=bind, gossip_connect=connect, prefix=host.prefix
        )

    def member(host: Host) -> ReferencePeer:
        return gossiping(host, two, [one]) if host is second else gossiping(host, None, [one, two])

    with ExitStack() as running:
        five_meet_and_lose_the_first(hosts, lambda host: gossiping(host, one), member, member, running)


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


def test_one_has_ipv6_one_has_ipv4_and_one_has_both(five: Lab) -> None:
    """The third meets each of the others by what they have; those two have nothing in common."""
    six, four, both = list(five.hosts.values())[:3]
    six.run("ip", "-4", "address", "flush", "dev", "eth0")
    four.run("ip", "-6", "address", "flush", "dev", "eth0")
    four.run("ip", "link", "set", "eth0", "addrgenmode", "none")
    with ExitStack() as running:
        by_six, by_four, by_both = (running.enter_context(node(host)) for host in (six, four, both))
        until(lambda: len(by_both.peers()) == 2, "both ways")
        until(lambda: all_see([by_six, by_four], 1), "one way each")
        assert "%eth0]" in by_both.address(by_six)
        assert by_both.address(by_four).startswith(f"tcp://{four.address}:")
        by_both.whisper(by_six, b"hello")
        by_six.wait_for("WHISPER", peer=by_both)
