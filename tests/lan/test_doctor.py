"""Networks that are broken on purpose: each has its code, and a healthy one has none."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from ..peers import harness
from ..peers.harness import ReferencePeer
from . import lab
from .lab import Host, Lab

pytestmark = pytest.mark.lan

PORT = 5670


@pytest.fixture(scope="module", autouse=True)
def laboratory() -> None:
    if reason := lab.missing():
        pytest.skip(reason)
    harness.require("libzyre")


class Ward:
    """Two hosts on a LAN: ``here`` is examined; on ``there`` runs a node, of ours and, if wanted, of libzyre."""

    def __init__(self, made: Lab, running: ExitStack) -> None:
        self.lab = made
        self.here = made.host("here", "lan")
        self.there = made.host("there", "lan")
        self._running = running
        self.seconds = 3.0
        self.program = ("-m", "zyre.cli")

    def peer(self, kind: str = "zyre", **environment: str) -> ReferencePeer:
        interface = "*" if kind == "zyre" else self.there.cables[0].interface
        prefix = (*self.there.prefix, "env", *(f"{name}={value}" for name, value in environment.items()))
        return self._running.enter_context(
            ReferencePeer(kind, name="bob", port=PORT, interface=interface, prefix=prefix)
        )

    def run(self, host: Host, code: str) -> None:
        """A few lines of Python there, until the end of the test."""
        process = subprocess.Popen([*host.prefix, sys.executable, "-c", code])
        self._running.callback(process.wait)
        self._running.callback(process.kill)

    def firewall(self, host: Host, *rules: str) -> None:
        """What a firewall on that host drops of what comes in (or ``out``, if the rule says so)."""
        host.run("nft", "add table inet wall")
        for hook in ("input", "output"):
            host.run("nft", f"add chain inet wall {hook} {{ type filter hook {hook} priority 0 ; }}")
        for rule in rules:
            chain = "output" if rule.startswith("out ") else "input"
            host.run("nft", f"add rule inet wall {chain} {rule.removeprefix('out ')}")

    def examine(self, *before: str) -> set[str]:
        """The codes that ``zyre doctor`` finds here, notes excepted."""
        doctor = [sys.executable, *self.program, "doctor", "--json", "--seconds", f"{self.seconds}"]
        command = [*self.here.prefix, *before, *doctor]
        done = subprocess.run(command, capture_output=True, text=True, timeout=40, check=False)
        records = [json.loads(line) for line in done.stdout.splitlines()]
        found = {record["code"] for record in records if record["type"] == "finding" and record["severity"] != "note"}
        assert done.returncode == (1 if found else 0), done.stderr
        return found


@pytest.fixture
def ward() -> Iterator[Ward]:
    with Lab() as made, ExitStack() as running:
        yield Ward(made, running)


def a_healthy_network(ward: Ward) -> set[str]:
    ward.peer()
    ward.peer("libzyre")
    return set()


def a_firewall_here_that_drops_beacons(ward: Ward) -> set[str]:
    ward.peer()
    ward.firewall(ward.here, f"udp dport {PORT} iifname eth0 drop")
    return {"beacon-not-heard"}


def a_firewall_here_that_lets_no_beacon_out(ward: Ward) -> set[str]:
    ward.peer()
    ward.firewall(ward.here, f"out udp dport {PORT} oifname eth0 drop")
    return {"beacon-not-sent"}


def a_firewall_here_that_lets_nobody_connect(ward: Ward) -> set[str]:
    ward.peer()
    ward.firewall(ward.here, "iifname eth0 tcp flags & (syn | ack) == syn drop")
    return {"peer-silent"}


def a_firewall_there_that_drops_connections(ward: Ward) -> set[str]:
    ward.peer()
    ward.firewall(ward.there, "iifname eth0 tcp flags & (syn | ack) == syn drop")
    return {"peer-unreachable"}


def a_firewall_there_that_rejects_connections(ward: Ward) -> set[str]:
    ward.peer()
    ward.firewall(ward.there, "iifname eth0 tcp flags & (syn | ack) == syn reject with tcp reset")
    return {"peer-refuses"}


def broadcasts_that_pass_one_way(ward: Ward) -> set[str]:
    ward.peer()
    ward.lab.drop(f"ether type {{ ip, ip6 }} meta pkttype {{ broadcast, multicast }} ether saddr {mac(ward.there)}")
    return {"one-way"}


def an_interface_that_is_switched_off(ward: Ward) -> set[str]:
    ward.here.run("ip", "link", "set", "eth0", "down")
    return {"interface-down", "no-network"}


def another_secret(ward: Ward) -> set[str]:
    ward.peer(ZYRE_SECRET="a secret that only they know")
    return {"secured-peer"}


def a_copied_uuid(ward: Ward) -> set[str]:
    """The same beacon from two computers, as after a copy of a virtual machine."""
    third = ward.lab.host("third", "lan")
    for host, tcp in ((ward.there, 5701), (third, 5702)):
        beacon = f"b'ZRE\\x01' + b'u' * 16 + bytes.fromhex('{tcp:04x}')"
        code = "import socket, time; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.setsockopt(1, 6, 1)\n"
        code += f"for _ in range(40): s.sendto({beacon}, ('10.78.0.255', {PORT})); time.sleep(0.25)"
        ward.run(host, code)
    return {"identity-clash", "peer-refuses"}


def a_wrong_netmask(ward: Ward) -> set[str]:
    """The other one believes to be in a larger network, and speaks from where we know none, now and then."""
    ward.seconds = 7.0
    ward.there.run("ip", "address", "add", "10.79.0.9/8", "broadcast", "10.78.0.255", "dev", "eth0")
    ward.peer()
    return {"netmask"}


def a_program_that_keeps_the_port(ward: Ward) -> set[str]:
    code = f"import socket, time; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('', {PORT}))\n"
    ward.run(ward.here, code + "time.sleep(60)")
    wanted = f":{PORT:04X} "
    deadline = time.monotonic() + 20.0
    while wanted not in ward.here.run("cat", "/proc/net/udp"):
        assert time.monotonic() < deadline, "it did not come up"
        time.sleep(0.02)
    return {"port-taken"}


def a_cable_that_is_out(ward: Ward) -> set[str]:
    ward.here.cables[0].pull()
    return {"interface-alone"}


def addresses_that_are_translated(ward: Ward) -> set[str]:
    """What the other one says to everybody leaves its computer under an address that leads nowhere."""
    ward.there.run("nft", "add table ip nat")
    ward.there.run("nft", "add chain ip nat out { type nat hook postrouting priority 100 ; }")
    ward.there.run("nft", f"add rule ip nat out udp dport {PORT} snat to 10.78.0.77")
    ward.lab.drop("ether type ip6")
    ward.peer()
    return {"address-mismatch"}


def a_clock_that_is_set(ward: Ward) -> set[str]:
    """That of the examined process alone: the computer's is everybody's."""
    ward.program = ("-c", _CLOCK_THAT_IS_SET)
    ward.peer()
    return {"clock-jumped"}


def a_computer_that_slept(ward: Ward) -> set[str]:
    """The clock on the wall went on, and so did the one that counts that time; nobody has set anything."""
    ward.program = ("-c", _CLOCKS_OF_A_SLEEPER)
    ward.peer()
    return set()


_CLOCKS_OF_A_SLEEPER = """
import time
begin, wall, since_start = time.monotonic(), time.time, time.clock_gettime
slept = lambda: 3600 if time.monotonic() > begin + 2 else 0
time.time = lambda: wall() + slept()
time.clock_gettime = lambda which: since_start(which) + (which == time.CLOCK_BOOTTIME) * slept()
from zyre.cli import main
main()
"""

_CLOCK_THAT_IS_SET = """
import time
begin, clock = time.monotonic(), time.time
time.time = lambda: clock() + (3600 if time.monotonic() > begin + 2 else 0)
from zyre.cli import main
main()
"""


def mac(host: Host) -> str:
    return str(json.loads(host.run("ip", "-j", "link", "show", "eth0"))[0]["address"])


BROKEN: list[Callable[[Ward], set[str]]] = [
    a_healthy_network,
    a_firewall_here_that_drops_beacons,
    a_firewall_here_that_lets_no_beacon_out,
    a_firewall_here_that_lets_nobody_connect,
    a_firewall_there_that_drops_connections,
    a_firewall_there_that_rejects_connections,
    broadcasts_that_pass_one_way,
    an_interface_that_is_switched_off,
    another_secret,
    a_copied_uuid,
    a_wrong_netmask,
    a_program_that_keeps_the_port,
    a_cable_that_is_out,
    addresses_that_are_translated,
    a_clock_that_is_set,
    a_computer_that_slept,
]


@pytest.mark.parametrize("network", BROKEN, ids=lambda network: network.__name__)
def test_network(ward: Ward, network: Callable[[Ward], set[str]]) -> None:
    wanted = network(ward)
    assert ward.examine() == wanted


def test_a_process_that_may_open_little(ward: Ward) -> None:
    ward.peer()
    assert ward.examine("prlimit", "--nofile=256:256") == {"few-descriptors"}
