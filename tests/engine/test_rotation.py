"""New secrets and new keys while messages flow, on real sockets: nothing is lost or comes twice, and nobody leaves."""

from __future__ import annotations

import threading
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

pytestmark = pytest.mark.lan

OLD, NEW = "the old secret of the lab", "the new secret of the lab"
SOON = zyre.NodeConfig(timing=zyre.Timing(beacon=0.1, handshake=0.5))


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


class Traffic:
    """Numbers from one node to another, in both modes, until it is stopped; and what came of them."""

    def __init__(self, sender: zyre.Node, receiver: zyre.Node) -> None:
        self._ends = sender, receiver
        self._over = threading.Event()
        self.sent = 0
        self.got: dict[type, list[int]] = {zyre.Whisper: [], zyre.ReliableWhisper: []}
        self.others: list[zyre.Event] = []
        self._threads = [threading.Thread(target=self._send), threading.Thread(target=self._receive)]
        for thread in self._threads:
            thread.start()

    def _send(self) -> None:
        sender, receiver = self._ends
        while not self._over.is_set():
            self.sent += 1
            sender.whisper(receiver.uuid, str(self.sent))
            sender.whisper(receiver.uuid, str(self.sent), mode="reliable")
            time.sleep(0.0005)
        sender.whisper(receiver.uuid, "end", mode="reliable")

    def _receive(self) -> None:
        for event in self._ends[1]:
            if type(event) not in self.got:
                self.others.append(event)
            elif event.content == (b"end",):
                return
            else:
                self.got[type(event)].append(int(event.content[0]))

    def wait_for_more(self) -> None:
        before = self.sent
        arrived = self.got[zyre.ReliableWhisper]
        until(lambda: bool(arrived) and arrived[-1] > before + 30, "traffic goes on")

    def check(self) -> None:
        """Everything came once, and in order."""
        self._over.set()
        for thread in self._threads:
            thread.join(30)
            assert not thread.is_alive(), self.got
        everything = list(range(1, self.sent + 1))
        assert self.got[zyre.ReliableWhisper] == everything
        assert self.got[zyre.Whisper] == everything
        assert [event for event in self.others if not isinstance(event, zyre.Updated)] == []


def meet(*nodes: zyre.Node) -> None:
    for node in nodes:
        until(lambda node=node: len(node.peers) == len(nodes) - 1, "all are here")  # type: ignore[misc]
        drain(node)


def test_the_secret_of_a_cluster_is_changed_under_load(stack: ExitStack) -> None:
    port = unused_port()
    nodes = [
        stack.enter_context(zyre.Node(name, secret=OLD, interface="va", port=port, config=SOON))
        for name in ("one", "two", "three")
    ]
    meet(*nodes)
    traffic, back = Traffic(nodes[0], nodes[1]), Traffic(nodes[1], nodes[2])
    for secrets in ([OLD, NEW], [NEW, OLD], [NEW]):
        for node in nodes:
            if secrets == [NEW]:
                until(lambda node=node: not node.peers_by_other_secret, "all greet by it")  # type: ignore[misc]
            node.set_secret(secrets)
            traffic.wait_for_more()
    traffic.wait_for_more()
    traffic.check()
    back.check()
    late = stack.enter_context(zyre.Node("late", secret=NEW, interface="va", port=port, config=SOON))
    expect(nodes[0], zyre.Enter, peer=late.uuid)


def test_who_keeps_the_old_secret_has_to_go(stack: ExitStack) -> None:
    port = unused_port()
    one, two, bad = (
        stack.enter_context(zyre.Node(name, secret=OLD, interface="va", port=port, config=SOON))
        for name in ("one", "two", "bad")
    )
    meet(one, two, bad)
    for secrets in ([OLD, NEW], [NEW, OLD], [NEW]):
        if secrets == [NEW]:
            for node in (one, two):
                until(lambda node=node: [peer.name for peer in node.peers_by_other_secret] == ["bad"])  # type: ignore[misc]
        for node in (one, two):
            node.set_secret(secrets)
        until(lambda: one.peers.get(two.uuid) is not None, "it is here")
        one.whisper(two.uuid, "x", mode="reliable").wait(20)
        two.whisper(one.uuid, "x", mode="reliable").wait(20)
    for node in (one, two):
        expect(node, zyre.Exit, peer=bad.uuid, reason="revoked")
    until(lambda: one.statistics().violations.get("beacon_forged", 0) > 0, "it goes on")
    assert len(one.peers) == len(two.peers) == 1


def test_nodes_at_chosen_ports_change_their_keys_as_well(stack: ExitStack) -> None:
    port = unused_port()
    config = zyre.NodeConfig(timing=SOON.timing, peer_port=port)
    one = stack.enter_context(zyre.Node("one", secret=OLD, interface="va", port=0, config=config))
    two = stack.enter_context(zyre.Node("two", secret=OLD, interface="va", port=0, config=SOON))
    two.connect(one.endpoint)
    meet(one, two)
    before = one.public_key
    traffic = Traffic(two, one)
    for secrets in ([OLD, NEW], [NEW, OLD], [NEW]):
        for node in (one, two):
            if secrets == [NEW]:
                until(lambda node=node: not node.peers_by_other_secret, "it greets by it")  # type: ignore[misc]
            node.set_secret(secrets)
            traffic.wait_for_more()
    traffic.check()
    assert one.public_key != before
    until(lambda: two.peers[one.uuid].headers["X-PUBLICKEY"] == one.public_key, "the new key is known")
    late = stack.enter_context(zyre.Node("late", secret=NEW, interface="va", port=0, config=SOON))
    late.connect(one.endpoint)
    expect(late, zyre.Enter, peer=one.uuid)


def look(node: zyre.Node) -> None:
    """Now, not within two seconds."""
    protection: Any = node._protection
    protection.alarm.set(time.monotonic())


@pytest.mark.parametrize("direction", ["to it", "from it"])
def test_a_member_gets_a_new_key_under_load(stack: ExitStack, tmp_path: Path, direction: str) -> None:
    lab, port = LabCluster(tmp_path), unused_port()
    folders = [lab.member(name) for name in ("one", "two")]
    one, two = (
        stack.enter_context(zyre.Node(folder.name, membership=folder, interface="va", port=port, config=SOON))
        for folder in folders
    )
    meet(one, two)
    traffic = Traffic(two, one) if direction == "to it" else Traffic(one, two)
    for _ in range(2):
        traffic.wait_for_more()
        lab.member("one", renew=True)
        look(one)
        new = load_member(folders[0]).certificate.public_key
        until(lambda new=new: two.peers[one.uuid].headers["X-PUBLICKEY"] == new, "the new key is known")  # type: ignore[misc]
        assert one.public_key == new
    traffic.wait_for_more()
    lab.authority.revoke("one", former_only=True)
    save_revoked(folders[1], lab.authority.revoked)
    look(two)
    until(lambda: (folders[0] / "revoked").exists(), "the former keys are revoked")
    traffic.wait_for_more()
    traffic.check()
    late = stack.enter_context(zyre.Node("late", membership=lab.member("late"), interface="va", port=port, config=SOON))
    expect(late, zyre.Enter, peer=one.uuid)
    assert late.peers[one.uuid].headers["X-PUBLICKEY"] == load_member(folders[0]).certificate.public_key


def test_secrets_are_read_again_from_their_file(
    stack: ExitStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, port = tmp_path / "secret", unused_port()
    file.write_text(f"{OLD}\n")
    monkeypatch.setenv("ZYRE_SECRET_FILE", str(file))
    one = stack.enter_context(zyre.Node("one", interface="va", port=port, config=SOON))
    file.write_text(f"{NEW}\n{OLD}\n")
    look(one)
    two = stack.enter_context(zyre.Node("two", secret=NEW, interface="va", port=port, config=SOON))
    expect(one, zyre.Enter, peer=two.uuid)


def test_only_a_node_with_a_secret_gets_another() -> None:
    with pytest.raises(zyre.InvalidConfig, match="Node\\(secret="):
        zyre.Node(secret="").set_secret("x")
    with pytest.raises(zyre.InvalidConfig, match="empty"):
        zyre.Node(secret=OLD).set_secret([NEW, ""])
    with pytest.raises(zyre.InvalidConfig, match="no secrets"):
        zyre.Node(secret=OLD).set_secret([])
