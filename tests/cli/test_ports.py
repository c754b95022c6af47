"""``zyre ports``: what a firewall must let in."""

from __future__ import annotations

import json

import pytest

import zyre
from tests.cli.command import Command
from tests.peers.harness import unused_port
from zyre.cli.ports import firewall_commands, openings


def test_every_node_of_a_host_is_within_what_it_says() -> None:
    port = unused_port()
    udp, tcp = openings(port)
    nodes = [zyre.Node(port=port, interface="lo") for _ in range(8)]
    try:
        for node in nodes:
            node.start()
        taken = {int(node.endpoint.rpartition(":")[2]) for node in nodes}
    finally:
        for node in nodes:
            node.stop()
    assert (udp.first, udp.last) == (port, port)
    assert len(taken) == 8
    assert all(tcp.first <= number <= tcp.last for number in taken)


def test_a_fixed_port_is_one() -> None:
    assert [(one.protocol, one.first, one.last) for one in openings(5670, 9000)] == [
        ("udp", 5670, 5670),
        ("tcp", 9000, 9000),
    ]
    assert openings(65535)[1][1:3] == (65535, 65535)


@pytest.mark.parametrize(
    ("firewall", "expected"),
    [
        ("ufw", ["ufw allow 5670/udp", "ufw allow 5670:5733/tcp"]),
        (
            "firewalld",
            [
                "firewall-cmd --permanent --add-port=5670/udp",
                "firewall-cmd --permanent --add-port=5670-5733/tcp",
                "firewall-cmd --reload",
            ],
        ),
    ],
)
def test_commands(firewall: str, expected: list[str]) -> None:
    assert firewall_commands(firewall, openings(5670)) == expected


def test_the_command() -> None:
    with Command("ports", "--firewall", "all", "--json") as command:
        code, _ = command.end()
    records = [json.loads(line) for line in command.lines]
    assert code == 0
    assert [(r["type"], r.get("protocol"), r.get("first"), r.get("last")) for r in records[:2]] == [
        ("port", "udp", 5670, 5670),
        ("port", "tcp", 5670, 5733),
    ]
    assert {r["firewall"] for r in records[2:]} == {"ufw", "firewalld", "nft", "netsh", "pf"}
