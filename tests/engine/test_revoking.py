"""Revocation on real sockets: one node is told, and the whole cluster acts on it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

import zyre
from tests.peers.harness import unused_port
from tests.support.clusters import LabCluster
from tests.support.nodes import drain, expect, until
from zyre.engine.authority import load_member, save_revoked
from zyre.security.revocation import Revocations
from zyre.wire import bulletin

pytestmark = pytest.mark.lan

SOON = zyre.NodeConfig(timing=zyre.Timing(beacon=0.1, handshake=0.5))


class Members:
    """Running members of one cluster."""

    def __init__(self, lab: LabCluster, stack: ExitStack) -> None:
        self.lab = lab
        self._stack = stack
        self._port = unused_port()

    def start(self, name: str, folder: Path | None = None) -> zyre.Node:
        folder = folder or self.lab.member(name)
        return self._stack.enter_context(
            zyre.Node(name, membership=folder, interface="va", port=self._port, config=SOON)
        )

    def meet(self, *nodes: zyre.Node) -> None:
        for node in nodes:
            until(lambda node=node: len(node.peers) == len(nodes) - 1, "all are here")  # type: ignore[misc]

    def publish(self, folder: Path) -> None:
        """Put the list where a node finds it, at once."""
        save_revoked(folder, self.lab.authority.revoked)


@pytest.fixture
def members(tmp_path: Path) -> Iterator[Members]:
    with ExitStack() as stack:
        yield Members(LabCluster(tmp_path), stack)


def look(node: zyre.Node) -> None:
    """Now, not within two seconds."""
    protection: Any = node._protection
    protection.alarm.set(time.monotonic())


def test_who_is_revoked_has_to_go_everywhere(members: Members) -> None:
    nodes = [members.start(name) for name in ("one", "two", "three", "bad")]
    members.meet(*nodes)
    one, two, three, bad = nodes
    members.lab.authority.revoke("bad")
    members.publish(members.lab.root / "one")
    look(one)
    for node in (one, two, three):
        refused = expect(node, zyre.Refused, peer=bad.uuid)
        assert (refused.code, refused.name) == ("revoked", "bad")
        expect(node, zyre.Exit, peer=bad.uuid, reason="revoked")
    until(lambda: not bad.peers, "nobody stays with it")
    until(lambda: (members.lab.root / "three" / "revoked").exists(), "each keeps the list")
    assert load_member(members.lab.root / "three").revocations == members.lab.authority.revoked
    bad.stop()
    again = members.start("bad", members.lab.root / "bad")
    one.whisper(two.uuid, "all is well")
    expect(two, zyre.Whisper, content=(b"all is well",))
    until(lambda: three.statistics().violations.get("key_revoked", 0) > 1, "it tries")
    assert not again.peers
    assert [event for node in (one, two, three) for event in drain(node) if isinstance(event, zyre.Enter)] == []


def test_who_comes_later_is_told_by_whoever_knows(members: Members) -> None:
    one, bad = members.start("one"), members.start("bad")
    members.meet(one, bad)
    members.lab.authority.revoke("bad")
    members.publish(members.lab.root / "one")
    look(one)
    expect(one, zyre.Exit, peer=bad.uuid)
    late = members.start("late")
    expect(late, zyre.Enter, peer=one.uuid)
    until(lambda: (members.lab.root / "late" / "revoked").exists(), "the newcomer has the list")
    until(lambda: bad.uuid not in late.peers, "and acts on it")


def test_a_member_cannot_forge_a_list(members: Members) -> None:
    one, two = members.start("one"), members.start("two")
    members.meet(one, two)
    member = load_member(members.lab.root / "one")
    forged = Revocations(99, frozenset((member.certificate.public_key,)), b"s" * 64)
    host: Any = two._host
    with host._lock:
        record = next(host.machine._directory.ready())
        host.machine._delivery.send(record, bulletin.BULLETIN, forged.pack())
        host.machine._delivery.send(record, bulletin.BULLETIN, b"nonsense")
        host.machine._delivery.send(record, bulletin.NOTICE, bulletin.encode_version(99))
        host._driver._settle()
    two.whisper(one.uuid, "after it")
    expect(one, zyre.Whisper)
    look(one)
    assert len(one.peers) == 1
    assert not (members.lab.root / "one" / "revoked").exists()


def test_a_file_that_makes_no_sense_is_let_be(members: Members, caplog: pytest.LogCaptureFixture) -> None:
    one, two = members.start("one"), members.start("two")
    members.meet(one, two)
    (members.lab.root / "one" / "revoked").write_text("revocations\n    version = 1\n")
    look(one)
    until(lambda: "cannot be kept" in caplog.text, "a warning")
    members.lab.authority.revoke("two")
    members.publish(members.lab.root / "one")
    look(one)
    expect(one, zyre.Exit, peer=two.uuid, reason="revoked")
