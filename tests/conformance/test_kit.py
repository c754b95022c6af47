"""The conformance kit: ours is right in everything, known faults are found, and the command says so."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

import zyre
from tests.conformance.faulty import FaultyNode
from tests.peers.harness import ReferencePeer, require, unused_port
from tests.peers.raw import RawPeer
from tests.support.nodes import drain
from zyre.cli import cli
from zyre.conformance import PROBES, Kit, Outcome, Severity, Unreachable

BY_NAME = {probe.name: probe for probe in PROBES}
QUICK = 0.3


def tried(endpoint: str, *names: str, **options: float) -> dict[str, tuple[Outcome, str]]:
    kit = Kit(endpoint, patience=QUICK, deadly=True, probes=[BY_NAME[name] for name in names] or PROBES, **options)  # type: ignore[arg-type]
    return {probe.name: (outcome, detail) for probe, outcome, detail in kit.run()}


# -- ours --------------------------------------------------------------------------------------------------------------


@pytest.mark.lan
@pytest.mark.parametrize("extensions", [None, ()], ids=["ours", "plain"])
def test_a_node_of_ours_is_right_in_everything(extensions: tuple[str, ...] | None) -> None:
    port = unused_port()
    with zyre.Node("ours", port=port, interface="va", extensions=extensions) as node:
        kit = Kit(node.endpoint, uuid=node.uuid.octets, beacon_port=port, deadly=True, patience=2.0)
        results = {}
        for result in kit.run():
            results[result.probe.name] = result
            drain(node)
        assert list(results) == [probe.name for probe in PROBES]
        wrong = [result for result in results.values() if result.outcome in (Outcome.WRONG, Outcome.DIED)]
        assert wrong == []
        assert {name: result.detail for name, result in results.items() if result.outcome is Outcome.NOTED} == {
            "hello-late": "accepts it, and goes on from there",
            "huge-hello": "refuses it",
            "empty-name": "accepts it",
            "goodbye": "lets the peer go",
            "votes": "takes them",
            "gap": "keeps the peer",
            "repetition": "keeps the peer",
        }
        assert node.statistics().failures.keys() <= {"datagram"}, "the kernel drops what is no beacon"


# -- others ------------------------------------------------------------------------------------------------------------


@pytest.mark.interop
def test_known_faults_of_libzyre_are_found() -> None:
    require("libzyre")
    port = unused_port()
    with ReferencePeer("libzyre", name="target", port=port) as peer:
        with RawPeer(port) as raw:
            endpoint = raw.wait_beacon(lambda data: data[4:20].hex().upper() == peer.uuid).endpoint
        found = tried(endpoint, "hello", "hello-again", "gap", "wrong-version", "empty-frame", "cut-join", "ping")
        assert peer.returncode == -6, "it aborts"
    assert {name: outcome for name, (outcome, _) in found.items()} == {
        "hello": Outcome.RIGHT,
        "hello-again": Outcome.RIGHT,
        "gap": Outcome.NOTED,
        "wrong-version": Outcome.RIGHT,
        "empty-frame": Outcome.WRONG,
        "cut-join": Outcome.DIED,
    }
    assert "drops the peer" in found["gap"][1]


# -- the kit can complain ----------------------------------------------------------------------------------------------

FAULTS = {
    "answers no PING": ("ping", "no PING-OK came"),
    "greets once": ("hello-again", "no HELLO came"),
    "greets twice": ("hello-once", "HELLO came instead of PING-OK"),
    "names a wildcard": ("hello-endpoint", "nobody can connect to"),
    "has no name": ("hello-fields", "empty name"),
    "cuts its HELLO": ("hello-fields", "in the middle of a field"),
    "answers any version": ("wrong-version", "another PING-OK came"),
    "counts modulo 65535": ("wrap", "its own count goes from 65534 to 0"),
    "dies of noise": ("wrong-signature", "no PING-OK came"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found(fault: str) -> None:
    probe, complaint = FAULTS[fault]
    with FaultyNode(fault) as node:
        outcome, detail = tried(node.endpoint, probe)[probe]
    assert outcome is (Outcome.DIED if fault == "dies of noise" else Outcome.WRONG)
    assert complaint in detail


def test_without_a_fault_nothing_is_found() -> None:
    with FaultyNode() as node:
        found = tried(node.endpoint, *(probe for probe, _ in FAULTS.values()))
    assert {outcome for outcome, _ in found.values()} == {Outcome.RIGHT}


@pytest.mark.parametrize(
    ("fault", "complaint"),
    [("counts from 2", "the number 2"), ("says version 3", "version is 02"), ("has a bare identity", "the identity")],
)
def test_who_cannot_greet_is_no_node(fault: str, complaint: str) -> None:
    with FaultyNode(fault) as node, pytest.raises(Unreachable, match=complaint):
        Kit(node.endpoint, patience=QUICK).meet()


def test_nobody_and_somebody_else_are_told() -> None:
    with pytest.raises(Unreachable, match="no HELLO came"):
        Kit("tcp://127.0.0.1:9", patience=QUICK).meet()
    with FaultyNode() as node, pytest.raises(Unreachable, match="answers there"):
        Kit(node.endpoint, uuid=bytes(16), patience=QUICK).meet()
    for endpoint in ("ipc:///tmp/x", "tcp://*:5", "nonsense"):
        with pytest.raises(zyre.InvalidEndpoint):
            Kit(endpoint)


def test_deadly_probes_and_beacons_are_for_those_who_ask() -> None:
    polite = {probe.name for probe in Kit("tcp://127.0.0.1:9").probes}
    assert polite == {probe.name for probe in PROBES if not probe.deadly and not probe.needs_beacons}
    assert len({probe.name for probe in Kit("tcp://127.0.0.1:9", deadly=True, beacon_port=5).probes}) == len(PROBES)


def test_probes_are_told_apart_and_explained() -> None:
    assert len(BY_NAME) == len(PROBES)
    assert all(probe.section and probe.sent and probe.expected and probe.act.__doc__ for probe in PROBES)
    assert {probe.severity for probe in PROBES} == set(Severity)


# -- the command -------------------------------------------------------------------------------------------------------


def conform(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["conform", "--timeout", str(QUICK), *arguments])


def test_the_command_shows_a_table() -> None:
    with FaultyNode() as node:
        result = conform(node.endpoint, "--probe", "ping", "--probe", "hello")
    assert result.exit_code == 0
    assert "20 PING-OKs" in result.stdout
    assert "right" in result.stdout


def test_a_deviation_is_exit_code_1() -> None:
    with FaultyNode("greets once") as node:
        result = conform(node.endpoint, "--json", "--probe", "ping", "--probe", "hello-again")
    assert result.exit_code == 1
    assert "1 of 2 probes found a deviation: hello-again" in result.stderr
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert {record["probe"]: record["outcome"] for record in records} == {"ping": "right", "hello-again": "wrong"}
    assert all(record["type"] == "probe" and record["section"] and record["expected"] for record in records)


def test_what_was_not_tried_because_it_died_is_told() -> None:
    with FaultyNode("dies of noise") as node:
        result = conform(node.endpoint, "--probe", "wrong-signature", "--probe", "empty-frame")
    assert result.exit_code == 1
    assert "1 probes were not tried" in result.stderr


def test_nobody_there_is_exit_code_3() -> None:
    result = conform("tcp://127.0.0.1:9")
    assert result.exit_code == 3
    assert "no ZRE node answers at tcp://127.0.0.1:9" in result.stderr


@pytest.mark.parametrize("arguments", [["nonsense"], ["tcp://127.0.0.1:9", "--uuid", "x"], []])
def test_wrong_usage_is_exit_code_2(arguments: list[str]) -> None:
    assert conform(*arguments).exit_code == 2
